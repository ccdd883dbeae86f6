"""Text on a page: escaped, printable, and what belongs together on one line."""

import pytest

from fhir_taper.web.rendering import in_lines, unbroken


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("the last step on 2027-09-26.", "2027-09-26"),
        ("saved 2026-11-22 03:39 by you", "2026-11-22 03:39"),
        ("from 37.5 mcg/h to stop", "37.5 mcg/h"),
        ("between 15–30 mg a day", "15–30 mg"),
    ],
)
def test_what_a_browser_may_break_at_a_dash_or_a_slash_stays_on_one_line(text: str, whole: str) -> None:
    assert f'<span class="nowrap">{whole}</span>' in unbroken(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("smallest dose 0.25 mg, then", "smallest dose 0.25_mg, then"),
        ("1½ × 0.5 mg", "1½ × 0.5_mg"),
        ("linear, 10 %, every 14 days", "linear, 10_%, every 14_days"),
        ("0.4 mL (2 mg) of 5 mg/mL", "0.4_mL (2_mg) of 5_mg/mL"),
    ],
)
def test_an_amount_and_its_unit_have_no_space_at_which_a_line_may_break(text: str, whole: str) -> None:
    assert unbroken(text) == whole.replace("_", "\N{NO-BREAK SPACE}")


def test_amounts_under_each_other_are_each_escaped_and_unbroken() -> None:
    assert in_lines(("1 × 2 mg", "+ <b>", "5 mg")) == "1 × 2_mg<br>+ &lt;b&gt;<br>5_mg".replace("_", "\N{NO-BREAK SPACE}")


def test_what_stays_together_is_escaped_like_everything_else() -> None:
    assert unbroken("<b>5 mg</b> & 10 mgx") == "&lt;b&gt;5\N{NO-BREAK SPACE}mg&lt;/b&gt; &amp; 10 mgx"


def test_words_without_amounts_are_only_escaped() -> None:
    assert unbroken("a pause, if > needed") == "a pause, if &gt; needed"
