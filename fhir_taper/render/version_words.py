"""Versions of a plan in words: what one version changed, and what is otherwise between two, as rows of a table.

Made from `plans.tapers.differences`; nothing is computed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tapers.differences import Differences, StepChange
from fhir_taper.plans.tapers.plan import Step, TaperPlan
from fhir_taper.plans.tapers.revision import dose_words

_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "goal": "Goal",
        "strategy": "Strategy",
        "protocol": "Protocol",
        "params": "Parameters",
        "target_mg": "Dose to reach, mg a day",
        "baseline": "Baseline",
        "products": "Products",
        "limits": "Limits",
        "state": "State",
        "phase": "Phase",
        "gates": "Reviews",
        "milestones": "Milestones",
        "contingency": "When something happens",
        "minimum_function": "Minimum function",
        "agreement": "The patient's agreement",
        "pharmacist_review": "Pharmacist's review",
        "findings": "Findings",
        "acknowledgements": "Acknowledged",
        "revisions": "Changes",
        "tier": "Risk tier",
        "tier_factors": "Reasons for the tier",
        "equivalents": "Equivalents",
        "reason": "Reason",
        "use": "Use so far",
        "zone": "Time zone",
        "key": "Key",
    }
)
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a comparison: days and dose before and after, and what became of it. `is_same`: nothing is otherwise."""

    number: str
    before: str
    after: str
    dose_before: str
    dose_after: str
    says: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a comparison; `gone` and `new` are what only one version has."""

    label: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


def what_changed(plan: TaperPlan) -> str:
    """What this version of a plan changed; of the first draft, that it is one."""
    note = next((one for one in reversed(plan.revisions) if one.version == plan.version), None)
    return note.says if note else "first draft"


def step_rows(found: Differences) -> tuple[StepRow, ...]:
    """The steps of a comparison."""
    return tuple(_step_row(one) for one in found.steps)


def field_rows(found: Differences) -> tuple[FieldRow, ...]:
    """The fields of a comparison, each with what only one side has."""
    return tuple(_field_row(one.name, _listed(one.before), _listed(one.after)) for one in found.fields)


def _step_row(change: StepChange) -> StepRow:
    before, after = change.before, change.after
    step = after or before
    return StepRow(
        str(step.number) if step else "",
        _days(before),
        _days(after),
        _dose(before),
        _dose(after),
        _says(change),
        change.is_same,
    )


def _says(change: StepChange) -> str:
    if change.after is None:
        return "no longer there"
    if change.before is None:
        return "new"
    parts = []
    if change.moved_days:
        parts.append(f"{abs(change.moved_days)} days {'later' if change.moved_days > 0 else 'earlier'}")
    if change.longer_days:
        parts.append(f"{abs(change.longer_days)} days {'longer' if change.longer_days > 0 else 'shorter'}")
    if not parts and change.before.kind != change.after.kind:
        parts.append(f"now {change.after.kind.value}")
    return ", ".join(parts) or ("the same" if change.is_same else "another end")


def _dose(step: Step | None) -> str:
    """What is taken; a dose of zero is a stop."""
    if step is None:
        return _NOTHING
    return dose_words(step) if any(dose.units for dose in step.doses) else "stop"


def _days(step: Step | None) -> str:
    if step is None:
        return _NOTHING
    return f"{step.start.isoformat()} – {step.end.isoformat() if step.end else '…'}"


def _field_row(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> FieldRow:
    gone = tuple(one for one in before if one not in after)
    new = tuple(one for one in after if one not in before)
    return FieldRow(_FIELDS.get(name, name.replace("_", " ").capitalize()), gone, new)


def _listed(value: object) -> tuple[str, ...]:
    if value is None or value in ("", ()):
        return ()
    if isinstance(value, tuple):
        return tuple(_text(item) for item in value)
    return (_text(value),)


def _text(value: Any) -> str:
    """A value of a plan as one line: names of a record with what they hold."""
    match value:
        case None:
            return _NOTHING
        case Decimal():
            return plain(value)
        case date():
            return value.isoformat()
        case str():
            return str(value)  # of one of our words, the word
        case tuple():
            return ", ".join(_text(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
        return "; ".join(f"{name.replace('_', ' ')} {_text(held)}" for name, held in pairs if held not in (None, "", ()))
    return str(value)
