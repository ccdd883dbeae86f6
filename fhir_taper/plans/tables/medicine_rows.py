"""Rows of the medicine tables, one reader per table: text in, checked value out.

Each reader refuses what it cannot vouch for, naming file and line: a word that is not ours, a number that does not fit its unit,
a product whose name states another strength without the row saying why. Grammar of each table stands on top of the file.
No clinical number stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, RxNormCode, SourceState, Use
from fhir_taper.plans.medicines.product_names import stated_mg
from fhir_taper.plans.medicines.products import Companion, Ingredient, Product, Source
from fhir_taper.plans.tables.reading import decimal_of, integer_of, source_of
from fhir_taper.plans.tables.rows import Concept, DiazepamEquivalent, MmeFactor

Row = Mapping[str, str]
PARTS = {"": 1, "whole": 1, "half": 2, "quarter": 4}
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A code whose class is known and whose strength per unit is not (recognised.csv): counted as its class, never computed."""

    rxcui: RxNormCode
    name: str
    ingredient_rxcui: RxNormCode
    ingredient: str
    drug_class: DrugClass
    use: Use
    why: str
    source: Source


def product_of(place: str, row: Row) -> Product:
    """One row of products.csv."""
    form = _word(place, row, "form", Form)
    parts = row["parts"]
    if parts not in PARTS:
        raise TableError(f"{place}: parts {parts!r} is not one of whole, half, quarter")
    product = Product(
        rxcui=_code(place, row, "rxcui"),
        name=_present(place, row, "name"),
        ingredient_rxcui=RxNormCode(row["ingredient_rxcui"]),
        ingredient=_present(place, row, "ingredient"),
        drug_class=_word(place, row, "class", DrugClass),
        form=form,
        release=_word(place, row, "release", Release),
        route=_present(place, row, "route"),
        mg=_positive(place, row, "mg"),
        source=shared_source(place, row),
        brand=row["brand"],
        use=_word(place, row, "use", Use),
        parts=PARTS[parts],
        parts_source=row["parts_source"],
        parts_state=_word(place, row, "parts_state", SourceState) if row["parts_state"] else None,
        smallest_ml=_positive(place, row, "smallest_ml") if row["smallest_ml"] else None,
        wear_h=integer_of(place, row, "wear_h") if row["wear_h"] else None,
        companions=_companions(place, row["companions"]),
    )
    _check_product(place, product, row["note"])
    return product


def _check_product(place: str, product: Product, note: str) -> None:
    if product.parts > 1 and not product.may_be_split:
        raise TableError(f"{place}: {product.form} ({product.release}) is never split")
    if (product.parts > 1 or product.smallest_ml) and not (product.parts_source and product.parts_state):
        raise TableError(f"{place}: parts or smallest_ml without parts_source and parts_state")
    if product.is_patch != (product.wear_h is not None):
        raise TableError(f"{place}: wear_h belongs to patches, and every patch has one")
    if product.smallest_ml is not None and not product.is_liquid:
        raise TableError(f"{place}: smallest_ml belongs to liquids")
    stated = stated_mg(product.name, product.ingredient, product.form)
    if stated != product.mg and not note:
        raise TableError(f"{place}: mg {product.mg} is not the strength in the name ({stated}) and no note says why")


def _companions(place: str, text: str) -> tuple[Companion, ...]:
    return tuple(_companion(place, part) for part in text.split(";")) if text else ()


def _companion(place: str, text: str) -> Companion:
    name, _, mg = text.partition(":")
    return Companion(name, _positive(place, {"companions": mg}, "companions"))


def recognised_of(place: str, row: Row) -> Recognised:
    """One row of recognised.csv."""
    return Recognised(
        _code(place, row, "rxcui"),
        _present(place, row, "name"),
        RxNormCode(row["ingredient_rxcui"]),
        _present(place, row, "ingredient"),
        _word(place, row, "class", DrugClass),
        _word(place, row, "use", Use),
        _present(place, row, "why"),
        shared_source(place, row),
    )


def ingredient_of(place: str, row: Row) -> Ingredient:
    """One row of ingredients.csv."""
    half_life = _half_life(place, row)
    return Ingredient(
        rxcui=_code(place, row, "rxcui") if row["rxcui"] else RxNormCode(""),
        name=_present(place, row, "name"),
        drug_class=_word(place, row, "class", DrugClass),
        names=tuple(row["names"].split(";")) if row["names"] else (),
        half_life_h=half_life,
        source=shared_source(place, row),
        half_life_source=_half_life_source(place, row) if half_life else None,
        groups=tuple(row["groups"].split(";")) if row["groups"] else (),
    )


def _half_life(place: str, row: Row) -> tuple[Decimal, Decimal] | None:
    if not row["half_life_low_h"] and not row["half_life_high_h"]:
        return None
    low, high = _positive(place, row, "half_life_low_h"), _positive(place, row, "half_life_high_h")
    if low > high:
        raise TableError(f"{place}: half-life {low} to {high} h runs backwards")
    return low, high


def _half_life_source(place: str, row: Row) -> Source:
    source = _present(place, row, "half_life_source")
    return Source(source, "", "", _word(place, row, "half_life_state", SourceState))


def mme_factor_of(place: str, row: Row) -> MmeFactor:
    """One row of mme_factors.csv."""
    expected = {"mg/d": "oral", "mcg/h": "transdermal"}
    if expected.get(row["per"]) != row["route_form"]:
        raise TableError(f"{place}: {row['per']!r} does not fit {row['route_form']!r} (mg/d oral, mcg/h transdermal)")
    return MmeFactor(
        _present(place, row, "table"),
        _present(place, row, "ingredient"),
        row["route_form"],
        _positive(place, row, "factor"),
        row["per"],
        shared_source(place, row),
    )


def diazepam_equivalent_of(place: str, row: Row) -> DiazepamEquivalent:
    """One row of diazepam_equivalents.csv."""
    low, high = _positive(place, row, "mg_low"), _positive(place, row, "mg_high")
    if low > high:
        raise TableError(f"{place}: {low} to {high} mg runs backwards")
    return DiazepamEquivalent(_present(place, row, "table"), _present(place, row, "ingredient"), low, high, shared_source(place, row))


def concept_of(place: str, row: Row) -> Concept:
    """One row of concepts.csv."""
    if row["match"] not in ("exact", "prefix"):
        raise TableError(f"{place}: match {row['match']!r} is not exact or prefix")
    return Concept(
        _present(place, row, "concept"),
        _present(place, row, "system"),
        _present(place, row, "code"),
        row["match"],
        _present(place, row, "display"),
        shared_source(place, row),
    )


def shared_source(place: str, row: Row) -> Source:
    """The row's source; equal sources are one object."""
    try:
        return _source(row["source"], row["edition"], row["year"], row["state"])
    except (TableError, KeyError):
        return source_of(place, row)  # says what is wrong with this row, by its place


@lru_cache(maxsize=256)
def _source(source: str, edition: str, year: str, state: str) -> Source:
    return source_of("", {"source": source, "edition": edition, "year": year, "state": state})


def _present(place: str, row: Row, column: str) -> str:
    value = row[column]
    if not value or value != value.strip():
        raise TableError(f"{place}: {column} {value!r} is empty or has blanks around it")
    return value


def _code(place: str, row: Row, column: str) -> RxNormCode:
    value = row[column]
    if not value.isdecimal() or value.startswith("0"):
        raise TableError(f"{place}: {column} {value!r} is not an RxNorm code")
    return RxNormCode(value)


def _positive(place: str, row: Row, column: str) -> Decimal:
    value = decimal_of(place, row, column)
    if value == 0:
        raise TableError(f"{place}: {column} is zero")
    return value


def _word(place: str, row: Row, column: str, words: type[_Word]) -> _Word:
    try:
        return words(row[column])
    except ValueError:
        raise TableError(f"{place}: {column} {row[column]!r} is not one of {', '.join(words)}") from None
