"""The app's own write-back, with its real store and client, against a real FHIR server: from an approved plan to a receipt.

Who launches and how tokens come is left out: other tests show it. Everything from the store to the socket is what runs in production.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.identity import plan_id
from fhir_taper.plans.tapers.new_version import new_version
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.records import AuditEntry, Launch, LedgerRow, Role, Secret, Tenant, WriteReceipt, WriteState
from fhir_taper.settings import Settings
from fhir_taper.smart.answer import Answer
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.transport import TIMEOUT_SECONDS, Transport
from fhir_taper.store.database import upgrade
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.workflow.audited import note_refused
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.recover_writes import Swept, sweep_chart
from fhir_taper.workflow.services import Services, open_services
from fhir_taper.workflow.write_back import Proposal, preview_plan, write_plan
from tests.interop.fhir_servers import Server
from tests.mappers.write.example_plans import EXAMPLES
from tests.writeback.writing import DECISION

TENANT = "general-hospital"
DOCTOR = "Practitioner/dr1"
START = datetime(2026, 1, 4, 10, 0, tzinfo=UTC)
_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass
class Clock:
    """The app's clock: it stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **kwargs: float) -> None:
        self.now += timedelta(**kwargs)


def services_on(url: str, base: str, clock: Callable[[], datetime], seconds: float = TIMEOUT_SECONDS) -> Services:
    """Services over an upgraded database that goes by the same clock, for an EHR at a base; an answer is waited for `seconds`."""
    tenant = Tenant(TENANT, base, "fhir-taper", "UTC", vendor="fhir-platform", insecure_loopback=True, roles={Role.PRESCRIBER: (DOCTOR,)})
    settings = Settings(
        public_base_url="http://127.0.0.1:1",
        database_url=url,
        tenants=(tenant,),
        encryption_keys=(("test", Secret(_KEY)),),
        audit_key=Secret("an audit key that only the tests use"),
        allow_insecure_loopback=True,
    )
    made = open_services(settings, clock=clock, transport_of=lambda one: Hasty(one, clock=clock, sleep=lambda _: None, seconds=seconds))
    return replace(made, ledger=Ledger(made.database, made.keys, lambda _: clock()))


class Hasty(Transport):
    """A transport that waits no longer than it is told, and does not sleep between tries."""

    def __init__(self, tenant: Tenant, *, seconds: float, **how: Any) -> None:
        super().__init__(tenant, **how)
        self._seconds = seconds

    def send(self, method: str, url: str, **given: Any) -> Answer:
        """As the transport, within its own seconds."""
        return super().send(method, url, **given | {"timeout": self._seconds})


def chart_on(services: Services, patient: str, role: Role = Role.PRESCRIBER, **client: Any) -> OpenChart:
    """An open chart of a patient, as a launch would open it."""
    (tenant,) = services.settings.tenants
    now = services.clock()
    launch = Launch(
        id=f"launch-{patient}",
        tenant_id=tenant.id,
        patient_id=patient,
        user=DOCTOR,
        user_name="Dr. Example",
        role=role,
        scope="launch patient/*.cruds",
        cookie_hash="c",
        csrf=Secret("csrf"),
        begun=now,
        last_seen=now,
        ends=now + timedelta(hours=8),
    )
    token = Secret("a token that nobody looks at")
    reading = FhirClient(
        tenant.issuer,
        services.transport(tenant),
        lambda: token,
        patient,
        lambda refused: note_refused(services, launch, refused),
        **client,
    )
    return OpenChart(launch, tenant, reading, now)


def approved_for(patient: str, name: str = "diazepam", tenant: str = TENANT) -> tuple[TaperPlan, TaperPlan]:
    """An example plan of a patient: the draft, and the version that a clinician approved."""
    plan = EXAMPLES[name]
    draft = replace(plan, id=plan_id(tenant, patient, plan.ingredient, plan.key, plan.version), patient=patient, author=DOCTOR)
    return draft, new_version(replace(draft, state=PlanState.ACTIVE), draft, DECISION, "approve", "approved")


@dataclass
class Scene:
    """One patient's taper, in our store and in an EHR."""

    services: Services
    patient: str
    clock: Clock
    versions: list[TaperPlan] = field(default_factory=list)
    tenant: str = TENANT

    @property
    def chart(self) -> OpenChart:
        return chart_on(self.services, self.patient)

    @property
    def plan(self) -> TaperPlan:
        return self.versions[-1]

    def approve(self, name: str = "diazepam") -> None:
        """Keep a plan and its approval."""
        self.keep(*approved_for(self.patient, name, self.tenant))

    def revise(self, **fields: Any) -> None:
        """Keep the next version, approved too."""
        self.keep(new_version(replace(self.plan, **fields), self.plan, replace(DECISION, reason="as discussed"), "approve", "changed"))

    def keep(self, *versions: TaperPlan) -> None:
        name = PlanName(self.tenant, self.patient, versions[0].ingredient, versions[0].key)
        kept = [
            PlanVersion(one.id, name, one.version, PlanState(one.state), encode(to_document(one)), DOCTOR, self.clock()) for one in versions
        ]
        self.services.plans.append(*kept, expected_version=len(self.versions))
        self.versions += versions

    def preview(self) -> Proposal:
        """What the screen shows."""
        return preview_plan(self.services, self.chart)

    def write(self) -> WriteReceipt:
        """Look at the preview, and press the button."""
        chart = self.chart
        return write_plan(self.services, chart, preview_plan(self.services, chart).seen)

    def sweep(self) -> Swept:
        """What the next launch in this chart does."""
        return sweep_chart(self.services, self.chart)

    def rows(self) -> tuple[LedgerRow, ...]:
        """The ledger's rows of this patient, oldest first."""
        return self.services.ledger.of_patient(self.tenant, self.patient)

    def states(self) -> list[WriteState]:
        """Their states."""
        return [row.state for row in self.rows()]

    def audited(self) -> list[AuditEntry]:
        """What the audit tells of this patient."""
        return [one.entry for one in self.services.audit.entries(self.tenant, limit=100_000, patient_id=self.patient)]


@contextmanager
def scene_on(server: Server, folder: Path, database: str = "") -> Iterator[Scene]:
    """A patient with an approved plan, and the app over an empty database: the one at this URL, or SQLite in the folder."""
    url = database or f"sqlite:///{folder / 'taper.db'}"
    upgrade(url)
    server.between.faults.clear()
    clock = Clock()
    services = services_on(url, server.base, clock)
    scene = Scene(services, server.new_patient(), clock)
    scene.approve()
    try:
        yield scene
    finally:
        services.close()
