"""In what doses of some products are counted: whole numbers of parts of a mg that every piece of them is a whole number of, exactly.

A piece is a whole unit, a permitted half or quarter, a patch, or the smallest volume of a liquid that can be measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm

from fhir_taper.plans.medicines.codes import SOLID_FORMS
from fhir_taper.plans.medicines.products import Product

MICRO = 10**6
"""Ideals are rounded to six decimals of a mg when they are made, so every measure counts at least these."""
WHOLE = 4
"""Quarters in a whole unit."""
_PARTS = (4, 2, 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that is taken as a whole: `quarters` of one unit of a product (4, 2 or 1)."""

    amount: int
    product: int
    quarters: int


@dataclass(frozen=True, slots=True)
class Liquid:
    """A liquid: any whole number of `amount` (its smallest measurable volume) is one piece."""

    amount: int
    product: int
    smallest_ml: Decimal


class Measure:
    """The common measure of some products.

    Amounts are whole numbers of 1/`per_mg` mg, and every dose is a multiple of `quantum` of them.
    """

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = tuple(products)
        sizes = [(*_mg(product), index, product, parts_of(product)) for index, product in enumerate(self.products)]
        self.per_mg = lcm(MICRO, *(WHOLE * below for _, below, *_ in sizes))
        pieces: dict[int, Piece] = {}
        liquids: list[Liquid] = []
        for quarters in _PARTS:
            for above, below, index, product, parts in sizes:
                amount = above * (self.per_mg // below) * quarters // WHOLE
                if product.smallest_ml is not None and product.is_liquid:
                    if quarters == WHOLE:
                        liquids.append(Liquid(amount, index, product.smallest_ml))
                elif quarters * parts >= WHOLE:
                    pieces.setdefault(amount, Piece(amount, index, quarters))  # a whole unit before a part of the same size
        self.pieces = tuple(sorted(pieces.values(), key=lambda piece: -piece.amount))
        self.liquids = tuple(liquids)
        self.quantum = gcd(*(piece.amount for piece in self.pieces), *(liquid.amount for liquid in self.liquids))

    def of(self, mg: Decimal | Fraction) -> int | None:
        """An amount in mg as a whole number of this measure, or None where it is not one."""
        above, below = mg.as_integer_ratio()
        size, rest = divmod(above * self.per_mg, below)
        return None if rest else size

    def mg(self, amount: int) -> Fraction:
        """mg of an amount."""
        return Fraction(amount, self.per_mg)


def is_measurable(product: Product) -> bool:
    """True where a person can count or measure off a dose: solids, patches, and liquids with a known smallest volume."""
    return product.mg > 0 and (product.form in SOLID_FORMS or product.is_patch or (product.is_liquid and bool(product.smallest_ml)))


def parts_of(product: Product) -> int:
    """Into how many parts one unit may be cut: 1, 2 or 4; only immediate-release plain tablets may be split (domain §2)."""
    return product.parts if product.may_be_split else 1


def _mg(product: Product) -> tuple[int, int]:
    """mg of one whole piece as a quotient; of a liquid, mg of its smallest measurable volume."""
    above, below = product.mg.as_integer_ratio()
    if product.is_liquid and product.smallest_ml:
        ml_above, ml_below = product.smallest_ml.as_integer_ratio()
        return above * ml_above, below * ml_below
    return above, below
