"""The records of screen 1 whose daily dose nobody computed: why, what a person entered, and the box to enter it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.render.words import named
from fhir_taper.web.dependencies import Form
from fhir_taper.web.fields import Fields, FormRefused, Shown
from fhir_taper.workflow.assessed import can_be_entered
from fhir_taper.workflow.assessment import Assessment
from fhir_taper.workflow.typed import typed_mg

_LABELS: Final = {"mg": "Daily dose, mg", "how": "How that is known"}


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """One record. `place` tells its form from the others; `was_for` is what was entered for an older version of it."""

    place: int
    source: str
    drug: str
    why: str
    entered: str
    was_for: str
    f: Shown


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed for one record, and what is wrong with it."""

    source: str
    refused: FormRefused


def open_records(regimen: Regimen, assessment: Assessment, typed: Typed | None = None) -> tuple[OpenRecord, ...]:
    """The records of the chart as it was read, without what was entered."""
    entered = {one.source: one for one in assessment.entered}
    older = {_bare(one.source): one for one in assessment.entered}
    found = []
    for place, item in enumerate(one for one in regimen.items if can_be_entered(one)):
        source = item.sources[0]
        known, before = entered.get(source), older.get(_bare(source))
        reason = item.reason or item.max_reason
        why = ": ".join(part for part in (named(reason.value) if reason else "", item.how) if part)
        found.append(
            OpenRecord(
                place,
                source,
                item.drug,
                why,
                str(known) if known else "",
                f"{plain(before.mg)} mg a day, by {before.by} on {before.on.isoformat()}" if before and not known else "",
                Shown(typed.refused if typed and typed.source == source else None),
            )
        )
    return tuple(found)


def typed_dose(form: Form) -> tuple[str, Decimal, str]:
    """The record, the mg and how they are known, as they were typed and can be meant. Raises FormRefused."""
    fields = Fields(form, _LABELS)
    mg, how = fields.must("mg", typed_mg, Decimal(0)), fields.text("how")
    if not how:
        fields.fail("how", "is empty: the patient's word, a pill count, a call to the pharmacy?")
    fields.done()
    return form.one("source"), mg, how


def refused_dose(form: Form, error: WrongUsage) -> FormRefused:
    """What a use case could not take of it."""
    fields = Fields(form, _LABELS)
    fields.fail("mg", str(error))
    return FormRefused(fields.errors, form)


def _bare(source: str) -> str:
    return source.partition("/_history/")[0]
