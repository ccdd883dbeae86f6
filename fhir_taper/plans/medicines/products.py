"""Products: what a pharmacy can hand over, and what of it a person can measure off.

A product knows its strength, the parts it may be cut into, its smallest measurable volume or its wear time, and where each of these
is known from. It knows nothing of patients. Units: `mg` is mg per tablet, capsule or other solid unit; mg per mL of a liquid; mg per 24 h
worn
of a patch (rate in mg/h × 24; the fentanyl "12" is 12.5 µg/h, label footnote).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from fhir_taper.plans.medicines.codes import LIQUID_FORMS, DrugClass, Form, Release, RxNormCode, SourceState, Use

_NOT_SWALLOWED_WHOLE = ("Tablet for Oral Suspension", "Tablet for Suspension", "Effervescent", "Chewable", "Disintegrating")
"""Words of RxNorm dose forms, by which a product's name says how it is taken."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number is known from: shown beside it on every surface."""

    name: str
    edition: str
    year: str
    state: SourceState

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.edition, self.year if self.year not in self.edition else "", self.state) if part)


@dataclass(frozen=True, slots=True)
class Companion:
    """A second active ingredient of a combination product, in mg per unit (or per mL)."""

    ingredient: str
    mg: Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """One row of tables/products.csv, or one row of a site's terminology in the same shape.

    `parts` is 1 (whole only), 2 (halves) or 4 (quarters). `smallest_ml` is set for liquids, `wear_h` for patches.
    """

    rxcui: RxNormCode
    name: str
    ingredient_rxcui: RxNormCode
    ingredient: str
    drug_class: DrugClass
    form: Form
    release: Release
    route: str
    mg: Decimal
    source: Source
    brand: str = ""
    use: Use = Use.ORDINARY
    parts: int = 1
    parts_source: str = ""
    parts_state: SourceState | None = None
    smallest_ml: Decimal | None = None
    wear_h: int | None = None
    companions: tuple[Companion, ...] = ()

    def __hash__(self) -> int:
        return hash((self.rxcui, self.parts))  # products are looked up by the thousand; the other fields seldom tell two apart

    @property
    def is_liquid(self) -> bool:
        return self.form in LIQUID_FORMS

    @property
    def is_patch(self) -> bool:
        return self.form is Form.PATCH

    @property
    def may_be_split(self) -> bool:
        """Only plain immediate-release tablets that are swallowed may ever be split (domain §2), none that dissolves first."""
        if self.form is not Form.TABLET or self.release is not Release.IMMEDIATE or self.route != "oral":
            return False
        return not any(word in self.name for word in _NOT_SWALLOWED_WHOLE)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One row of tables/ingredients.csv: an active ingredient by name and code, with its class.

    `names` are further spellings (salts, brands) in lower case by which a text may name it. `half_life_h` is a pair (low, high) in
    hours, equal where the source gives one number, None where we have none; `half_life_source` is its own source. `groups` are what
    findings ask for ("barbiturate", "cyp3a4-inhibitor", "opioid-reversal", …).
    """

    rxcui: RxNormCode
    name: str
    drug_class: DrugClass
    names: tuple[str, ...]
    half_life_h: tuple[Decimal, Decimal] | None
    source: Source
    half_life_source: Source | None = None
    groups: tuple[str, ...] = ()


class ProductCatalogue(Protocol):
    """What the mappers and the engine ask of a product table. The built-in table and a site's terminology both answer it."""

    def product(self, rxcui: str) -> Product | None:
        """The product with this RxNorm code, or None."""

    def ingredient(self, rxcui: str) -> Ingredient | None:
        """The ingredient with this RxNorm code, or None."""

    def ingredient_named(self, word: str) -> Ingredient | None:
        """The ingredient with exactly this name, salt name or brand, whatever its case; None where there is none."""

    def ingredients_in(self, text: str) -> tuple[Ingredient, ...]:
        """Every ingredient that the text names as a whole word or words (name, salt, brand), longest match first; () where none is
        known."""

    def product_by_ndc(self, ndc: str) -> Product | None:
        """The product with this NDC (hyphens ignored), or None. The built-in table has no NDCs; a site's terminology has."""

    def products_of(self, ingredient: str) -> Iterable[Product]:
        """All products with this (controlled) ingredient name, unbranded before branded, ascending strength."""
