"""How much of a companion ingredient (acetaminophen, ibuprofen, aspirin) a plan may bring: its row's limit, shared with everything else.

A plan that may use today's own tablets never brings more than they do. One of other tablets, which a person named, has as its share the
limit less what the patient's other medicines may bring, or what today's tablets bring where that is more; more than today is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.codes import RxNormCode
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, as_exact, brief, canonical, divide, larger, multiply, shown
from fhir_taper.plans.medicines.products import Product, ProductCatalogue
from fhir_taper.plans.medicines.regimen import RegimenItem
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.limit_tables import Setting
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Dose, Units
from fhir_taper.plans.tapers.request import PlanRequest


@dataclass(frozen=True, slots=True)
class Share:
    """The most mg a day of a companion that a plan may bring: `limit_mg` of the row less `elsewhere_mg`; `today_mg` where that is more."""

    name: str
    limit_mg: Decimal
    elsewhere_mg: Exact
    today_mg: Exact
    source: str

    is_capped: bool = False  # today's own tablets are products of the plan: it needs no more than they bring

    @property
    def most_mg(self) -> Decimal:
        """Never below zero."""
        if self.is_capped:
            return shown(self.today_mg)
        return shown(larger(ZERO, add(self.limit_mg, multiply(Decimal(-1), self.elsewhere_mg)), self.today_mg))

    def refusal(self, doses: str, mg: Exact) -> str:
        """That doses would bring more than the share, with the row's source."""
        beside = f" beside {brief(self.elsewhere_mg)} mg of other medicines" if self.elsewhere_mg else ""
        bounds = [] if self.is_capped and mg <= self.limit_mg else [f"above {brief(self.limit_mg)} mg ({self.source})"]
        if self.most_mg == self.today_mg:
            bounds.append(f"above the {brief(self.today_mg)} mg of today's tablets")
        return f"{doses} a day would bring {brief(mg)} mg {self.name}{beside}, {' and '.join(bounds)}"


def shares(request: PlanRequest, products: Iterable[Product], tables: Tables) -> tuple[Share, ...]:
    """One share for each companion of these products that the tables have a limit for."""
    names = dict.fromkeys(companion.ingredient for product in products for companion in product.companions)
    found = ((name, tables.limits.settings.get(f"companion-{name}")) for name in names)
    return tuple(_share(request, tables, name, row) for name, row in found if row is not None)


def _share(request: PlanRequest, tables: Tables, name: str, row: Setting) -> Share:
    """Where today's tablets are not known, the baseline counts as made with the least of the companion, and that never above the row."""
    limit, today = row.number("mg_max"), _today(request, name, tables.medicines)
    is_capped = today is not None and {one.rxcui for one in request.taken} <= {product.rxcui for product in request.products}
    today = as_exact(min(Fraction(limit), Fraction(_least(request, name) if today is None else today)))
    return Share(name, limit, dict(request.companions_elsewhere).get(name, ZERO), today, str(row.source), is_capped)


def brought_by(items: Iterable[RegimenItem], but: str) -> tuple[tuple[str, Exact], ...]:
    """mg a day that current items may bring of every ingredient they hold, their companions too, but for those of one ingredient."""
    found: dict[str, Exact] = {}
    for item in items:
        most = item.scheduled_mg if item.max_mg is None else item.max_mg
        if most is None or item.ingredient == but:
            continue
        held = [(item.ingredient, most)]
        if item.product is not None:
            units = divide(most, item.product.mg)
            held += [(companion.ingredient, multiply(units, companion.mg)) for companion in item.product.companions]
        for name, mg in held:
            found[name] = add(found.get(name, ZERO), mg)
    return tuple(found.items())


def refused_step(steps: Iterable[tuple[Dose, ...]], products: Iterable[Product], allowed: Iterable[Share]) -> Infeasible | None:
    """The no to the first step that would bring more of a companion than its share: no pieces of these products make it with less."""
    by_code = {str(product.rxcui): product for product in products if product.companions}
    most = {share.name: share for share in allowed}
    for doses in steps if by_code and most else ():
        totals = brought(tuple(unit for dose in doses for unit in dose.units), by_code)
        for name, total in totals.items():
            if name in most and total > most[name].most_mg:
                words = " and ".join(f"{brief(dose.mg)} mg {dose.ingredient}" for dose in doses if dose.units)
                at_mg = canonical(shown(as_exact(doses[0].mg)))
                return Infeasible("companion-above-limit", most[name].refusal(words, total), at_mg)
    return None


def rises(first: Iterable[Dose], products: Iterable[Product], request: PlanRequest, tables: Tables) -> str:
    """How the first step brings more of a companion than is taken today; empty where it does not, or today's tablets are not known."""
    by_code = {str(product.rxcui): product for product in products if product.companions}
    totals = brought((unit for dose in first for unit in dose.units), by_code)
    today = {name: _today(request, name, tables.medicines) for name in totals}
    return "; ".join(
        f"{brief(totals[name])} mg {name} a day, where today it is {brief(mg)} mg"
        for name, mg in today.items()
        if mg is not None and totals[name] > mg
    )


def brought(units: Iterable[Units], by_code: Mapping[str, Product]) -> dict[str, Decimal]:
    """mg a day of each companion in these units."""
    totals: dict[str, Decimal] = {}
    for unit in units:
        for companion in by_code[unit.rxcui].companions if unit.rxcui in by_code else ():
            totals[companion.ingredient] = totals.get(companion.ingredient, ZERO) + companion.mg * unit.per_day
    return totals


def _today(request: PlanRequest, name: str, catalogue: ProductCatalogue) -> Exact | None:
    """mg a day of a companion in what is taken today of the tapered ingredient; None where the products are not known."""
    own = {product.rxcui: product for product in request.products}
    found = [(own.get(RxNormCode(one.rxcui)) or catalogue.product(one.rxcui), one.units) for one in request.taken]
    known = [multiply(_per_unit(product, name), units) for product, units in found if product is not None]
    return add(ZERO, *known) if found and len(known) == len(found) else None


def _least(request: PlanRequest, name: str) -> Exact:
    """The least mg a day of a companion that comes with the baseline, if it is made of the request's products."""
    products = [product for product in request.products if product.ingredient == request.ingredient]
    ratios = (Fraction(_per_unit(product, name)) / Fraction(product.mg) for product in products)
    return multiply(request.baseline.mg, min(ratios, default=Fraction(0)))


def _per_unit(product: Product, name: str) -> Decimal:
    return sum((one.mg for one in product.companions if one.ingredient == name), ZERO)
