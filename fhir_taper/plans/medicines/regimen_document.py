"""The regimen as a document: plain values in the shape of the command line's JSON, schema 1. Numbers keep the digits they were read with.

Means that do not terminate are rounded to 6 decimals here, equivalents to 4; nothing is computed from a rounded number.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from fhir_taper.plans.medicines.dose import Exact, canonical, shown
from fhir_taper.plans.medicines.equivalence import by_ingredient
from fhir_taper.plans.medicines.regimen import Issue, Regimen, RegimenItem
from fhir_taper.plans.medicines.totals import EquivalentLine, LeftOut, Span, Total

SCHEMA = 1
_EQUIVALENT_PLACES = 4

Number = Decimal | list[Decimal] | None


def regimen_to_document(regimen: Regimen, mme: Total, diazepam: Total) -> dict[str, Any]:
    """The answer of `fhir-taper regimen`: items, totals, issues. Ranges are [low, high], where no benzodiazepine table was chosen."""
    return {
        "schema": SCHEMA,
        "patient": regimen.patient,
        "as_of": regimen.as_of.isoformat(),
        "complete": regimen.complete,
        "issues": [_issue(issue) for issue in regimen.issues],
        "items": [_item(item, mme.line_of(item) or diazepam.line_of(item)) for item in regimen.items],
        "totals": {
            "mme": _total(mme),
            "diazepam_mg": _total(diazepam),
            "by_ingredient": {
                total.ingredient: {
                    "scheduled": _amount(total.scheduled_mg),
                    "max": _amount(total.max_mg),
                    "at_least": total.at_least,
                    "up_to": total.up_to,
                }
                for total in by_ingredient(regimen)
            },
        },
    }


def _issue(issue: Issue) -> dict[str, str]:
    return {"severity": issue.severity, "code": issue.code, "message": issue.message, "source": issue.source}


def _item(item: RegimenItem, line: EquivalentLine | None) -> dict[str, Any]:
    return {
        "drug": item.drug,
        "ingredient": item.ingredient,
        "rxcui": item.rxcui,
        "class": item.drug_class.value,
        "taper_candidate": item.taper_candidate,
        "why_not_candidate": item.why_not_candidate or None,
        "state": item.state.value,
        "reason": item.reason.value if item.reason else None,
        "scheduled_mg_per_day": _amount(item.scheduled_mg),
        "max_mg_per_day": _amount(item.max_mg),
        "max_reason": item.max_reason.value if item.max_reason else None,
        "peak_day_mg": _amount(item.peak_day_mg),
        "as_needed": item.as_needed,
        "equivalent": _equivalent(line),
        "how": item.how,
        "setting": item.setting.value,
        "prescriber": item.prescriber,
        "start": item.start.isoformat() if item.start else None,
        "end": item.end.isoformat() if item.end else None,
        "oud_treatment": item.oud_treatment,
        "possible_duplicate_of": list(item.possible_duplicate_of),
        "notes": list(item.notes),
        "sources": list(item.sources),
    }


def _equivalent(line: EquivalentLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {
        "table": line.tables[0] if len(line.tables) == 1 else None,
        "tables": list(line.tables),
        "factor": _span(line.factor),
        "per": line.per,
        "scheduled": _span(line.scheduled),
        "max": _span(line.max),
        "source": line.source,
        "note": line.note or None,
    }


def _total(total: Total) -> dict[str, Any]:
    flags = {"at_least": total.at_least, "up_to": total.up_to}
    left_out = [_left_out(one) for one in total.left_out]
    if total.table is None:
        ends = {"scheduled": _ends(total.scheduled), "max": _ends(total.max)}
        return {"range": ends, "tables": list(total.tables), **flags, "left_out": left_out}
    return {"table": total.table, "scheduled": _span(total.scheduled), "max": _span(total.max), **flags, "left_out": left_out}


def _left_out(one: LeftOut) -> dict[str, Any]:
    return {"drug": one.item.drug, "why": one.why, "message": one.says, "sources": list(one.item.sources)}


def _span(span: Span | None) -> Number:
    if span is None:
        return None
    return _ends(span) if span.is_range else _rounded(span.high)


def _ends(span: Span) -> list[Decimal]:
    return [_rounded(span.low), _rounded(span.high)]


def _amount(amount: Exact | None) -> Decimal | None:
    return None if amount is None else shown(amount)


def _rounded(amount: Exact) -> Decimal:
    """An equivalent as it is shown: at most four decimals, no trailing zeros."""
    return canonical(Decimal(round(Fraction(amount) * 10**_EQUIVALENT_PLACES)).scaleb(-_EQUIVALENT_PLACES))
