"""Findings about the products of a plan: what a person must know who prescribes, dispenses or takes them.

Two concentrations of one liquid beside each other, and a release that is not the one of today. Choosing products is the work of
`workflow.shelf`; nothing is refused here.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from fhir_taper.plans.medicines.codes import Release, RxNormCode
from fhir_taper.plans.medicines.dose import as_exact, brief
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.course import Drafted
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.request import PlanRequest

_DESIGN = "design: what a plan's products change is said"


def product_findings(request: PlanRequest, drafted: Drafted, tables: Tables) -> tuple[Finding, ...]:
    """All findings of one draft's products, each to be acknowledged."""
    used = _used(drafted)
    return (*_concentrations(used), *_releases(request, drafted, used, tables))


def _used(drafted: Drafted) -> tuple[Product, ...]:
    """The products that some step takes, weakest first."""
    codes = {unit.rxcui for step in drafted.steps for dose in step.doses for unit in dose.units}
    return tuple(
        sorted((product for product in drafted.products if product.rxcui in codes), key=lambda product: (product.mg, product.rxcui))
    )


def _concentrations(used: Iterable[Product]) -> Iterator[Finding]:
    liquids: dict[str, list[Product]] = {}
    for product in used:
        if product.is_liquid:
            liquids.setdefault(product.ingredient, []).append(product)
    for name, found in liquids.items():
        strengths = tuple(dict.fromkeys(product.mg for product in found))
        if len(strengths) > 1:
            both = " and ".join(f"{brief(mg)} mg/mL" for mg in strengths)
            times = brief(as_exact(Fraction(strengths[-1]) / Fraction(strengths[0])))
            says = f"Two concentrations of {name} are used, {both}: one taken for the other is a dose {times} times too high or too low."
            clears = "Products of one concentration (--products)."
            yield Finding(Severity.ACKNOWLEDGE, "two-concentrations", says, _DESIGN, both, clears=clears)


def _releases(request: PlanRequest, drafted: Drafted, used: tuple[Product, ...], tables: Tables) -> Iterator[Finding]:
    """Where what is taken later is released otherwise than all that is taken today: patches are worn, and are not compared."""
    today = _today(request, drafted, used, tables)
    releases = {product.release for product in today if not product.is_patch}
    if len(releases) != 1:
        return
    for product in used:
        if product.release not in releases and not product.is_patch:
            before = next(iter(today))
            clears = f"{_words(before.release).capitalize()} products, or an interval that a person chose (--products, --taken)."
            yield Finding(Severity.ACKNOWLEDGE, "release-changes", _change(before, product, drafted), _DESIGN, product.name, clears=clears)
            return


def _today(request: PlanRequest, drafted: Drafted, used: tuple[Product, ...], tables: Tables) -> tuple[Product, ...]:
    """What is taken today of the tapered ingredient; where nobody says it, what step 0 takes."""
    own = {product.rxcui: product for product in (*used, *request.products)}
    first = {unit.rxcui for dose in drafted.steps[0].doses for unit in dose.units}
    codes = [RxNormCode(code) for code in ({one.rxcui for one in request.taken} or first)]
    found = (own.get(code) or tables.medicines.product(code) for code in sorted(codes))
    return tuple(product for product in found if product is not None)


def _change(before: Product, after: Product, drafted: Drafted) -> str:
    times = max(len({slot for unit in dose.units for slot, _ in unit.slots}) for step in drafted.steps for dose in step.doses)
    was, becomes = (f"{_words(one.release)} {one.ingredient}" for one in (before, after))
    change = f"{was.capitalize()} becomes {becomes}, at {times} times a day"
    if after.release is Release.IMMEDIATE:
        return f"{change}: each dose is released at once and may not last until the next. Check the interval of its label."
    return f"{change}: the dose is released over hours. Check the interval of its label."


def _words(release: Release) -> str:
    return f"{release.value}-release"
