"""Scores of hand-worked answers, by the logic of each instrument's publication; what is refused; what counts by itself."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.scoring import Answer, Said, Scored, score, stated
from fhir_taper.plans.tables.form_rows import Form, Item
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tables.scale_tables import load_scales

FORMS = load_forms().forms
MADE = [form for form in FORMS.values() if form.items]


def scored(form: str, answers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Scored:
    pairs = answers.items() if isinstance(answers, Mapping) else answers
    return score(FORMS[form], [Answer(item, said) for item, said in pairs])


def in_order(said: str) -> dict[str, str]:
    """Answers to questions 1, 2, 3 ... by one figure each."""
    return {str(number): figure for number, figure in enumerate(said, 1)}


def of(result: Scored, signal: str) -> Said:
    (found,) = [one for one in result.said if one.signal == signal]
    return found


def signals(result: Scored) -> set[str]:
    return {one.signal for one in result.said}


# 1. Totals and bands, just under and just over


@pytest.mark.parametrize(
    ("answers", "total", "words"),
    [
        ("000000000", 0, "minimal depression (0 of 27)"),
        ("111100000", 4, "minimal depression (4 of 27)"),
        ("111110000", 5, "mild depression (5 of 27)"),
        ("111111111", 9, "mild depression (9 of 27)"),
        ("222220000", 10, "moderate depression (10 of 27)"),
        ("222222200", 14, "moderate depression (14 of 27)"),
        ("333330000", 15, "moderately severe depression (15 of 27)"),
        ("333333100", 19, "moderately severe depression (19 of 27)"),
        ("333333200", 20, "severe depression (20 of 27)"),
        ("333333333", 27, "severe depression (27 of 27)"),
    ],
)
def test_a_phq9_is_the_sum_of_its_nine_answers(answers: str, total: int, words: str) -> None:
    said = of(scored("phq9", in_order(answers)), "phq9")
    assert (said.value, said.words, said.loinc) == (Decimal(total), words, "44261-6")


@pytest.mark.parametrize(
    ("answers", "total", "words"),
    [
        ("1111000", 4, "minimal anxiety (4 of 21)"),
        ("1111100", 5, "mild anxiety (5 of 21)"),
        ("3330000", 9, "mild anxiety (9 of 21)"),
        ("3331000", 10, "moderate anxiety (10 of 21)"),
        ("2222220", 12, "moderate anxiety (12 of 21)"),
        ("2222222", 14, "moderate anxiety (14 of 21)"),
        ("3333300", 15, "severe anxiety (15 of 21)"),
        ("3333333", 21, "severe anxiety (21 of 21)"),
    ],
)
def test_a_gad7_is_the_sum_of_its_seven_answers(answers: str, total: int, words: str) -> None:
    said = of(scored("gad7", in_order(answers)), "gad7")
    assert (said.value, said.words) == (Decimal(total), words)


@pytest.mark.parametrize(
    ("answers", "mean", "words"),
    [
        (("5", "5", "6"), "5.333333", "pain 5.3 of 10"),
        (("7", "7", "8"), "7.333333", "pain 7.3 of 10"),
        (("0", "0", "0"), "0", "pain 0 of 10"),
        (("10", "10", "10"), "10", "pain 10 of 10"),
        (("4", "6", "5"), "5", "pain 5 of 10"),
    ],
)
def test_a_peg_is_the_mean_of_its_three_answers_and_has_no_word(answers: tuple[str, str, str], mean: str, words: str) -> None:
    said = of(scored("peg", zip(("pain", "enjoyment", "activity"), answers, strict=True)), "peg")
    assert (said.value, said.words) == (Decimal(mean), words)


@pytest.mark.parametrize(
    ("answers", "total", "words"),
    [
        ({}, 0, "less than mild opioid withdrawal (0 of 48)"),
        ({"pulse": "4"}, 4, "less than mild opioid withdrawal (4 of 48)"),
        ({"restlessness": "5"}, 5, "mild opioid withdrawal (5 of 48)"),
        ({"pulse": "4", "sweating": "4", "tremor": "4"}, 12, "mild opioid withdrawal (12 of 48)"),
        ({"pulse": "4", "sweating": "4", "pupils": "5"}, 13, "moderate opioid withdrawal (13 of 48)"),
        ({"skin": "5", "pupils": "5", "restlessness": "5", "stomach": "5", "tremor": "4"}, 24, "moderate opioid withdrawal (24 of 48)"),
        (
            {"skin": "5", "pupils": "5", "restlessness": "5", "stomach": "5", "tremor": "4", "pulse": "1"},
            25, "moderately severe opioid withdrawal (25 of 48)",
        ),
        (
            {"skin": "5", "pupils": "5", "restlessness": "5", "stomach": "5", "tremor": "4", "pulse": "4", "aches": "4", "anxiety": "4"},
            36, "moderately severe opioid withdrawal (36 of 48)",
        ),
        (
            {"skin": "5", "pupils": "5", "restlessness": "5", "stomach": "5", "tremor": "4", "pulse": "4", "aches": "4", "anxiety": "4",
             "yawning": "1"},
            37, "severe opioid withdrawal (37 of 48)",
        ),
    ],
)  # fmt: skip
def test_a_cows_is_the_sum_of_its_eleven_signs(answers: dict[str, str], total: int, words: str) -> None:
    none = {item.id: "0" for item in FORMS["cows"].items}
    said = of(scored("cows", none | answers), "cows")
    assert (said.value, said.words) == (Decimal(total), words)


def test_a_sign_of_the_cows_has_only_the_points_of_its_publication() -> None:
    none = {item.id: "0" for item in FORMS["cows"].items}
    result = scored("cows", none | {"skin": "4"})
    assert (result.said, result.missing) == ((), ("skin",))
    assert "question skin: '4' is not one of its answers" in result.problems


@pytest.mark.parametrize(
    ("answers", "total"),
    [("111", 3), ("444", 12), ("120", 3), ({"1": "0"}, 0), ({"1": "0", "2": "0"}, 0), ({"1": "0", "2": "0", "3": "0"}, 0)],
)
def test_an_audit_c_of_somebody_who_never_drinks_is_whole_after_its_first_question(answers: str | dict[str, str], total: int) -> None:
    said = of(scored("audit-c", in_order(answers) if isinstance(answers, str) else answers), "audit-c")
    assert said.value == total


def test_an_audit_c_of_somebody_who_drinks_is_not() -> None:
    assert scored("audit-c", {"1": "1"}).missing == ("2", "3")


def test_a_bam_makes_three_subscales_and_no_total() -> None:
    answers = {item.id: "2" if item.choice("2") else "4" for item in FORMS["bam"].items}
    result = scored("bam", answers)
    assert {one.signal: one.value for one in result.said} == {
        "bam-use": 6,  # 3 questions of 2
        "bam-risk": 12,  # 6 questions of 2
        "bam-protective": 14,  # 5 questions of 2, and income: yes is 4
        "bam-craving": 2,
    }
    assert of(result, "bam-use").words == "use 6 of 12"


def test_a_subscale_of_the_bam_is_made_though_another_one_lacks_an_answer() -> None:
    result = scored("bam", {"4": "0", "6": "3", "8": "4"})
    assert {one.signal: one.value for one in result.said} == {
        "bam-use": 3,
        "bam-craving": 4,
    }  # no alcohol: days of much alcohol are not asked
    assert [one.signal for one in result.refused] == ["bam-risk"]
    assert result.missing == ("1", "2", "3", "9", "10", "11", "12", "13", "14", "15", "16")


def test_a_pacs_is_the_sum_of_its_five_answers() -> None:
    said = of(scored("pacs", {"often": "6", "strength": "5", "time": "4", "resist": "3", "overall": "2"}), "pacs")
    assert (said.value, said.words) == (Decimal(20), "craving 20 of 30")


# 2. The C-SSRS screener: levels, and that no answer is not No

NO = {"1": "no", "2": "no", "6": "no"}
ASKED = {"1": "no", "2": "yes", "3": "no", "4": "no", "5": "no", "6": "no"}


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        (NO, "negative"),
        (NO | {"1": "yes"}, "low"),
        (ASKED, "low"),
        (ASKED | {"3": "yes"}, "moderate"),
        (NO | {"6": "yes", "6-recent": "no"}, "moderate"),
        (ASKED | {"4": "yes"}, "high"),
        (ASKED | {"5": "yes"}, "high"),
        (NO | {"6": "yes", "6-recent": "yes"}, "high"),
        ({"4": "yes"}, "high"),  # already high: what is missing cannot make it less
        ({"6": "yes", "6-recent": "yes"}, "high"),
        (NO | {"5": "yes"}, "high"),  # not asked after "no", and answered all the same
    ],
)
def test_the_screener_says_the_highest_level_that_an_answer_reaches(answers: dict[str, str], level: str) -> None:
    said = of(scored("cssrs", answers), "cssrs")
    assert (said.answer, said.words, said.value) == (level, f"suicide risk: {level}", None)


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({"1": "no", "2": "no"}, ("6",)),
        ({"2": "no", "6": "no"}, ("1",)),
        ({"1": "no", "6": "no"}, ("2",)),
        ({"1": "no", "2": "yes", "6": "no"}, ("3", "4", "5")),
        (ASKED | {"3": "yes", "5": ""}, ("5",)),  # at least moderate, perhaps high
        (NO | {"6": "yes"}, ("6-recent",)),  # moderate or high: it hangs on when
    ],
)
def test_a_screener_without_an_answer_to_what_is_asked_is_refused_below_high(answers: dict[str, str], missing: tuple[str, ...]) -> None:
    result = scored("cssrs", answers)
    assert (result.said, result.missing) == ((), missing)
    assert "has no score: no answer to question" in result.refused[0].words


def test_an_answer_that_contradicts_itself_is_taken_for_the_danger_that_it_names() -> None:
    result = scored("cssrs", [*NO.items(), ("4", "yes"), ("4", "no")])
    assert of(result, "cssrs").answer == "high"
    assert "question 4: answered in different ways (no and yes): none counts" in result.problems


# 3. A part of a form: no total, and what counts by itself


@pytest.mark.parametrize("form", ["phq9", "gad7", "peg", "cows", "pacs"])
def test_a_total_is_never_made_of_a_part_of_the_form(form: str) -> None:
    whole = {item.id: "0" for item in FORMS[form].items}
    for item in whole:
        result = scored(form, {name: said for name, said in whole.items() if name != item})
        assert form not in signals(result)
        assert result.missing == (item,)
        assert result.refused[0].words.endswith(f"has no score: no answer to question {item}")


def test_the_ninth_answer_of_a_phq9_counts_alone_and_calls_for_the_screener() -> None:
    result = scored("phq9", {"9": "1"})
    assert [(one.signal, one.value) for one in result.said] == [("phq9-item9", Decimal(1))]
    assert result.next_form == "cssrs"
    assert result.missing == ("1", "2", "3", "4", "5", "6", "7", "8")


def test_a_ninth_answer_of_zero_calls_for_nothing() -> None:
    assert scored("phq9", in_order("333333330")).next_form == ""


def test_a_ninth_answer_given_in_two_ways_counts_as_the_worse_one() -> None:
    result = scored("phq9", [*in_order("00000000").items(), ("9", "0"), ("9", "2")])
    assert [(one.signal, one.value) for one in result.said if one.item == "9"] == [("phq9-item9", Decimal(2))]
    assert (result.next_form, result.missing) == ("cssrs", ("9",))


def test_nothing_is_said_of_a_form_without_answers() -> None:
    for form in MADE:
        result = score(form, [])
        assert (result.said, result.refused, result.next_forms, result.problems) == ((), (), (), ())


# 4. Wrong, repeated and hostile answers


@pytest.mark.parametrize("said", ["4", "-1", "1.5", "one", "", "1 ", " 1", "١", "1" * 400, "\x00", "9e9", "NaN"])
def test_an_answer_is_one_of_the_questions_own_or_none(said: str) -> None:
    result = scored("gad7", in_order("000000") | {"7": said})
    assert ("gad7" in signals(result)) == (said.strip() == "1")


@pytest.mark.parametrize(("said", "value"), [("7", 7), ("7.0", 7), ("007", 7), ("7.5", None), ("11", None), ("-7", None), ("٧", None)])
def test_a_number_is_whole_and_within_its_question(said: str, value: int | None) -> None:
    result = scored("daily", {"symptoms": said})
    assert [one.value for one in result.said if one.signal == "symptoms"] == ([] if value is None else [value])


def test_the_same_answer_twice_is_one_answer() -> None:
    answers = in_order("222222222")
    assert scored("phq9", [*answers.items(), *answers.items()]) == scored("phq9", answers)


def test_an_unknown_question_is_named_and_changes_nothing_else() -> None:
    with_more = scored("gad7", in_order("1111111") | {"difficulty": "2", "<script>" * 40: "x"})
    assert with_more.said == scored("gad7", in_order("1111111")).said
    assert len(with_more.problems) == 2
    assert all("is no question of GAD-7" in problem and len(problem) < 100 for problem in with_more.problems)


# 5. Our own check-ins: each answer for itself


def test_a_daily_check_in_says_what_was_answered_and_that_it_came() -> None:
    result = scored(
        "daily",
        [
            ("doses", "some"), ("symptoms", "7"), ("sleep-hours", "5"), ("sleep-minutes", "30"), ("function", "cannot-work"),
            ("events", "fall-head"), ("events", "seizure"), ("pause", "yes"), ("words", "bad night"),
        ],
    )  # fmt: skip
    assert {(one.signal, one.value, one.answer) for one in result.said} == {
        ("dose-taken", None, "some"),
        ("symptoms", 7, ""),
        ("sleep", 330, ""),
        ("minimum-function", None, "cannot-work"),
        ("fall", None, "head-injury"),
        ("seizure", None, ""),
        ("pause-request", None, ""),
        ("check-in", None, ""),
    }
    assert (of(result, "sleep").words, result.free_words) == ("5 h 30 min of sleep", ("bad night",))


def test_hours_without_minutes_are_whole_hours_and_minutes_without_hours_are_nothing() -> None:
    assert of(scored("daily", {"sleep-hours": "6"}), "sleep").value == 360
    assert scored("daily", {"sleep-minutes": "40"}).missing == ("sleep-hours",)


def test_a_night_longer_than_a_day_is_refused() -> None:
    result = scored("daily", {"sleep-hours": "24", "sleep-minutes": "1"})
    assert (signals(result), result.refused[0].words) == ({"check-in"}, "24 h 1 min of sleep cannot be")


def test_minutes_that_contradict_each_other_are_not_left_out() -> None:
    result = scored("daily", [("sleep-hours", "6"), ("sleep-minutes", "10"), ("sleep-minutes", "40")])
    assert "sleep" not in signals(result)


def test_no_wish_to_pause_and_none_of_the_dangers_say_nothing() -> None:
    assert signals(scored("daily", {"pause": "no", "events": "none"})) == {"check-in"}


def test_where_none_holds_and_some_hold_what_holds_counts() -> None:
    result = scored("daily", [("events", "none"), ("events", "blackout")])
    assert "loss-of-consciousness" in signals(result)
    assert "what holds counts" in result.problems[0]


@pytest.mark.feature("F87", "F88")
def test_an_aftercare_check_in_says_what_is_watched_after_the_last_step() -> None:
    answers = {
        "craving": "8", "mood": "2", "sleep-hours": "4", "appetite": "less", "contact": "none", "doses": "no-medicine",
        "visits": "not-planned", "use": "yes", "days-since-use": "0", "symptoms-back": "yes", "come-back": "yes", "events": "overdose",
    }  # fmt: skip
    assert {(one.signal, one.value, one.answer) for one in scored("aftercare", answers).said} == {
        ("craving", 8, ""), ("mood", 2, ""), ("sleep", 240, ""), ("appetite", None, "less"), ("contact-with-people", None, "none"),
        ("attendance", None, "not-planned"), ("substance-use", None, ""), ("days-since-use", 0, ""), ("symptom-return", None, ""),
        ("re-entry-request", None, ""), ("overdose", None, ""), ("check-in", None, ""),
    }  # fmt: skip


# 6. Scores that a person states


@pytest.mark.parametrize(
    ("form", "value", "words"),
    [
        ("isi", "7", "no insomnia (7 of 28)"),
        ("isi", "8", "subthreshold insomnia (8 of 28)"),
        ("isi", "14", "subthreshold insomnia (14 of 28)"),
        ("isi", "15", "moderate insomnia (15 of 28)"),
        ("isi", "21", "moderate insomnia (21 of 28)"),
        ("isi", "22", "severe insomnia (22 of 28)"),
        ("dast-10", "0", "no problems with drugs (0 of 10)"),
        ("dast-10", "2", "low problems with drugs (2 of 10)"),
        ("dast-10", "3", "moderate problems with drugs (3 of 10)"),
        ("dast-10", "6", "substantial problems with drugs (6 of 10)"),
        ("dast-10", "9", "severe problems with drugs (9 of 10)"),
        ("ciwa-b", "41", "benzodiazepine withdrawal 41 of 80"),
        ("bwsq", "21", "benzodiazepine withdrawal 21 of 40"),
        ("sows", "16", "opioid withdrawal 16 of 64"),
        ("poss", "3", "sedation 3 of 4"),
    ],
)
def test_a_score_read_off_an_original_is_said_in_its_own_words(form: str, value: str, words: str) -> None:
    (said,) = stated(FORMS[form], Decimal(value)).said
    assert (said.value, said.words) == (Decimal(value), words)


@pytest.mark.parametrize(
    ("form", "value"), [("isi", "29"), ("isi", "-1"), ("isi", "7.5"), ("poss", "0"), ("dast-10", "11"), ("ciwa-b", "81")]
)
def test_a_stated_score_that_the_instrument_cannot_have_is_refused(form: str, value: str) -> None:
    result = stated(FORMS[form], Decimal(value))
    assert (result.said, len(result.problems)) == ((), 1)


@pytest.mark.parametrize("form", ["phq9", "psqi", "daily"])
def test_only_an_instrument_with_one_stated_score_can_be_stated(form: str) -> None:
    with pytest.raises(WrongUsage):
        stated(FORMS[form], Decimal(3))


# 7. Properties


def _said(item: Item) -> st.SearchStrategy[str]:
    if item.choices:
        return st.sampled_from([choice.code for choice in item.choices])
    if item.is_yes_no:
        return st.sampled_from(["yes", "no"])
    return st.text(max_size=20) if item.is_text else st.integers(item.low - 1, item.high + 1).map(str)


@st.composite
def filled(draw: st.DrawFn) -> tuple[Form, list[Answer]]:
    form = draw(st.sampled_from(MADE))
    names = draw(st.lists(st.sampled_from([item.id for item in form.items]), max_size=2 * len(form.items)))
    items = [item for name in names if (item := form.item(name)) is not None]
    return form, [Answer(item.id, draw(st.one_of(_said(item), st.text(max_size=5)))) for item in items]


@given(filled(), st.randoms())
def test_the_order_of_answers_does_not_matter(case: tuple[Form, list[Answer]], random: Random) -> None:
    form, answers = case
    shuffled = list(answers)
    random.shuffle(shuffled)
    assert score(form, shuffled) == score(form, answers) == score(form, [*answers, *answers])


@given(filled())
def test_what_is_said_is_always_possible_and_a_band_always_has_its_word(case: tuple[Form, list[Answer]]) -> None:
    form, answers = case
    result = score(form, answers)
    for one in result.said:
        scale = load_scales().get(one.signal)
        if one.value is not None and scale is not None:
            assert scale.low <= one.value <= scale.high
            band = scale.band_of(one.value)
            assert one.item or band is None or one.words.startswith(band.words)
    assert not set(result.missing) & {answer.item for answer in result.answers}


@given(filled(), st.sampled_from(["4", "5"]))
def test_a_danger_that_is_answered_too_never_lowers_the_level(case: tuple[Form, list[Answer]], item: str) -> None:
    _, answers = case
    result = score(FORMS["cssrs"], [*answers, Answer(item, "yes")])
    assert of(result, "cssrs").answer == "high"


def test_what_is_wrong_with_an_answer_stands_beside_its_question() -> None:
    assert scored("daily", {"symptoms": "11"}).wrong == (("symptoms", "'11' is not one of its answers"),)
    assert scored("cssrs", {"2": "no", "4": "yes"}).wrong == (("4", "answered although it is not asked then"),)
