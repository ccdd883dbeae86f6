import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.mappers.write.fhir_text import from_fhir, shown, shown_lines, to_fhir
from tests.plan_strategies import ODD_TEXTS

FHIR_STRING = re.compile(r"[ \r\n\t\S]+")


@given(st.text() | st.sampled_from(ODD_TEXTS))
def test_every_text_comes_back_and_is_a_string_that_fhir_allows(text: str) -> None:
    written = to_fhir(text)
    assert from_fhir(written) == text
    assert FHIR_STRING.fullmatch(written)
    assert written == written.strip()


@given(st.text() | st.sampled_from(ODD_TEXTS))
def test_shown_text_has_single_spaces_and_nothing_that_xml_forbids(text: str) -> None:
    words = shown(text)
    assert words == " ".join(words.split())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", words)


@pytest.mark.parametrize("text", ["Dr Amara Osei", "½ tablet, then 1", "日本語", "a\nb", "<b>&"])
def test_ordinary_text_is_written_as_it_is(text: str) -> None:
    assert to_fhir(text) == text


@pytest.mark.parametrize(("text", "written"), [("", "\\0"), ("a\\b", "a\\\\b"), ("5\u00a0mg", "5\\u00a0mg"), (" a", "\\u0020a")])
def test_what_a_fhir_string_cannot_hold_is_escaped(text: str, written: str) -> None:
    assert to_fhir(text) == written


def test_a_backslash_that_somebody_else_typed_stays() -> None:
    assert from_fhir("\\d \\u12") == "\\d \\u12"


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\u00ad"])
def test_shown_text_holds_nothing_unseen_that_turns_a_number_round(unseen: str) -> None:
    assert shown(f"diazepam {unseen}25 mg") == "diazepam 25 mg"
    assert from_fhir(to_fhir(f"diazepam {unseen}25 mg")) == f"diazepam {unseen}25 mg"


def test_of_several_lines_the_lines_stay() -> None:
    assert shown_lines(" bad  nights \r\n\r\n\n\u202erows\x00\n") == "bad nights\n\nrows"
    assert shown_lines(" \n ") == ""


def test_shown_text_keeps_the_joiners_that_scripts_need() -> None:
    assert shown("\u0915\u094d\u200d\u0937") == "\u0915\u094d\u200d\u0937"
