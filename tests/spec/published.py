"""Published taper schedules (published_schedules.toml) as requests to the engine, and what it makes of them. Knows no dose itself."""

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Baseline, Step, TaperPlan
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest

FILE = Path(__file__).with_name("published_schedules.toml")
START = date(2026, 1, 5)


@dataclass(frozen=True)
class Schedule:
    """One published schedule: what is asked, and what must come out."""

    id: str
    row: dict[str, Any]

    @property
    def protocol(self) -> str:
        """The id of the protocol that must make it."""
        return str(self.row["protocol"])

    @property
    def doses(self) -> tuple[Decimal, ...]:
        """mg a day of every step."""
        return tuple(Decimal(str(dose)) for dose in self.row["doses_mg"])

    @property
    def days(self) -> tuple[int, ...]:
        """Days of every step but the last."""
        return tuple(self.row["days"])

    @property
    def times(self) -> tuple[Slot, ...]:
        """The patient's times of day."""
        return tuple(Slot(time) for time in self.row["times"])

    @property
    def slots(self) -> tuple[tuple[Decimal, ...], ...]:
        """mg at each time of day, as far as the source prints them."""
        return tuple(tuple(Decimal(str(part)) for part in step) for step in self.row.get("slots_mg", ()))

    def request(self, tables: Tables) -> PlanRequest:
        """What the engine is asked."""
        return PlanRequest(
            tenant="local",
            patient="published",
            zone="UTC",
            ingredient=self.row["drug"],
            drug=self.row["drug"],
            drug_class=DrugClass(self.row["class"]),
            start=START,
            baseline=Baseline(Decimal(self.row["baseline_mg"])),
            products=tuple(self._product(tables, code) for code in self.row["products"]),
            intakes=tuple(Intake(slot, Decimal(0)) for slot in self.times),
            protocol=self.protocol,
            target_mg=Decimal(self.row.get("target_mg", 0)),
            use=self.row.get("use", ">=1y"),
        )

    def made(self, tables: Tables) -> TaperPlan | Infeasible:
        """What the engine makes of it."""
        return propose(self.request(tables), tables)

    def _product(self, tables: Tables, code: str) -> Product:
        product = tables.medicines.product(code)
        assert product is not None, code
        parts = self.row.get("parts", 1)
        return replace(product, parts=max(parts, product.parts)) if product.may_be_split else product


def schedules() -> tuple[Schedule, ...]:
    """All published schedules, in the order of the file."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"), parse_float=Decimal)
    return tuple(Schedule(name, row) for name, row in rows.items())


def days_of(plan: TaperPlan) -> tuple[int, ...]:
    """Days of every step but the last."""
    return tuple((step.end - step.start).days + 1 for step in plan.steps if step.end is not None)


def slots_of(step: Step, ingredient: str, times: tuple[Slot, ...]) -> tuple[Decimal, ...]:
    """mg at each of the times."""
    amounts = dict.fromkeys(times, Decimal(0))
    for dose in step.doses:
        for unit in dose.units if dose.ingredient == ingredient else ():
            for slot, units in unit.slots:
                amounts[slot] += units * unit.strength_mg
    return tuple(amounts[time] for time in times)
