"""Ten thousand requests for a taper, each made from nothing but its number: `case(4711)` is the same request everywhere and for ever.

The cells (class × way to taper) take turns, so every one of them is seen often; within a cell everything is drawn: any ordinary product
that can be counted or measured off, one to six times of day, halves and quarters permitted or not, start doses from a sliver of the
smallest tablet to far too much, doses that no tablet makes, targets above zero, re-plans, overrides. The generator knows what may be asked,
never what the answer is.

To look at one case: `python -m tests.invariants.cases 4711`.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from random import Random

from fhir_taper.plans.medicines.codes import SOLID_FORMS, DrugClass, Form, Release, Slot, Use
from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.limit_tables import ProtocolRow
from fhir_taper.plans.tables.rows import BENZO_TABLES
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Baseline, TaperPlan, Tier
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import AtMost, Past, PlanRequest, Taken

CASES = 10_000
CURVES = ("linear", "proportional", "hyperbolic", "stepped")
SUBSTITUTION, INTERVAL, PROTOCOL = "substitution", "interval-extension", "protocol"

# How often each cell comes up among as many consecutive cases as there are cells below.
_OPIOID, _BENZO, _Z = DrugClass.OPIOID, DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG
_SHARES: dict[tuple[DrugClass, str], int] = {
    **{(_OPIOID, curve): 8 for curve in CURVES},
    (_OPIOID, SUBSTITUTION): 7,
    (_OPIOID, INTERVAL): 5,
    (_OPIOID, PROTOCOL): 10,
    **{(_BENZO, curve): 6 for curve in CURVES},
    (_BENZO, SUBSTITUTION): 7,
    (_BENZO, INTERVAL): 2,
    (_BENZO, PROTOCOL): 7,
    **{(_Z, curve): 4 for curve in CURVES},
    (_Z, INTERVAL): 3,
    (_Z, SUBSTITUTION): 2,
    (_Z, PROTOCOL): 1,
}
_CELLS = [cell for cell, share in _SHARES.items() for _ in range(share)]

_COMMON = {
    _OPIOID: (
        *("oxycodone", "morphine", "hydrocodone", "hydromorphone", "methadone"),
        *("fentanyl", "tramadol", "oxymorphone", "codeine", "tapentadol"),
    ),
    _BENZO: ("diazepam", "lorazepam", "alprazolam", "clonazepam", "chlordiazepoxide", "temazepam"),
    _Z: ("zolpidem", "zolpidem", "zolpidem", "eszopiclone", "eszopiclone", "zaleplon"),
}
_ZONES = ("UTC", "America/New_York", "Europe/London", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe")
_DEFAULT_BANDS_UP_TO = 40  # mg of diazepam: above it a person has to say the bands
_EPOCH = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """One request, and how to find it again."""

    number: int
    cell: tuple[DrugClass, str]
    request: PlanRequest


def case(number: int) -> Case:
    """The case of this number."""
    cell = cell_of(number)
    return Case(number, cell, _Draw(Random(number), *cell).request(number))


def cell_of(number: int) -> tuple[DrugClass, str]:
    """Class and way to taper of a case; neighbours differ."""
    return _CELLS[number * 37 % len(_CELLS)]


def cases(count: int = CASES) -> Iterator[Case]:
    """The first `count` cases."""
    return (case(number) for number in range(count))


def outcomes(count: int = CASES) -> Iterator[tuple[Case, TaperPlan | Infeasible]]:
    """The first `count` cases and what the engine answers."""
    return ((one, propose(one.request, load())) for one in cases(count))


def plans(count: int = CASES) -> Iterator[tuple[Case, TaperPlan]]:
    """Those of the first `count` cases that are plans: for whatever must hold of every plan (round trips, drawings, pages)."""
    return ((one, made) for one, made in outcomes(count) if isinstance(made, TaperPlan))


@lru_cache(maxsize=1)
def families() -> dict[DrugClass, dict[str, tuple[tuple[Product, ...], ...]]]:
    """All ordinary, unbranded products that can be counted or measured off, as the sets that one order is filled from.

    A family is one ingredient in one form, release and route with the same companions. A strength stands in it once, and once more for
    every other amount of a companion beside it: what a chart and a shelf hold together.
    """
    found: dict[DrugClass, dict[str, dict[object, dict[object, Product]]]] = {}
    for product in load().medicines.products.values():
        measurable = product.form in SOLID_FORMS or product.is_patch or product.smallest_ml is not None
        if product.use is not Use.ORDINARY or product.brand or not measurable or product.drug_class not in _COMMON:
            continue
        kind = (product.form, product.release, product.route, tuple(one.ingredient for one in product.companions))
        found.setdefault(product.drug_class, {}).setdefault(product.ingredient, {}).setdefault(kind, {}).setdefault(
            (product.mg, product.companions), product
        )
    return {
        drug_class: {
            name: tuple(tuple(sorted(of.values(), key=lambda one: (one.mg, one.rxcui))) for of in kinds.values())
            for name, kinds in sorted(by_name.items())
        }
        for drug_class, by_name in found.items()
    }


class _Draw:
    """One case in the making. Everything random comes from `rng`, in a fixed order."""

    def __init__(self, rng: Random, drug_class: DrugClass, way: str) -> None:
        self.rng = rng
        self.drug_class = drug_class
        self.way = way
        self.tables = load()

    def request(self, number: int) -> PlanRequest:
        """Draw the medicine, what is taken of it, and how it is to be tapered."""
        protocol = self._protocol() if self.way == PROTOCOL else None
        ingredient = self._ingredient(protocol)
        products = self._products(ingredient, protocol)
        taken = self._taken(products, protocol)
        baseline = sum((self._mg(products, one) for one in taken), Decimal(0))
        says_product = self._chance(0.6) or len({(one.form, one.release) for one in products}) > 1
        if self._chance(0.05) and protocol is None:
            baseline, says_product = self._odd(baseline), False
        start = _EPOCH + timedelta(days=self.rng.randrange(1500))
        asked = PlanRequest(
            tenant="local",
            patient=f"p{number}",
            zone=self.rng.choice(_ZONES),
            ingredient=ingredient,
            drug=products[0].name,
            drug_class=self.drug_class,
            start=start,
            baseline=Baseline(baseline, "Dr Who", start - timedelta(days=1), "asked") if self._chance(0.5) else Baseline(baseline),
            products=products,
            intakes=self._intakes(taken),
            strategy=None if protocol else self.way,
            protocol=protocol.id if protocol else None,
            target_mg=self._target(products, baseline) if self.way not in (SUBSTITUTION, INTERVAL) else Decimal(0),
            use=self._use(protocol),
            benzo_table=self.rng.choice((None, *BENZO_TABLES)),
            reason="agreed with the patient" if self._chance(0.7) or (protocol and protocol.demands) else "",
            author="Dr Who",
            tier=self.rng.choice((None, None, Tier.LOW, Tier.STANDARD, Tier.STANDARD, Tier.HIGH)),
            avoid_night=self._chance(0.2),
            unit_override=("Dr Who", "nothing smaller is sold", products[0].mg) if self._chance(0.08) else None,
            sources=(f"MedicationRequest/m{number}/_history/1",),
            taken=taken if says_product else (),
            at_most=self._at_most(products, taken) if not says_product and self._chance(0.6) else (),
            past=self._past(start, baseline) if self._chance(0.08) and self.way != SUBSTITUTION else None,
        )
        return self._crossing(asked) if self.way == SUBSTITUTION else replace(asked, params=self._params(asked, protocol))

    # the medicine

    def _protocol(self) -> ProtocolRow:
        rows = self.tables.limits.protocols.values()
        fitting = [row for row in rows if not row.applies.classes or self.drug_class in row.applies.classes]
        return self.rng.choice([row for row in fitting if row.applies.classes or self.drug_class is _BENZO])

    def _ingredient(self, protocol: ProtocolRow | None) -> str:
        known = families()[self.drug_class]
        if protocol and protocol.applies.ingredients:
            return self.rng.choice(sorted(protocol.applies.ingredients))
        if self.way == INTERVAL and self.drug_class is _Z:
            return self.rng.choice(("zolpidem", "zolpidem", "eszopiclone"))
        barred = protocol.applies.not_ingredients if protocol else frozenset[str]()
        names = [name for name in (_COMMON[self.drug_class] if self._chance(0.88) else known) if name not in barred]
        if self.way == SUBSTITUTION and self.drug_class is _BENZO:
            names = [name for name in names if name in {row.ingredient for row in self.tables.medicines.equivalents}] or ["lorazepam"]
        return self.rng.choice(names)

    def _products(self, ingredient: str, protocol: ProtocolRow | None) -> tuple[Product, ...]:
        kinds = [kind for kind in families()[self.drug_class][ingredient] if not self._barred(kind[0], protocol)]
        plain = [kind for kind in kinds if kind[0].form is Form.TABLET and kind[0].release is Release.IMMEDIATE and not kind[0].companions]
        patches = [kind for kind in kinds if kind[0].is_patch]
        usual = patches if patches and self._chance(0.8) else plain
        chosen = list(self.rng.choice(usual if usual and self._chance(0.6) else kinds))
        others = [kind for kind in kinds if kind[0].is_patch is chosen[0].is_patch and kind[0] not in chosen and not kind[0].companions]
        if others and not chosen[0].companions and self._chance(0.15):
            chosen += self.rng.choice(others)
        if any(one.companions for one in chosen) and self._chance(0.5):
            chosen = list({one.mg: one for one in self.rng.sample(chosen, len(chosen))}.values())
        liquids = [one for one in chosen if one.is_liquid]
        if liquids:  # nobody is given more than two strengths of a liquid
            kept = self.rng.sample(liquids, min(len(liquids), self.rng.choice((1, 1, 2))))
            chosen = [one for one in chosen if not one.is_liquid or one in kept]
        if self._chance(0.25):
            chosen = self.rng.sample(chosen, self.rng.randint(1, min(4, len(chosen))))
        parts = self.rng.choice((None, None, None, 1, 2, 2, 4))
        permitted = [
            replace(one, parts=parts, parts_source="this plan") if parts is not None and one.may_be_split else one for one in chosen
        ]
        return tuple(sorted(permitted, key=lambda one: (one.mg, one.rxcui)))

    def _barred(self, product: Product, protocol: ProtocolRow | None) -> bool:
        patches_barred = self.way in (SUBSTITUTION, INTERVAL) or (protocol is not None and not protocol.applies.patches)
        return product.is_patch and patches_barred

    # what is taken today

    def _taken(self, products: tuple[Product, ...], protocol: ProtocolRow | None) -> tuple[Taken, ...]:
        if self.way == INTERVAL:
            return self._smallest(products)
        if products[0].is_patch:
            worn = self.rng.sample(products, 1 if len(products) == 1 or self._chance(0.6) else 2)
            return tuple(Taken(one.rxcui, Slot.MORNING, Decimal(self.rng.choice((1, 1, 2, 3)))) for one in worn)
        slots = self._slots()
        if len({product.release for product in products}) > 1:
            return self._both_releases(products, slots)
        one = self.rng.choice(products)
        most = protocol.applies.baseline_mg_max if protocol else None
        size = self.rng.choice(("low", "usual", "usual", "usual", "usual", "usual", "usual", "huge"))
        taken = [Taken(one.rxcui, slot, self._units(one, size)) for slot in (slots[:1] if size == "low" else slots)]
        if len(products) > 1 and self._chance(0.3):
            other = self.rng.choice(products)
            taken.append(Taken(other.rxcui, self.rng.choice(slots), self._units(other, "usual")))
        kept = list({(entry.rxcui, entry.slot): entry for entry in taken}.values())
        while most is not None and len(kept) > 1 and sum((self._mg(products, entry) for entry in kept), Decimal(0)) > most:
            kept.pop()
        return tuple(kept)

    def _both_releases(self, products: tuple[Product, ...], slots: tuple[Slot, ...]) -> tuple[Taken, ...]:
        """Some of the extended and some of the immediate release; now and then only one of the two."""
        long, short = ([one for one in products if one.release is release] for release in (Release.EXTENDED, Release.IMMEDIATE))
        taken = [Taken(self.rng.choice(long).rxcui, slot, Decimal(self.rng.randint(1, 2))) for slot in slots[:2]]
        one = self.rng.choice(short)
        return (*taken, *(Taken(one.rxcui, slot, self._units(one, "usual")) for slot in slots if self._chance(0.8)))

    def _smallest(self, products: tuple[Product, ...]) -> tuple[Taken, ...]:
        """The smallest unit at some times of day: where taking it less often begins."""
        least = min((one for one in products if not one.is_patch), key=lambda one: one.mg * self._part(one), default=products[0])
        slots = self._slots() if self.drug_class is not _Z else (Slot.NIGHT,)
        return tuple(Taken(least.rxcui, slot, self._part(least)) for slot in slots)

    def _units(self, product: Product, size: str) -> Decimal:
        part = self._part(product)
        if product.is_liquid:
            return part * self.rng.randint(1, {"low": 4, "usual": 150, "huge": 1500}[size])
        return part * self.rng.randint(1, {"low": 1, "usual": 3, "huge": 14}[size]) * (product.parts if size == "huge" else 1)

    def _slots(self) -> tuple[Slot, ...]:
        count = self.rng.choice((1, 1, 2, 2, 2, 3, 3, 4, 5, 6)) if self.drug_class is not _Z else self.rng.choice((1, 1, 1, 2))
        chosen = self.rng.sample(tuple(Slot), count) if self.drug_class is not _Z or count > 1 else [Slot.NIGHT]
        return tuple(slot for slot in Slot if slot in chosen)

    def _intakes(self, taken: tuple[Taken, ...]) -> tuple[Intake, ...]:
        if self._chance(0.1):
            return ()
        is_timed = self._chance(0.8)
        by_slot: dict[Slot | None, Decimal] = {}
        for entry in taken:
            by_slot[entry.slot] = by_slot.get(entry.slot, Decimal(0)) + entry.units
        return tuple(Intake(slot if is_timed else None, units) for slot, units in by_slot.items())

    def _at_most(self, products: tuple[Product, ...], taken: tuple[Taken, ...]) -> tuple[AtMost, ...]:
        """What the orders allow at each time, where nobody says what is taken of which product; now and then more than is taken."""
        if products[0].is_patch:
            return ()
        by_slot: dict[Slot | None, Decimal] = {}
        for entry in taken:
            by_slot[entry.slot] = by_slot.get(entry.slot, Decimal(0)) + self._mg(products, entry)
        share, is_timed = self.rng.choice((1, 1, 2)), self._chance(0.5)
        return tuple(AtMost(slot if is_timed else None, mg * share) for slot, mg in by_slot.items())

    def _part(self, product: Product) -> Decimal:
        """The smallest part of one unit that may be taken (mL of a liquid)."""
        if product.is_liquid:
            return product.smallest_ml or Decimal(1)
        return Decimal(1) / (product.parts if product.may_be_split else 1)

    def _mg(self, products: tuple[Product, ...], taken: Taken) -> Decimal:
        return next(product.mg for product in products if product.rxcui == taken.rxcui) * taken.units

    def _odd(self, baseline: Decimal) -> Decimal:
        """A dose that somebody wrote down and perhaps no product makes."""
        return canonical(baseline + Decimal(self.rng.randint(1, 199)) / self.rng.choice((100, 1000, 8)))

    def _target(self, products: tuple[Product, ...], baseline: Decimal) -> Decimal:
        if self._chance(0.4 if products[0].is_patch else 0.85):
            return Decimal(0)
        if products[0].is_patch:  # the last patches stay on: nothing smaller exists
            return products[0].mg * 3 if products[0].mg * 3 < baseline else Decimal(0)
        low = min(one.mg * self._part(one) for one in products)
        multiple = low * self.rng.randint(1, max(1, int(baseline / low)))
        target = multiple if self._chance(0.85) else self._odd(multiple)
        return target if target < baseline else Decimal(0)

    def _past(self, start: date, baseline: Decimal) -> Past:
        """A plan before this one: from more to today's dose, the last cut some days ago."""
        original = canonical(baseline * self.rng.choice((Decimal(1), Decimal("1.25"), Decimal(2), Decimal(4))))
        ago = self.rng.randint(1, 90)
        days = (start - timedelta(days=ago + self.rng.randint(1, 90)), start - timedelta(days=ago))
        doses = ((days[0], canonical((original + baseline) / 2)), (days[1], baseline))
        return Past(original, doses, has_cut=ago % 2 == 0)  # else a person took less without a plan

    # how it is to be tapered

    def _use(self, protocol: ProtocolRow | None) -> str:
        uses = sorted(protocol.applies.uses) if protocol and protocol.applies.uses else ["<1m", "1m-1y", ">=1y", ">=1y"]
        return self.rng.choice(uses)

    def _params(self, asked: PlanRequest, protocol: ProtocolRow | None) -> tuple[tuple[str, str], ...]:
        if protocol is not None:
            is_edited = protocol.params and self._chance(0.2)
            return (("percent", self._percent()),) if is_edited else ()
        drawn: dict[str, Callable[[PlanRequest], dict[str, str]]] = {
            "linear": self._linear,
            "proportional": self._proportional,
            "hyperbolic": self._hyperbolic,
            "stepped": self._stepped,
            INTERVAL: lambda _: self._sometimes({"max_days": str(self.rng.randint(2, 7)), "interval_days": self._days()}),
        }
        return tuple(drawn[self.way](asked).items())

    def _linear(self, _: PlanRequest) -> dict[str, str]:
        return self._sometimes({"percent": self._percent(), "interval_days": self._days()})

    def _proportional(self, asked: PlanRequest) -> dict[str, str]:
        floor = min(min(one.mg * self._part(one) for one in asked.products) * self.rng.choice((1, 1, 2, 3)), asked.baseline.mg)
        return self._sometimes({"percent": self._percent(), "interval_days": self._days(), "floor_mg": str(canonical(floor))})

    def _hyperbolic(self, asked: PlanRequest) -> dict[str, str]:
        shape = canonical(asked.baseline.mg * self.rng.choice((Decimal("0.1"), Decimal("0.5"), Decimal(1), Decimal(3))))
        return self._sometimes({"steps": str(self.rng.randint(2, 60)), "interval_days": self._days(), "k_mg": str(shape)}, 0.35)

    def _stepped(self, asked: PlanRequest) -> dict[str, str]:
        if asked.ingredient == "diazepam" and asked.baseline.mg <= _DEFAULT_BANDS_UP_TO and self._chance(0.4):
            return {}
        suffix = self.rng.choice(("", "%b", "%c"))
        edges = [*sorted(self.rng.sample(range(10, 90, 5), self.rng.randint(0, 3)), reverse=True), 0]
        unit = asked.baseline.mg / 100 if suffix == "" else Decimal(1)
        bands = []
        for edge in edges:
            cut = max(Decimal("0.0001"), (unit * self.rng.choice((3, 5, 10, 10, 15, 20, 25))).quantize(Decimal("0.0001")))
            hold = self.rng.choice(("", "", "", ":14", ":28"))
            bands.append(f"{canonical(unit * edge):f}:{canonical(cut):f}{suffix}:{self._days()}{hold}")
        return {"bands": ",".join(bands)}

    def _sometimes(self, params: dict[str, str], chance: float = 0.7) -> dict[str, str]:
        return {name: value for name, value in params.items() if self._chance(chance)}

    def _percent(self) -> str:
        return self.rng.choice(("1", "2.5", "5", "5", "10", "10", "10", "12.5", "15", "20", "25", "50/3", "33", "100"))

    def _days(self) -> str:
        return self.rng.choice(("1", "3", "5", "7", "7", "10", "14", "14", "14", "21", "28", "28", "42"))

    # crossing over

    def _crossing(self, asked: PlanRequest) -> PlanRequest:
        """To which agent, how, and what from there on."""
        params = {"stages": self.rng.choice("234"), "days": str(self.rng.randint(7, 14)), "then": self.rng.choice(CURVES[:3])}
        kept = self._sometimes(params)
        if self.drug_class is _OPIOID:
            return self._rotation(asked, kept)
        to = self.rng.choice([name for name in ("diazepam", "diazepam", "diazepam", "clonazepam", "lorazepam") if name != asked.ingredient])
        tables = [table for table in BENZO_TABLES if self._has_both(table, asked.ingredient, to)] or list(BENZO_TABLES)
        table = self.rng.choice(tables)
        given = self._tablets(_BENZO, to) if self._chance(0.5) else ()
        products = (*asked.products, *(one for one in given if one.rxcui not in {known.rxcui for known in asked.products}))
        return replace(asked, params=(("to", to), *kept.items()), benzo_table=table, products=products)

    def _has_both(self, table: str, *names: str) -> bool:
        rows = {row.ingredient for row in self.tables.medicines.equivalents if row.table == table and row.mg_low == row.mg_high}
        return rows >= set(names)

    def _rotation(self, asked: PlanRequest, kept: dict[str, str]) -> PlanRequest:
        """A clinician's entry: a new dose that the products make, mostly within the bounds of the reduction."""
        names = [name for name in ("morphine", "oxycodone", "hydromorphone", "methadone", "oxymorphone") if name != asked.ingredient]
        to = self.rng.choice(names)
        tablets = self._tablets(_OPIOID, to)
        times = max(1, len({entry.slot for entry in asked.taken or asked.intakes}))
        new = self.rng.choice(tablets).mg * times * self.rng.randint(1, 3)
        reduction = self.rng.randint(75, 89) if to == "methadone" else self.rng.randint(25, 49)
        reduction = reduction if self._chance(0.9) else self.rng.choice((10, 60, 95))
        equianalgesic = (new * 100 / (100 - reduction)).quantize(Decimal("0.001"), ROUND_CEILING)
        entered = {
            "equianalgesic_mg": str(equianalgesic),
            "equianalgesic_source": "conversion chart of the clinic",
            "new_mg": str(canonical(new)),
        }
        products = (*asked.products, *tablets) if self._chance(0.5) else asked.products
        return replace(asked, params=(("to", to), *entered.items(), *kept.items()), products=products)

    def _tablets(self, drug_class: DrugClass, name: str) -> tuple[Product, ...]:
        kinds = families()[drug_class][name]
        return next(k for k in kinds if k[0].form is Form.TABLET and k[0].release is Release.IMMEDIATE and not k[0].companions)

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share


def main(numbers: list[str]) -> None:
    """Print the requests and the answers of some cases."""
    for number in numbers:
        one = case(int(number))
        print(one.request)
        made = propose(one.request, load())
        if isinstance(made, Infeasible):
            print(made)
            continue
        for step in made.steps:
            units = "; ".join(f"{u.strength_mg:f} mg × {', '.join(f'{n:f} {s}' for s, n in u.slots)}" for d in step.doses for u in d.units)
            says = " + ".join(f"{dose.ingredient} {dose.mg:f} mg" for dose in step.doses)
            print(f"{step.number:3} {step.start} {step.kind:12} ideal {step.ideal_mg:f}  {says} every {step.every_days} d  [{units}]")
        for finding in made.findings:
            print(finding.severity, finding.code, finding.message)


if __name__ == "__main__":
    main(sys.argv[1:])
