"""Which tapers exist: for each medicine on the shelf, each usual start dose and each strategy, a plan or the reason why there is none.

The shelves are what a US pharmacy has of one ingredient in one form: unbranded, ordinary, one product per strength, cut as the tables say
or, in a shelf of its own, in halves that a clinician permits. Start doses show both ends; everything else is the program's default.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, Use
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Baseline, StepKind, TaperPlan, Tier
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest

CURVES = ("linear", "proportional", "hyperbolic", "stepped")
SUBSTITUTION = "substitution"
START = date(2026, 1, 5)
USE, TIER, BENZO_TABLE = ">=1y", Tier.STANDARD, "va-dod-2021"
BANDS = {DrugClass.OPIOID: "50:10%b:28,0:5%b:28"}
OTHER_BANDS = "50:10%b:14,0:5%b:14"
LONGEST_DAYS = 1095
_BENZO, _OPIOID, _Z = DrugClass.BENZODIAZEPINE, DrugClass.OPIOID, DrugClass.Z_DRUG
_TWICE, _THRICE = (Slot.MORNING, Slot.NIGHT), (Slot.MORNING, Slot.NOON, Slot.NIGHT)
_AT_NIGHT, _IN_THE_MORNING = (Slot.NIGHT,), (Slot.MORNING,)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One ingredient in one form. `parts` None: as the tables say; 2: halves permitted for this plan. `starts` are mg a day."""

    ingredient: str
    drug_class: DrugClass
    form: Form
    release: Release
    starts: tuple[str, ...]
    slots: tuple[Slot, ...]
    parts: int | None = None
    companion: str = ""

    @property
    def name(self) -> str:
        """What the shelf holds, in words."""
        release = "extended-release " if self.release is Release.EXTENDED and self.form is not Form.PATCH else ""
        beside = f" with {self.companion}" if self.companion else ""
        return f"{self.ingredient}{beside}, {release}{_PLURALS[self.form]}"

    def products(self, tables: Tables) -> tuple[Product, ...]:
        """One product per strength, rising."""
        found: dict[Decimal, Product] = {}
        for product in tables.medicines.products_of(self.ingredient):
            if self._holds(product) and product.rxcui not in tables.off_shelf:
                may_be_cut = self.parts is not None and product.may_be_split and product.parts < self.parts
                found.setdefault(product.mg, replace(product, parts=self.parts or 1, parts_source="permitted") if may_be_cut else product)
        return tuple(found[mg] for mg in sorted(found))

    def _holds(self, product: Product) -> bool:
        companions = {companion.ingredient for companion in product.companions}
        kind = (product.form, product.release, product.use, product.brand, companions)
        return kind == (self.form, self.release, Use.ORDINARY, "", {self.companion} - {""})


_PLURALS = {
    Form.TABLET: "tablets",
    Form.CAPSULE: "capsules",
    Form.SOLUTION: "oral solution",
    Form.PATCH: "patches",
    Form.ODT: "orally disintegrating tablets",
}


def _tablets(ingredient: str, drug_class: DrugClass, starts: str, slots: tuple[Slot, ...], *, halves: bool = False) -> Shelf:
    return Shelf(ingredient, drug_class, Form.TABLET, Release.IMMEDIATE, tuple(starts.split()), slots, 2 if halves else None)


SHELVES = (
    _tablets("lorazepam", _BENZO, "0.5 1 3 6", _TWICE),
    Shelf("lorazepam", _BENZO, Form.SOLUTION, Release.IMMEDIATE, ("0.5", "1", "3", "6"), _TWICE),
    _tablets("alprazolam", _BENZO, "0.25 1 2 6", _THRICE),
    Shelf("alprazolam", _BENZO, Form.TABLET, Release.EXTENDED, ("1", "3", "6"), _IN_THE_MORNING),
    _tablets("clonazepam", _BENZO, "0.5 1 2 6", _TWICE),
    _tablets("clonazepam", _BENZO, "0.5 1 2 6", _TWICE, halves=True),
    _tablets("diazepam", _BENZO, "2 10 20 40", _TWICE),
    Shelf("diazepam", _BENZO, Form.SOLUTION, Release.IMMEDIATE, ("2", "10", "20", "40"), _TWICE),
    Shelf("chlordiazepoxide", _BENZO, Form.CAPSULE, Release.IMMEDIATE, ("10", "25", "75"), _THRICE),
    Shelf("temazepam", _BENZO, Form.CAPSULE, Release.IMMEDIATE, ("7.5", "15", "30"), _AT_NIGHT),
    _tablets("zolpidem", _Z, "5 10 20", _AT_NIGHT),
    _tablets("zolpidem", _Z, "5 10 20", _AT_NIGHT, halves=True),
    Shelf("zolpidem", _Z, Form.TABLET, Release.EXTENDED, ("6.25", "12.5"), _AT_NIGHT),
    _tablets("eszopiclone", _Z, "1 2 3", _AT_NIGHT),
    Shelf("zaleplon", _Z, Form.CAPSULE, Release.IMMEDIATE, ("5", "10", "20"), _AT_NIGHT),
    _tablets("oxycodone", _OPIOID, "10 20 60 160", _THRICE),
    _tablets("oxycodone", _OPIOID, "10 20 60 160", _THRICE, halves=True),
    Shelf("oxycodone", _OPIOID, Form.TABLET, Release.EXTENDED, ("20", "80", "160"), _TWICE),
    Shelf("oxycodone", _OPIOID, Form.TABLET, Release.IMMEDIATE, ("20", "40", "60"), _THRICE, companion="acetaminophen"),
    Shelf("morphine", _OPIOID, Form.TABLET, Release.EXTENDED, ("30", "60", "120", "270"), _TWICE),
    _tablets("morphine", _OPIOID, "30 60 120", _THRICE),
    _tablets("morphine", _OPIOID, "30 60 120", _THRICE, halves=True),
    Shelf("hydrocodone", _OPIOID, Form.TABLET, Release.IMMEDIATE, ("10", "30", "60"), _THRICE, companion="acetaminophen"),
    _tablets("hydromorphone", _OPIOID, "4 12 32", _THRICE),
    _tablets("hydromorphone", _OPIOID, "4 12 32", _THRICE, halves=True),
    _tablets("methadone", _OPIOID, "10 30 80", _THRICE),
    _tablets("methadone", _OPIOID, "10 30 80", _THRICE, halves=True),
    _tablets("tramadol", _OPIOID, "50 200 400", _THRICE),
    Shelf("codeine", _OPIOID, Form.TABLET, Release.IMMEDIATE, ("60", "120", "240"), _THRICE, companion="acetaminophen"),
    _tablets("tapentadol", _OPIOID, "100 300", _TWICE),
    Shelf("fentanyl", _OPIOID, Form.PATCH, Release.EXTENDED, ("0.6", "1.2", "2.4"), _IN_THE_MORNING),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. `weeks` from the first day of the baseline to the first day of the last step."""

    shelf: Shelf
    start_mg: Decimal
    strategy: str
    made: TaperPlan | Infeasible

    @property
    def plan(self) -> TaperPlan | None:
        return self.made if isinstance(self.made, TaperPlan) else None

    def count(self, kind: StepKind) -> int:
        """How many steps are of a kind; none where there is no plan."""
        return sum(step.kind is kind for step in self.plan.steps) if self.plan else 0

    @property
    def days(self) -> int:
        """Days until the last step starts; 0 where there is no plan."""
        return (self.plan.steps[-1].start - self.plan.steps[0].start).days if self.plan else 0


def rows(shelf: Shelf, tables: Tables) -> Iterator[Row]:
    """Every start dose by every strategy; crossing over to diazepam for the other benzodiazepines."""
    ways = (*CURVES, SUBSTITUTION) if shelf.drug_class is _BENZO and shelf.ingredient != "diazepam" else CURVES
    for start in shelf.starts:
        for strategy in ways:
            yield Row(shelf, Decimal(start), strategy, propose(asked(shelf, Decimal(start), strategy, tables), tables))


def asked(shelf: Shelf, start_mg: Decimal, strategy: str, tables: Tables) -> PlanRequest:
    """The request of one row: all defaults, taken at the shelf's times."""
    params: tuple[tuple[str, str], ...] = ()
    if strategy == "stepped":
        params = (("bands", BANDS.get(shelf.drug_class, OTHER_BANDS)),)
    if strategy == SUBSTITUTION:
        params = (("to", "diazepam"),)
    return PlanRequest(
        tenant="local",
        patient="feasibility",
        zone="UTC",
        ingredient=shelf.ingredient,
        drug=shelf.ingredient,
        drug_class=shelf.drug_class,
        start=START,
        baseline=Baseline(start_mg),
        products=(*shelf.products(tables), *(_diazepam(tables) if strategy == SUBSTITUTION else ())),
        intakes=tuple(Intake(slot, Decimal(0)) for slot in shelf.slots),
        strategy=strategy,
        params=params,
        use=USE,
        tier=TIER,
        benzo_table=BENZO_TABLE,
    )


def _diazepam(tables: Tables) -> tuple[Product, ...]:
    return next(shelf for shelf in SHELVES if shelf.ingredient == "diazepam" and shelf.form is Form.TABLET).products(tables)
