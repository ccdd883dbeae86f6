"""The same cut at every later step: the engine's own walk from an edited step on, at the step's interval, inside the limits."""

from dataclasses import replace

from fhir_taper.plans.tapers.edit_desk import Desk
from fhir_taper.plans.tapers.edit_rows import Row, Rows, days_of, merged
from fhir_taper.plans.tapers.edits import SetDose
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.pace import Pace
from fhir_taper.plans.tapers.schedule import Point, Stuck, walk


def same_cut(edit: SetDose, rows: Rows, desk: Desk, note: str) -> Rows | Infeasible:
    """From a step on the same cut again and again, at the step's own interval: the engine's own walk, inside the limits."""
    if desk.crossing:
        return Infeasible("in-the-crossing", "after a cross-over the later steps are changed one by one")
    row, pauses, measure = rows[edit.step], rows[edit.step + 1 :], desk.maker.measure
    start, target, before = (measure.of(mg) or 0 for mg in (edit.mg, desk.target_mg, rows[edit.step - 1].mg))
    if start >= before or start < target:
        says = f"step {edit.step} would not lie between {desk.words(rows[edit.step - 1].mg)} and {desk.words(desk.target_mg)}"
        return Infeasible("no-cut", f"{says}: there is no cut to repeat", edit.mg)
    if start == target:
        return merged((*rows[: edit.step], replace(row, days=0)), desk.crossing)
    began = days_of(rows)[edit.step]
    history = desk.history(rows[: edit.step + 1], began)
    ideals = [*range(2 * start - before, target, start - before), target]
    points = [Point(ideal, row.days, 0 if number else sum(one.days for one in pauses)) for number, ideal in enumerate(ideals)]
    walked = walk(points, desk.maker.doses, Pace(desk.limits, history.doses[0], measure.per_mg, began), history, target)
    if isinstance(walked, Stuck):
        at = desk.mg(walked.dose)
        says = (
            f"the same cut again and again does not reach {desk.words(desk.target_mg)}: from {desk.words(at)} the limits allow no next dose"
        )
        return Infeasible(walked.reason, says, at, None if walked.below is None else desk.mg(walked.below))
    days = [segment.day for segment in walked.segments]
    said = f"the cut of step {edit.step} again, {note}"
    later = (
        Row(until - segment.day, desk.mg(segment.dose), segment.kind, None, desk.mg(segment.ideal), note=said)
        for segment, until in zip(walked.segments[1:], (*days[2:], days[-1]), strict=True)
    )
    longer = replace(row, days=days[1] - sum(one.days for one in pauses))
    return merged((*rows[: edit.step], longer, *pauses, *later), desk.crossing)
