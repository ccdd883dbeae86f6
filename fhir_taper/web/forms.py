"""What a person typed of a plan, as the use cases take it. The command line's grammar: an ambiguous number is refused, never guessed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.web.dependencies import Form
from fhir_taper.web.fields import Fields
from fhir_taper.web.option_words import LABELS
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.typed import (
    BenzoTable,
    DurationOfUse,
    PermittedParts,
    typed_codes,
    typed_day,
    typed_mg,
    typed_params,
    typed_taken,
)

PARAMETERS: Final = ("percent", "interval_days", "steps", "floor_mg")
NEW_ROWS: Final = 3
"""Empty rows for further products that are taken."""
ROW_LABELS: Final = {
    f"taken_{part}_{row}": f"What is taken, row {row + 1}: {words}"
    for row in range(NEW_ROWS)
    for part, words in (("product", "product"), ("units", "units"), ("time", "time"))
}
"""The names of their fields for people."""
_SAID: Final = "said at the visit"


def options_of(form: Form, who: str, before: PlanOptions | None = None) -> PlanOptions:
    """The question in a form. `who` confirms what a person must confirm; what was confirmed in `before` and is unchanged stays with whoever
    did. Raises FormRefused naming every field that cannot be meant.
    """
    fields = Fields(form, LABELS | ROW_LABELS)
    drug = fields.text("other_drug") or fields.text("drug")
    if not drug:
        fields.fail("drug", "is not chosen")
    baseline, taken = fields.read("baseline", typed_mg), _taken(fields)
    confirmed = tuple(dict.fromkeys(form.all("confirm")))
    parts = fields.choice("parts", tuple(PermittedParts))
    baseline_by = _confirmed_by(fields, who, before, baseline, taken)
    options = PlanOptions(
        drug=drug,
        start=fields.must("start", typed_day, date.min),
        target_mg=fields.read("target", typed_mg) or Decimal(0),
        params=_params(fields),
        baseline_mg=baseline,
        baseline_by=baseline_by,
        baseline_in_intake=before is not None and before.baseline_in_intake and before.baseline_by == baseline_by,
        taken=taken,
        confirmed=confirmed,
        confirmed_by=_facts_by(who, before, confirmed),
        use=fields.choice("use", tuple(DurationOfUse)),
        benzo_table=fields.choice("benzo_table", tuple(BenzoTable)),
        products=tuple(dict.fromkeys((*form.all("product"), *typed_codes(fields.text("products_more"))))),
        parts=PermittedParts(parts).per_unit if parts else None,
        reason=fields.text("reason"),
        zone=fields.text("zone") or None,
    )
    fields.done()
    return options


def changed_options(form: Form, options: PlanOptions) -> PlanOptions:
    """The options of a draft with what its editor may change: first day, target, the parameters of its strategy. Raises FormRefused."""
    fields = Fields(form, LABELS)
    names = {name for name, _ in options.params} | set(PARAMETERS)
    kept = tuple((name, value) for name, value in options.params if name not in PARAMETERS)
    edited = tuple((name, value) for name in PARAMETERS if name in names and (value := fields.text(name)))
    start = fields.must("start", typed_day, date.min)
    target = fields.read("target", typed_mg) or Decimal(0)
    fields.done()
    return replace(options, start=start, target_mg=target, params=(*kept, *edited))


def further_params(params: Mapping[str, str]) -> str:
    """Parameters that have no field of their own, as they would be typed: one to a line."""
    return "\n".join(f"{name}={value}" for name, value in params.items() if name not in PARAMETERS)


def _params(fields: Fields) -> tuple[tuple[str, str], ...]:
    own = tuple((name, value) for name in PARAMETERS if (value := fields.text(name)))
    try:
        return typed_params((*(f"{name}={value}" for name, value in own), *fields.text("params_more").splitlines()))
    except WrongUsage as error:
        fields.fail("params_more", str(error))
        return own


def _taken(fields: Fields) -> tuple[Taken, ...]:
    """What stayed ticked of what was said before, and the rows that were filled in."""
    found: list[Taken] = []
    for text in fields.form.all("taken"):
        try:
            found.append(typed_taken(text))
        except WrongUsage as error:
            fields.fail("taken", str(error))
    for row in range(NEW_ROWS):
        product, units = fields.text(f"taken_product_{row}"), fields.text(f"taken_units_{row}")
        time = fields.choice(f"taken_time_{row}", tuple(Slot))
        if not product and not units:
            continue
        if not product or not units:
            fields.fail(f"taken_{'units' if product else 'product'}_{row}", "is empty")
            continue
        try:
            found.append(typed_taken(f"{product}={units}{f'@{time}' if time else ''}"))
        except WrongUsage:
            fields.fail(f"taken_units_{row}", f"{units[:40]!r} is not a number of units like 1 or 0.5")
    return tuple(found)


def _confirmed_by(fields: Fields, who: str, before: PlanOptions | None, baseline: Decimal | None, taken: tuple[Taken, ...]) -> str:
    """Who confirms what is taken, and how it is known; "" where nothing is said of it."""
    how = fields.text("baseline_how")
    if baseline is None and not taken:
        return ""
    if before is not None and not how and (before.baseline_mg, before.taken) == (baseline, taken):
        return before.baseline_by
    return f"{how or _SAID}, entered by {who}"


def _facts_by(who: str, before: PlanOptions | None, confirmed: tuple[str, ...]) -> str:
    if not confirmed:
        return ""
    return before.confirmed_by if before is not None and before.confirmed == confirmed else who
