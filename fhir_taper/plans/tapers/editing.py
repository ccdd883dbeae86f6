"""A draft with a person's edits: made by the same engine, judged by the same rules, refused with the reason where it breaks one.

`edited` is a pure function of the draft as it was proposed and of the edits in their order, so a plan can be made again for its approval,
and without its last edit it is the very draft before. Doses that changed are divided anew over the times of day; kinds of steps, review
gates and the findings of the schedule are made anew; every plan is checked whole, day by day. Limits: where only time was added the plan
stays under its row; once doses are others it is no published schedule any more, and the default row holds (docs/decisions/0015).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from math import lcm

from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.rows import LimitsRow
from fhir_taper.plans.tapers.companions import refused_step, shares
from fhir_taper.plans.tapers.course import Drafted, DraftStep, Track
from fhir_taper.plans.tapers.day_by_day import daily_doses
from fhir_taper.plans.tapers.edit_desk import Desk, desk_for
from fhir_taper.plans.tapers.edit_refusals import refusal_of
from fhir_taper.plans.tapers.edit_rows import Row, Rows, only_slower, rows_of
from fhir_taper.plans.tapers.edit_steps import Offered, applied, offered
from fhir_taper.plans.tapers.edits import Edited, edited_to_document, in_words
from fhir_taper.plans.tapers.finding import SIGN_OFF_AWAITED, Finding, Severity, ranked
from fhir_taper.plans.tapers.gates import gates_for
from fhir_taper.plans.tapers.identity import plan_id, plan_key
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.judgement import Violation, check
from fhir_taper.plans.tapers.plan import Dose, Milestone, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.product_findings import product_findings
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.rise_findings import RISE, is_of_first, rising_steps
from fhir_taper.plans.tapers.schedule_findings import schedule_findings

BY_HAND = "edited-by-hand"
"""Code of the finding that steps of a plan are a person's and not the strategy's."""

_SPELT_OUT = 3
_MADE_ANEW = frozenset(
    {
        *("protocol-edited", "life-threatening-reason-missing", "life-threatening-reason", "reason-required"),
        *("unit-limited", "pace-advised", "tail-excess", RISE, "limited", "unit-override", SIGN_OFF_AWAITED),
        *("two-concentrations", "release-changes"),
    }
)
"""Findings that follow from doses, days and the limits row. Every other one of the draft is kept as it was."""


def edited(base: TaperPlan, edits: Sequence[Edited], request: PlanRequest, tables: Tables) -> TaperPlan | Infeasible:
    """The draft that `propose` made of the request, with these edits; or why not. The base where there are none.

    Names, findings and gates are of the whole plan as it is now. Nothing of what people said to the base is on it: they have not seen it.
    """
    if not edits:
        return base
    desk = desk_for(base, request, tables)
    if isinstance(desk, Infeasible):
        return desk
    before = rows = rows_of(base, desk.agent)
    for one in edits:
        after = applied(one.edit, rows, desk, f"{one.by}, {one.on.isoformat()}")
        if isinstance(after, Infeasible):
            return after
        rows = after
    is_slower = only_slower(before, rows)
    limits = base.limits if is_slower else desk.limits
    made = _plan(base, edits, desk, rows, limits)
    return _judged(base, made, edits, replace(desk, chosen=desk.asked) if is_slower else desk, tables)


def offered_at(plan: TaperPlan, step: int, request: PlanRequest, tables: Tables) -> Offered | None:
    """What may be tried at a step of a draft; None where nothing may, or there is no such step."""
    desk = desk_for(plan, request, tables)
    if isinstance(desk, Infeasible) or not 0 <= step < len(plan.steps) - 1:
        return None
    return offered(rows_of(plan, desk.agent), desk, step)


def _plan(base: TaperPlan, edits: Sequence[Edited], desk: Desk, rows: Rows, limits: LimitsRow) -> TaperPlan:
    """The rows as a plan: dates, units, kinds as far as doses tell them, gates and milestones, and a name of its own."""
    steps = _steps(base, desk, rows)
    new_number = {row.origin: number for number, row in enumerate(rows) if row.origin is not None}
    milestones = (_moved(one, steps, new_number) for one in base.milestones)
    key = plan_key(base.protocol or base.strategy, base.key, *(str(edited_to_document(one)["edit"]) for one in edits))
    made = replace(
        base,
        id=plan_id(desk.request.tenant, base.patient, base.ingredient, key, base.version),
        key=key,
        limits=limits,
        steps=steps,
        gates=(),
        milestones=tuple(one for one in milestones if one is not None),
    )
    return replace(made, gates=gates_for(made))


def _moved(milestone: Milestone, steps: tuple[Step, ...], new_number: dict[int, int]) -> Milestone | None:
    """A milestone at its step's new place; None where its step was left out."""
    number = new_number.get(milestone.step)
    return None if number is None else replace(milestone, step=number, due=steps[number].start)


def _steps(base: TaperPlan, desk: Desk, rows: Rows) -> tuple[Step, ...]:
    steps: list[Step] = []
    start = base.steps[0].start
    for number, (row, doses) in enumerate(zip(rows, _doses(desk, rows), strict=True)):
        after = start + timedelta(days=row.days)
        end = None if number == len(rows) - 1 else after - timedelta(days=1)
        kind = _kind(row, rows[number - 1]) if number > desk.crossing else row.kind
        steps.append(Step(number, start, end, kind, doses, row.ideal, row.every_days, row.note))
        start = after
    return tuple(steps)


def _doses(desk: Desk, rows: Rows) -> Iterator[tuple[Dose, ...]]:
    """What each row gives. From the first changed dose on every dose is divided anew, each after the one before it."""
    is_changed, state, before = False, desk.first.state, desk.first.units
    for number, row in enumerate(rows):
        is_changed = is_changed or row.doses is None
        if number > desk.crossing and not row.has_dose_of(rows[number - 1]) and not desk.has_own_doses:
            made = desk.maker.next(desk.maker.measure.of(row.mg) or 0, state)
            state, before = made.state, made.units
        yield (Dose(desk.agent, before),) if is_changed or row.doses is None else row.doses


def _kind(row: Row, before: Row) -> StepKind:
    """What a row is, but for cuts beyond a limit: those are told by the judge."""
    if row.has_dose_of(before):
        return StepKind.HOLD
    if not row.mg:
        return StepKind.STOP
    if row.kind in (StepKind.LIMITED, StepKind.INTERVAL):
        return row.kind
    return StepKind.INTERVAL if row.every_days > 1 else StepKind.REDUCTION


def _judged(base: TaperPlan, made: TaperPlan, edits: Sequence[Edited], desk: Desk, tables: Tables) -> TaperPlan | Infeasible:
    """The plan with its findings, where it breaks nothing. Cuts beyond a limit are tried as what the unit rule allows."""
    allowed = shares(desk.request, desk.products, tables)
    refused = refused_step((step.doses for step in made.steps), desk.products, allowed)
    if refused is not None:
        return refused
    whole = replace(made, findings=_findings(base, made, edits, desk, tables))
    broken = check(whole, desk.request.past)
    beyond = {one.step for one in broken if one.rule == "limit"}
    if beyond:
        steps = tuple(replace(step, kind=StepKind.UNIT_LIMITED) if step.number in beyond else step for step in made.steps)
        labelled = replace(made, steps=steps)
        whole = replace(labelled, findings=_findings(base, labelled, edits, desk, tables))
        broken = check(whole, desk.request.past)
    broken = (*broken, *_skipped(whole, desk))
    return refusal_of(whole, desk, broken) if broken else whole


def _skipped(made: TaperPlan, desk: Desk) -> Iterator[Violation]:
    """Cuts beyond a limit that are more than one notch of the grid on which the engine walks: the judge only looks at times in use."""
    doses, measure = desk.maker.doses, desk.maker.measure
    for before, step in pairwise(made.steps if not desk.has_own_doses else ()):
        if step.kind is StepKind.UNIT_LIMITED and step.number > desk.crossing:
            then, now = (measure.of(one.mg_per_day(desk.agent)) for one in (before, step))
            if then is None or doses.below(then) != now:
                yield Violation("unit-rule", step.number, "more than one notch")


def _findings(base: TaperPlan, made: TaperPlan, edits: Sequence[Edited], desk: Desk, tables: Tables) -> tuple[Finding, ...]:
    """The findings of the edited schedule, and those of the draft that do not follow from its doses and days."""
    drafted = _drafted(base, made, desk)
    fresh = (*product_findings(desk.request, drafted, tables), *schedule_findings(desk.request, desk.chosen, drafted))
    limited = [_as_proposed(one) for one in base.findings if one.code == "limited"]
    fresh = tuple(one for one in fresh if one.code != "limited" or not limited)
    kept = (one for one in base.findings if one.code not in _MADE_ANEW and one not in fresh)
    return ranked((*fresh, *kept, *limited, _by_hand(edits)))


def _as_proposed(limited: Finding) -> Finding:
    return replace(limited, message=f"As it was proposed, before it was edited: {limited.message}")


def _by_hand(edits: Sequence[Edited]) -> Finding:
    """Who changed what, and when."""
    says = [f"{in_words(one.edit)} ({one.by}, {one.on.isoformat()})" for one in edits[-_SPELT_OUT:]]
    earlier = f"; before that {len(edits) - len(says)} more" if len(edits) > len(says) else ""
    message = f"The plan was edited by hand, with its steps numbered as they were then: {'; '.join(says)}{earlier}."
    return Finding(Severity.INFORMATION, BY_HAND, message, "design: what a person changed is said", f"{len(edits)} edits")


def _drafted(base: TaperPlan, made: TaperPlan, desk: Desk) -> Drafted:
    """The plan as the findings of a schedule look at it."""
    steps = tuple(
        DraftStep((step.start - made.steps[0].start).days, step.kind, step.doses, step.ideal_mg, step.every_days, step.note)
        for step in made.steps
    )
    nights = tuple((one.code, one.value) for one in base.findings if one.code == "drug-free-nights")
    was_said = any(is_of_first(one) for one in base.findings)
    rises = (*((0,) if was_said else ()), *rising_steps(made.steps, made.products, made.ingredient))
    return Drafted(steps, _track(made, desk), made.limits, desk.products, (), rises, nights)


def _track(made: TaperPlan, desk: Desk) -> Track:
    """What limits are judged by, in whole numbers: D(t) on each day on which it changed before the plan, and on the first of each step."""
    past, by_day = desk.request.past, daily_doses(made, desk.request.past)
    before = [day for day, _ in past.doses] if past else []
    days = [*before, *(step.start for step in made.steps)]
    doses = [by_day[day] for day in days]
    original = Fraction(past.original_mg) if past else doses[0]
    per_mg = lcm(original.denominator, *(dose.denominator for dose in doses))
    return Track(
        per_mg,
        int(original * per_mg),
        int(original * per_mg),
        tuple((day - made.steps[0].start).days for day in days),
        tuple(int(dose * per_mg) for dose in doses),
        (*(StepKind.BASELINE for _ in before), *(step.kind for step in made.steps)),
        past is not None and past.has_cut,
    )
