from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.rounding import Grid
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow, Part, UnitRule
from fhir_taper.plans.tapers.pace import History, Pace, longest_window
from fhir_taper.plans.tapers.plan import StepKind
from fhir_taper.plans.tapers.schedule import Point, Stuck, Walked, walk
from tests.plans.tapers.made_requests import SOURCE, tablets


def hard(days: int, fraction: str, basis: Basis, **fields: object) -> Limit:
    return Limit(Bound.HARD, days, Decimal(fraction), basis, SOURCE, **fields)  # type: ignore[arg-type]


TAIL = hard(14, "0.25", Basis.WINDOW, part=Part.TAIL)
ORIGINAL_28 = hard(28, "0.20", Basis.ORIGINAL)
UNIT = UnitRule("diazepam", Decimal(1), SOURCE)
FIRST_CUT = hard(0, "0.10", Basis.ORIGINAL, part=Part.FIRST_CUT)


def row(*limits: Limit, **fields: object) -> LimitsRow:
    return replace(LimitsRow("made", DrugClass.BENZODIAZEPINE, "any", limits, 1095), **fields)  # type: ignore[arg-type]


class Course:
    """A walk over 1 mg notches, asked and answered in mg."""

    def __init__(self, limits: LimitsRow, start: str, strengths: Sequence[str] = ("1",)) -> None:
        self.grid = Grid(tablets("diazepam", *strengths), 1, 400, Decimal(start))
        self.per_mg = self.grid.measure.per_mg
        self.start = int(Decimal(start) * self.per_mg)
        self.pace = Pace(limits, self.start, self.per_mg)

    def walk(self, *ideals: str, every: int = 14, target: str = "0", strict: bool = False) -> Walked | Stuck:
        points = [Point(int(Decimal(ideal) * self.per_mg), every) for ideal in ideals]
        return walk(points, self.grid, self.pace, History([0], [self.start]), int(Decimal(target) * self.per_mg), strict=strict)

    def table(self, *ideals: str, every: int = 14, target: str = "0") -> list[tuple[int, Decimal, str]]:
        found = self.walk(*ideals, every=every, target=target)
        assert isinstance(found, Walked), found
        return [(one.day, Decimal(one.dose) / self.per_mg, str(one.kind)) for one in found.segments]


def test_the_walk_of_the_design_to_the_day() -> None:
    course = Course(row(TAIL, unit=UNIT, first_cut=FIRST_CUT), "4")

    assert course.table("3.6", "3.2", "2.8", "2.4", "2", "1.6", "1.2", "0.8", "0.4", "0") == [
        (0, Decimal(4), "baseline"),
        (28, Decimal(3), "unit-limited"),
        (56, Decimal(2), "unit-limited"),
        (98, Decimal(1), "unit-limited"),
        (126, Decimal(0), "unit-limited"),
    ]


def test_equal_doses_merge_into_one_longer_step() -> None:
    assert Course(row(TAIL), "40").table("39.6", "39.5", "39.4", target="39") == [
        (0, Decimal(40), "baseline"),
        (42, Decimal(39), "reduction"),
    ]


def test_a_tie_between_two_doses_stays_at_the_higher() -> None:
    assert Course(row(TAIL), "40").table("37.5", "36", target="36") == [
        (0, Decimal(40), "baseline"),
        (14, Decimal(38), "reduction"),
        (28, Decimal(36), "reduction"),
    ]


def test_where_a_limit_binds_the_lowest_allowed_dose_is_taken_and_the_same_ideal_is_met_again() -> None:
    course = Course(row(TAIL), "40")

    found = course.walk("20", "18", target="18")

    assert isinstance(found, Walked)
    assert [(one.day, one.dose // course.per_mg, str(one.kind), one.ideal // course.per_mg) for one in found.segments[1:]] == [
        (14, 30, "limited", 20),
        (28, 23, "limited", 20),
        (42, 20, "reduction", 20),
        (56, 18, "reduction", 18),
    ]


def test_a_limit_is_met_exactly_and_not_a_notch_beyond() -> None:
    assert Course(row(TAIL), "40").table("30", target="30")[1] == (14, Decimal(30), "reduction")
    assert Course(row(TAIL), "40").table("29", target="29")[1] == (14, Decimal(30), "limited")


def test_limits_apply_after_snapping_to_a_dose_that_exists() -> None:
    assert Course(row(TAIL), "10", ("2",)).table("7.4", target="4")[1:] == [(14, Decimal(8), "reduction")]
    assert Course(row(TAIL), "10", ("2",)).table("6.9", "6", target="6")[1] == (14, Decimal(8), "limited")


def test_nothing_lower_while_a_reduction_lies_in_the_window_waits_and_is_never_caught_up() -> None:
    course = Course(row(ORIGINAL_28), "10", ("2",))

    found = course.walk("8", "6", "4", target="4")

    assert isinstance(found, Walked)
    assert [(one.day, one.dose // course.per_mg) for one in found.segments] == [(0, 10), (14, 8), (42, 6), (70, 4)]
    assert found.waits == (28, 56)


def test_the_unit_rule_takes_one_notch_and_only_one() -> None:
    assert Course(row(TAIL, unit=UNIT), "3").table("1", "0") == [
        (0, Decimal(3), "baseline"),
        (14, Decimal(2), "unit-limited"),
        (28, Decimal(1), "unit-limited"),
        (42, Decimal(0), "unit-limited"),
    ]


def test_the_unit_rule_waits_until_no_reduction_lies_in_the_longest_window() -> None:
    course = Course(row(TAIL, ORIGINAL_28, unit=UNIT), "3")

    assert [day for day, _, _ in course.table("2", "1", "0", every=7)] == [0, 7, 35, 63]


def test_a_notch_above_the_largest_unit_is_stuck_with_the_dose_and_the_next_lower_one() -> None:
    course = Course(row(TAIL, unit=UNIT), "4", ("2",))

    assert course.walk("2", "0") == Stuck("notch-above-unit-max", 14, 4 * course.per_mg, 2 * course.per_mg, TAIL)


def test_a_first_notch_above_the_largest_unit_names_the_cap_of_the_first_cut() -> None:
    stuck = Course(row(TAIL, first_cut=FIRST_CUT), "4").walk("3", "0")

    assert isinstance(stuck, Stuck)
    assert stuck.limit == FIRST_CUT


def test_without_a_unit_rule_the_last_notches_are_stuck() -> None:
    course = Course(row(TAIL), "3")

    assert course.walk("2", "1", "0") == Stuck("notch-above-unit-max", 14, 3 * course.per_mg, 2 * course.per_mg, TAIL)


def test_the_first_cut_has_a_cap_and_later_ones_do_not() -> None:
    course = Course(row(TAIL, first_cut=FIRST_CUT), "40")

    assert course.table("32", "26", target="26") == [
        (0, Decimal(40), "baseline"),
        (14, Decimal(36), "limited"),
        (28, Decimal(32), "reduction"),
        (42, Decimal(26), "reduction"),
    ]


def test_a_limit_may_hold_for_a_range_of_doses_only() -> None:
    weekly = (hard(7, "0.10", Basis.ORIGINAL, above=Decimal("0.30")), hard(7, "0.10", Basis.WINDOW, up_to=Decimal("0.30")))

    assert Course(row(*weekly), "100").table("90", "80", "70", "60", "50", "40", "30", "20", target="20", every=7)[7:] == [
        (49, Decimal(30), "reduction"),
        (56, Decimal(27), "limited"),
        (63, Decimal(25), "limited"),
        (70, Decimal(23), "limited"),
        (77, Decimal(21), "limited"),
        (84, Decimal(20), "reduction"),
    ]


def test_the_taper_ends_at_its_target_although_more_points_follow() -> None:
    assert Course(row(TAIL), "40").table("36", "36", "36", target="36")[-1] == (14, Decimal(36), "reduction")


def test_a_taper_longer_than_its_row_allows_is_stuck() -> None:
    found = Course(row(TAIL, max_days=40), "40").walk("38", "36", "34", target="34")

    assert isinstance(found, Stuck)
    assert (found.reason, found.day) == ("duration", 42)


def test_ideals_that_never_leave_a_dose_end_at_the_duration_and_not_never() -> None:
    found = Course(row(TAIL), "40").walk(*["39.9"] * 200)

    assert isinstance(found, Stuck)
    assert found.reason == "duration"


@pytest.mark.parametrize(("ideals", "reason"), [(("20",), "waits-at-limit"), (("10", "5"), "waits-at-limit")])
def test_a_strict_walk_refuses_what_a_limit_changes(ideals: tuple[str, ...], reason: str) -> None:
    found = Course(row(TAIL), "40").walk(*ideals, strict=True)

    assert isinstance(found, Stuck)
    assert found.reason == reason


def test_a_strict_walk_refuses_to_wait_but_not_for_the_unit_rule() -> None:
    waiting = Course(row(ORIGINAL_28), "10", ("2",)).walk("8", "6", target="6", strict=True)
    units = Course(row(TAIL, ORIGINAL_28, unit=UNIT), "3").walk("2", "1", "0", strict=True)

    assert isinstance(waiting, Stuck)
    assert isinstance(units, Walked)
    assert [one.kind for one in units.segments[1:]] == [StepKind.UNIT_LIMITED] * 3


def test_hold_days_are_waited_once_before_the_first_cut() -> None:
    course = Course(row(TAIL), "40")
    points = [Point(20 * course.per_mg, 7, 28)]

    found = walk(points, course.grid, course.pace, History([0], [course.start]), 20 * course.per_mg)

    assert isinstance(found, Walked)
    assert [one.day for one in found.segments] == [0, 35, 49, 63]


def test_doses_before_the_start_count() -> None:
    course = Course(row(TAIL), "40")
    history = History([-100, -7], [50 * course.per_mg, 40 * course.per_mg], last_reduction=-7, has_cut=True)

    found = walk([Point(30 * course.per_mg, 5)], course.grid, course.pace, history, 30 * course.per_mg)

    assert isinstance(found, Walked)
    assert [(one.day, one.dose // course.per_mg) for one in found.segments] == [(0, 40), (5, 38), (10, 30)]


def test_the_dose_in_force_on_the_day_of_a_step_is_the_new_one() -> None:
    history = History([0], [40])
    history.take(14, 30)

    assert [history.on(day) for day in (-5, 0, 13, 14, 99)] == [40, 40, 40, 30, 30]


@pytest.mark.parametrize(
    ("limits", "use", "days"),
    [
        ((TAIL,), "any", 14),
        ((TAIL, ORIGINAL_28), ">=1y", 28),
        ((hard(7, "0.1", Basis.ORIGINAL), replace(TAIL, bound=Bound.ADVISED)), "1m-1y", 14),
        ((hard(7, "0.1", Basis.ORIGINAL), replace(TAIL, bound=Bound.ADVISED)), "published", 7),
    ],
)
def test_the_unit_rule_looks_back_over_the_longest_window(limits: tuple[Limit, ...], use: str, days: int) -> None:
    assert longest_window(row(*limits, use=use)) == days


def test_a_limit_for_a_range_of_doses_goes_by_the_dose_that_is_cut_so_that_a_hold_breaks_nothing() -> None:
    weekly = (hard(7, "0.10", Basis.ORIGINAL, above=Decimal("0.30")), hard(7, "0.10", Basis.WINDOW, up_to=Decimal("0.30")))
    at_the_edge = History([-100, -3], [36, 30], last_reduction=-3, has_cut=True)
    above_it = History([-100, -3], [36, 33], last_reduction=-3, has_cut=True)
    pace = Pace(row(*weekly), 100, 1)

    assert pace.lowest(1, at_the_edge) == 33  # 10 % of the 36 in force a week ago
    assert pace.lowest(4, at_the_edge) == 27
    assert pace.lowest(1, above_it) == 26  # 10 % of the original
