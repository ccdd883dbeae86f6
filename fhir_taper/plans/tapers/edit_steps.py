"""Edits on the rows of a draft. A row that an edit touches says so in its note.

Nothing is judged here but whether the edit can be meant: that the step exists, that the dose exists and does not rise. Whether the plan
that comes of it keeps to its limits is asked of the finished plan (`editing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fhir_taper.plans.medicines.dose import dose_for_people
from fhir_taper.plans.tapers.edit_desk import Desk
from fhir_taper.plans.tapers.edit_rows import Row, Rows, last_of, merged, noted
from fhir_taper.plans.tapers.edit_same_cut import same_cut
from fhir_taper.plans.tapers.edits import Delete, Edit, Hold, Insert, Lengthen, SetDose, counted
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import StepKind

_SPELT_OUT = 6


def applied(edit: Edit, rows: Rows, desk: Desk, note: str) -> Rows | Infeasible:
    """The rows after an edit, or why it cannot be meant. `note` says who made it and when."""
    refused = _out_of_place(edit, rows, desk)
    if refused is not None:
        return refused
    match edit:
        case Hold():
            return _held(edit, rows, desk, note)
        case Lengthen():
            return _lengthened(edit, rows, desk, note)
        case Insert():
            return _inserted(edit, rows, desk, note)
        case Delete():
            return merged(_without(edit, rows, note), desk.crossing)
        case SetDose():
            return _dosed(edit, rows, desk, note)


@dataclass(frozen=True, slots=True)
class Offered:
    """What may be tried at one step: the doses that it may be set to without another one, and those of a step put in after it, the highest
    first; whether it may be paused, made longer, left out.
    """

    doses: tuple[Decimal, ...]
    inserts: tuple[Decimal, ...]
    may_pause: bool
    may_lengthen: bool
    may_delete: bool


def offered(rows: Rows, desk: Desk, step: int) -> Offered:
    """What may be tried at a step. Whether the limits allow it is asked of the plan that comes of it."""

    def may(edit: Edit) -> bool:
        return _out_of_place(edit, rows, desk) is None

    last = last_of(rows, step)
    after = rows[min(last + 1, len(rows) - 1)]
    doses = desk.between(after.mg, rows[step - 1].mg) if may(SetDose(step, Decimal(0))) else ()
    inside = desk.between(after.mg, rows[last].mg) if may(Insert(step, Decimal(0), 1)) else ()
    inserts = tuple(mg for mg in inside if after.mg < mg < rows[last].mg)
    is_daily = rows[step].every_days == 1
    return Offered(doses, inserts, may(Hold(step, 1)) and is_daily, may(Lengthen(step, 1)), may(Delete(step)))


def _out_of_place(edit: Edit, rows: Rows, desk: Desk) -> Infeasible | None:
    """Why an edit cannot be made at this step; None where it can."""
    number = edit.step
    if not 0 <= number < len(rows):
        return Infeasible("no-such-step", f"there is no step {number}: the last one is step {len(rows) - 1}")
    if number < desk.crossing:
        says = f"step {number} belongs to the cross-over, whose stages follow each other: change the steps after step {desk.crossing}"
        return Infeasible("in-the-crossing", says)
    if isinstance(edit, (Hold, Lengthen, Insert)) and not 1 <= edit.days <= desk.limits.max_days:
        return Infeasible("days-out-of-range", f"{counted(edit.days)}: a step lasts from 1 to {desk.limits.max_days} days")
    if number == len(rows) - 1:
        says = f"step {number} is the last one: its dose goes on, and it is the dose that the plan is to reach"
        return Infeasible("last-step", f"{says}. Ask for another dose to reach instead")
    if isinstance(edit, (Insert, SetDose, Delete)) and desk.has_own_doses:
        says = "the doses of an interval extension follow from its unit: it can be paused and made longer, or another way chosen"
        return Infeasible("doses-follow-from-unit", says)
    if isinstance(edit, (SetDose, Delete)) and number == desk.crossing:
        says = f"step {number} is the dose from which the taper starts, as it is taken: pause it, make it longer, or change what is asked"
        return Infeasible("where-the-taper-starts", says)
    if isinstance(edit, SetDose) and rows[number].is_pause:
        return Infeasible("is-a-pause", f"step {number} is a pause of step {number - 1}: change that one, or leave the pause out")
    return None


def _held(edit: Hold, rows: Rows, desk: Desk, note: str) -> Rows | Infeasible:
    row = rows[edit.step]
    if row.every_days > 1:
        return Infeasible("taken-on-some-days", f"step {edit.step} is not taken every day: make it longer instead of pausing it")
    at = last_of(rows, edit.step) if not row.is_pause else edit.step
    if rows[at].is_pause:
        return (*rows[:at], _longer(rows[at], edit.days, desk, note), *rows[at + 1 :])
    days = desk.allowed_days(edit.days)
    doses = None if row.doses is None else tuple(dose for dose in row.doses if dose.ingredient == desk.agent)
    said = f"paused for {counted(days)}{_why(edit.days, days)}, {note}"
    return (*rows[: at + 1], Row(days, row.mg, StepKind.HOLD, doses, row.ideal, note=said), *rows[at + 1 :])


def _lengthened(edit: Lengthen, rows: Rows, desk: Desk, note: str) -> Rows:
    until = len(rows) - 1 if edit.to_later else edit.step + 1
    return (*rows[: edit.step], *(_longer(row, edit.days, desk, note) for row in rows[edit.step : until]), *rows[until:])


def _longer(row: Row, asked: int, desk: Desk, note: str) -> Row:
    days = desk.allowed_days(row.days + asked)
    more = days - row.days
    return replace(row, days=days, note=noted(row.note, f"{counted(more)} longer{_why(asked, more)}, {note}"))


def _inserted(edit: Insert, rows: Rows, desk: Desk, note: str) -> Rows | Infeasible:
    at = last_of(rows, edit.step)
    before, after = rows[at], rows[at + 1]
    if before.every_days > 1 or after.every_days > 1:
        return Infeasible("taken-on-some-days", f"after step {at} the medicine is not taken every day: no step is put in there")
    if desk.amount(edit.mg) is None:
        return desk.not_made(edit.mg)
    if not after.mg < edit.mg < before.mg:
        inside = desk.between(after.mg, before.mg)[1:-1]
        exist = f"; between them {_listed(inside)}" if inside else ", and no dose that exists lies between them: pause instead"
        says = f"a step after step {at} lies between {desk.words(before.mg)} and {desk.words(after.mg)}{exist}"
        return Infeasible("not-between", says, edit.mg)
    days = desk.allowed_days(edit.days)
    fresh = Row(days, edit.mg, StepKind.REDUCTION, None, edit.mg, note=f"put in{_why(edit.days, days)}, {note}")
    return (*rows[: at + 1], fresh, *rows[at + 1 :])


def _without(edit: Delete, rows: Rows, note: str) -> Rows:
    row, before = rows[edit.step], rows[edit.step - 1]
    if row.is_pause:
        return (*rows[: edit.step - 1], replace(before, note=noted(before.note, f"pause left out, {note}")), *rows[edit.step + 1 :])
    last = last_of(rows, edit.step)
    days = before.days + sum(one.days for one in rows[edit.step : last + 1])
    longer = replace(before, days=days, note=noted(before.note, f"next step left out, {note}"))
    return (*rows[: edit.step - 1], longer, *rows[last + 1 :])


def _dosed(edit: SetDose, rows: Rows, desk: Desk, note: str) -> Rows | Infeasible:
    before, last = rows[edit.step - 1], last_of(rows, edit.step)
    after = rows[last + 1]
    if edit.mg > before.mg:
        says = f"{desk.words(edit.mg)} is more than the {desk.words(before.mg)} of step {edit.step - 1}: a taper never raises a dose"
        return Infeasible("dose-would-rise", says, edit.mg)
    if desk.amount(edit.mg) is None:
        return desk.not_made(edit.mg)
    if edit.mg == rows[edit.step].mg and not edit.to_later:
        return Infeasible("nothing-changes", f"step {edit.step} is {desk.words(edit.mg)} already", edit.mg)
    said = f"set to {desk.words(edit.mg)}, {note}"
    own = [
        replace(
            row, mg=edit.mg, ideal=edit.mg, doses=None, note=noted(row.note, said), kind=row.kind if row.is_pause else StepKind.REDUCTION
        )
        for row in rows[edit.step : last + 1]
    ]
    if edit.to_later:
        return same_cut(edit, (*rows[: edit.step], *own), desk, note)
    if edit.mg < after.mg:
        says = (
            f"step {last + 1} would then rise to {desk.words(after.mg)}: a taper never raises a dose. "
            "Lower that step first, or go on by the same cut at every later step"
        )
        return Infeasible("dose-would-rise", says, edit.mg)
    return merged((*rows[: edit.step], *own, *rows[last + 1 :]), desk.crossing)


def _why(asked: int, days: int) -> str:
    """That a length is not the one that was asked for, and why."""
    return "" if asked == days else f" (not {counted(asked)}: the shortest step of this medicine, and whole wear times)"


def _listed(doses: Sequence[Decimal]) -> str:
    words = [dose_for_people(one) for one in doses[:_SPELT_OUT]]
    return f"there are {', '.join(words)} mg{' and more' if len(doses) > _SPELT_OUT else ''}"
