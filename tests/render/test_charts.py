"""The step chart: valid XML, nothing by colour alone, everything titled, nothing injected."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from fhir_taper.render.charts import HEIGHT, WIDTH, step_chart
from fhir_taper.render.series import Level, Series, series_of, span, ticks
from fhir_taper.render.terminal_chart import terminal_chart
from tests.render.sample_plan import sample_plan

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
    assert titles == ["Reductions paused: keep taking 1.5"]


def test_lines_differ_by_dash_and_label_and_not_by_colour_alone() -> None:
    chart = step_chart([_series(label, ("2026-01-05", "4"), ("2026-02-02", "0")) for label in ("a", "b", "c")], "three")
    lines = re.findall(r'<path class="line" stroke="[^"]+"([^>]*) d="M64', chart)
    assert len(set(lines)) == 3
    assert all(f">{label}</text>" in chart for label in ("a", "b", "c"))


def test_labels_of_lines_that_end_together_do_not_overlap() -> None:
    root = _drawn(*(_series(label, ("2026-01-05", "4"), ("2026-02-02", "0")) for label in "abcdef"))
    heights = sorted(float(text.get("y", "0")) for text in root.iter(f"{SVG}text") if text.text in set("abcdef"))
    assert all(below - above >= 13 for above, below in pairwise(heights))
    assert heights[-1] <= HEIGHT


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
