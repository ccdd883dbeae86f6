"""A patient in mid-taper: the chart, and in it an active plan of ours, made by this program itself on the days when it would have been.

Made at start and not stored: so it is in mid-taper on whatever day the demo runs, and valid FHIR of this version of the program.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from fhir_taper.errors import SandboxError
from fhir_taper.exact_json import encode
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.lifecycle import ApprovalRules, acknowledge, agree, approve
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Agreement, TaperPlan
from fhir_taper.plans.tapers.review import pass_gate
from fhir_taper.records import Json
from fhir_taper.sandbox.users import USERS
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.plan import Outcome, make_plan, plan_bundle
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.regimen import read

PATIENT_ID: Final = "mid-taper"
TENANT: Final = "demo"
"""Under whose name the plan was written: the app of the demo, set up as this tenant, finds it again."""
ORDER_BEFORE: Final = "mid-taper-start"
_DAYS_SO_FAR: Final = 70
_PACE: Final = (("percent", "5"), ("interval_days", "28"))
"""So that on the seventieth day the third dose, 9 mg a day, is what the orders of the chart say."""
_PRESCRIBER: Final = USERS["prescriber"].reference


def with_own_plan(chart: Iterable[Json], today: date) -> list[Json]:
    """The chart of today and, under their own ids, the resources of the plan that is followed in it.

    The plan is made from the chart as it was on the plan's first day: then the order that is stopped now was the one that counted.
    """
    of_today = list(chart)
    start = today - timedelta(days=_DAYS_SO_FAR)
    before = [{**one, "status": "active"} if one.get("id") == ORDER_BEFORE else one for one in of_today if "priorPrescription" not in one]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in before]}
    reading = read(read_chart_bytes(encode(bundle), PATIENT_ID), start, "cdc-2022", "va-dod-2021")
    why = "the patient asks for it"
    options = PlanOptions("diazepam", start, strategy="linear", params=_PACE, benzo_table="va-dod-2021", reason=why, tenant=TENANT)
    plan = _in_force(_made(make_plan(reading, options)), start, today)
    written = plan_bundle(plan, reading, as_of=start, instant=now(), tenant=TENANT)
    urns = {entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in written["entry"]}
    return [*of_today, *(_resolved(entry["resource"], urns) for entry in written["entry"])]


def _made(outcome: Outcome) -> TaperPlan:
    if not isinstance(outcome, TaperPlan):
        raise SandboxError("the patient in mid-taper has no plan: this version of the program makes none of the chart")
    return outcome


def _in_force(plan: TaperPlan, start: date, today: date) -> TaperPlan:
    """The plan approved on its first day, and every review since then passed on the day that its step began."""
    life = load_life_rules()
    plan = agree(plan, Agreement(f"Patient/{PATIENT_ID}", "the pace and the first four steps", start))
    for finding in plan.findings:
        if finding.severity is Severity.ACKNOWLEDGE:
            plan = acknowledge(plan, finding, Decision(_PRESCRIBER, start, "talked over with the patient"))
    plan = approve(plan, Decision(_PRESCRIBER, start), plan.findings, ApprovalRules(), (), life)
    for gate in plan.gates:
        begins = plan.steps[gate.step].start
        if begins <= today:
            plan = pass_gate(plan, gate.step, Decision(_PRESCRIBER, begins, "doing well"), life, ())
    return plan


def _resolved(value: Json, urns: dict[str, str]) -> Json:
    """The resource with references as a server has them, not as a Bundle has."""

    def walked(one: object) -> object:
        if isinstance(one, dict):
            return {name: walked(item) for name, item in one.items()}
        if isinstance(one, list):
            return [walked(item) for item in one]
        return urns.get(one, one) if isinstance(one, str) else one

    return {name: walked(item) for name, item in value.items()}
