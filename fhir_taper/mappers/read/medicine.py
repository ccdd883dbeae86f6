"""A medicine as one order names it: what is known of its ingredient, strength and form, whether or not a table holds the product.

Values only; `medication` identifies, `strength` does the arithmetic. `mg` counts as in `Product.mg`: per unit, per mL, or per 24 h worn.
No clinical numbers.
"""

from dataclasses import dataclass
from decimal import Decimal

from fhir_taper.plans.medicines.codes import LIQUID_FORMS, DrugClass, Form, Release, Use
from fhir_taper.plans.medicines.dose import HOURS_PER_DAY, Exact, divide
from fhir_taper.plans.medicines.products import Companion, Product
from fhir_taper.plans.medicines.regimen import Reason


@dataclass(frozen=True, slots=True)
class Medicine:
    """What an order is for. `reason` and `says` are set where it could not be identified; then `drug_class` is as much as is known.

    `form` None means that no form is known; `rates` are the rates (mg/h) by which a patch may be called; `words` are the lower-case words
    of its names, which directions may repeat; `called` are further names of its companions, each with the companion's own.
    """

    name: str
    ingredient: str = ""
    drug_class: DrugClass = DrugClass.UNKNOWN
    rxcui: str | None = None
    product: Product | None = None
    mg: Decimal | None = None
    form: Form | None = None
    release: Release = Release.IMMEDIATE
    use: Use = Use.ORDINARY
    route: str = ""
    companions: tuple[Companion, ...] = ()
    rates: tuple[Decimal, ...] = ()
    words: frozenset[str] = frozenset()
    reason: Reason | None = None
    says: str = ""
    notes: tuple[str, ...] = ()
    called: tuple[tuple[str, str], ...] = ()

    @property
    def is_patch(self) -> bool:
        return self.form is Form.PATCH

    @property
    def is_liquid(self) -> bool:
        return self.form in LIQUID_FORMS

    @property
    def may_be_split(self) -> bool:
        """Stated halves and quarters count for plain immediate-release tablets, and where the form is not known (domain rule 7)."""
        return self.release is Release.IMMEDIATE and self.form in (Form.TABLET, None)

    @property
    def rates_h(self) -> tuple[Exact, ...]:
        """The rates in mg/h by which one patch may be called, its own last; empty where they are not known."""
        return (*self.rates, divide(self.mg, HOURS_PER_DAY)) if self.is_patch and self.mg is not None else ()

    def companion_called(self, word: str) -> Companion | None:
        """The companion that a lower-case word names, by its own name or another one ("apap")."""
        if not word:
            return None
        names = {word, *(own for other, own in self.called if other == word)}
        return next((part for part in self.companions if any(part.ingredient.startswith(name) for name in names)), None)


def of_product(product: Product, words: frozenset[str], rates: tuple[Decimal, ...] = (), notes: tuple[str, ...] = ()) -> Medicine:
    """The medicine that is exactly one product of the tables."""
    return Medicine(
        product.name,
        product.ingredient,
        product.drug_class,
        product.rxcui,
        product,
        product.mg,
        product.form,
        product.release,
        product.use,
        product.route,
        product.companions,
        rates,
        words,
        notes=notes,
    )
