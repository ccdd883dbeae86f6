"""Revisions that make a new schedule from today: slower, another strategy, back to the last tolerated dose.

What was taken stays in the plan as its history: the new version has the old steps up to yesterday and the new ones from today, so that
limits go on being judged against the baseline of version 1. A new schedule is a draft until it is approved; the version it replaces goes
on until then. New doses come from a `propose` that is handed in, limits from a `check`: this module computes none.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import canonical, plain, shown
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.finding import Acknowledgement, ranked
from fhir_taper.plans.tapers.gates import gates_for
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.judgement import Judge, broken_from
from fhir_taper.plans.tapers.judgement import check as envelope_check
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import (
    EquivalentFactor,
    GateState,
    Milestone,
    PlanProduct,
    PlanState,
    ReviewGate,
    Step,
    StepKind,
    TaperPlan,
)
from fhir_taper.plans.tapers.reductions import AS_TAKEN
from fhir_taper.plans.tapers.replan_findings import converted, raised, stepped_back
from fhir_taper.plans.tapers.restart import Propose, Restart, Slower, slower_params
from fhir_taper.plans.tapers.revision import check_running, dose_words
from fhir_taper.plans.tapers.rise_findings import with_rises_anew
from fhir_taper.plans.tapers.shifting import check_calendar

_DAY = timedelta(days=1)
_Listed = TypeVar("_Listed", PlanProduct, EquivalentFactor)


def slow(
    plan: TaperPlan, decision: Decision, propose: Propose, rules: LifeRules, by: Slower = Slower.INTERVAL, check: Judge = envelope_check
) -> TaperPlan | Infeasible:
    """The same strategy with half the percentage or twice the interval, from today's dose; a draft that replaces this version.

    Raises NotAllowed where the plan's parameters have nothing to slow, the new schedule breaks a limit, or it would end sooner than this
    one: a curve that starts anew from today's dose may lie below the old one.
    """
    params = slower_params(plan.params, by, rules.slow_factor)
    restart = _restart(plan, decision, None, plan.strategy, None, params)
    slower = _restarted(plan, decision, propose, restart, "slow", f"slower: {by}", check)
    if isinstance(slower, TaperPlan) and slower.steps[-1].start < plan.steps[-1].start:
        ends, planned = slower.steps[-1].start.isoformat(), plan.steps[-1].start.isoformat()
        raise NotAllowed(f"with {by} the new schedule would end on {ends}, sooner than {planned}: hold the plan instead")
    return slower


def change_strategy(
    plan: TaperPlan,
    decision: Decision,
    propose: Propose,
    *,
    strategy: str | None = None,
    protocol: str | None = None,
    params: tuple[tuple[str, str], ...] = (),
    actual_mg: Decimal | None = None,
    check: Judge = envelope_check,
) -> TaperPlan | Infeasible:
    """Another strategy or protocol from the dose that is really taken (`actual_mg`, None: the plan's own). A draft likewise.

    A dose above the plan's is said, to be acknowledged. Raises NotAllowed without a reason where the actual dose is above the plan's, in a
    cross-over, or where the schedule breaks a limit.
    """
    restart = _restart(plan, decision, actual_mg, strategy, protocol, params)
    if restart.mg > restart.now.mg_per_day(restart.ingredient) and not decision.reason.strip():
        raise NotAllowed("a dose above the plan's is entered only with a reason")
    return _restarted(plan, decision, propose, restart, "change-strategy", f"now by {protocol or strategy}", check)


def step_back(plan: TaperPlan, decision: Decision, to_step: int, days: int, rules: LifeRules, check: Judge = envelope_check) -> TaperPlan:
    """Back to the dose of an earlier step for `days`, then down the same steps again, after new reviews. A clinician decides, and why.

    That the dose rises is a finding of the plan, and the decision with its reason is what acknowledges it.

    Raises NotAllowed without a reason, for a step that is not earlier and higher, for an opioid dose that was not taken within the days of
    `rules.step_back_days` (enter a new dose: `change_strategy`), and where the result breaks a limit.
    """
    check_running(plan)
    now = step_in_force(plan, decision.on)
    _check_step_back(plan, decision, now, to_step, days, rules)
    back_to = plan.steps[to_step]
    history = _history(plan, now, decision.on)
    back = replace(back_to, start=decision.on, end=decision.on + timedelta(days=days - 1), kind=StepKind.HOLD, note="stepped back")
    again = _planned(_moved_to(plan.steps[to_step + 1 :], decision.on + timedelta(days=days)))
    rise = stepped_back(plan, now, back_to, decision, days)
    accepted = Acknowledgement(rise.code, rise.rule, rise.message, decision.by, decision.on, decision.reason)
    steps = _joined(history, (back, *again))
    offset = len(steps) - len(plan.steps)
    changed = replace(
        plan,
        steps=steps,
        milestones=tuple(_moved_milestone(one, plan, steps, to_step, offset) for one in plan.milestones),
        findings=ranked((*plan.findings, rise)),
        acknowledgements=(*(one for one in plan.acknowledgements if (one.code, one.rule) != rise.identity), accepted),
        state=PlanState.ACTIVE,
    )
    changed = with_rises_anew(changed, {step.number: step.number + (0 if step.number < len(history) else offset) for step in plan.steps})
    changed = _with_reviews(changed, plan, len(history), decision)
    _refuse_broken(changed, check, decision, "go on by another way, from the dose that is really taken")
    moved = (steps[-1].start - plan.steps[-1].start).days
    told = f"back from {dose_words(now)} to {dose_words(back_to)} for {days} days; the last step is now on {steps[-1].start.isoformat()}"
    return new_version(changed, plan, decision, "step-back", told, days=moved)


def _check_step_back(plan: TaperPlan, decision: Decision, now: Step, to_step: int, days: int, rules: LifeRules) -> None:
    if not decision.reason.strip():
        raise NotAllowed("a dose is raised only by a clinician, with a reason")
    if days < 1:
        raise NotAllowed(f"a step back lasts a day or more, not {days}")
    check_calendar(plan, days + (decision.on - plan.steps[0].start).days)
    if not 0 <= to_step < now.number:
        raise NotAllowed(f"step {to_step} is not a step before today's")
    back = plan.steps[to_step]
    if not any(back.mg_per_day(dose.ingredient) > now.mg_per_day(dose.ingredient) for dose in back.doses):
        raise NotAllowed(f"step {to_step} is not above today's dose")
    last_taken = back.end
    is_opioid = plan.drug_class is DrugClass.OPIOID
    if is_opioid and (last_taken is None or (decision.on - last_taken).days > rules.step_back_days):
        raise NotAllowed(
            f"that dose was last taken more than {rules.step_back_days} days ago and may be too much now: enter a new dose instead"
        )


def _restart(
    plan: TaperPlan,
    decision: Decision,
    actual_mg: Decimal | None,
    strategy: str | None,
    protocol: str | None,
    params: tuple[tuple[str, str], ...],
) -> Restart:
    check_running(plan)
    now = step_in_force(plan, decision.on)
    given = list(dict.fromkeys(dose.ingredient for dose in now.doses if dose.units))
    if len(given) != 1:
        raise NotAllowed("a new schedule starts from one medicine: a cross-over or a stopped medicine has none")
    mg = shown(now.mg_per_day(given[0])) if actual_mg is None else actual_mg
    if mg <= 0:
        raise NotAllowed("a new schedule starts from a dose that is taken: stop the plan where nothing is")
    return Restart(plan, decision.on, given[0], mg, now, strategy, protocol, params)


def _restarted(
    plan: TaperPlan, decision: Decision, propose: Propose, restart: Restart, kind: str, says: str, check: Judge
) -> TaperPlan | Infeasible:
    said = (*raised(restart), *converted(restart))
    fresh = propose(restart)
    if isinstance(fresh, Infeasible):
        return fresh
    fresh = replace(fresh, findings=ranked((*fresh.findings, *said)))
    if fresh.steps[0].start != restart.on:
        raise NotAllowed(f"the new schedule starts on {fresh.steps[0].start.isoformat()}, not on {restart.on.isoformat()}")
    history = _history(plan, restart.now, restart.on)
    first = _first_step(fresh.steps[0], restart) if history else fresh.steps[0]
    steps = _joined(history, (first, *fresh.steps[1:]))
    offset = len(steps) - len(fresh.steps)
    spliced = replace(
        fresh,
        id=plan.id,
        key=plan.key,
        version=plan.version,
        patient=plan.patient,
        zone=plan.zone,
        drug=plan.drug,
        ingredient=plan.ingredient,
        drug_class=plan.drug_class,
        baseline=plan.baseline if history else fresh.baseline,
        created=plan.created,
        reason=plan.reason,
        contingency=plan.contingency,
        minimum_function=plan.minimum_function,
        products=_united(fresh.products, plan.products),
        equivalents=_united(fresh.equivalents, plan.equivalents),
        steps=steps,
        milestones=tuple(replace(one, step=one.step + offset) for one in fresh.milestones),
        state=PlanState.DRAFT,
        agreement=None,
        pharmacist_review=None,
        acknowledgements=(),
    )
    # The last step before is what the first new one is held against, but for a dose above it, of which the orders are all that is known.
    if history:
        is_above = restart.mg > restart.now.mg_per_day(restart.ingredient)
        spliced = with_rises_anew(spliced, {0: offset} if is_above else {})
    spliced = _with_reviews(spliced, plan, len(history), decision)
    _refuse_broken(spliced, check, decision, "choose a slower way (a smaller percent or longer intervals), or hold the plan first")
    moved = (steps[-1].start - plan.steps[-1].start).days
    told = f"{says}; {plain(canonical(restart.mg))} mg a day from {restart.on.isoformat()}, the last step on {steps[-1].start.isoformat()}"
    return new_version(spliced, plan, decision, kind, told, days=moved)


def _united(first: tuple[_Listed, ...], further: tuple[_Listed, ...]) -> tuple[_Listed, ...]:
    """What the new schedule uses, and what the history did besides."""
    return first + tuple(one for one in further if _name(one) not in {_name(known) for known in first})


def _name(one: PlanProduct | EquivalentFactor) -> str:
    return one.rxcui if isinstance(one, PlanProduct) else one.ingredient


def _first_step(baseline: Step, restart: Restart) -> Step:
    """The first day of the new schedule as a step of the whole taper: today's own step where it begins today and its dose is taken."""
    planned = restart.now.mg_per_day(restart.ingredient)
    if restart.begins_as_planned:
        return replace(baseline, kind=restart.now.kind, ideal_mg=restart.now.ideal_mg, note=restart.now.note)
    kind = StepKind.REDUCTION if restart.mg < planned else StepKind.HOLD
    return replace(baseline, kind=kind, note=f"{plain(canonical(restart.mg))} mg a day, {AS_TAKEN}")


def _with_reviews(plan: TaperPlan, old: TaperPlan, taken: int, decision: Decision) -> TaperPlan:
    """Reviews of what was taken are kept, a fall at the seam is reviewed by the decision itself, and later ones are made anew."""
    kept = tuple(gate for gate in old.gates if gate.step < taken)
    gates = gates_for(replace(plan, gates=kept))
    return replace(plan, gates=tuple(_reviewed(gate, decision) if gate.step == _seam(plan, taken, decision) else gate for gate in gates))


def _reviewed(gate: ReviewGate, decision: Decision) -> ReviewGate:
    return replace(gate, state=GateState.PASSED, by=decision.by, on=decision.on, reason=decision.reason)


def _seam(plan: TaperPlan, taken: int, decision: Decision) -> int | None:
    """The step that begins on the day of the decision; None where the step that was taken simply goes on."""
    return taken if plan.steps[taken].start == decision.on else None


def _history(plan: TaperPlan, now: Step, on: date) -> tuple[Step, ...]:
    """The steps that were really taken, up to the day before `on`. Empty where the plan has not begun."""
    taken = [step for step in plan.steps[: now.number + 1] if step.start < on]
    return (*taken[:-1], replace(taken[-1], end=on - _DAY)) if taken else ()


def _joined(history: tuple[Step, ...], later: tuple[Step, ...]) -> tuple[Step, ...]:
    """Both in one row with new numbers; where the dose does not change at the seam the two steps are one."""
    if history and history[-1].doses == later[0].doses and history[-1].every_days == later[0].every_days:
        history, later = (*history[:-1], replace(history[-1], end=later[0].end)), later[1:]
    return tuple(replace(step, number=number) for number, step in enumerate((*history, *later)))


def _moved_to(steps: tuple[Step, ...], start: date) -> tuple[Step, ...]:
    by = start - steps[0].start
    return tuple(replace(step, start=step.start + by, end=None if step.end is None else step.end + by) for step in steps)


def _planned(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps that are still to come: what a person once took less of their own is from here on a cut of the plan."""
    return tuple(replace(step, note="") if step.note.endswith(AS_TAKEN) else step for step in steps)


def _moved_milestone(one: Milestone, plan: TaperPlan, steps: tuple[Step, ...], to_step: int, offset: int) -> Milestone:
    if one.step <= to_step:
        return one
    by = steps[one.step + offset].start - plan.steps[one.step].start
    return replace(one, step=one.step + offset, due=one.due + by)


def _refuse_broken(plan: TaperPlan, judge: Judge, decision: Decision, instead: str) -> None:
    """Raise NotAllowed with every limit that the schedule from today on breaks, and what to do instead."""
    broken = broken_from(plan, decision.on, judge)
    if broken:
        raise NotAllowed(*(f"step {one.step}: {one.says}" for one in broken), instead)
