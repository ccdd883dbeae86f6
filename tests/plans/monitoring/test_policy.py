"""A site may make rules tighter, and looser only those that say so; every number has an address."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.condition import Compare, Every, Happened, Less, Match, No, NotKnown, Of, Op, Persist
from fhir_taper.plans.monitoring.policy import Change, Policy, policy_of, rules_under
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.thresholds import Tighter, thresholds, with_number
from tests.plans.monitoring.watched import rule, tables_of

FAST = Compare("heart-rate", Op.ABOVE, Decimal(100))
STRICT = rule(Every((FAST, No(Happened("fall", Span(7, "d"))))), persist=Persist("heart-rate", 2, Span(1, "h"), Span(24, "h")))
LOOSE = replace(STRICT, id="T2", loosenable=True)
VALUE = "clauses[0].when.of[0].value"


def change(of: str, address: str = "", number: int | None = None) -> Policy:
    """One change of one rule."""
    number_ = None if number is None else Decimal(number)
    return Policy("site-1", (Change(of, "Dr. A", date(2026, 1, 1), "local protocol", address, number_),))


def test_every_number_of_a_rule_has_an_address_and_a_tighter_side() -> None:
    assert {(one.address, str(one.number), one.unit, one.tighter) for one in thresholds(STRICT)} == {
        (VALUE, "100", "", Tighter.DOWN),
        ("clauses[0].when.of[1].of.within", "7", "d", Tighter.DOWN),  # under "not": a shorter window excuses less
        ("clauses[0].persist.readings", "2", "", Tighter.DOWN),
        ("clauses[0].persist.apart", "1", "h", Tighter.DOWN),
        ("clauses[0].persist.within", "24", "h", Tighter.UP),
    }


def test_of_a_number_under_an_unknown_nobody_can_say_which_side_is_tighter() -> None:
    asked = rule(Every((FAST, NotKnown(No(Happened("fall", Span(7, "d")))))))
    assert [one.tighter for one in thresholds(asked)] == [Tighter.DOWN, Tighter.NEITHER]


def test_a_number_is_changed_at_its_address_and_nowhere_else() -> None:
    for one in thresholds(STRICT):
        changed = with_number(STRICT, one.address, one.number + 1)
        assert {two.address: two.number for two in thresholds(changed)} == {
            two.address: two.number + (two.address == one.address) for two in thresholds(STRICT)
        }


def test_every_number_of_the_package_can_be_changed() -> None:
    for one in load_rules().rules:
        for threshold in thresholds(one):
            assert with_number(one, threshold.address, threshold.number) == one


@pytest.mark.parametrize("address", ["", "clauses[0]", "clauses[9].when.value", "nothing", "clauses[0].says"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises((KeyError, WrongUsage)):
        rules_under(change("T1", address, 5), tables_of(STRICT)) if address else with_number(STRICT, address, Decimal(5))


def test_a_rule_is_made_tighter() -> None:
    (tighter,) = rules_under(change("T1", VALUE, 95), tables_of(STRICT))
    assert next(one.number for one in thresholds(tighter) if one.address == VALUE) == 95


@pytest.mark.parametrize(
    ("address", "number", "says"),
    [
        ("clauses[0].persist.readings", "0", "0 is no count"),
        ("clauses[0].persist.within", "-1", "-1 is below nothing"),
        (VALUE, "-1", "-1 is below nothing"),
        ("clauses[0].persist.within", "10000000", "is longer than 3650 d"),
        ("clauses[0].persist.within", "1.5", "is no whole number"),
        (VALUE, "1000000000000", "not a sensible number"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused(address: str, number: str, says: str) -> None:
    policy = Policy("x", (Change("T2", "Dr. A", date(2026, 1, 1), "r", address, Decimal(number)),))
    with pytest.raises(WrongUsage, match=says):
        rules_under(policy, tables_of(LOOSE))


@pytest.mark.parametrize("number", [Decimal("nan"), Decimal("inf")])
def test_no_number_is_refused(number: Decimal) -> None:
    change_ = {"rule": "B10", "address": "x", "number": number, "by": "A", "on": "2026-01-01", "reason": "r"}
    with pytest.raises(WrongUsage, match="sensible number"):
        policy_of({"changes": [change_]})


def test_a_rule_is_made_looser_only_where_it_says_so() -> None:
    with pytest.raises(WrongUsage, match="T1 may be made tighter only: heart-rate value is 100"):
        rules_under(change("T1", VALUE, 105), tables_of(STRICT))
    (looser,) = rules_under(change("T2", VALUE, 105), tables_of(LOOSE))
    assert next(one.number for one in thresholds(looser) if one.address == VALUE) == 105


FALLS = rule(Compare("sleep", Op.AT_MOST, Decimal(-60), of=Of.MEAN, over=Span(7, "d"), less=Less.BASELINE))


def test_a_fall_is_made_tighter_by_a_smaller_one_and_looser_only_where_it_says_so() -> None:
    def fall(number: int, of: Rule) -> Decimal:
        (changed,) = rules_under(change(of.id, "clauses[0].when.value", number), tables_of(of))
        return next(one.number for one in thresholds(changed) if one.address == "clauses[0].when.value")

    assert [fall(number, FALLS) for number in (-45, 0)] == [-45, 0]
    with pytest.raises(WrongUsage, match="T1 may be made tighter only: sleep value is -60"):
        fall(-75, FALLS)
    assert fall(-75, replace(FALLS, loosenable=True)) == -75
    with pytest.raises(WrongUsage, match="not a sensible number"):
        fall(-(10**7), replace(FALLS, loosenable=True))


@pytest.mark.parametrize(
    ("of", "address", "number"),
    [
        ("B12", "clauses[0].when.value", -60),
        ("B20", "clauses[0].when.of[0].value", -1),
        ("A09", "clauses[0].when.of[0].value", -10),
        ("A09", "clauses[0].when.of[1].value", -30),
    ],
)
def test_every_negative_number_of_the_package_can_be_made_tighter_by_a_file(of: str, address: str, number: int) -> None:
    policy = policy_of({"changes": [{"rule": of, "address": address, "number": number, "by": "A", "on": "2026-01-01", "reason": "r"}]})
    tables = replace(load_rules(), rules=tuple(replace(one, loosenable=False) for one in load_rules().rules))
    changed = next(one for one in rules_under(policy, tables) if one.id == of)
    assert next(one.number for one in thresholds(changed) if one.address == address) == number


@pytest.mark.parametrize(
    ("hours", "gap"),
    [
        ("", None),
        ("Mon-Fri 08:00-17:00", None),
        ("Mon-Thu 08:00-17:00", None),
        ("Tue-Fri 08:00-17:00", None),
        ("Mon 08:00-17:00, Fri 17:00-18:00", None),  # from Monday 17:00 to Friday 17:00
        ("Mon 08:00-17:00, Fri 17:01-18:00", "96 hours and 1 minute"),
        ("Mon-Wed 08:00-17:00", "111 hours"),
        ("Mon 08:00-17:00", "159 hours"),
    ],
)
def test_nobody_is_away_for_longer_than_a_weekend_with_a_holiday(hours: str, gap: str | None) -> None:
    policy = Policy("x", staffed=hours)
    if gap is None:
        assert rules_under(policy, load_rules()) == load_rules().rules
        return
    with pytest.raises(WrongUsage, match=f"policy: nobody is there for {gap} in a row; at most 96 h"):
        rules_under(policy, load_rules())


def test_a_red_flag_is_not_switched_off() -> None:
    with pytest.raises(WrongUsage, match="T1 is a red flag and not to be switched off"):
        rules_under(change("T1"), tables_of(replace(STRICT, red_flag=True)))
    with pytest.raises(WrongUsage, match="T1 is not to be switched off"):
        rules_under(change("T1"), tables_of(STRICT))
    assert rules_under(change("T2"), tables_of(LOOSE)) == ()


def test_a_change_says_who_and_why() -> None:
    with pytest.raises(WrongUsage, match="does not say who made it and why"):
        rules_under(Policy("x", (Change("T1", "", date(2026, 1, 1), "because", VALUE, Decimal(90)),)), tables_of(STRICT))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"rules": []}, "rules is not known"),
        ({"changes": {}}, "changes is no list"),
        ({"staffed_hours": "always"}, "staffed hours 'always'"),
        ({"changes": [{"rule": "B10", "by": "A", "on": "2026-01-01", "reason": "r"}]}, "either off = true, or an address"),
        ({"changes": [{"rule": "B10", "off": True, "by": "A", "on": "soon", "reason": "r"}]}, "on 'soon' is not a date"),
        ({"changes": [{"rule": "B10", "off": True, "by": " ", "on": "2026-01-01", "reason": "r"}]}, "none is empty"),
    ],
)
def test_a_policy_that_cannot_be_meant_names_the_place(document: dict[str, object], says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        policy_of(document)


def test_a_policy_is_read_whole() -> None:
    made = policy_of(
        {
            "version": "site-1",
            "staffed_hours": "Mon-Fri 08:00-17:00",
            "changes": [
                {"rule": "B10", "address": "clauses[0].when.of[0].value", "number": 95, "by": "Dr. A", "on": "2026-01-01", "reason": "r"}
            ],
        }
    )
    assert (made.version, len(made.hours.hours), made.changes[0].number) == ("site-1", 5, Decimal(95))


def test_a_longer_span_in_which_readings_are_counted_is_tighter_and_of_a_mean_nobody_knows() -> None:
    counted = Compare("poss", Op.AT_LEAST, Decimal(1), of=Of.COUNT, over=Span(7, "d"), matching=Match(Op.AT_LEAST, Decimal(3)))
    few = replace(counted, op=Op.AT_MOST)
    mean = Compare("sleep", Op.BELOW, Decimal(300), of=Of.MEAN, over=Span(7, "d"))

    found = [one.tighter for when in (counted, few, mean) for one in thresholds(rule(when)) if one.address.endswith(".over")]

    assert found == [Tighter.UP, Tighter.NEITHER, Tighter.NEITHER]
