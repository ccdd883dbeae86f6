"""Assessments that are kept with everything that went into them (fixtures/assessments/<program version>/), to be made again.

`python -m tests.golden.kept_assessments` writes those of this program version again: do it where a rule changed on purpose before the
version is released, and read the difference. Those of earlier versions are never written again.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from fhir_taper import __version__
from fhir_taper.exact_json import encode
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.assessment_document import Inputs, kept
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY, Policy
from fhir_taper.plans.monitoring.reading import DAY, Raw
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.monitoring.timeline import Record, Timeline, Unread
from fhir_taper.plans.tapers.plan import Phase, PlanState
from tests.property.generated_patients import DETERIORATIONS, Patient, year_of_tapering

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "assessments"
_RECENT = 35 * DAY


def cases() -> Iterator[tuple[str, Inputs]]:
    """Each kept assessment by its name: a stable patient, each deterioration on the day on which it is due, and some odd ones."""
    yield "stable", _inputs(Patient(1, year_of_tapering()), 60)
    yield "stable-opioid", _inputs(Patient(2, year_of_tapering(DrugClass.OPIOID)), 60)
    for worse in DETERIORATIONS:
        near = replace(worse, day=60)
        yield worse.name.replace(" ", "-"), _inputs(Patient(3, year_of_tapering(), near), 60 + worse.found_within)
    yield (
        "records-not-read",
        _inputs(Patient(4, year_of_tapering()), 60, unread=(Unread(Record.CONDITION, "403"), Unread(Record.ORDER, "403"))),
    )
    yield "no-consent", _inputs(Patient(5, year_of_tapering()), 60, permits=())
    yield "answered", _answered(_inputs(Patient(3, year_of_tapering(), replace(DETERIORATIONS[0], day=60)), 60))
    yield "staffed-hours", replace(_inputs(Patient(3, year_of_tapering(), replace(DETERIORATIONS[2], day=60)), 60), policy=_STAFFED)
    after = replace(year_of_tapering(), state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    yield "aftercare", _inputs(Patient(6, after), 60)


_STAFFED = Policy("clinic", staffed="Mon-Fri 08:00-17:00")


def _inputs(patient: Patient, day: int, **changes: object) -> Inputs:
    """A patient on the evening of a day of the year; of long ago only the days before the first reduction are kept."""
    at: datetime = next(iter(Patient(patient.seed, patient.plan).instants())) + timedelta(days=day)
    first = patient.plan.steps[1].start
    raws = [one for one in patient.raws() if one.start <= at and (at - one.end < _RECENT or one.start.date() < first) and _is_kept(one)]
    timeline: Timeline = replace(patient.timeline(raws), **changes)  # type: ignore[arg-type]
    near = (first + 90 * DAY, first - 90 * DAY)
    shorter = replace(
        timeline,
        orders=tuple(one for one in timeline.orders if one.start < near[0]),
        supplies=tuple(one for one in timeline.supplies if one.on < near[0]),
        doses=tuple(one for one in timeline.doses if one.start < near[0]),
    )
    return Inputs(patient.plan, shorter, DEFAULT_POLICY, NOTHING_BEFORE, at)


def _is_kept(one: Raw) -> bool:
    """Steps are in no rule: they would only make the files longer."""
    return one.signal != "steps"


def _answered(inputs: Inputs) -> Inputs:
    history = remember(NOTHING_BEFORE, inputs.assess())
    at = inputs.as_of + timedelta(hours=1)
    return replace(
        inputs, history=history.answered("B01", Answer(at, "Dr. A", "reviewed", "seen in hospital")), as_of=at + timedelta(hours=1)
    )


def written(inputs: Inputs) -> bytes:
    """The file of an assessment."""
    return encode(kept(inputs, inputs.assess())) + b"\n"


def main() -> None:
    """Write the files of this program version."""
    folder = FOLDER / __version__
    folder.mkdir(parents=True, exist_ok=True)
    names = {f"{name}.json": inputs for name, inputs in cases()}
    for path in folder.glob("*.json"):
        if path.name not in names:
            path.unlink()
    for name, inputs in names.items():
        (folder / name).write_bytes(written(inputs))


if __name__ == "__main__":
    main()
