"""What edits of one draft are made with: the same maker of doses and the same limits that the engine would use for the same request.

A draft that crosses over to another agent is edited in that agent's doses, at the times of the patient, after the crossing.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.codes import RxNormCode, Slot
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.rows import LimitsRow
from fhir_taper.plans.tapers.course import lengthened
from fhir_taper.plans.tapers.edit_rows import Rows, days_of
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.making import Made, Maker, as_decimal
from fhir_taper.plans.tapers.pace import History
from fhir_taper.plans.tapers.paired import PairedMaker
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan
from fhir_taper.plans.tapers.preparing import bench
from fhir_taper.plans.tapers.protocol import Chosen, choose
from fhir_taper.plans.tapers.request import PlanRequest

MOST_CHOICES = 60
"""More doses than these are listed to nobody: the others are typed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The agent that is tapered, what makes its doses, and the limits of a plan whose doses a person changed.

    `asked` is what the request chose, `chosen` what is left of it once doses are others. `first` is the dose that later ones fall from.
    `crossing` is the number of the last stage of a cross-over, 0 without one. `has_own_doses` where doses follow from a unit and not from
    the grid (an interval extension). `products` are those of the draft.
    """

    request: PlanRequest
    asked: Chosen
    chosen: Chosen
    agent: str
    maker: Maker | PairedMaker
    limits: LimitsRow
    first: Made
    target_mg: Decimal
    crossing: int
    has_own_doses: bool
    products: tuple[Product, ...]

    @property
    def is_patch(self) -> bool:
        """True where doses are worn as patches."""
        return any(product.is_patch for product in self.maker.products)

    def amount(self, mg: Exact) -> int | None:
        """A dose in the maker's measure; None for one that does not exist."""
        found = self.maker.measure.of(mg)
        return found if found is not None and found in self.maker.doses else None

    def mg(self, amount: int) -> Decimal:
        """An amount of the measure in mg."""
        return as_decimal(self.maker.measure.mg(amount))

    def words(self, mg: Exact) -> str:
        """A daily dose for a sentence."""
        return daily(mg, is_patch=self.is_patch)

    def allowed_days(self, days: int) -> int:
        """A length that the medicine allows: not below its shortest step, and whole wear times."""
        return lengthened(self.limits, days)

    def between(self, lowest: Exact, highest: Exact) -> tuple[Decimal, ...]:
        """The doses that exist from one dose to another, both ends among them, the highest first; of a liquid's thousands only so many."""
        top, bottom = (int(Fraction(mg) * self.maker.measure.per_mg) for mg in (highest, lowest))
        found: list[Decimal] = []
        amount: int | None = self.maker.doses.at_most(top)
        while amount is not None and amount >= bottom and len(found) < MOST_CHOICES:
            found.append(self.mg(amount))
            amount = self.maker.doses.below(amount)
        return tuple(found)

    def history(self, rows: Rows, since: int = 0) -> History:
        """The doses in force over the first rows of a draft, days counted from day `since` of it. A pause changes none."""
        changes = [(day - since, row.mg) for day, row in zip(days_of(rows), rows, strict=True) if not row.is_pause]
        (first, baseline), *later = ((day, self.maker.measure.of(mg) or 0) for day, mg in changes)
        history = History([first], [baseline])
        for day, amount in later:
            history.take(day, amount)
        return history

    def not_made(self, mg: Decimal) -> Infeasible:
        """The no to a dose that does not exist, with the two next to it that do."""
        amount = int(Fraction(mg) * self.maker.measure.per_mg)
        lower, higher = self.maker.doses.at_most(amount), self.maker.doses.at_least(amount + 1)
        near = [self.words(self.mg(one)) for one in (lower, higher) if one is not None]
        says = f"{self.words(mg)} cannot be made with these products at these times; next to it {' and '.join(near)} can"
        return Infeasible("dose-does-not-exist", says, mg, self.mg(lower))


def desk_for(base: TaperPlan, request: PlanRequest, tables: Tables) -> Desk | Infeasible:
    """The desk of a draft that was made of this request."""
    asked = choose(request, tables)
    if isinstance(asked, Infeasible):
        return asked
    default = tables.limits.default_row(request.drug_class, request.use)
    chosen = asked if asked.protocol is None or default is None else replace(asked, edited=True, row=default)
    on = bench(request, tables, request.ingredient, max(request.baseline.mg, chosen.target_mg), chosen.row, chosen.even)
    if isinstance(on, Infeasible):
        return on
    crossing = max((step.number for step in base.steps if step.kind is StepKind.SUBSTITUTION), default=0)
    agent = base.steps[-1].doses[-1].ingredient
    products = tuple(_product(one.rxcui, request, tables) for one in base.products)
    amount = on.maker.measure.of(base.baseline.mg) or 0
    first = on.maker.first(amount, on.times.mg, on.times.units)
    if crossing:
        top = base.steps[crossing].mg_per_day(agent)
        own = tuple(product for product in products if product.ingredient == agent)
        slots = tuple(Intake(slot, Decimal(0)) for slot in Slot if slot in on.maker.slots)
        crossed = replace(request, ingredient=agent, products=own, intakes=slots, taken=(), at_most=(), past=None)
        on = bench(crossed, tables, agent, as_decimal(Fraction(top)), chosen.row, even=False)
        if isinstance(on, Infeasible):
            return on
        first = on.maker.next(on.maker.measure.of(top) or 0, None)
    is_own = base.strategy == "interval-extension"
    return Desk(request, asked, chosen, agent, on.maker, on.row, first, base.target_mg, crossing, is_own, products)


def _product(rxcui: str, request: PlanRequest, tables: Tables) -> Product:
    """A product of a draft with all that its table says of it. Raises KeyError for one that nobody gave."""
    own = next((product for product in request.products if product.rxcui == rxcui), None)
    found = own or tables.medicines.product(RxNormCode(rxcui))
    if found is None:
        raise KeyError(rxcui)
    return found
