"""Instruments and check-ins as data: what the tables promise, and what their loader refuses."""

import re
from decimal import Decimal

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import SourceState
from fhir_taper.plans.tables.form_rows import Form, Item, Make, Ships
from fhir_taper.plans.tables.instrument_tables import CHECK_INS, INSTRUMENTS, load_forms, read_forms
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.plans.tables.signal_tables import load_signals

FORMS = load_forms().forms
OURS = [form for form in FORMS.values() if form.licence.source.name == "our own words"]
ASKED_OFTEN = [form for form in OURS if form.event]
PUBLISHED = [form for form in FORMS.values() if form not in OURS]


def _ids(form: Form) -> str:
    return form.id


@pytest.mark.parametrize(
    ("form", "ships"),
    [
        ("phq9", Ships.ORIGINAL),
        ("gad7", Ships.ORIGINAL),
        ("peg", Ships.ORIGINAL),
        ("audit-c", Ships.ORIGINAL),
        ("cows", Ships.OWN),
        ("bam", Ships.OWN),
        ("pacs", Ships.OWN),
        ("cssrs", Ships.ASK),
        ("isi", Ships.LINK),
        ("psqi", Ships.LINK),
        ("ciwa-b", Ships.LINK),
        ("bwsq", Ships.LINK),
        ("sows", Ships.LINK),
        ("poss", Ships.LINK),
        ("dast-10", Ships.LINK),
    ],
)
def test_what_may_be_shown_of_each_instrument_is_decided(form: str, ships: Ships) -> None:
    assert FORMS[form].licence.ships is ships


@pytest.mark.parametrize("form", PUBLISHED, ids=_ids)
def test_a_licence_that_nobody_could_verify_shows_no_original_words(form: Form) -> None:
    if form.licence.source.state in (SourceState.KNOWLEDGE, SourceState.DEFAULT):
        assert form.licence.ships in (Ships.OWN, Ships.LINK)
    assert form.licence.notice
    assert form.licence.link.startswith("https://")


@pytest.mark.parametrize("form", FORMS.values(), ids=_ids)
def test_a_score_has_the_range_of_its_signal_and_its_words_from_one_place(form: Form) -> None:
    for rule in form.scores:
        signal, scale = load_signals().signals[rule.signal], load_scales().get(rule.signal)
        if scale is not None:
            assert (scale.low, scale.high, scale.is_whole) == (signal.low, signal.high, signal.is_whole)
        assert signal.needs_variant == form.variant or not signal.needs_variant


def test_what_a_person_of_the_clinic_must_ask_or_look_for_is_known() -> None:
    assert {form.id for form in FORMS.values() if form.needs_person} == {"cssrs", "cows", "ciwa-b", "poss"}


@pytest.mark.parametrize(
    ("form", "questions", "most"), [("phq9", 9, 27), ("gad7", 7, 21), ("cows", 11, 48), ("audit-c", 3, 12), ("pacs", 5, 30)]
)
def test_the_points_of_an_instrument_add_up_to_its_published_maximum(form: str, questions: int, most: int) -> None:
    items = [item for item in FORMS[form].items if item.id in FORMS[form].scores[0].of]
    assert (len(items), sum(_most(item) for item in items)) == (questions, most)


def test_the_subscales_of_the_bam_take_the_questions_of_its_publication() -> None:
    assert {rule.signal: rule.of for rule in FORMS["bam"].scores} == {
        "bam-use": ("4", "5", "6"),
        "bam-risk": ("1", "2", "3", "8", "11", "15"),
        "bam-protective": ("9", "10", "12", "13", "14", "16"),
    }


def test_the_loinc_codes_of_an_instrument_are_those_of_its_questions_in_order() -> None:
    assert [item.loinc for item in FORMS["phq9"].items] == [
        "44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8",
    ]  # fmt: skip
    assert [item.loinc for item in FORMS["cssrs"].items] == [
        "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9",
    ]  # fmt: skip
    assert [rule.loinc for form in ("phq9", "gad7", "peg", "audit-c", "dast-10") for rule in FORMS[form].scores] == [
        "44261-6", "70274-6", "91147-9", "75626-2", "82667-7",
    ]  # fmt: skip


def test_a_code_of_a_question_belongs_to_one_question_of_one_instrument() -> None:
    assert load_forms().by_loinc["44260-8"] == ("phq9", "9")
    assert "72514-3" not in load_forms().by_loinc  # pain is a measure of its own, not a question of one form


@pytest.mark.parametrize("form", ["ciwa-b", "bam", "sows", "psqi", "cows"])
def test_what_is_taken_for_an_instrument_and_is_not_is_refused_in_words(form: str) -> None:
    assert all(sentence.endswith(".") for sentence in FORMS[form].refuses)
    assert FORMS[form].refuses


def test_the_daily_check_in_asks_at_most_eight_questions_of_anybody() -> None:
    for drug_class in ("opioid", "benzodiazepine", "z-drug"):
        for phase in ("taper", "maintenance"):
            asked = [
                item for item in FORMS["daily"].items_for(drug_class, phase) if item.id != "sleep-minutes"
            ]  # one question in two boxes
            assert 6 <= len(asked) <= 8


def test_pain_is_asked_of_those_with_opioids_and_the_urge_of_the_others() -> None:
    asked = {of: {item.id for item in FORMS["daily"].items_for(of, "taper")} for of in ("opioid", "benzodiazepine")}
    assert asked["opioid"] - asked["benzodiazepine"] == {"pain"}
    assert asked["benzodiazepine"] - asked["opioid"] == {"craving"}
    assert "pause" not in {item.id for item in FORMS["daily"].items_for("opioid", "maintenance")}


@pytest.mark.parametrize("form", OURS, ids=_ids)
def test_our_own_questions_are_in_words_of_the_sixth_grade(form: Form) -> None:
    texts = [form.lead, *(item.words for item in form.items), *(choice.words for item in form.items for choice in item.choices)]
    assert _grade(". ".join(text.strip(".:?") for text in texts)) <= 6
    assert all(len(sentence.split()) <= 16 for text in texts for sentence in re.split(r"[.?:]", text))


@pytest.mark.parametrize("form", OURS, ids=_ids)
def test_every_question_of_ours_says_something_or_is_part_of_a_score(form: Form) -> None:
    for item in form.items:
        said = item.signal or any(choice.signal for choice in item.choices) or any(item.id in rule.of for rule in form.scores)
        assert said or item.is_text


@pytest.mark.parametrize("form", ASKED_OFTEN, ids=_ids)
def test_a_list_of_dangers_can_be_answered_by_none_of_these(form: Form) -> None:
    events = form.item("events")
    assert events is not None
    assert [choice.code for choice in events.choices if choice.is_none] == ["none"]
    assert all(choice.signal for choice in events.choices if not choice.is_none)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('licence = "original"', 'licence = "perhaps"', "perhaps"),
        ('by = "patient"', 'by = "nobody"', "nobody"),
        ('choose = "frequency"', 'choose = "often"', "no choices often"),
        ('make = "sum"', 'make = "guess"', "guess"),
        ('signal = "phq9-item9"', 'signal = "phq9-item10"', "no signal phq9-item10"),
        ('form = "cssrs"', 'form = "csssr"', "one of them is not there"),
        ("points = 3,", "points = 4,", "can be 0 to 36"),
        ('only_if = { item = "2", is = "yes" }', 'only_if = { item = "2", is = "perhaps" }', "an answer that is not there"),
        ('otherwise = "negative"', 'otherwise = "nothing"', "not answered by nothing"),
        ('"4=yes"', '"44=yes"', "by an answer that is not there"),
        ('id = "2"', 'id = "1"', "twice"),
        ('of = ["4", "5", "6"]', 'of = ["4", "5", "60"]', "a question that is not there"),
        ("state =", "stat =", "unknown codes_stat, licence_stat, stat"),
        ('licence_state = "read"\n', "", "no state"),
        ("low = 0\nhigh = 10", "low = 0\nhigh = 10\nyes_no = true", "one of them"),
    ],
)
def test_a_row_that_cannot_be_meant_is_named(old: str, new: str, says: str) -> None:
    text = text_of(INSTRUMENTS)
    assert old in text
    with pytest.raises(TableError, match=re.escape(says)):
        read_forms(text.replace(old, new))


def test_a_form_of_one_name_in_both_files_is_refused() -> None:
    with pytest.raises(TableError, match="another file"):
        read_forms(check_ins=text_of(CHECK_INS).replace("[daily", "[phq9").replace("[[daily", "[[phq9"))


def test_a_form_that_ships_a_link_alone_holds_no_questions() -> None:
    for form in FORMS.values():
        if form.licence.ships is Ships.LINK:
            assert not form.items
            assert all(rule.make is Make.STATED for rule in form.scores)


def _most(item: Item) -> Decimal:
    return Decimal(item.high) if item.is_number else max(choice.points or Decimal(0) for choice in item.choices)


def _grade(text: str) -> float:
    """Flesch-Kincaid grade, with vowel groups as syllables: crude, and the same for every text."""
    sentences = [part for part in re.split(r"[.?!:]+", text) if part.strip()]
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
