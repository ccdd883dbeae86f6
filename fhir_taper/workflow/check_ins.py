"""Check-ins of the plans that are followed: what is due and why, what else may be filled in, and what only a link may be shown of.

No chart is read for it: a patient sees the same list as a coach. What was filled in is kept by `watching.fill_form`; a score that a
clinician read off an original is kept here.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import decode
from fhir_taper.mappers.write.check_in import LONGEST_WORDS, FilledForm, to_observations
from fhir_taper.plans.monitoring.cadence import DueForm
from fhir_taper.plans.monitoring.scoring import Scored, stated
from fhir_taper.plans.monitoring.timeline import CheckInSchedule
from fhir_taper.plans.tables.form_rows import Form, Make, Ships
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.store.watch_log import NoteKind, WatchNote
from fhir_taper.workflow.assess import in_zone
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import due_on, keep_note, name_of, rhythm_of, watched_plans

PAUSE, COME_BACK, HARD_DAYS = "pause", "come-back", "hard-days"
OF_THEIR_OWN: Final = frozenset({PAUSE, COME_BACK, HARD_DAYS})
"""Forms with a page or a button of their own."""
CLINICIANS: Final = (Role.PRESCRIBER, Role.PHARMACIST)
LONGEST_ANSWER: Final = LONGEST_WORDS
"""Letters of free words that one answer may have."""
_NUMBER: Final = re.compile(r"\d{1,5}(?:\.\d{1,2})?", re.ASCII)
_LATEST: Final = 10


@dataclass(frozen=True, slots=True)
class FilledLately:
    """One form that was filled in here: when, which, by whom it was entered ("" the patient), what it said in words, and what the patient
    wrote: that no program reads."""

    at: datetime
    title: str
    by: str
    says: tuple[str, ...]
    own_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckIns:
    """The forms of one plan today. `by_clinic`: a person of the clinic asks or looks. `links`: nothing but the link may be shown."""

    kept: Kept
    schedule: CheckInSchedule
    due: tuple[DueForm, ...]
    others: tuple[Form, ...]
    by_clinic: tuple[Form, ...]
    links: tuple[Form, ...]
    filled: tuple[WatchNote, ...]

    @property
    def name(self) -> str:
        """Which taper it is, whatever its version."""
        return name_of(self.kept.plan)


def followed_named(services: Services, chart: OpenChart, name: str) -> Kept:
    """The followed plan of a name; the only one, or the first, where none is named. Raises WrongUsage where there is none."""
    found = [one for one in watched_plans(services, chart) if not name or name_of(one.plan) == name]
    if not found:
        raise WrongUsage("no plan is followed now for which this form could be filled in")
    return found[0]


def check_ins(services: Services, chart: OpenChart, kept: Kept) -> CheckIns:
    """What is due of a plan today, and what else there is."""
    plan, launch = kept.plan, chart.launch
    notes = services.watch.of_patient(launch.tenant_id, launch.patient_id, NoteKind.FORM, NoteKind.CHOICE)
    filled = tuple(one for one in notes if one.kind is NoteKind.FORM)
    schedule = rhythm_of(plan, notes)
    due = due_on(chart, plan, schedule, filled, chart.day(services.clock(), plan.zone or None))
    asked = {one.form.id for one in due}
    fitting = [form for form in load_forms().forms.values() if form.is_for(plan.drug_class, plan.phase) and form.id not in OF_THEIR_OWN]
    shown = [form for form in fitting if form.licence.ships is not Ships.LINK]
    return CheckIns(
        kept,
        schedule,
        due,
        tuple(form for form in shown if form.id not in asked and not form.needs_person),
        tuple(form for form in shown if form.needs_person),
        tuple(form for form in fitting if form.licence.ships is Ships.LINK),
        filled,
    )


def filled_lately(chart: OpenChart, filled: tuple[WatchNote, ...], *, own_only: bool) -> tuple[FilledLately, ...]:
    """The last of the forms that were filled in here, the newest first. `own_only`: those that the patient filled in; what a clinician
    asked or read off is for the clinic to tell."""
    told = (_filled(chart, one) for one in reversed(filled))
    return tuple(islice((one for one in told if not (own_only and one.by)), _LATEST))


def own_words(chart: OpenChart, filled: tuple[WatchNote, ...]) -> tuple[FilledLately, ...]:
    """The last forms in which the patient wrote something, the newest first."""
    written = (found for one in reversed(filled) if (found := _filled(chart, one)).own_words)
    return tuple(islice(written, _LATEST))


def can_be_stated(form: Form) -> bool:
    """Whether a clinician may enter the score of its original."""
    return [rule.make for rule in form.scores] == [Make.STATED]


def state_score(services: Services, chart: OpenChart, plan: TaperPlan, form: Form, number: str, variant: str) -> Scored:
    """Keep the score that a clinician read off the original of an instrument of which we show the link alone, as an Observation.

    `variant`: which form of the instrument it is, as the person says. Raises LaunchRefused ("role"), WrongUsage for what cannot be its
    score.
    """
    require(services, chart, "state a score", CLINICIANS)
    if variant != form.variant:
        raise WrongUsage(" ".join((f"only the {form.variant} form of {form.title} is taken", *form.refuses)).strip())
    if _NUMBER.fullmatch(number.strip()) is None:
        raise WrongUsage(f"{number[:40]!r} is not a number")
    scored = stated(form, Decimal(number.strip()))
    if scored.problems:
        raise WrongUsage("; ".join(scored.problems))
    at = in_zone(services.clock(), plan.zone or chart.tenant.timezone).replace(microsecond=0)
    filled = FilledForm(form, scored, chart.launch.patient_id, at, chart.launch.user, chart.launch.tenant_id, name_of(plan))
    document = {"form": form.id, "resources": to_observations(filled, ""), "scores": [one.words for one in scored.said]}
    with services.database.begin():
        keep_note(services, chart, NoteKind.FORM, name_of(plan), document, filled.id_of())
        note(services, chart.launch, "state-score", "done", {"plan": plan.id, "form": form.id})
    return scored


def entered_by(chart: OpenChart, one: WatchNote) -> str:
    """Who entered a form for the patient; "" where the patient did."""
    return "" if one.by == f"Patient/{chart.launch.patient_id}" else one.by


def _filled(chart: OpenChart, one: WatchNote) -> FilledLately:
    document, forms = decode(one.document), load_forms().forms
    title = forms[document["form"]].title if document["form"] in forms else document["form"]
    says = tuple(said for said in document["scores"] if said != title)
    return FilledLately(chart.local(one.at), title, entered_by(chart, one), says, tuple(document.get("words", ())))
