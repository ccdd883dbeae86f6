"""What a use case says of an option is said of the field of that name."""

import pytest

from fhir_taper.cli.asked import Asked
from fhir_taper.web.option_words import _FIELDS, LABELS, field_of, in_form_words, without_options


def test_every_option_that_a_message_can_name_has_a_field() -> None:
    ours = {name.replace("_", "-") for name in Asked.__dataclass_fields__} - {"protocol", "strategy", "mme-table", "terminology"}
    assert ours <= set(_FIELDS)
    assert set(_FIELDS.values()) <= set(LABELS)


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("--baseline 0 is nothing to taper from", "baseline", "“Average intake, mg a day” 0 is nothing to taper from"),
        ("confirm it (--baseline MG --baseline-by WHO): x", "baseline", "confirm it (“Average intake, mg a day” “How that is known”): x"),
        ("half tablets (--parts half)", "parts", "half tablets (“Parts that you permit”)"),
        ("no option here -- at all", "", "no option here -- at all"),
        ("--strange is not ours", "", "--strange is not ours"),
    ],
)
def test_options_become_the_labels_of_fields(text: str, field: str, words: str) -> None:
    assert (field_of(text), in_form_words(text)) == (field, words)


def test_an_option_in_brackets_is_left_out_where_no_field_is_for_it() -> None:
    assert without_options("a lower dose as the goal (--target)") == "a lower dose as the goal"
    assert without_options("how much is taken, and when (--taken)") == "how much is taken, and when"
