"""Writes docs/alert-burden.md: how often somebody would be told of generated patients, by rule, and when what gets worse is found.

Patients are made from seeds, the same everywhere; half a minute.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from fhir_taper.plans.medicines.codes import DrugClass  # noqa: E402 - after the path
from fhir_taper.plans.monitoring.reading import DAY  # noqa: E402
from fhir_taper.plans.monitoring.rule import Level  # noqa: E402
from fhir_taper.plans.monitoring.rules import load_rules  # noqa: E402
from tests.property.generated_patients import DAYS, DETERIORATIONS, SIGNED_BEFORE, Patient, patients, year_of_tapering  # noqa: E402
from tests.property.watched_year import MONTH, Told, burden, found_after, told_in_a_year  # noqa: E402

PAGE = ROOT / "docs" / "alert-burden.md"
STABLE = 4
HEAD = f"""# How often somebody is told

Published sedative alerts are ignored 97 times in 100. So this is measured: generated patients, each with a year of daily data under a taper
of thirteen steps (about 2,400 observations: nights, pulses, steps, check-ins, scores, visits, orders, supplies), assessed every evening.
Nobody answers: each alert stands until it is over. A stable patient is not a flat line: nights and pulses differ, every reduction is felt
for ten days, one check-in in thirty does not come. Aim: at most half an alert of level 1 or more a month.

- all of it: `pytest tests/property/test_a_year_of_watching.py`; this page: `python docs/generate/alert_burden.py`

What was done about over-alerting:

- one course of events is one alert: it begins once, stands, and ends; it is told again only when it gets worse, or when what a person
  answered is not true any more
- changes are measured from the patient's own baseline, and a percentage never stands alone: points stand beside it
- soft signals must persist (a second reading an hour, three days or two weeks later), and have a value that ends them, away from the one
  that began them; red flags wait for nothing
- what a person answered holds for fourteen days; a hold that was agreed asks for no hold again
- a note (level 0) interrupts nobody; it is not counted here, and stands in its own column

A prescription that is signed later than a week before the supply ends costs one alert each time (rule B26): the generated clinic signs
{SIGNED_BEFORE} days before.

"""


def main() -> None:
    """Write the page."""
    years = {kind: [told_in_a_year(one) for one in patients(STABLE, kind)] for kind in (DrugClass.BENZODIAZEPINE, DrugClass.OPIOID)}
    PAGE.write_text(HEAD + "\n".join([*_stable(years), "", *_worse()]) + "\n", encoding="utf-8")


def _stable(years: dict[DrugClass, list[tuple[Told, ...]]]) -> Iterator[str]:
    yield f"## Stable patients ({STABLE} years of each class)\n"
    yield "| rule | watches | benzodiazepine: alerts a patient-month | opioid: alerts a patient-month | notes a patient-month |"
    yield "|---|---|---|---|---|"
    titles = {rule.id: rule.title for rule in load_rules().rules}
    months = STABLE * DAYS / MONTH
    counted = {kind: burden(listed)[1] for kind, listed in years.items()}
    notes = burden([told for listed in years.values() for told in listed], Level.NOTE)[1]
    for rule in sorted({*notes, *(one for found in counted.values() for one in found)}):
        own = [counted[kind][rule] for kind in counted]
        yield (
            f"| {rule} | {titles[rule]} | {own[0] / months:.2f} | {own[1] / months:.2f} | {(notes[rule] - sum(own)) / (2 * months):.2f} |"
        )
    totals = [burden(listed)[0] for listed in years.values()]
    yield f"| **all** | | **{totals[0]:.2f}** | **{totals[1]:.2f}** | |"


def _worse() -> Iterator[str]:
    yield "## What gets worse, and when it is found\n"
    yield "| from one day on | rule | due within | found after | said |"
    yield "|---|---|---|---|---|"
    for worse in DETERIORATIONS:
        patient = Patient(7, year_of_tapering(), worse)
        told = told_in_a_year(patient)
        days = found_after(patient, told)
        begun = patient.plan.steps[0].start + worse.day * DAY
        said = next((one.message for one in told if one.rule in worse.rules and one.level >= worse.level and one.on >= begun), "")
        yield f"| {worse.name} | {', '.join(worse.rules)} | {_days(worse.found_within)} | {_days(days)} | {said} |"


def _days(days: int | None) -> str:
    return "**not found**" if days is None else "the same day" if days == 0 else f"{days} day{'s' if days > 1 else ''}"


if __name__ == "__main__":
    main()
