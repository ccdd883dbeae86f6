"""Writes docs/answer-table.md from the hand-made answer table of orders (tests/spec/regimen_orders/*.toml): one table per rule.

It renders; it knows no answer and asks the program nothing.
"""

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from tests.spec import orders  # noqa: E402 - after the path
from tests.spec.orders import MINIMAL, Case  # noqa: E402

PAGE = ROOT / "docs" / "answer-table.md"
HEAD = """# The answer table of orders

What one patient takes per day, worked out by hand for {cases} orders ({refusals} of them refusals), each before the code that reads it.
The program meets every line to the digit (`tests/spec/test_regimen_orders.py`). Amounts are mg per day of the controlled ingredient; a
patch is mg per 24 hours worn. "—" is *not known*, which is never zero. Generated from `tests/spec/regimen_orders/*.toml`.

"""


def main() -> None:
    """Write the page."""
    cases = orders.cases()
    parts = [HEAD.format(cases=len(cases), refusals=sum(case.is_refusal for case in cases)), *_clause_table(cases, orders.clauses())]
    for rule, title in orders.rules().items():
        parts += _rule_table(rule, title, [case for case in cases if case.rule == rule])
    PAGE.write_text("".join(parts))


def _clause_table(cases: tuple[Case, ...], clauses: dict[str, str]) -> Iterator[str]:
    yield "## Which case shows which clause\n\n| clause | says | cases |\n|---|---|---|\n"
    for clause, text in clauses.items():
        yield f"| {clause} | {_cell(text)} | {', '.join(case.id for case in cases if case.clause == clause)} |\n"


def _rule_table(rule: int, title: str, cases: list[Case]) -> Iterator[str]:
    yield f"\n## Rule {rule}. {title}\n\n| case | what | order, in short | answer | why |\n|---|---|---|---|---|\n"
    for case in cases:
        yield f"| {case.id} | {_cell(case.says)} | {_cell(_chart(case))} | {_cell(_answer(case))} | {_cell(case.why)} |\n"


def _answer(case: Case) -> str:
    lines = [_item(item, named=len(case.items) > 1) for item in case.items]
    lines += [f"{name} {_plain(value)}" for name, value in case.chart.items() if name in {"complete", "items"}]
    for name in ("mme", "diazepam_mg"):
        if name in case.totals:
            lines.append(f"{_TOTALS[name]}: {_plain(case.totals[name])}")
    lines += [f"total {name}: {_plain(amounts)}" for name, amounts in case.totals.get("by_ingredient", {}).items()]
    if case.plan:
        lines.append("baseline: " + case.plan["baseline"] + (f", confirmed {case.plan['given']}" if "given" in case.plan else ""))
    return "\n".join(lines)


_TOTALS = {"mme": "MME", "diazepam_mg": "diazepam total"}


def _item(item: dict[str, Any], *, named: bool) -> str:
    words = [item["source"] + ":"] if named else []
    state = item.get("state")
    reasons = " or ".join(_listed(item.get("reason", [])))
    if state == "computed":
        words.append(f"{item.get('scheduled_mg', '—')}, at most {item.get('max_mg', '—')}")
        words += [f"({reasons})"] if reasons else []
        words += [f"({item['max_reason']})"] if "max_reason" in item else []
    elif state:
        words.append(f"{state}: {reasons}")
    told = {key: value for key, value in item.items() if key in _TOLD}
    words += [f"· {_TOLD[key]} {_plain(value)}" for key, value in told.items()]
    return " ".join(words)


_TOLD = {
    "class": "class", "taper_candidate": "taper candidate", "oud_treatment": "opioid use disorder", "peak_day_mg": "on a dosing day",
    "setting": "setting", "duplicate_of": "perhaps the same as",
}  # fmt: skip


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def _chart(case: Case) -> str:
    lines = [_resource(entry.resource) for entry in case.entries]
    if case.bundle:
        lines.append(_plain(case.bundle))
    if case.as_of.isoformat() != "2026-01-05":
        lines.append(f"(on {case.as_of})")
    return "\n".join(lines)


def _resource(resource: dict[str, Any]) -> str:
    kind = str(resource["resourceType"])
    words = [] if kind == "MedicationRequest" else [f"{kind}:"]
    concept = resource.get("medicationCodeableConcept") or resource.get("code") or {}
    reference = resource.get("medicationReference", {}).get("reference", "")
    words.append(str(concept.get("text") or " + ".join(_coding(c) for c in concept.get("coding", [])) or reference))
    dosages = resource.get("dosageInstruction") or resource.get("dosage") or []
    words += [_dosage(d) for d in dosages] if isinstance(dosages, list) else [repr(dosages)]
    silent = {"resourceType", "id", "subject", "code", "medicationCodeableConcept", "medicationReference", "dosageInstruction", "dosage"}
    minimal = MINIMAL.get(kind, {})
    words += [f"{key} {_plain(value)}" for key, value in resource.items() if key not in silent and minimal.get(key) != value]
    return " · ".join(word for word in words if word)


def _coding(coding: dict[str, Any]) -> str:
    return str(coding.get("display") or coding.get("code"))


def _dosage(dosage: dict[str, Any]) -> str:
    parts = [f"“{dosage['text']}”"] if "text" in dosage else []
    parts += [_plain(dosage[key]) for key in ("doseAndRate", "timing") if key in dosage]
    if "asNeededBoolean" in dosage:
        parts.append("as needed" if dosage["asNeededBoolean"] else "as needed: no")
    said = {"text", "doseAndRate", "timing", "asNeededBoolean"}
    parts += [f"{_NAMES.get(key, key)} {_plain(value)}" for key, value in dosage.items() if key not in said]
    return ", ".join(parts)


_NAMES = {"asNeededCodeableConcept": "as needed for", "maxDosePerPeriod": "at most"}


def _plain(value: Any) -> str:
    """Return a FHIR value in few words: quantities, ranges, timings and codes without their JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " | ".join(_plain(item) for item in value)
    return _structure(value) if isinstance(value, dict) else str(value)


def _structure(value: dict[str, Any]) -> str:
    if "value" in value:
        return _quantity(value)
    if "low" in value or "high" in value:
        return f"{_plain(value.get('low', '?'))} to {_plain(value.get('high', '?'))}"
    if "coding" in value:
        return str(value.get("text") or " + ".join(str(c.get("code")) for c in value["coding"]))
    if "numerator" in value:
        return f"{_plain(value['numerator'])} per {_plain(value['denominator'])}"
    if "period" in value:
        return _repeat(value)
    return " ".join(_plain(item) if key in _SILENT else f"{key.replace('_', ' ')} {_plain(item)}" for key, item in value.items())


_SILENT = frozenset({"repeat", "text", "reference", "doseQuantity", "doseRange", "rateQuantity", "timing", "type"})


def _repeat(value: dict[str, Any]) -> str:
    times = f"{value.get('frequency', '')}" + (f"-{value['frequencyMax']}" if "frequencyMax" in value else "")
    interval = f"{value['period']}" + (f"-{value['periodMax']}" if "periodMax" in value else "")
    said = {"frequency", "frequencyMax", "period", "periodMax", "periodUnit"}
    rest = [f"{key} {_plain(item)}" for key, item in value.items() if key not in said]
    return " ".join([f"{times} per {interval} {value.get('periodUnit', '')}", *rest])


def _quantity(value: dict[str, Any]) -> str:
    unit, code = str(value.get("unit", "")), str(value.get("code", ""))
    same = code in {"", unit} or code.strip("{}[]")[:2].lower() == unit[:2].lower() or (unit, code) in _SAME_UNITS
    said = unit if same else f"{unit} (code {code})" if unit else code
    number: Decimal | int | str = value["value"]
    return f"{value.get('comparator', '')}{number} {said}".strip()


_SAME_UNITS = frozenset({("tablet", "{tbl}"), ("mcg/h", "ug/h"), ("Tabs", "{tbl}"), ("micrograms", "ug")})


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


if __name__ == "__main__":
    main()
