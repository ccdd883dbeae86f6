"""The medicine tables, read and indexed: products, ingredients, equivalence factors, and the codes that mean our concepts.

`load_medicines` is the door; `MedicineTables` is the built-in `ProductCatalogue`. Whatever is not in these tables is unknown, and
unknown is never "not an opioid": nothing here falls back to a guess. No clinical number stands here.
"""

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from fhir_taper.errors import TableError, WrongUsage
from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF
from fhir_taper.plans.medicines.products import Ingredient, Product, Source
from fhir_taper.plans.tables import medicine_rows
from fhir_taper.plans.tables.medicine_rows import Recognised
from fhir_taper.plans.tables.product_shelf import ProductShelf
from fhir_taper.plans.tables.reading import csv_rows, edition_of
from fhir_taper.plans.tables.rows import BENZO_TABLES, Concept, DiazepamEquivalent, MmeFactor, TableEdition

PRODUCTS, RECOGNISED, INGREDIENTS = "products.csv", "recognised.csv", "ingredients.csv"
MME_FACTORS, EQUIVALENTS, CONCEPTS = "mme_factors.csv", "diazepam_equivalents.csv", "concepts.csv"
TABLE_FILES = (PRODUCTS, RECOGNISED, INGREDIENTS, MME_FACTORS, EQUIVALENTS, CONCEPTS)

_Value = TypeVar("_Value")
_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AwaitingSignOff:
    """One value that no clinician has signed off: where it stands, what it says, and how it is known."""

    table: str
    what: str
    value: str
    source: Source


@dataclass(frozen=True)
class MedicineTables:
    """All medicine tables. Implements `ProductCatalogue`; indexes are made once and never written to."""

    products: ProductShelf
    recognised_codes: Mapping[str, Recognised]
    ingredients: tuple[Ingredient, ...]
    mme: tuple[MmeFactor, ...]
    equivalents: tuple[DiazepamEquivalent, ...]
    concepts: tuple[Concept, ...]
    editions: tuple[TableEdition, ...]
    _by_code: dict[str, Ingredient] = field(init=False, repr=False, compare=False)
    _by_words: dict[_Words, Ingredient] = field(init=False, repr=False, compare=False)
    _longest_from: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_words = _by_words(self.ingredients)
        longest: dict[str, int] = {}
        for words in by_words:
            longest[words[0]] = max(longest.get(words[0], 0), len(words))
        object.__setattr__(self, "_by_code", _by_code(self.ingredients))
        object.__setattr__(self, "_by_words", by_words)
        object.__setattr__(self, "_longest_from", longest)

    # ProductCatalogue

    def product(self, rxcui: str) -> Product | None:
        return self.products.get(rxcui)

    def ingredient(self, rxcui: str) -> Ingredient | None:
        return self._by_code.get(rxcui)

    def ingredient_named(self, word: str) -> Ingredient | None:
        return self._by_words.get(_words(word))

    def products_of(self, ingredient: str) -> Iterable[Product]:
        return self.products.of_ingredient(ingredient)

    def product_by_ndc(self, ndc: str) -> Product | None:  # noqa: ARG002 - the built-in tables have no NDCs; a site's terminology has
        return None

    # what only the built-in tables know

    def recognised(self, rxcui: str) -> Recognised | None:
        """The class of a code that has no strength per unit (a pack), or None."""
        return self.recognised_codes.get(rxcui)

    def ingredients_in(self, text: str) -> tuple[Ingredient, ...]:
        """The ingredients that a text names as whole words, by name, salt or brand; longest name first, each once, in its order.

        Case, accents and punctuation do not matter. An empty answer means that nothing known is named: unknown, never "none of ours".
        """
        words = _words(text)
        found: dict[str, Ingredient] = {}
        at = 0
        while at < len(words):
            longest = self._longest_from.get(words[at], 0)
            known = (words[at : at + length] for length in range(longest, 0, -1) if words[at : at + length] in self._by_words)
            name = next(known, None)
            if name is not None:
                ingredient = self._by_words[name]
                found.setdefault(ingredient.name, ingredient)
            at += len(name or "x")
        return tuple(found.values())

    def mme_table(self, table: str) -> tuple[MmeFactor, ...]:
        """All factors of one named opioid table. Raises WrongUsage for a name that is not a table."""
        rows = tuple(factor for factor in self.mme if factor.table == table)
        if not rows:
            raise WrongUsage(f"no MME table {table!r}; there is {', '.join(sorted({factor.table for factor in self.mme}))}")
        return rows

    def benzo_table(self, table: str | None) -> tuple[DiazepamEquivalent, ...]:
        """All rows of one named benzodiazepine table, or of all tables for None. Raises WrongUsage for a name that is not a table."""
        if table is None:
            return self.equivalents
        if table not in tuple(BENZO_TABLES):
            raise WrongUsage(f"no benzodiazepine table {table!r}; there are {', '.join(BENZO_TABLES)}")
        return tuple(row for row in self.equivalents if row.table == table)

    def check(self) -> "MedicineTables":
        """Itself, after every row of every table was read. Raises TableError naming the first row that is not acceptable."""
        self.products.checked()
        _check_across(self)
        return self

    def awaiting_sign_off(self) -> tuple[AwaitingSignOff, ...]:
        """Every value of these tables that is knowledge or default, in table order."""
        return tuple(value for value in self._values() if value.source.state in AWAITS_SIGN_OFF)

    def _values(self) -> Iterator[AwaitingSignOff]:
        for product in self.products.values():
            yield AwaitingSignOff(PRODUCTS, product.name, f"{product.mg} mg per unit", product.source)
            if product.parts_state:
                part = f"smallest volume {product.smallest_ml} mL" if product.smallest_ml else f"may be cut into {product.parts}"
                yield AwaitingSignOff(PRODUCTS, product.name, part, Source(product.parts_source, "", "", product.parts_state))
        for item in self.ingredients:
            yield AwaitingSignOff(INGREDIENTS, item.name, f"class {item.drug_class}", item.source)
            if item.half_life_h and item.half_life_source:
                hours = " to ".join(str(hour) for hour in dict.fromkeys(item.half_life_h))
                yield AwaitingSignOff(INGREDIENTS, item.name, f"half-life {hours} h", item.half_life_source)
        for factor in self.mme:
            yield AwaitingSignOff(MME_FACTORS, factor.ingredient, f"{factor.factor} per {factor.per}", factor.source)
        for equivalent in self.equivalents:
            yield AwaitingSignOff(EQUIVALENTS, equivalent.ingredient, f"{equivalent.mg_low} to {equivalent.mg_high} mg", equivalent.source)
        for concept in self.concepts:
            yield AwaitingSignOff(CONCEPTS, concept.concept, f"{concept.system} {concept.code} ({concept.display})", concept.source)


@lru_cache(maxsize=1)
def load_medicines() -> MedicineTables:
    """The package's own medicine tables; products are made and checked as they are asked for. Raises TableError naming file and line."""
    return read_medicines({}, tuple(edition_of(name) for name in TABLE_FILES))


def read_medicines(texts: Mapping[str, str], editions: tuple[TableEdition, ...] = ()) -> MedicineTables:
    """Tables from texts by file name; a file that is not among them is the package's own. Raises TableError as `load_medicines`."""

    def rows(name: str, read: Callable[[str, medicine_rows.Row], _Value], key: Callable[[_Value], Hashable]) -> tuple[_Value, ...]:
        found: dict[Hashable, _Value] = {}
        for place, row in csv_rows(name, texts.get(name)):
            value = read(place, row)
            if key(value) in found:
                raise TableError(f"{place}: {key(value)} stands in this table twice")
            found[key(value)] = value
        return tuple(found.values())

    return MedicineTables(
        ProductShelf(csv_rows(PRODUCTS, texts.get(PRODUCTS))),
        {code.rxcui: code for code in rows(RECOGNISED, medicine_rows.recognised_of, lambda code: code.rxcui)},
        rows(INGREDIENTS, medicine_rows.ingredient_of, lambda item: item.name),
        rows(MME_FACTORS, medicine_rows.mme_factor_of, lambda row: (row.table, row.ingredient, row.route_form)),
        rows(EQUIVALENTS, medicine_rows.diazepam_equivalent_of, lambda row: (row.table, row.ingredient)),
        rows(CONCEPTS, medicine_rows.concept_of, lambda row: (row.concept, row.system, row.code)),
        editions,
    )


def _check_across(tables: MedicineTables) -> None:
    """What one row cannot show: every name that a table uses is an ingredient, of the same class and code."""
    by_name = {item.name: item for item in tables.ingredients}
    things: tuple[Product | Recognised, ...] = (*tables.products.values(), *tables.recognised_codes.values())
    for thing in things:
        ingredient = by_name.get(thing.ingredient)
        if ingredient is None or ingredient.drug_class is not thing.drug_class:
            raise TableError(f"{PRODUCTS}: {thing.rxcui}: {thing.ingredient} is not a {thing.drug_class} of {INGREDIENTS}")
        if thing.ingredient_rxcui != ingredient.rxcui:
            raise TableError(f"{PRODUCTS}: {thing.rxcui}: ingredient code {thing.ingredient_rxcui} is not {ingredient.name}'s")
    if both := tables.products.keys() & tables.recognised_codes.keys():
        raise TableError(f"{RECOGNISED}: {', '.join(sorted(both))} has a strength in {PRODUCTS}")
    named = {companion.ingredient for product in tables.products.values() for companion in product.companions}
    named |= {factor.ingredient for factor in tables.mme} | {equivalent.ingredient for equivalent in tables.equivalents}
    if unknown := named - by_name.keys():
        raise TableError(f"{INGREDIENTS}: no row for {', '.join(sorted(unknown))}")


def _by_code(ingredients: Iterable[Ingredient]) -> dict[str, Ingredient]:
    index: dict[str, Ingredient] = {}
    for item in ingredients:
        if item.rxcui and index.setdefault(item.rxcui, item) is not item:
            raise TableError(f"{INGREDIENTS}: code {item.rxcui} stands for {index[item.rxcui].name} and {item.name}")
    return index


def _by_words(ingredients: Iterable[Ingredient]) -> dict[_Words, Ingredient]:
    index: dict[_Words, Ingredient] = {}
    for item in ingredients:
        for name in (item.name, *item.names):
            words = _words(name)
            if not words or index.setdefault(words, item) is not item:
                raise TableError(f"{INGREDIENTS}: {name!r} of {item.name} is empty or names another ingredient too")
    return index


_WORD = re.compile(r"[a-z0-9#']+")


def _words(text: str) -> _Words:
    """A text as its words: lower case, no accents, cut at everything that is not a letter, a digit, # or an apostrophe."""
    folded = text.casefold()
    if not folded.isascii():
        plain = unicodedata.normalize("NFKD", folded.replace("\u2019", "'"))
        folded = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(_WORD.findall(folded))
