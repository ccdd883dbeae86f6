"""Text on a page: escaped, printable, and what belongs together on one line."""

import pytest

from fhir_taper.web.rendering import unbroken


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("the last step on 2027-09-26.", "2027-09-26"),
        ("saved 2026-11-22 03:39 by you", "2026-11-22 03:39"),
        ("smallest dose 0.25 mg, then", "0.25 mg"),
        ("1½ × 0.5 mg", "0.5 mg"),
        ("from 37.5 mcg/h to stop", "37.5 mcg/h"),
        ("linear, 10 %, every 14 days", "10 %"),
        ("between 15–30 mg a day", "15–30 mg"),
    ],
)
def test_a_day_and_an_amount_with_its_unit_stay_on_one_line(text: str, whole: str) -> None:
    assert f'<span class="nowrap">{whole}</span>' in unbroken(text)


def test_what_stays_together_is_escaped_like_everything_else() -> None:
    assert unbroken("<b>5 mg</b> & 10 mgx") == '&lt;b&gt;<span class="nowrap">5 mg</span>&lt;/b&gt; &amp; 10 mgx'


def test_words_without_amounts_are_only_escaped() -> None:
    assert unbroken("a pause, if > needed") == "a pause, if &gt; needed"
