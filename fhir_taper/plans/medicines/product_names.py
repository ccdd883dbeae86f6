"""Product names: which strengths a name states, and whether a chart's words for a product contradict its code.

Wrong RxNorm codes circulate for common products, so a code is checked against the words beside it: strict on ingredient, strength and
release, tolerant of case, salt, order, brackets and missing detail. A display that says less does not disagree; one that says something
else does, and the caller makes that a finding. Nothing here guesses which of the two is right. Units as in `Product.mg`. Source of the
grammar: RxNorm's normal form of names (NLM, RxNorm technical documentation: ingredient, strength, dose form, [brand]).
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.medicines.dose import plain, six_places
from fhir_taper.plans.medicines.products import Ingredient, Product

NamesIngredients = Callable[[str], tuple[Ingredient, ...]]
"""Finds the ingredients that a text names: `MedicineTables.ingredients_in`."""


class StatedStrength(NamedTuple):
    """One component of an RxNorm name: its words in lower case, the number, and RxNorm's unit ("MG", "MG/ML", "MG/HR", "MG/ACTUAT")."""

    words: str
    amount: Decimal
    unit: str


_COMPONENT = re.compile(r"(?:^| / )((?:[^/]|/(?! ))*?)\s(\d+(?:\.\d+)?) (MG/ML|MG/HR|MG/ACTUAT|MG)(?= |$)", re.IGNORECASE)
_QUALIFIER = re.compile(r"^(?:abuse-deterrent |matrix delivery |[\d.]+ (?:hr|ml|actuat) )+")


_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(?:(\d+),(\d{1,2})|(0),(\d+))(?![\d,])")


def with_points(text: str) -> str:
    """The text with decimal commas as points: "2,5 mg" is 2.5 mg, never 5 mg. "1,000" keeps its comma."""
    return _DECIMAL_COMMA.sub(lambda found: f"{found[1] or found[3]}.{found[2] or found[4]}", text)


def stated_strengths(name: str) -> tuple[StatedStrength, ...]:
    """The components of an RxNorm name ("aspirin 325 MG / oxycodone hydrochloride 5 MG Oral Tablet"), in the order of the name."""
    return tuple(
        StatedStrength(_QUALIFIER.sub("", words.strip().lower()), Decimal(number), unit.upper())
        for words, number, unit in _COMPONENT.findall(name)
    )


def stated_mg(name: str, ingredient: str, form: Form) -> Decimal | None:
    """mg per unit of one ingredient as the name states it, in the units of `Product.mg`; salts add. None where it states none."""
    mine = [part for part in stated_strengths(name) if _has_word(part.words, ingredient)]
    if not mine:
        return None
    total = sum((part.amount for part in mine), Decimal(0))
    return total * 24 if form is Form.PATCH and mine[0].unit == "MG/HR" else total


def names_agree(product: Product, display: str, named: NamesIngredients | None = None) -> bool:
    """True where the words do not contradict the product. See `disagreement`."""
    return not disagreement(product, display, named)


def disagreement(product: Product, display: str, named: NamesIngredients | None = None) -> str:
    """What the display says that the product is not, in a few words for a finding; empty where they agree or the display is empty.

    `named` finds ingredients in a text: with it a brand or another ingredient is understood, without it only the product's own words.
    """
    text = with_points(" ".join(display.lower().replace("µ", "u").replace("μ", "u").split()))
    if not text or text == product.name.lower():
        return ""
    return (
        _ingredient_differs(product, text, named)
        or _strength_differs(product, text)
        or _release_differs(product, text)
        or _form_differs(product, text)
    )


def _ingredient_differs(product: Product, text: str, named: NamesIngredients | None) -> str:
    expected = {product.ingredient, *(companion.ingredient for companion in product.companions)}
    has_own_word = _has_word(text, product.ingredient)
    if named is None:
        has_brand = bool(product.brand) and _has_word(text, product.brand.lower())
        return "" if has_own_word or has_brand else f"does not name {product.ingredient}"
    found = {ingredient.name for ingredient in named(text)}
    if product.ingredient not in found:
        return f"names {', '.join(sorted(found)) or 'no medicine known here'}, not {product.ingredient}"
    if found - expected:
        return f"also names {', '.join(sorted(found - expected))}"
    missing = expected - found
    by_generic_name_only = has_own_word and not any(_is_brand(text, ingredient) for ingredient in named(text))
    return f"does not name {', '.join(sorted(missing))}" if missing and by_generic_name_only else ""


def _is_brand(text: str, ingredient: Ingredient) -> bool:
    """True where the text names the ingredient by a name that does not contain the ingredient's own word (a brand)."""
    return any(_has_word(text, name) for name in ingredient.names if ingredient.name not in name)


_NUMBER = r"(\d+(?:,\d{3})+|\d*\.?\d+)"
_PER_VOLUME = re.compile(_NUMBER + r" ?(mg|mcg|ug|g) ?(?:/|per) ?" + r"(\d*\.?\d+)? ?ml\b")
_PER_HOUR = re.compile(_NUMBER + r" ?(mg|mcg|ug|micrograms?) ?(?:/|per) ?(?:hr|hour|h)\b")
_NOT_A_RATIO = r"(?! ?(?:/|per) ?(?:[\d.]+ ?)?(?:ml|hr|hour|h)\b)"
_MASS = re.compile(r"(?<![\d.])" + _NUMBER + r" ?(mg|mcg|ug|micrograms?|milligrams?|g)\b" + _NOT_A_RATIO)
_PAIR = re.compile(  # "5-325", "5/325 mg", "7.5-325 mg/15 mL": two strengths under one unit
    r"(?<![\d.#/-])(\d+(?:\.\d+)?) ?[-/] ?(\d+(?:\.\d+)?)(?![\d.])(?: ?mg)?(?: ?(?:/|per) ?(\d*\.?\d+)? ?ml)?"
)
_MG_PER = {
    "mg": Decimal(1),
    "milligram": Decimal(1),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
    "microgram": Decimal("0.001"),
    "g": Decimal(1000),
}
_ROUNDING = Decimal("0.01")  # names print 21.7 for 325 / 15


def _strength_differs(product: Product, text: str) -> str:
    """A strength in the text that is none of the product's, or none that is the controlled ingredient's."""
    rates = [_mg(number, unit) for number, unit in _PER_HOUR.findall(text)]
    if product.is_patch:
        accepted = {product.mg / 24, *(part.amount for part in stated_strengths(product.name))}
        return _first_foreign(rates, accepted, "mg/h")
    ratios = ((number, unit, Decimal(volume or 1)) for number, unit, volume in _PER_VOLUME.findall(text))
    concentrations = [_mg(number, unit) / volume for number, unit, volume in ratios if volume]
    masses = [_mg(number, unit) for number, unit in _MASS.findall(text)]
    if len(product.companions) == 1 and (pair := _PAIR.search(text)):
        per_unit, per_ml = [Decimal(pair[1]), Decimal(pair[2])], Decimal(pair[3] or 1) or Decimal(1)
        (concentrations if "ml" in pair[0] else masses).extend(number / per_ml for number in per_unit)
    stated = stated_strengths(product.name)
    amounts = {product.mg, *(part.amount for part in stated), *(companion.mg for companion in product.companions)}
    if concentrations and any(part.unit == "MG/ML" for part in stated):
        return _first_foreign(concentrations, amounts, "mg/mL")
    return _first_foreign(concentrations, amounts, "mg/mL") or _first_foreign(masses, amounts, "mg")


def _first_foreign(seen: list[Decimal], accepted: set[Decimal], unit: str) -> str:
    for amount in seen:
        if not any(abs(amount - known) <= _ROUNDING * known for known in accepted):
            return f"says {plain(six_places(amount))} {unit}"
    return ""


def _mg(number: str, unit: str) -> Decimal:
    return Decimal(number.replace(",", "")) * _MG_PER[unit.rstrip("s")]


_EXTENDED = re.compile(
    r"\b(?:extended|sustained|controlled|prolonged|modified)[ -]release\b|\b(?:er|xr|sr|cr|xl|la)\b|\b(?:12|24) ?(?:hr|hour)s?\b|contin\b"
)
_SOLID = re.compile(r"\b(?:tablets?|tabs?|capsules?|caps?)\b")


def _release_differs(product: Product, text: str) -> str:
    if product.form not in (Form.TABLET, Form.CAPSULE, Form.SUSPENSION):
        return ""
    says_extended = bool(_EXTENDED.search(text))
    if says_extended and product.release is Release.IMMEDIATE:
        return "says extended release"
    names_brand = bool(product.brand) and _has_word(text, product.brand.lower())
    if not says_extended and product.release is Release.EXTENDED and _SOLID.search(text) and not names_brand:
        return "does not say extended release"
    return ""


_FORM_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("injection", re.compile(r"\b(?:injection|injectable|cartridge|prefilled syringe|auto-injector)\b")),
    ("patch", re.compile(r"\b(?:patch|transdermal)\b")),
    ("liquid", re.compile(r"\b(?:oral|topical) (?:solution|suspension|concentrate|liquid)\b|\b(?:syrup|elixir)\b")),
    ("solid", re.compile(r"\b(?:tablets?|tabs?|capsules?|caps?|films?|lozenges?)\b")),
    ("spray", re.compile(r"\bspray\b")),
    ("suppository", re.compile(r"\bsuppositor(?:y|ies)\b")),
)
_GROUP = {
    Form.INJECTION: "injection",
    Form.PATCH: "patch",
    Form.SOLUTION: "liquid",
    Form.SUSPENSION: "liquid",
    Form.SPRAY: "spray",
    Form.SUPPOSITORY: "suppository",
    **dict.fromkeys((Form.TABLET, Form.CAPSULE, Form.ODT, Form.FILM, Form.LOZENGE), "solid"),
}


def _form_differs(product: Product, text: str) -> str:
    """Only kinds of form that change how a dose is counted: a tablet called a capsule is not a contradiction, an injection is."""
    own = _GROUP.get(product.form)
    said = [group for group, words in _FORM_WORDS if words.search(text)]
    return f"says {said[0]}" if own and said and own not in said else ""


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text) is not None
