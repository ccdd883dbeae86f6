"""Totals of a regimen in sentences: what is scheduled, what may be taken at most, by which tables, and how far the sum can be trusted."""

from collections.abc import Iterable

from fhir_taper.plans.medicines.dose import Exact, dose_for_people
from fhir_taper.plans.medicines.equivalence import by_ingredient
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.medicines.totals import IngredientTotal, Span, Total
from fhir_taper.render.regimen_rows import span_in_words

_AT_LEAST, _UP_TO = "at least: not everything could be counted", "up to: one medicine may be counted twice"
_NAMES = {"mme": "Opioids, MME a day", "diazepam_mg": "Benzodiazepines, diazepam equivalent mg a day"}


def total_in_words(total: Total) -> str:
    """One line for a total; empty where the chart has nothing that it could hold."""
    if not total.lines and not total.left_out:
        return ""
    tables = total.table or f"range over {', '.join(total.tables) or 'no table'}"
    scheduled = _sum(total.scheduled, [line.scheduled for line in total.lines])
    largest = _sum(total.max, [line.max for line in total.lines])
    if scheduled is None and largest is None:
        none = "unknown (nothing could be counted)" if total.at_least else "nothing that is counted"
        return f"{_NAMES[total.measure]}: {none}"
    flagged = _flags(at_least=total.at_least, up_to=total.up_to)
    amounts = f"scheduled {scheduled or 'unknown'}, maximum {largest or 'unknown'}"
    return f"{_NAMES[total.measure]}: {amounts}{flagged}, by {tables}"


def companions_in_words(regimen: Regimen) -> tuple[str, ...]:
    """mg a day of what is in the same tablets as a medicine of ours, which has limits of its own: a line for each."""
    held = {part.ingredient for item in regimen.items if item.product is not None for part in item.product.companions}
    return tuple(_companion(total) for total in by_ingredient(regimen) if total.ingredient in held)


def _companion(total: IngredientTotal) -> str:
    both = (("scheduled", total.scheduled_mg), ("maximum", total.max_mg))
    said = ", ".join(f"{words} {_mg(mg)} mg" for words, mg in both)
    flagged = _flags(at_least=total.at_least, up_to=total.up_to)
    return f"{total.ingredient}, in combination products and alone: {said} a day{flagged}"


def _mg(amount: Exact | None) -> str:
    return "?" if amount is None else dose_for_people(amount)


def _sum(total: Span, counted: Iterable[Span | None]) -> str | None:
    """The sum in words, None where not one amount of it is known: a sum of nothing is not zero."""
    return None if all(one is None for one in counted) else span_in_words(total)


def _flags(*, at_least: bool, up_to: bool) -> str:
    """How far a total can be trusted, in brackets."""
    flags = [words for words, is_set in ((_AT_LEAST, at_least), (_UP_TO, up_to)) if is_set]
    return f" ({'; '.join(flags)})" if flags else ""
