"""What came of the writes for a patient, as the ledger has it: the same for every process, named by the plan that was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import LedgerRow, WriteReceipt
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import version_named
from fhir_taper.workflow.write_back import writes_of
from fhir_taper.writeback.receipt_kept import errands_of, receipt_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of one errand, and the version of the plan that it was about."""

    plan: TaperPlan
    receipt: WriteReceipt


def last_receipt(services: Services, chart: OpenChart, version_id: str = "") -> Receipt | None:
    """The last write of a version of a plan; "" is the last one of this session, whatever it wrote. None where there is none.

    Raises WrongUsage for a version that this patient has not.
    """
    wanted = version_named(services, chart, version_id).plan if version_id else None
    launch = chart.launch
    rows = [
        row
        for row in services.ledger.of_patient(launch.tenant_id, launch.patient_id)
        if (row.plan_id == wanted.id if wanted is not None else row.launch_id == launch.id)
    ]
    if not rows:
        return None
    errand = errands_of(rows)[-1]
    return Receipt(wanted or version_named(services, chart, errand[0].plan_id).plan, receipt_of(errand))


def named_writes(services: Services, chart: OpenChart) -> tuple[tuple[LedgerRow, TaperPlan | None], ...]:
    """Every write to this patient's chart, newest first, with the version of the plan; None for one that is not kept here."""
    return named_rows(services, chart, writes_of(services, chart))


def named_rows(services: Services, chart: OpenChart, rows: Sequence[LedgerRow]) -> tuple[tuple[LedgerRow, TaperPlan | None], ...]:
    """Rows of the ledger with the version of the plan that each is about; None for one that is not kept here. Only these are read."""
    wanted = {row.plan_id for row in rows}
    kept = services.plans.of_patient(chart.launch.tenant_id, chart.launch.patient_id) if wanted else ()
    plans = {one.id: plan_of(one) for one in kept if one.id in wanted}
    return tuple((row, plans.get(row.plan_id)) for row in rows)
