"""A plan as the checkers see it: for every step, what is taken on a dosing day and on the average day, as exact fractions.

Read from the plan's own units and nothing else: no function of the engine is used, so that a mistake there cannot excuse itself here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from itertools import combinations
from math import ceil, gcd, lcm
from operator import or_

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, RxNormCode, Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tapers.plan import PlanProduct, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.request import PlanRequest

exact = lru_cache(maxsize=1 << 16)(Fraction)
Products = tuple[PlanProduct | Product, ...]
_DISSOLVES = ("sublingual", "buccal", "disintegrating", "chewable", "effervescent", "suspension")


@dataclass(frozen=True, slots=True)
class Taken:
    """One step: `day` counts from the start of the plan, `mg` is the mean per day by ingredient, `at` mg of a dosing day by ingredient
    and time, `released` the same with extended and immediate release apart."""

    day: int
    kind: StepKind
    ideal: Fraction
    every: int
    mg: dict[str, Fraction]
    at: dict[tuple[str, Slot], Fraction]
    released: dict[tuple[str, Release, Slot], Fraction]

    @property
    def total(self) -> Fraction:
        return sum(self.mg.values(), Fraction(0))


@dataclass(frozen=True)
class Subject:
    """One plan, with what was asked for and the tables that it was made with. `steps` are its own, read apart from the engine."""

    request: PlanRequest
    plan: TaperPlan
    tables: Tables

    @cached_property
    def steps(self) -> tuple[Taken, ...]:
        start = self.plan.steps[0].start
        releases = {product.rxcui: product.release for product in self.plan.products}
        return tuple(_taken(step, start, releases) for step in self.plan.steps)

    @cached_property
    def pairs(self) -> tuple[tuple[Taken, Taken], ...]:
        """Each step with the one before it."""
        return tuple(zip(self.steps, self.steps[1:], strict=False))

    @cached_property
    def agent(self) -> str:
        """The ingredient that is tapered in the end: after a crossing, the one that was crossed over to."""
        if self.plan.strategy != "substitution":
            return self.plan.ingredient
        word = dict(self.request.params)["to"]
        found = self.tables.medicines.ingredient_named(word)
        assert found is not None
        return found.name

    @cached_property
    def crossing(self) -> tuple[int, ...]:
        """Indices of the stages of a crossing; () without one."""
        return tuple(index for index, step in enumerate(self.steps) if step.kind is StepKind.SUBSTITUTION)

    @cached_property
    def ratio(self) -> Fraction:
        """mg of the agent equal to 1 mg of what was taken before a crossing of benzodiazepines, by the chosen table."""
        rows = {row.ingredient: row for row in self.tables.medicines.equivalents if row.table == self.request.benzo_table}
        return exact(rows[self.agent].mg_low) / exact(rows[self.plan.ingredient].mg_low)

    @cached_property
    def original(self) -> Fraction:
        """What "percent of original" is of, in mg of the agent: the baseline of version 1, its equivalent, or the rotated dose."""
        if self.request.past is not None:
            return exact(self.request.past.original_mg)
        baseline = exact(self.plan.baseline.mg)
        if not self.crossing:
            return baseline
        if self.plan.drug_class is DrugClass.BENZODIAZEPINE:
            return baseline * self.ratio
        return self.steps[self.crossing[-1]].mg[self.agent]

    @cached_property
    def in_force(self) -> tuple[tuple[int, Fraction], ...]:
        """(day, dose from that day on), rising days: the D(t) of the limits, with the doses before a re-plan."""
        past = self.request.past
        start = self.plan.steps[0].start
        before = [((day - start).days, exact(mg)) for day, mg in past.doses] if past else []
        return (*before, *((step.day, self._judged(index, step)) for index, step in enumerate(self.steps)))

    @cached_property
    def reductions(self) -> tuple[tuple[int, Fraction], ...]:
        """Days on which the dose in force falls, those before a re-plan too, and to what."""
        before = [self.original, *(dose for _, dose in self.in_force)]
        return tuple((day, dose) for earlier, (day, dose) in zip(before, self.in_force, strict=False) if dose < earlier)

    def dose_on(self, day: int) -> Fraction:
        """D(t): the dose in force on a day; the original before everything that is known."""
        current = self.original
        for since, dose in self.in_force:
            if since > day:
                break
            current = dose
        return current

    def _judged(self, index: int, step: Taken) -> Fraction:
        """What limits are judged by, in mg of the agent: two benzodiazepines together, a rotated opioid from its full dose on."""
        if not self.crossing or index >= self.crossing[-1]:
            return step.mg.get(self.agent, Fraction(0))
        if self.plan.drug_class is DrugClass.BENZODIAZEPINE:
            return step.mg.get(self.plan.ingredient, Fraction(0)) * self.ratio + step.mg.get(self.agent, Fraction(0))
        return self.original

    @cached_property
    def existing(self) -> "Existing":
        """All doses of the agent that the plan could have given: by its products, or by taking one unit less often."""
        if self.plan.strategy == "interval-extension":
            return self._rungs()
        products = tuple(product for product in self.plan.products if product.ingredient == self.agent)
        first = self.crossing[-1] if self.crossing else 0
        top = max(max(step.mg.get(self.agent, Fraction(0)), step.ideal) for step in self.steps[first:])
        return doses_for(self.request, self.tables, products, self.plan.limits.max_pieces, top)

    def _rungs(self) -> "Existing":
        """The unit at one time of day less and less, and then every second, third … day: mean doses per day."""
        params, asked = dict(self.plan.params), self.steps[0]
        is_opioid = self.plan.drug_class is DrugClass.OPIOID
        unit = min(asked.at.values()) if is_opioid else asked.total
        longest = int(params["max_days"])
        quantum = unit / lcm(*range(1, longest + 1))
        means = [*(unit * count for count in range(int(asked.total / unit) + 1)), *(unit / days for days in range(2, longest + 1))]
        found = {int(mean / quantum) for mean in means}
        return Existing(quantum, tuple(1 if amount in found else None for amount in range(max(found) + 1)))


def doses_for(asked: PlanRequest, tables: Tables, products: Products, pieces: int, top: Fraction) -> "Existing":
    """All doses of these products at the patient's times. Two releases fall one after the other, so doses are stacked, never mixed."""
    if len({product.release for product in products}) == 1:
        found = _at_the_times(asked, products, pieces, Fraction(ceil(top)))
        return _within_companion_limits(found, asked, tables, products, times_of(asked, products) * pieces)
    is_immediate_first = tables.limits.setting("mixed-release").whole("immediate_first") == 1
    first = Release.IMMEDIATE if is_immediate_first else Release.EXTENDED
    falling, kept = (tuple(product for product in products if (product.release is first) is is_first) for is_first in (True, False))
    return _stacked(_alone(asked, kept, pieces), _mg_today(asked, kept), _alone(asked, falling, pieces), _mg_today(asked, falling))


def _within_companion_limits(found: "Existing", asked: PlanRequest, tables: Tables, products: Products, most: int) -> "Existing":
    """Without the doses that no pieces make with little enough of a companion ingredient. Volumes are not looked at."""
    if any(product.smallest_ml is not None for product in products):
        return found
    companions = {str(product.rxcui): product.companions for product in asked.products}
    pieces = found.pieces
    for name in {one.ingredient for product in products for one in companions.get(product.rxcui, ())}:
        row = tables.limits.settings.get(f"companion-{name}")
        coins = [
            (
                int(exact(p.mg) / part / found.quantum),
                sum((exact(one.mg) for one in companions.get(p.rxcui, ()) if one.ingredient == name), Fraction(0)) / part,
            )
            for p in products
            for part in (1, 2, 4)
            if part == 1 or (may_be_split(p) and part <= p.parts)
        ]
        if row is not None:
            least = _least_of_a_companion(coins, len(pieces), most)
            allowed = (
                most_of_a_companion(asked, tables, name) if products[0].ingredient == asked.ingredient else exact(row.number("mg_max"))
            )
            pieces = tuple(count if mg <= (allowed or 0) else None for count, mg in zip(pieces, least, strict=True))
    return Existing(found.quantum, pieces)


def most_of_a_companion(asked: PlanRequest, tables: Tables, name: str) -> Fraction | None:
    """mg a day of a companion that a plan may bring: its limit, and what today's tablets bring where the plan may use them."""
    row = tables.limits.settings.get(f"companion-{name}")
    limit = None if row is None else exact(row.number("mg_max"))
    own = {str(product.rxcui): product for product in asked.products}
    if limit is None or not asked.taken or any(entry.rxcui not in own for entry in asked.taken):
        return limit
    brought = ((entry.units, one.mg) for entry in asked.taken for one in own[entry.rxcui].companions if one.ingredient == name)
    return min(limit, sum((exact(units) * exact(mg) for units, mg in brought), Fraction(0)))


def _least_of_a_companion(coins: list[tuple[int, Fraction]], size: int, most: int) -> list[Fraction]:
    """The least that comes along with each amount made of at most so many coins; beyond every limit where none make it.

    Counted in whole numbers of the companion's own measure; of coins of one size only the one that brings least is ever used.
    """
    measure = _common(*(mg for _, mg in coins)) or Fraction(1)
    far = 10**9
    least_of: dict[int, int] = {}
    for coin, mg in coins:
        least_of[coin] = min(least_of.get(coin, far), int(mg / measure))
    least = [0] + [far] * (size - 1)
    for _ in range(most):
        before = least
        least = before[:]
        for coin, more in least_of.items():
            least[coin:] = map(min, least[coin:], [brought + more for brought in before[: size - coin]]) if coin < size else []
        if least == before:
            break
    return [brought * measure for brought in least]


def _alone(asked: PlanRequest, products: Products, pieces: int) -> "Existing":
    return _at_the_times(asked, products, pieces, Fraction(ceil(_mg_today(asked, products))))


def _at_the_times(asked: PlanRequest, products: Products, pieces: int, top: Fraction) -> "Existing":
    """Doses over the patient's times; where the largest intake of today is known, sums of so many intakes of at most that."""
    most = None if products[0].form is Form.PATCH else most_at_once(asked, products[0].ingredient, products[0].release)
    if most is None or most >= top:
        return doses_that_exist(products, times_of(asked, products), pieces, top)
    one = doses_that_exist(products, 1, pieces, Fraction(ceil(most)))
    amounts = [n for n, count in enumerate(one.pieces[: int(most / one.quantum) + 1]) if count is not None]
    rows, size, sums = rows_of(amounts, products, one.quantum), int(top / one.quantum) + 1, 1
    for _ in range(times_of(asked, products)):
        sums = with_one_more(sums, rows) & ((1 << size) - 1)
    return Existing(one.quantum, tuple(1 if bit == "1" else None for bit in reversed(f"{sums:0{size}b}")))


Rows = list[tuple[int, int, int]]
"""Amounts as rows of equal distance: (first, distance, how many). Of a liquid there are hundreds of thousands, and few rows."""


def rows_of(amounts: list[int], products: Products, quantum: Fraction) -> Rows:
    """Rising amounts in rows whose distance is the smallest volume of a liquid; without one, the amounts that follow each other."""
    volumes = [exact(product.mg) * exact(product.smallest_ml) / quantum for product in products if product.smallest_ml is not None]
    every = int(min(volumes, default=Fraction(1)))
    rows: list[tuple[int, int]] = []
    last: dict[int, int] = {}
    for amount in amounts:
        at = last.get(amount % every)
        if at is not None and rows[at][0] + rows[at][1] * every == amount:
            rows[at] = (rows[at][0], rows[at][1] + 1)
        else:
            last[amount % every] = len(rows)
            rows.append((amount, 1))
    return [(first, every, count) for first, count in rows]


def with_one_more(sums: int, rows: Rows) -> int:
    """All sums of one of these (bit n: n can be made) and one amount of the rows."""
    return reduce(or_, (_and_so_many_more(sums, every, count) << first for first, every, count in rows))


def _and_so_many_more(bits: int, every: int, count: int) -> int:
    """The sums with 0, 1, … `count` - 1 times the distance added."""
    done = 1
    while done < count:
        more = min(done, count - done)
        bits |= bits << more * every
        done += more
    return bits


def most_at_once(asked: PlanRequest, ingredient: str, release: Release) -> Fraction | None:
    """The largest intake of today of one ingredient and release; None where nobody says it, and of what is crossed over to."""
    own, known = {str(one.rxcui): one for one in asked.products}, load().medicines.products
    at: dict[Slot, Fraction] = {}
    for entry in asked.taken:
        one = own.get(entry.rxcui) or known[RxNormCode(entry.rxcui)]
        if (one.ingredient, one.release) == (ingredient, release):
            assert entry.slot is not None
            at[entry.slot] = at.get(entry.slot, Fraction(0)) + exact(one.mg) * exact(entry.units)
    if at:
        return max(at.values())
    return max((exact(one.mg) for one in asked.at_most), default=None) if ingredient == asked.ingredient else None


def _mg_today(asked: PlanRequest, products: Products) -> Fraction:
    strengths = {product.rxcui: exact(product.mg) for product in products}
    return sum((strengths[entry.rxcui] * exact(entry.units) for entry in asked.taken if entry.rxcui in strengths), Fraction(0))


def _stacked(low: "Existing", low_mg: Fraction, high: "Existing", high_mg: Fraction) -> "Existing":
    """The doses of `low` up to what is taken of it, and on top of all of that the doses of `high`."""
    quantum = _common(low.quantum, high.quantum)
    doses = [*low.up_to(low_mg), *((low_mg + mg, pieces) for mg, pieces in high.up_to(high_mg))]
    found = {int(mg / quantum): pieces for mg, pieces in doses}
    return Existing(quantum, tuple(found.get(amount) for amount in range(max(found) + 1)))


def times_of(asked: PlanRequest, products: Products) -> int:
    """At how many times of day these products can be taken: the patient's own; where no order says, two (a hypnotic: one)."""
    if any(product.form is Form.PATCH for product in products):
        return 1
    mine = {product.rxcui for product in products}
    taken = [entry.slot for entry in asked.taken if entry.rxcui in mine]
    taken = taken or [entry.slot for entry in asked.at_most or asked.intakes or asked.taken]
    if None in taken:
        return min(len(taken), len(Slot))
    return len(set(taken)) or (1 if asked.drug_class is DrugClass.Z_DRUG else 2)


def may_be_split(product: PlanProduct | Product) -> bool:
    """True for plain tablets of immediate release that are swallowed: what dissolves in the mouth or in a glass is never split."""
    is_plain = product.form is Form.TABLET and product.release is Release.IMMEDIATE
    return is_plain and not any(word in product.name.lower() for word in _DISSOLVES)


@dataclass(frozen=True, slots=True)
class Existing:
    """Doses that exist, as whole numbers of `quantum` mg: `pieces[n]` is the fewest pieces that make n, None where there is no way."""

    quantum: Fraction
    pieces: tuple[int | None, ...]

    def __contains__(self, mg: object) -> bool:
        assert isinstance(mg, Fraction)
        count = mg / self.quantum
        return count.denominator == 1 and 0 <= count < len(self.pieces) and self.pieces[int(count)] is not None

    def up_to(self, mg: Fraction) -> list[tuple[Fraction, int]]:
        """All doses up to an amount, with their pieces."""
        return [(n * self.quantum, pieces) for n, pieces in enumerate(self.pieces) if pieces is not None and n * self.quantum <= mg]

    def below(self, mg: Fraction) -> Fraction | None:
        """The next lower dose, None below zero."""
        return self._first(range(-(-mg // self.quantum) - 1, -1, -1))

    def at_most(self, mg: Fraction) -> Fraction | None:
        """The highest dose that is not above an amount."""
        return self._first(range(int(mg // self.quantum), -1, -1))

    def at_least(self, mg: Fraction) -> Fraction | None:
        """The lowest dose that is not below an amount."""
        return self._first(range(-(-mg // self.quantum), len(self.pieces)))

    def _first(self, counts: range) -> Fraction | None:
        return next((count * self.quantum for count in counts if 0 <= count < len(self.pieces) and self.pieces[count] is not None), None)


@lru_cache(maxsize=256)
def doses_that_exist(products: Products, times: int, pieces_at_a_time: int, top: Fraction) -> Existing:
    """Coin change with the fewest coins: whole units and permitted parts are coins; so is a measured volume of any size, one at a time."""
    solids = [product for product in products if product.smallest_ml is None]
    coins = {exact(p.mg) / part for p in solids for part in (1, 2, 4) if part == 1 or (may_be_split(p) and part <= p.parts)}
    volumes = {exact(p.mg) * exact(p.smallest_ml) for p in products if p.smallest_ml is not None}
    quantum, most = _common(*coins, *volumes), times * pieces_at_a_time
    size = int(top / quantum) + 1
    solid = _fewest([int(coin / quantum) for coin in coins], size, most + 1)
    best = solid
    steps = [int(volume / quantum) for volume in volumes]
    for mixed in (chosen for count in range(1, times + 1) for chosen in combinations(steps, count)):
        counts = solid
        for step in mixed:
            counts = _with_a_volume(counts, step)
        best = [min(pair) for pair in zip(best, counts, strict=True)]
    return Existing(quantum, tuple(count if count <= most else None for count in best))


def _fewest(coins: list[int], size: int, far: int) -> list[int]:
    """The fewest coins that make each amount; `far` where none do."""
    fewest = [0] + [far] * (size - 1)
    for amount in range(1, size):
        least = far
        for coin in coins:
            if coin <= amount and fewest[amount - coin] < least:
                least = fewest[amount - coin] + 1
        fewest[amount] = least
    return fewest


def _with_a_volume(counts: list[int], step: int) -> list[int]:
    """The same with one measured volume of any size, a whole number of `step`."""
    least = counts[:]  # the fewest of all amounts that lie some volumes below, itself included
    for amount in range(step, len(least)):
        least[amount] = min(least[amount], least[amount - step])
    return [min(count, least[amount - step] + 1) if amount >= step else count for amount, count in enumerate(counts)]


def _common(*amounts: Fraction) -> Fraction:
    """The largest amount that all amounts are whole numbers of."""
    below = lcm(*(amount.denominator for amount in amounts))
    return Fraction(gcd(*(int(amount * below) for amount in amounts)), below)


def _taken(step: Step, start: date, releases: dict[str, Release]) -> Taken:
    at: dict[tuple[str, Slot], Fraction] = {}
    released: dict[tuple[str, Release, Slot], Fraction] = {}
    mg: dict[str, Fraction] = {}
    for dose in step.doses:
        mg.setdefault(dose.ingredient, Fraction(0))
        for unit in dose.units:
            strength = exact(unit.strength_mg)
            for slot, count in unit.slots:
                amount = strength * exact(count)
                at[dose.ingredient, slot] = at.get((dose.ingredient, slot), Fraction(0)) + amount
                kind = (dose.ingredient, releases[unit.rxcui], slot)
                released[kind] = released.get(kind, Fraction(0)) + amount
                mg[dose.ingredient] += amount / step.every_days
    return Taken((step.start - start).days, step.kind, exact(step.ideal_mg), step.every_days, mg, at, released)


def falls(steps: Sequence[Taken]) -> tuple[int, ...]:
    """Indices of the steps that give less of anything than the step before."""
    return tuple(
        index for index in range(1, len(steps)) if any(steps[index].mg.get(name, 0) < mg for name, mg in steps[index - 1].mg.items())
    )
