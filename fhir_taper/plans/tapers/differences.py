"""What is otherwise in one version of a plan than in another: step by step, and field by field.

Steps are matched by what is given, in order: a step that gives the same as before is the same step, moved or lengthened; what is left over
is gone or new. Nothing is judged here, and nothing is worded: who shows it, says it.
"""

from dataclasses import dataclass, fields
from datetime import date, timedelta
from difflib import SequenceMatcher

from fhir_taper.plans.tapers.plan import Step, TaperPlan

_NOT_COMPARED = frozenset({"id", "version", "replaces", "steps", "created", "program_version", "tables", "sources", "author"})
"""Fields that differ with every version, or that say how it was made; steps are compared one by one."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """One step before and after; one of them is None where it is new or gone."""

    before: Step | None
    after: Step | None

    @property
    def is_same(self) -> bool:
        """Whether nothing that is taken, and no day, is otherwise."""
        return self.before is not None and self.after is not None and _days(self.before) == _days(self.after)

    @property
    def moved_days(self) -> int:
        """By how many days the step starts later (negative: earlier); 0 for one that is new or gone."""
        return (self.after.start - self.before.start).days if self.before and self.after else 0

    @property
    def longer_days(self) -> int:
        """By how many days it lasts longer; 0 for the last step, which has no end, and for one that is new or gone."""
        before, after = _length(self.before), _length(self.after)
        return 0 if before is None or after is None else (after - before).days


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a plan that holds another value."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Differences:
    """Every step, the same ones too, in the order of the days; and the fields that differ."""

    steps: tuple[StepChange, ...]
    fields: tuple[FieldChange, ...]

    @property
    def is_none(self) -> bool:
        """Whether both say the same."""
        return not self.fields and all(one.is_same for one in self.steps)


def differences(before: TaperPlan, after: TaperPlan) -> Differences:
    """What is otherwise in `after` than in `before`."""
    changed = tuple(
        FieldChange(field.name, getattr(before, field.name), getattr(after, field.name))
        for field in fields(TaperPlan)
        if field.name not in _NOT_COMPARED and getattr(before, field.name) != getattr(after, field.name)
    )
    return Differences(tuple(_steps(before, after)), changed)


def _steps(before: TaperPlan, after: TaperPlan) -> list[StepChange]:
    old, new = [_given(step) for step in before.steps], [_given(step) for step in after.steps]
    found: list[StepChange] = []
    for _, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[first:last] == new[start:end]:
            found += [StepChange(one, other) for one, other in zip(before.steps[first:last], after.steps[start:end], strict=True)]
        else:
            found += [StepChange(one, None) for one in before.steps[first:last]]
            found += [StepChange(None, other) for other in after.steps[start:end]]
    return sorted(found, key=_place)


def _place(change: StepChange) -> tuple[date, bool]:
    """Where a step stands in the comparison: what is gone after what begins on the same day."""
    step = change.after or change.before
    return step.start if step else date.max, change.after is None


def _given(step: Step) -> tuple[object, ...]:
    return step.doses, step.every_days


def _days(step: Step) -> tuple[object, ...]:
    return step.start, step.end, step.kind


def _length(step: Step | None) -> timedelta | None:
    return None if step is None or step.end is None else step.end - step.start
