"""What holds for every timeline, whatever is in it."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fhir_taper.exact_json import encode
from fhir_taper.plans.monitoring.assess import CONTINUE, assess
from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.assessment_document import assessment_to_document
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.timeline import Record, Timeline
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tables.signal_tables import load_signals
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.property.random_timelines import instants, parts, plans, raws, timeline

MANY = settings(max_examples=150, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
RED_FLAGS = ("seizure", "loss-of-consciousness", "overdose", "naloxone-given", "unresponsive")


def asked(plan: TaperPlan, seen: Timeline, at: datetime) -> Assessment:
    """An assessment without a history."""
    return assess(plan, seen, DEFAULT_POLICY, NOTHING_BEFORE, at)


def bytes_of(found: Assessment) -> bytes:
    """Everything that an assessment says."""
    return encode(assessment_to_document(found))


@MANY
@given(plans(), st.lists(raws(), max_size=40), parts(), instants())
def test_a_dose_is_never_raised_and_a_hold_always_says_what_goes_on(
    plan: TaperPlan, listed: list[Raw], rest: dict[str, object], at: datetime
) -> None:
    found = asked(plan, timeline(listed, rest), at)
    assert set(found.actions) <= {*load_actions(), CONTINUE}
    rules = {rule.id: rule for rule in load_rules().rules}
    is_dosed = any(dose.units for dose in step_in_force(plan, at.date()).doses)
    stops = any(rules[hit.rule].no_continuation or rules[hit.rule].ends_everything for hit in found.hits)
    if found.level >= Level.HOLD and is_dosed and not stops:
        mg = step_in_force(plan, at.date()).mg_per_day(plan.ingredient)
        assert found.keep_taking == f"pause reductions, keep taking {mg} mg {plan.ingredient} a day, and keep it supplied".replace(
            ".0 mg", " mg"
        )
        assert found.actions[-1] == CONTINUE
    assert found.blocks_reduction == (found.level >= Level.HOLD)


@MANY
@given(plans(), instants())
def test_nothing_seen_is_never_normal(plan: TaperPlan, at: datetime) -> None:
    """Without a record of any kind no rule that looks at one says that all is well."""
    found = asked(plan, timeline([], {"unread": (), "read": frozenset()}), at)
    measured = {rule.id for rule in load_rules().rules if _looks_at_a_signal(rule)}
    assert not [one.rule for one in found.coverage if one.rule in measured and one.evaluable and one.why == ""]


def _looks_at_a_signal(rule: object) -> bool:
    text = repr(rule)
    return any(f"{kind}(signal=" in text for kind in ("Compare", "Enters", "Answered", "Happened")) and not any(
        f"{kind}(" in text for kind in ("Quantity", "Takes")
    )


@MANY
@given(plans(), st.lists(raws(), max_size=25), parts(), instants(), st.sampled_from(RED_FLAGS))
def test_adding_a_red_flag_never_lowers_the_level(
    plan: TaperPlan, listed: list[Raw], rest: dict[str, object], at: datetime, red_flag: str
) -> None:
    flag = Raw(red_flag, at - timedelta(hours=1), at - timedelta(hours=1), "Condition/red")
    before, after = asked(plan, timeline(listed, rest), at), asked(plan, timeline([*listed, flag], rest), at)
    assert after.level >= before.level


@MANY
@given(plans(), st.lists(raws(), max_size=40), parts(), instants(), st.integers(0, 10**6))
def test_shuffling_and_saying_twice_change_nothing(
    plan: TaperPlan, listed: list[Raw], rest: dict[str, object], at: datetime, seed: int
) -> None:
    again = [*listed, *listed[: len(listed) // 2]]
    random.Random(seed).shuffle(again)
    assert bytes_of(asked(plan, timeline(again, rest), at)) == bytes_of(asked(plan, timeline(listed, rest), at))


@MANY
@given(plans(), st.lists(raws(), max_size=40), parts(), instants())
def test_what_lies_in_the_future_changes_nothing(plan: TaperPlan, listed: list[Raw], rest: dict[str, object], at: datetime) -> None:
    seen = [one for one in listed if one.start <= at]
    now, then = asked(plan, timeline(listed, rest), at), asked(plan, timeline(seen, rest), at)
    assert (now.level, now.hits, now.coverage) == (then.level, then.hits, then.coverage)


@MANY
@given(
    plans(),
    st.lists(raws(tuple(one for one in load_signals().signals.values() if one.unit in ("Cel", "min", "/min", "{score}"))), max_size=30),
    instants(),
)
def test_units_do_not_matter(plan: TaperPlan, listed: list[Raw], at: datetime) -> None:
    rest: dict[str, object] = {"read": frozenset(Record)}
    other = [_in_another_unit(one) for one in listed]
    first, second = asked(plan, timeline(listed, rest), at), asked(plan, timeline(other, rest), at)
    assert (first.level, first.hits, first.coverage) == (second.level, second.hits, second.coverage)


def _in_another_unit(one: Raw) -> Raw:
    if one.value is None:
        return one
    if one.unit == "Cel":
        return replace(one, value=one.value * 9 / 5 + 32, unit="[degF]")
    if one.unit == "min" and one.value % 3 == 0:
        return replace(one, value=one.value / 60, unit="h") if one.signal == "sleep" else one
    return replace(one, unit={"/min": "beats/minute" if one.signal == "heart-rate" else "/min", "{score}": ""}.get(one.unit, one.unit))


@MANY
@given(plans(), st.lists(raws(), max_size=30), parts(), instants(), st.sampled_from([-12, -5, 0, 14]))
def test_the_offset_in_which_an_instant_is_written_does_not_matter_to_what_was_measured(
    plan: TaperPlan, listed: list[Raw], rest: dict[str, object], at: datetime, hours: int
) -> None:
    """The same instants in another offset: what depends on hours is the same; what depends on the day is the day of the patient."""
    zone = timezone(timedelta(hours=hours))
    moved = [replace(one, start=one.start.astimezone(zone), end=one.end.astimezone(zone)) for one in listed]
    first, second = timeline(listed, rest), timeline(moved, rest)
    assert [one.start for one in first.readings] == [one.start for one in second.readings]
    assert {one.source for one in first.set_aside} == {one.source for one in second.set_aside}
    assert asked(plan, second, at).as_of == at


@MANY
@given(plans(), st.lists(raws(), max_size=25), parts(), st.lists(instants(), min_size=1, max_size=4))
def test_a_course_of_assessments_ends_nothing_in_silence(
    plan: TaperPlan, listed: list[Raw], rest: dict[str, object], at: list[datetime]
) -> None:
    """An episode lasts exactly where its rule hits, or could not be judged; and it never moves its beginning."""
    seen, history = timeline(listed, rest), NOTHING_BEFORE
    for instant in sorted(at):
        found = assess(plan, seen, DEFAULT_POLICY, history, instant)
        before, history = history, remember(history, found)
        hits = {hit.rule for hit in found.hits}
        judged = {one.rule for one in found.coverage if one.evaluable}
        lasting = {one.rule for one in history.episodes if one.ended is None}
        assert hits <= lasting
        assert not (lasting - hits) & judged
        began = {(one.rule, one.began) for one in before.episodes}
        assert began <= {(one.rule, one.began) for one in history.episodes}


@pytest.mark.parametrize("value", ["0.1", "37.95", "38"])
def test_a_temperature_is_the_same_in_both_scales(value: str) -> None:
    celsius = Decimal(value) + 30 if Decimal(value) < 30 else Decimal(value)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    one = Raw("body-temperature", at, at, "Observation/1", celsius, "Cel")
    assert timeline([one], {}).readings == timeline([_in_another_unit(one)], {}).readings
