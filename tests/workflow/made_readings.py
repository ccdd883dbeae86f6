"""Readings of small made charts, for tests of the use cases."""

from datetime import date
from typing import Any

from fhir_taper.exact_json import encode
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.regimen import Reading, read
from tests.mappers.charts import PATIENT, bundle, concept, order

DAY = date(2026, 1, 5)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
MORPHINE_ER, MORPHINE_IR = "891888", "892582"
METHADONE = "864718"


def reading_of(*resources: Any) -> Reading:
    """The reading of a chart with the test patient and these resources."""
    return read(read_chart_bytes(encode(bundle(PATIENT, *resources)), name="chart"), DAY, "cdc-2022", None)


def tablets(rxcui: str, name: str, times_a_day: int, *, as_needed: bool = False) -> dict[str, Any]:
    """An order of one tablet so often, begun two years before."""
    dosage = {
        "timing": {"repeat": {"frequency": times_a_day, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2024-01-05"}}},
        "asNeededBoolean": as_needed,
        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
    }
    medicine = concept(RXNORM, rxcui, name)
    return order(f"m{rxcui}", medicationCodeableConcept=medicine, authoredOn="2024-01-05", dosageInstruction=[dosage])


def morphine_twice() -> Reading:
    """Extended-release morphine 30 mg twice a day, and 15 mg more as needed."""
    return reading_of(
        tablets(MORPHINE_ER, "morphine sulfate 30 MG Extended Release Oral Tablet", 2),
        tablets(MORPHINE_IR, "morphine sulfate 15 MG Oral Tablet", 4, as_needed=True),
    )


def methadone() -> Reading:
    """Methadone 5 mg three times a day."""
    return reading_of(tablets(METHADONE, "methadone hydrochloride 5 MG Oral Tablet", 3))


def asking(drug: str, **said: Any) -> PlanOptions:
    """Options for a plan from the day of the reading."""
    return PlanOptions(drug, DAY, **said)
