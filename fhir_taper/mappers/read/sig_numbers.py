"""Numbers as people write them on a label: 1, 0.5, ½, 1/2, 1 1/2, 1-1/2, one, one and a half, half a, one (1), 1-2, 1 to 2, one or two.

Each function looks at one place and answers (value, next place) or None. A third is exact: whether anything can be cut that way is asked
later. No clinical numbers.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from fhir_taper.mappers.read.sig_tokens import Token
from fhir_taper.mappers.read.sig_words import FRACTIONS, NUMBERS
from fhir_taper.plans.medicines.dose import Exact, add

_PARTS: Final[dict[tuple[int, int], Exact]] = {
    (1, 2): Decimal("0.5"),
    (1, 4): Decimal("0.25"),
    (3, 4): Decimal("0.75"),
    (1, 3): Fraction(1, 3),
    (2, 3): Fraction(2, 3),
    (1, 8): Decimal("0.125"),
}
_RANGE_SIGNS: Final = frozenset({"-", "to", "or"})


class Number(NamedTuple):
    """One number or a range, and the place after it. In a pair such as 8-2 low is above high."""

    low: Exact
    high: Exact
    end: int


def text_at(tokens: Sequence[Token], place: int) -> str:
    """The token there, "" past the end."""
    return tokens[place].text if place < len(tokens) else ""


def number_at(tokens: Sequence[Token], place: int) -> Number | None:
    """A number or a range of two."""
    first = _atom(tokens, place)
    if first is None:
        return None
    low, end = first
    if text_at(tokens, end) in _RANGE_SIGNS:
        second = _atom(tokens, end + 1)
        if second is not None:
            return Number(low, second[0], second[1])
    if text_at(tokens, end) == "/" and text_at(tokens, end + 2) == "mg" and tokens[end + 1].value is not None:  # 5/325 mg
        return Number(low, tokens[end + 1].value or low, end + 2)
    return Number(low, low, end)


def _atom(tokens: Sequence[Token], place: int) -> tuple[Exact, int] | None:
    """One number, with the part that follows it, and "(1)" restating it."""
    found = _whole(tokens, place) or _part(tokens, place)
    if found is None:
        return None
    value, end = found
    if text_at(tokens, end) == "(" and text_at(tokens, end + 2) == ")":
        again = _plain(tokens, end + 1)
        if again == value:
            return value, end + 3
    return value, end


def _whole(tokens: Sequence[Token], place: int) -> tuple[Exact, int] | None:
    value = _plain(tokens, place)
    if value is None:
        return None
    direct = _part(tokens, place)
    if direct is not None:  # "1/2" starts with a number too; "one half" with a word
        return direct
    after = place + 1
    skip = {"-": 1, "and": 1}.get(text_at(tokens, after), 0)
    part = _part(tokens, after + skip)
    joined = skip == 0 or text_at(tokens, after) == "and" or _is_slashed(tokens, after + skip)
    if part is not None and joined and value == int(value):
        return add(value, part[0]), part[1]
    return value, after


def _part(tokens: Sequence[Token], place: int) -> tuple[Exact, int] | None:
    """A half, a quarter, three quarters: "1/2", "½", "half a", "a half", "one half", "one-half"."""
    if _is_slashed(tokens, place):
        return _PARTS[int(tokens[place].value or 0), int(tokens[place + 2].value or 0)], place + 3
    word = text_at(tokens, place)
    if word in FRACTIONS:
        return (_PARTS[FRACTIONS[word]], _past_article(tokens, place + 1)) if FRACTIONS[word] in _PARTS else None
    after = place + 1 + (text_at(tokens, place + 1) == "-")
    name = text_at(tokens, after).removesuffix("s")
    count = 1 if word in {"a", "one"} else NUMBERS.get(word, 0)
    if name in {"half", "quarter"} and count:
        part = _PARTS.get((count, 2 if name == "half" else 4))
        return (part, _past_article(tokens, after + 1)) if part else None
    return None


def _past_article(tokens: Sequence[Token], place: int) -> int:
    """Past "a", "of a", "of one" after a half."""
    if text_at(tokens, place) == "of":
        place += 1
    return place + (text_at(tokens, place) in {"a", "one"})


def _is_slashed(tokens: Sequence[Token], place: int) -> bool:
    if place + 2 >= len(tokens) or tokens[place + 1].text != "/":
        return False
    upper, lower = tokens[place].value, tokens[place + 2].value
    return upper is not None and lower is not None and upper == int(upper) and (int(upper), int(lower)) in _PARTS


def _plain(tokens: Sequence[Token], place: int) -> Decimal | None:
    if place >= len(tokens):
        return None
    token = tokens[place]
    if token.value is not None:
        return token.value
    return Decimal(NUMBERS[token.text]) if token.text in NUMBERS else None
