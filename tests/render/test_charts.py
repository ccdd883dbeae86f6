"""The step chart: valid XML, nothing by colour alone, everything titled, nothing injected."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.render.charts import FONT, HEIGHT, WIDTH, step_chart
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.render.plan_chart import plan_chart
from fhir_taper.render.series import Level, Series, series_of, span, ticks
from fhir_taper.render.terminal_chart import terminal_chart
from fhir_taper.render.text_width import lines_within, text_width
from tests.render.sample_plan import crossed_over, every_third_night, many_strengths, sample_plan

COVER = Cover(Patient("p1", "Anna Berg", "1950-03-01", "77"))
SVG = "{http://www.w3.org/2000/svg}"


def _series(label: str, *levels: tuple[str, str], end: str = "2026-06-01") -> Series:
    return Series(label, tuple(Level(date.fromisoformat(start), Decimal(mg)) for start, mg in levels), date.fromisoformat(end))


def _drawn(*series: Series) -> ET.Element:
    return ET.fromstring(step_chart(series, "A chart"))  # noqa: S314 (our own output)


def test_a_chart_has_a_title_and_says_its_lines_in_words() -> None:
    root = _drawn(series_of(sample_plan()))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "A chart"
    assert root.findtext(f"{SVG}desc") == "lorazepam: from 2 mg per day on 2026-01-05 to 0 on 2026-03-09 in 4 changes."


def test_every_step_is_titled_with_its_date_and_dose() -> None:
    titles = [one.findtext(f"{SVG}title") for one in _drawn(series_of(sample_plan())).iter(f"{SVG}circle")]
    assert titles[1] == "lorazepam: 1.5 mg per day from 2026-01-19"
    assert len(titles) == 5


def test_a_pause_is_drawn_and_says_to_keep_taking_the_dose() -> None:
    titles = [one.findtext(f"{SVG}title") for one in _drawn(series_of(sample_plan())).iter(f"{SVG}rect")]
    assert titles == ["Reductions paused: keep taking 1.5 mg a day"]


def test_lines_differ_by_dash_letter_and_label_and_not_by_colour_alone() -> None:
    chart = step_chart([_series(label, ("2026-01-05", "4"), ("2026-02-02", "0")) for label in ("a", "b", "c")], "three")
    lines = re.findall(r'<path class="line" stroke="[^"]+"([^>]*) d="M[0-9. ]+H[0-9.]+V', chart)
    assert len(set(lines)) == 3
    assert all(f">{letter} {label}</text>" in chart for letter, label in (("A", "a"), ("B", "b"), ("C", "c")))


def test_letters_of_lines_that_end_together_do_not_overlap_and_stand_in_the_picture() -> None:
    root = _drawn(*(_series(label, ("2026-01-05", "4"), ("2026-02-02", "0")) for label in "abcdef"))
    letters = [text for text in root.iter(f"{SVG}text") if text.get("class") == "letter"]
    heights = sorted(float(text.get("y", "0")) for text in letters)
    assert sorted(text.text or "" for text in letters) == list("ABCDEF")
    assert all(below - above >= 13 for above, below in pairwise(heights))
    assert heights[0] > 0
    assert _beyond(root) == []


def test_a_line_alone_has_its_label_and_no_letter() -> None:
    chart = step_chart([_series("lorazepam", ("2026-01-05", "4"), ("2026-02-02", "0"))], "one")
    assert ">lorazepam</text>" in chart
    assert "letter" not in chart.partition("</style>")[2]


def test_names_are_escaped() -> None:
    chart = step_chart([_series('<script>"&', ("2026-01-05", "4"))], "<b>&")
    assert "<script>" not in chart
    assert "<b>" not in chart


def test_everything_is_drawn_inside_the_picture() -> None:
    root = _drawn(series_of(sample_plan()), _series("far", ("2025-11-01", "250"), ("2027-11-01", "0"), end="2028-01-01"))
    marks = [(float(one.get("cx", "nan")), float(one.get("cy", "nan"))) for one in root.iter(f"{SVG}circle")]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in marks)


def test_a_chart_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one series"):
        step_chart([], "nothing")


@pytest.mark.parametrize(
    ("highest", "values"),
    [("4", "0 1 2 3 4"), ("2", "0 0.5 1 1.5 2"), ("270", "0 100 200 300"), ("0.25", "0 0.05 0.10 0.15 0.20 0.25"), ("0", "0 1")],
)
def test_axis_values_are_round_and_reach_the_highest_dose(highest: str, values: str) -> None:
    assert list(ticks(Decimal(highest))) == [Decimal(value) for value in values.split()]


def test_the_span_covers_all_series() -> None:
    early, late = _series("a", ("2026-01-05", "1")), _series("b", ("2026-03-01", "1"), end="2027-01-01")
    assert span([early, late]) == (date(2026, 1, 5), date(2027, 1, 1))


def test_a_terminal_chart_marks_lines_by_letter_and_meetings_by_a_star() -> None:
    drawn = terminal_chart(
        [_series("slow", ("2026-01-05", "4"), ("2026-04-06", "0")), _series("fast", ("2026-01-05", "4"), ("2026-02-02", "0"))]
    )
    lines = drawn.splitlines()
    assert lines[1].startswith(" 4 │*")
    assert any("a" in line and "b" not in line for line in lines[1:5])
    assert lines[-2:] == ["    a  slow", "    b  fast"]
    assert max(len(line) for line in lines) <= 72


def _beyond(root: ET.Element) -> list[str]:
    """Texts that leave the picture, by the widest of the usual fonts."""
    width, height = (float(side) for side in root.get("viewBox", "").split()[2:])
    found = []
    for text in root.iter(f"{SVG}text"):
        size = 16 * 1.15 if text.get("class") == "title" else FONT * (1.15 if text.get("class") else 1)
        long, x, y = text_width(text.text or "", size), float(text.get("x", "nan")), float(text.get("y", "nan"))
        start = x - {"end": long, "middle": long / 2}.get(text.get("text-anchor", ""), 0)
        if not (start >= 0 and start + long <= width and y - FONT >= 0 and y + 4 <= height):
            found.append(text.text or "")
    return found


@pytest.mark.parametrize(
    "plan",
    [
        sample_plan(),
        crossed_over(),
        many_strengths(),
        every_third_night(),
        sample_plan(drug="W" * 60),
        sample_plan(drug="a very long name of a medicine " * 8, reason="x"),
    ],
    ids=["tablets", "cross-over", "large doses", "means", "no space", "long"],
)
def test_no_text_leaves_the_picture(plan: TaperPlan) -> None:
    assert _beyond(ET.fromstring(plan_chart(plan, COVER))) == []  # noqa: S314 (our own output)


def test_a_label_that_is_too_long_goes_on_below() -> None:
    bands = "; ".join(f"above {mg} mg: {mg} mg every 14 days" for mg in range(9, 1, -1))
    root = _drawn(_series(bands, ("2026-01-05", "4"), ("2026-02-02", "0")))
    words = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert " ".join(words[-3:]) == bands
    assert _beyond(root) == []


def test_a_chart_alone_says_what_it_is_whose_it_is_and_that_it_is_a_stopped_draft() -> None:
    texts = [text.text for text in ET.fromstring(plan_chart(sample_plan(), COVER)).iter(f"{SVG}text")]  # noqa: S314 (our own output)
    assert texts[:4] == [
        "lorazepam: taper from 2 mg a day to stop",
        "Draft – not approved – 1 finding must be resolved before it can be approved",
        "Stop: Pregnancy is on record.",
        "Anna Berg · born 1950-03-01 · MRN 77",
    ]


def test_a_chart_of_an_active_plan_carries_no_draft_mark() -> None:
    assert "Draft" not in plan_chart(sample_plan(state=PlanState.ACTIVE), COVER)


def test_doses_in_titles_have_no_trailing_zeros() -> None:
    titles = [one.findtext(f"{SVG}title") for one in _drawn(_series("a", ("2026-01-05", "2.00"))).iter(f"{SVG}circle")]
    assert titles == ["a: 2 mg per day from 2026-01-05"]


def test_lines_are_broken_between_words_and_a_longer_word_within_it() -> None:
    assert lines_within("aa aa aa", text_width("aa aa", 10), 10) == ["aa aa", "aa"]
    assert lines_within("aaaa", text_width("aa", 10), 10) == ["aa", "aa"]
    assert "".join(lines_within("½ ☃ 薬", 5, 10)) == "½☃薬"


def test_years_stand_below_the_first_day_and_where_they_change() -> None:
    root = _drawn(_series("a", ("2026-09-07", "4"), ("2027-02-02", "0"), end="2027-03-01"))
    words = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert [one for one in words if one in ("2026", "2027")] == ["2026", "2027"]


def test_a_year_of_orders_is_marked_by_the_first_days_of_months() -> None:
    drawn = step_chart([_series("a", ("2025-11-23", "4"), end="2026-11-23")], "a year", by_month=True)
    days = re.findall(r'text-anchor="middle">(\d+ [A-Z][a-z]+)<', drawn)
    assert days == ["1 Dec", "1 Feb", "1 Apr", "1 Jun", "1 Aug", "1 Oct"]


def test_a_long_label_of_a_terminal_chart_goes_on_below_and_is_never_cut() -> None:
    label = "substitution, to diazepam, in 2 stages, over 14 days, then proportional, 10 %, every 14 days, smallest dose 1 mg"
    drawn = terminal_chart([_series(label, ("2026-01-05", "4"), ("2026-02-02", "0"))], width=72)
    legend = drawn.splitlines()[-2:]
    assert " ".join(" ".join(legend).split()) == f"a {label}"
    assert max(len(line) for line in drawn.splitlines()) <= 72
