"""Patients in mid-taper: the chart, and in it an active plan of ours, made by this program itself on the days when it would have been.

Made at start and not stored: so they are in mid-taper on whatever day the demo runs, and their plans are valid FHIR of this version.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fhir_taper.errors import SandboxError
from fhir_taper.exact_json import encode
from fhir_taper.plans.tables.life_rules import LifeRules, load_life_rules
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.lifecycle import ApprovalRules, acknowledge, agree, approve
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Agreement, TaperPlan
from fhir_taper.plans.tapers.review import pass_gate
from fhir_taper.plans.tapers.revision import hold, resume
from fhir_taper.records import Json
from fhir_taper.sandbox.users import USERS
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.plan import Outcome, make_plan, plan_bundle
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.regimen import read

TENANT: Final = "demo"
"""Under whose name the plan was written: the app of the demo, set up as this tenant, finds it again."""
_PACE: Final = (("percent", "5"), ("interval_days", "28"))
_PAUSE_DAYS: Final = 28
_WEEK: Final = timedelta(days=7)
_PRESCRIBER: Final = USERS["prescriber"].reference


@dataclass(frozen=True, slots=True)
class Followed:
    """A course so far: how many days, and the step before whose reduction there was a pause of four weeks (None: there was none)."""

    patient_id: str
    days: int
    paused_before: int | None = None

    @property
    def order_before(self) -> str:
        """The id of the order that counted on the plan's first day."""
        return f"{self.patient_id}-start"


MID_TAPER: Final = Followed("mid-taper", 70)
"""So that on the seventieth day the third dose, 9 mg a day, is what the orders of the chart say."""


def with_own_plan(chart: Iterable[Json], today: date, followed: Followed = MID_TAPER) -> tuple[list[Json], TaperPlan]:
    """The chart of today and, under their own ids, the resources of the plan that is followed in it; and the plan.

    The plan is made from the chart as it was on the plan's first day: then the order that is stopped now was the one that counted.
    """
    of_today = list(chart)
    start = today - timedelta(days=followed.days)
    before = [_as_begun(one) if one.get("id") == followed.order_before else one for one in of_today if "priorPrescription" not in one]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in before]}
    reading = read(read_chart_bytes(encode(bundle), followed.patient_id), start, "cdc-2022", "va-dod-2021")
    why = "the patient asks for it"
    options = PlanOptions("diazepam", start, strategy="linear", params=_PACE, benzo_table="va-dod-2021", reason=why, tenant=TENANT)
    plan = _in_force(_made(make_plan(reading, options)), start, today, followed)
    written = plan_bundle(plan, reading, as_of=start, instant=now(), tenant=TENANT)
    urns = {entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in written["entry"]}
    return [*of_today, *(_resolved(entry["resource"], urns) for entry in written["entry"])], plan


def _as_begun(order: Json) -> Json:
    """An order as it was before it was stopped."""
    return {name: value for name, value in order.items() if name != "dispenseRequest"} | {"status": "active"}


def _made(outcome: Outcome) -> TaperPlan:
    if not isinstance(outcome, TaperPlan):
        raise SandboxError("the patient in mid-taper has no plan: this version of the program makes none of the chart")
    return outcome


def _in_force(plan: TaperPlan, start: date, today: date, followed: Followed) -> TaperPlan:
    """The plan approved on its first day, every review since then passed on the day that its step began, and the pause if there was one."""
    life = load_life_rules()
    plan = agree(plan, Agreement(f"Patient/{followed.patient_id}", "the pace and the first four steps", start))
    for finding in plan.findings:
        if finding.severity is Severity.ACKNOWLEDGE:
            plan = acknowledge(plan, finding, Decision(_PRESCRIBER, start, "talked over with the patient"))
    plan = approve(plan, Decision(_PRESCRIBER, start), plan.findings, ApprovalRules(), (), life)
    for number in [gate.step for gate in plan.gates]:
        if number == followed.paused_before:
            plan = _paused(plan, plan.steps[number].start - _WEEK, life)
        begins = plan.steps[number].start
        if begins <= today:
            plan = pass_gate(plan, number, Decision(_PRESCRIBER, begins, "doing well"), life, ())
    return plan


def _paused(plan: TaperPlan, day: date, life: LifeRules) -> TaperPlan:
    """The plan held for four weeks from a day on, and resumed."""
    held = hold(plan, Decision(_PRESCRIBER, day, "sleeps badly, and asks for a pause"), _PAUSE_DAYS)
    return resume(held, Decision(_PRESCRIBER, day + timedelta(days=_PAUSE_DAYS), "sleeps again"), life, ())


def _resolved(value: Json, urns: dict[str, str]) -> Json:
    """The resource with references as a server has them, not as a Bundle has."""

    def walked(one: object) -> object:
        if isinstance(one, dict):
            return {name: walked(item) for name, item in one.items()}
        if isinstance(one, list):
            return [walked(item) for item in one]
        return urns.get(one, one) if isinstance(one, str) else one

    return {name: walked(item) for name, item in value.items()}
