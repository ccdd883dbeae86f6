"""The chart of a taper that is watched: two panels on one axis, shapes with words, everything titled, nothing by colour alone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.render.charts import WIDTH
from fhir_taper.render.series import Level, Series
from fhir_taper.render.watch_chart import Panel, Point, Stretch, Watched, watch_chart
from fhir_taper.render.watch_marks import Happened, Mark, shape

SVG = "{http://www.w3.org/2000/svg}"
DAY = timedelta(days=1)
FIRST, TODAY, LAST = date(2026, 1, 5), date(2026, 3, 15), date(2026, 5, 4)
PLANNED = Series("diazepam", (Level(FIRST, Decimal(4)), Level(date(2026, 2, 2), Decimal(3)), Level(date(2026, 3, 2), Decimal(2))), LAST)
ORDERED = (Stretch(FIRST, date(2026, 2, 1), Decimal(4)), Stretch(date(2026, 2, 2), TODAY, Decimal(3)))
POINTS = (
    Point(date(2026, 1, 20), Decimal(4), "minimal anxiety (4 of 21)"),
    Point(date(2026, 3, 9), Decimal(12), "moderate anxiety (12 of 21)"),
)
SCORES = Panel("GAD-7", Decimal(0), Decimal(21), POINTS, load_scales()["gad7"].bands)
MARKS = tuple(Mark(kind, FIRST + 7 * DAY * number, f"{kind} & so on") for number, kind in enumerate(Happened))
SEEN = Watched("Diazepam and GAD-7", FIRST, LAST, TODAY, PLANNED, ORDERED, ((date(2026, 2, 10), date(2026, 2, 20)),), SCORES, MARKS)


def drawn(seen: Watched = SEEN) -> ET.Element:
    return ET.fromstring(watch_chart(seen))  # noqa: S314 (our own output)


def titles(root: ET.Element, kind: str) -> list[str]:
    return [one.findtext(f"{SVG}title") or "" for one in root.iter(f"{SVG}{kind}")]


def classed(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if name in (one.get("class") or "").split()]


def test_it_is_an_image_with_a_title_and_says_in_words_where_dose_and_score_stand() -> None:
    root = drawn()
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "watch-title watch-desc"
    assert root.findtext(f"{SVG}title") == "Diazepam and GAD-7"
    said = root.findtext(f"{SVG}desc") or ""
    assert "Planned: 2 mg per day on 2026-03-15. Ordered: 3 mg per day." in said
    assert "GAD-7: 2 values, the last of 2026-03-09: moderate anxiety (12 of 21)." in said
    assert "Missed check-in: 1." in said


def test_the_planned_dose_is_thin_and_each_ordered_dose_thick_and_titled() -> None:
    root = drawn()
    assert len(classed(root, "thin")) == 2  # and its sample
    assert [one for one in titles(root, "path") if one.startswith("Ordered")] == [
        "Ordered: 4 mg per day from 2026-01-05 to 2026-02-01",
        "Ordered: 3 mg per day from 2026-02-02 to 2026-03-15",
    ]


def test_every_band_has_its_word_and_no_two_neighbours_look_alike() -> None:
    root = drawn()
    bands = classed(root, "band")
    assert [("even" in (one.get("class") or "").split()) for one in bands] == [True, False, True, False]
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert [word for word in texts if word in ("minimal", "mild", "moderate", "severe")] == ["minimal", "mild", "moderate", "severe"]
    heights = [float(one.get("height") or 0) for one in bands]
    assert sum(heights) == pytest.approx(150, abs=1)


def test_points_and_marks_are_titled_with_day_and_words() -> None:
    root = drawn()
    assert titles(root, "circle") == ["2026-01-20: minimal anxiety (4 of 21)", "2026-03-09: moderate anxiety (12 of 21)"]
    assert "2026-01-05: reduction & so on" in titles(root, "path")
    assert titles(root, "rect")[0] == "Reductions paused from 2026-02-10 to 2026-02-20"


def test_each_kind_of_mark_differs_from_the_others_by_its_shape_or_by_being_hollow() -> None:
    looks = {kind: shape(kind, 0, 0, "") for kind in Happened}
    assert len(set(looks.values())) == len(Happened)


def test_both_panels_and_the_marks_share_one_time_axis() -> None:
    seen = replace(SEEN, marks=(Mark(Happened.CHECK_IN, date(2026, 3, 9), "came"),))
    root = drawn(seen)
    (mark,) = [one for one in classed(root, "mark") if "came" in (one.findtext(f"{SVG}title") or "")]
    points = list(root.iter(f"{SVG}circle"))
    assert (mark.get("transform") or "").startswith(f"translate({points[1].get('cx')} ")


def test_today_is_a_line_with_its_word_and_is_not_drawn_outside_the_time_that_is_shown() -> None:
    assert len(classed(drawn(), "today")) == 1
    assert "today" in [one.text for one in drawn().iter(f"{SVG}text")]
    assert classed(drawn(replace(SEEN, today=LAST + DAY)), "today") == []


def test_without_a_score_there_is_one_panel_and_without_bands_the_axis_has_round_numbers() -> None:
    alone = drawn(replace(SEEN, panel=None))
    assert classed(alone, "band") == []
    bare = drawn(replace(SEEN, panel=replace(SCORES, bands=(), high=Decimal(10))))
    assert {"0", "2.5", "5", "7.5", "10"} <= {one.text for one in bare.iter(f"{SVG}text")}


def test_a_single_value_is_a_point_without_a_line_and_no_value_is_said() -> None:
    one = drawn(replace(SEEN, panel=replace(SCORES, points=SCORES.points[:1])))
    assert classed(one, "joined") == []
    assert "GAD-7: 1 value, the last" in (one.findtext(f"{SVG}desc") or "")
    none = drawn(replace(SEEN, panel=replace(SCORES, points=())))
    assert "GAD-7: 0 values." in (none.findtext(f"{SVG}desc") or "")


def test_what_lies_outside_the_time_that_is_shown_is_not_drawn_over_the_edge() -> None:
    before = FIRST - 100 * DAY
    seen = replace(SEEN, ordered=(Stretch(before, before + DAY, Decimal(8)),), marks=(Mark(Happened.VISIT, before, "long ago"),))
    root = drawn(seen)
    assert not [one for one in titles(root, "path") if one.startswith("Ordered") or "long ago" in one]
    assert "What is ordered today is not known." in (root.findtext(f"{SVG}desc") or "")


def test_words_of_a_chart_cannot_become_markup_and_no_text_leaves_the_picture() -> None:
    evil = replace(SEEN, title="<b>&", marks=(Mark(Happened.ALERT, TODAY, "<script>alert(1)</script>"),))
    assert "<script>" not in watch_chart(evil)
    assert drawn(evil).findtext(f"{SVG}title") == "<b>&"
    assert all(0 <= float(one.get("x") or 0) <= WIDTH for one in drawn().iter(f"{SVG}text"))


def test_a_legend_names_only_what_is_drawn() -> None:
    texts = {one.text for one in drawn(replace(SEEN, marks=MARKS[:1], ordered=(), holds=())).iter(f"{SVG}text")}
    assert {"planned", "reduction"} <= texts
    assert not {"ordered", "reductions paused", "open alert"} & texts
