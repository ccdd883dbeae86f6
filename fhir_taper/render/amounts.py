"""What is taken at one time of day, in words that cannot be read as something else: every amount says its strength, and its bottle or
release where a plan has more than one of them. Patches are at no time of day: they are worn, all at once, and each says how often it is
changed, because "1 patch" under "morning" reads as a new one every morning.

Words only: no dose is computed and none is rounded. Two products of a plan never look the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from fhir_taper.plans.medicines.codes import LIQUID_FORMS, Form, Release, Slot
from fhir_taper.plans.medicines.dose import ZERO, brief, canonical, multiply, plain
from fhir_taper.plans.medicines.dose_words import amount as dose_amount
from fhir_taper.plans.tapers.plan import PlanProduct, Step, TaperPlan, Units
from fhir_taper.plans.tapers.sig import change_in_words

_PARTS = {Decimal("0.25"): "¼", Decimal("0.5"): "½", Decimal("0.75"): "¾"}
_ORDINALS = {2: "2nd", 3: "3rd"}
_RELEASES = {Release.EXTENDED: "ER", Release.IMMEDIATE: "IR"}
_DAY_PARTS = {Slot.NOON: "day", Slot.OVERNIGHT: "night"}
NOTHING = "–"
WORN = "worn"


@dataclass(frozen=True, slots=True)
class Column:
    """What a plan gives at one time of day; with `slot` None what it has the patient wear, day and night."""

    slot: Slot | None

    @property
    def heading(self) -> str:
        """In lower case: "morning", "worn"."""
        return WORN if self.slot is None else self.slot.value


@dataclass(frozen=True, slots=True)
class Given:
    """One medicine at one time of day. `medicine` is empty where the plan has only one. Each amount is one or two pieces that may stand
    under each other: "0.25 mL (1.25 mg)", "of 5 mg/mL"."""

    medicine: str
    amounts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """All that is taken at one time of day; `every` says on which days, where that is not daily ("every 2nd night").

    `change` says how often patches are changed, where all of the cell are changed as often.
    """

    given: tuple[Given, ...] = ()
    every: str = ""
    change: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """For a table: a line for each amount, joined by "+", under the name of its medicine."""
        found: list[str] = []
        for one in self.given:
            if one.medicine:
                found.append(f"+ {one.medicine}" if found else one.medicine)
            for number, pieces in enumerate(one.amounts):
                joined = bool(found) and not (one.medicine and number == 0)
                found += [f"+ {pieces[0]}" if joined else pieces[0], *pieces[1:]]
        return (*found, *(said for said in (self.every, self.change) if said)) or (NOTHING,)

    def __str__(self) -> str:
        """For a sentence: "1 × 0.5 mg lorazepam + 2 × 10 mg diazepam"."""
        said = [" ".join([*pieces, *([one.medicine] if one.medicine else [])]) for one in self.given for pieces in one.amounts]
        taken = " ".join([" + ".join(said), *([self.every] if self.every else [])])
        return ", ".join(part for part in (taken, self.change) if part) or NOTHING


def cell_of(step: Step, column: Column, plan: TaperPlan, labels: Mapping[str, tuple[str, ...]], *, is_named: bool) -> Cell:
    """What a step gives in one column. Raises KeyError for a product that the plan does not name: a blank would be a lost dose."""
    changes = dict.fromkeys(_changes_in(step, plan)) if column.slot is None else {}
    given = []
    for dose in step.doses:
        amounts = tuple(
            [
                _changed_apart(amount_in_words(count, product, labels[units.rxcui]), product, changes)
                for units in dose.units
                for product in (_product(plan, units.rxcui),)
                for count in _counts(units, product, column)
                if count != ZERO
            ]
        )
        if amounts:
            given.append(Given(dose.ingredient if is_named else "", amounts))
    every = every_in_words(step.every_days, column.slot) if given else ""
    return Cell(tuple(given), every, next(iter(changes)) if len(changes) == 1 else "")


def _counts(units: Units, product: PlanProduct, column: Column) -> tuple[Decimal, ...]:
    """The amounts of one product in a column: patches that are worn together are one, whatever times a plan keeps for them."""
    if product.form is Form.PATCH:
        return (units.per_day,) if column.slot is None else ()
    return tuple([count for at, count in units.slots if at is column.slot])


def _changes_in(step: Step, plan: TaperPlan) -> list[str]:
    worn = (_product(plan, units.rxcui) for dose in step.doses for units in dose.units)
    return [change_in_words(product) for product in worn if product.form is Form.PATCH]


def _changed_apart(pieces: tuple[str, ...], product: PlanProduct, changes: Mapping[str, None]) -> tuple[str, ...]:
    """One amount, with how often it is changed where another patch beside it is changed otherwise."""
    return (*pieces[:-1], f"{pieces[-1]},", change_in_words(product)) if len(changes) > 1 else pieces


def _product(plan: TaperPlan, rxcui: str) -> PlanProduct:
    for product in plan.products:
        if product.rxcui == rxcui:
            return product
    raise KeyError(rxcui)


@lru_cache(maxsize=4096)
def amount_in_words(count: Decimal, product: PlanProduct, label: tuple[str, ...]) -> tuple[str, ...]:
    """One amount of one product in pieces: ½ × 2 mg; 1 × 25 mcg/h patch; 0.4 mL (2 mg), of 5 mg/mL."""
    if product.form in LIQUID_FORMS:
        return (f"{plain(canonical(count))} mL ({brief(multiply(count, product.mg))} mg)", *label)
    return (f"{count_in_words(count)} × {label[0]}", *label[1:])


def count_in_words(units: Decimal) -> str:
    """0.5 -> ½, 1.25 -> 1¼, 3 -> 3; anything finer stays a decimal."""
    whole, part = divmod(units, 1)
    if part in _PARTS:
        return f"{int(whole) or ''}{_PARTS[part]}"
    return plain(canonical(units))


def every_in_words(every_days: int, slot: Slot | None = None) -> str:
    """Every 2nd night; empty for every day."""
    if every_days == 1:
        return ""
    return f"every {_ORDINALS.get(every_days, f'{every_days}th')} {_DAY_PARTS.get(slot, slot.value) if slot else 'day'}"


def used_products(plan: TaperPlan) -> tuple[PlanProduct, ...]:
    """The products that any step takes, in the plan's order; the others were only at hand."""
    used = {units.rxcui for step in plan.steps for dose in step.doses for units in dose.units}
    return tuple(product for product in plan.products if product.rxcui in used)


def labels_of(plan: TaperPlan) -> dict[str, tuple[str, ...]]:
    """RxNorm code -> what each product is called in a cell: its strength, with release, form or companions where they tell it apart."""
    siblings: dict[str, list[PlanProduct]] = {}
    for product in plan.products:
        siblings.setdefault(product.ingredient, []).append(product)
    labels = {product.rxcui: _label(product, siblings[product.ingredient]) for product in plan.products}
    return {
        product.rxcui: _told_apart(product, [other for other in siblings[product.ingredient] if other is not product], labels)
        for product in plan.products
    }


def _label(product: PlanProduct, siblings: Iterable[PlanProduct]) -> tuple[str, ...]:
    if product.form in LIQUID_FORMS:
        return (f"of {brief(product.mg)} mg/mL",)
    if product.form is Form.PATCH:
        return (f"{dose_amount(product.mg, is_patch=True)} patch",)
    solid = [one for one in siblings if one.form not in LIQUID_FORMS and one.form is not Form.PATCH]
    has_both = len({one.release for one in solid}) > 1
    release = f" {_RELEASES[product.release]}" if has_both or product.release is Release.EXTENDED else ""
    form = f" {product.form.value}" if len({one.form for one in solid}) > 1 else ""
    companions = _companions(product)
    also = (f"with {companions}",) if companions and any(_companions(one) != companions for one in solid) else ()
    return (f"{brief(product.mg)} mg{release}{form}", *also)


def _told_apart(product: PlanProduct, others: Iterable[PlanProduct], labels: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The label, with the code beside it where another product would look the same."""
    label = labels[product.rxcui]
    return (*label, f"(RxNorm {product.rxcui})") if any(labels[other.rxcui] == label for other in others) else label


def _companions(product: PlanProduct) -> str:
    """The other ingredients of a combination with their strengths, by its name: "acetaminophen 325 mg"."""
    head, *rest = product.name.split(" / ")
    parts = [one for one in (head, *rest) if product.ingredient not in one.lower()] if rest else []
    return " and ".join(part.replace(" MG", " mg") for part in parts)
