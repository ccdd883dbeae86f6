"""Findings about how large the cuts of a schedule are: beyond a limit because nothing smaller can be made, or beyond what is advised.

One finding each, with the first cuts in words and how many more there are: a list of twenty doses is read by nobody. A cut that is
acknowledged as unit-limited is not to be acknowledged again as faster than advised; tails of published rows are all counted (domain §4).
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from fhir_taper.plans.listed import listed
from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF
from fhir_taper.plans.medicines.dose import canonical, plain
from fhir_taper.plans.medicines.dose_words import amount
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.rows import Basis, Limit, LimitsRow, Part
from fhir_taper.plans.tapers.cuts import Cut, excess_of, shown_percent
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import StepKind

_SPELT_OUT = 3
_NOTHING_SMALLER = "No smaller cut can be made with these products."


def unit_limited(row: LimitsRow, cuts: tuple[Cut, ...]) -> Iterator[Finding]:
    """The cuts of one notch beyond a limit, each with the limit that it is beyond."""
    found = [cut for cut in cuts if cut.kind is StepKind.UNIT_LIMITED]
    if not found or row.unit is None:
        return
    first = found[0]
    limit_of_first = _broken(row, first, is_first=first is cuts[0] and not first.track.has_cut)
    says = f"{first.words(first.now)} is {_percent(first)} % below {first.words(first.before)}; {limit_of_first}. {_NOTHING_SMALLER}"
    later: dict[str, list[Cut]] = {}
    for cut in found[1:]:
        later.setdefault(_broken(row, cut, is_first=False), []).append(cut)
    says += "".join(f" Likewise {_spelt_out(group)}: {limit}." for limit, group in later.items())
    most = amount(row.unit.unit_max_mg, is_patch=found[0].is_patch)
    source = f"unit_rule.csv: {row.unit.ingredient}, {said(row.unit.source)}"
    clears = "Products that make smaller doses: other parts, a liquid, other strengths."
    value = f"{_cuts(len(found))} of one notch, at most {most}"
    yield Finding(Severity.ACKNOWLEDGE, "unit-limited", says, source, value, "unit-rule", clears)


def _cuts(many: int) -> str:
    return f"{many} {'cut' if many == 1 else 'cuts'}"


def _percent(cut: Cut) -> str:
    return shown_percent(cut.before - cut.now, cut.before)


def _spelt_out(cuts: list[Cut]) -> str:
    """The first few doses with their percents, and how many more there are."""
    words = [f"{cut.words(cut.now)} ({_percent(cut)} %)" for cut in cuts[:_SPELT_OUT]]
    more = len(cuts) - len(words)
    if more:
        words.append(f"{more} more, down to {cuts[-1].words(cuts[-1].now)}")
    return listed(words)


def _broken(row: LimitsRow, cut: Cut, *, is_first: bool) -> str:
    """Which limit a cut is beyond, in words."""
    cap = row.first_cut
    if cap is not None and is_first and Fraction(cut.before - cut.now) > Fraction(cap.fraction) * cut.track.original:
        return f"the first step should not exceed {percent_of(cap)} %"
    for limit in row.hard:
        if excess_of(limit, cut) is not None:
            basis = " of the original dose" if limit.basis is Basis.ORIGINAL else ""
            return f"{percent_of(limit)} %{basis} in {limit.days} days should not be exceeded"
    return "a limit should not be exceeded"


def beyond_advised(row: LimitsRow, cuts: tuple[Cut, ...]) -> Iterator[Finding]:
    """One finding per advised bound that some reductions are beyond: the worst of them and how many."""
    for limit in row.advised:
        is_tail = limit.part is Part.TAIL
        counted = [cut for cut in cuts if is_tail or cut.kind is not StepKind.UNIT_LIMITED]
        sizes = ((excess_of(limit, cut), cut) for cut in counted)
        beyond = [(size, cut) for size, cut in sizes if size is not None]
        if not beyond:
            continue
        worst, cut = max(beyond, key=lambda pair: pair[0].share)
        percent = shown_percent(worst.cut, worst.basis)
        basis = "the original dose" if limit.basis is Basis.ORIGINAL else "the dose then"
        others = " besides those that are unit-limited" if len(counted) < len(cuts) else ""
        says = (
            f"{len(beyond)} of {len(cuts)} reductions{others} are beyond {percent_of(limit)} % of {basis} in {limit.days} days; "
            f"the largest is {percent} %, to {cut.words(cut.now)}."
        )
        code, clears = ("tail-excess", "A slower end, or smaller doses.") if is_tail else ("pace-advised", "A slower pace.")
        yield Finding(Severity.ACKNOWLEDGE, code, says, said(limit.source), f"{percent} %", f"{row.row}, {_place_of(limit)}", clears)


def percent_of(limit: Limit) -> str:
    """A limit's fraction as a percent, for a sentence."""
    return _percent_text(limit.fraction)


@lru_cache(maxsize=256)
def _percent_text(fraction: Decimal) -> str:
    return plain(canonical(fraction.scaleb(2)))


def said(source: Source) -> str:
    """A source, with a remark where it awaits sign-off."""
    return f"{source}{' (awaits sign-off)' if source.state in AWAITS_SIGN_OFF else ''}"


def _place_of(limit: Limit) -> str:
    """Which limit of a row it is, in words: rows hold several of one part."""
    share = "" if limit.up_to is None else f" up to {plain(canonical(limit.up_to.scaleb(2)))} % of the original"
    over = "" if not limit.above else f" above {plain(canonical(limit.above.scaleb(2)))} % of the original"
    return f"{limit.part} of {percent_of(limit)} % of {limit.basis} in {limit.days} days{over}{share}"
