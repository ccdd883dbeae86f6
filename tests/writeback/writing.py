"""One write from a plan to its receipt against the fake EHR, as a use case would do it, and plans to write."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.labels import NORMAL, Label
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.records import LedgerRow, WriteReceipt, WriteState, WriteTurn
from fhir_taper.writeback.execute import execute
from fhir_taper.writeback.guard import WriteGuard
from fhir_taper.writeback.negotiate import Allowed, SiteSwitches, allowed
from fhir_taper.writeback.ours import Ours, ours_of, write_ids_of
from fhir_taper.writeback.overlay import Overlay, load_overlay
from fhir_taper.writeback.pauses import Pauses
from fhir_taper.writeback.prepare import Prepared, prepare
from fhir_taper.writeback.recorded import PlanIds, recorded
from fhir_taper.writeback.recover import resolve
from fhir_taper.writeback.sending import Errand
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW
from tests.writeback.fake_ehr import BASE, PATIENT, FakeCapabilities, FakeClock, FakeEhr, FakeGranted, FakeLedger

Json = dict[str, Any]
DECISION = Decision("Practitioner/dr1", BEFORE, "agreed with the patient")
TENANT = "general-hospital"


def approved(name: str = "diazepam") -> TaperPlan:
    """An example plan of this patient, followed since a clinician approved it."""
    plan = replace(EXAMPLES[name], patient=PATIENT, author="Practitioner/dr1")
    return new_version(replace(plan, state=PlanState.ACTIVE), plan, DECISION, "approve", "approved")


def revised(plan: TaperPlan, **fields: Any) -> TaperPlan:
    """The next version of a plan, with some fields changed."""
    return new_version(replace(plan, **fields), plan, replace(DECISION, reason="as discussed"), "review", "changed")


@cache
def bundle_of(plan: TaperPlan, *, as_of: date = BEFORE, labels: tuple[Label, ...] = (NORMAL,)) -> Json:
    """The plan as it is handed to write-back."""
    windows = next_window(plan, as_of, load_life_rules()).windows
    return to_bundle(plan, as_of=as_of, instant=NOW, windows=windows, tenant=TENANT, labels=labels)


@dataclass
class Scene:
    """One launch: an EHR, a ledger, a clock, and what may be written."""

    ehr: FakeEhr = field(default_factory=FakeEhr)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    clock: FakeClock = field(default_factory=FakeClock)
    pauses: Pauses = field(default_factory=Pauses)
    overlay: Overlay = field(default_factory=lambda: load_overlay("fhir-platform"))
    granted: FakeGranted = field(default_factory=FakeGranted)
    switches: SiteSwitches = field(default_factory=SiteSwitches)
    ledger_knows: bool = True
    """Off: the ledger was lost, or another installation wrote."""
    kept: dict[str, str] = field(default_factory=dict)
    """The versions that were ever prepared here, with the key of their plan: what a store would hold."""
    errand: Errand = field(default_factory=lambda: Errand(TENANT, "launch-1", BASE, WriteTurn(TENANT, PATIENT, 1)))

    def __post_init__(self) -> None:
        self.ledger.now = self.clock

    def allowed(self) -> Allowed:
        return allowed(FakeCapabilities(self.ehr), self.granted, self.overlay, self.switches, signed_off=True)

    def prepare(self, plan: TaperPlan, base: TaperPlan | None = None) -> Prepared:
        before = bundle_of(base) if base else None
        self.kept |= {one.id: one.key for one in (plan, base) if one is not None}
        return prepare(
            bundle_of(plan),
            plan,
            patient_id=PATIENT,
            allowed=self.allowed(),
            reader=self.ehr,
            as_of=BEFORE,
            base=before,
            rows=self.ledger.of_patient(TENANT, PATIENT) if self.ledger_knows else (),
            ids=self.ids(plan),
        )

    def guard(self, plan: TaperPlan) -> WriteGuard:
        return WriteGuard(PATIENT, BASE, self.overlay, (NORMAL,), plan, DECISION, ours=self.ours(plan))

    def ours(self, plan: TaperPlan) -> Ours:
        """What of the EHR is of a plan, by the ledger and by what is kept."""
        this = self.ids(plan)
        known = recorded(self.ledger.of_patient(TENANT, PATIENT) if self.ledger_knows else (), this)
        return ours_of(bundle_of(plan), known, this)

    def ids(self, plan: TaperPlan) -> PlanIds:
        this = frozenset(known_as for known_as, key in self.kept.items() if key == plan.key)
        return PlanIds(this, frozenset(self.kept) - this, write_ids_of(plan, TENANT))

    def send(self, prepared: Prepared, plan: TaperPlan, accepted: Collection[str] = ()) -> WriteReceipt:
        return execute(
            prepared,
            self.errand,
            guard=self.guard(plan),
            ehr=self.ehr,
            ledger=self.ledger,
            pauses=self.pauses,
            clock=self.clock,
            accepted=accepted,
        )

    def write(self, plan: TaperPlan, base: TaperPlan | None = None) -> WriteReceipt:
        """Preview and press the button."""
        return self.send(self.prepare(plan, base), plan)

    def sweep(self) -> list[WriteState]:
        """What the next start of the program does."""
        return [self.resolve(row) for row in self.ledger.unfinished(self.clock())]

    def resolve(self, row: LedgerRow) -> WriteState:
        return resolve(row, self.ehr, self.ledger, self.clock, self.allowed().searchable)


def single_only() -> SiteSwitches:
    """A site that turned transactions off."""
    return SiteSwitches(frozenset({"Bundle"}))
