"""The intake's form: its labels, and from what was typed to an Assessment. The grammar of numbers and days is the command line's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.plain_number import plain_decimal
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.web.dependencies import Form
from fhir_taper.web.fields import LONGEST_TEXT, Fields
from fhir_taper.workflow.assessed import Score
from fhir_taper.workflow.assessment import Assessment, Attempt, AttemptEnd, AverageIntake
from fhir_taper.workflow.typed import typed_day, typed_mg

ASKED_SCALES: Final = ("peg-pain", "peg-enjoyment", "peg-activity", "phq9", "phq9-item9", "gad7", "sleep-hours")
MORE_ROWS: Final = 2
"""Empty rows for further attempts."""
MOST_ROWS: Final = 20
ENDS: Final = (
    (AttemptEnd.SUCCEEDED.value, "reached its goal"),
    (AttemptEnd.FAILED.value, "did not succeed"),
    (AttemptEnd.UNKNOWN.value, "not known"),
)
_OF_AVERAGES: Final = ("average_", "how_")
_CHART_CHANGED: Final = "the medicines in the chart changed since this page was shown: look at what is really taken again"
_WORDS: Final = {
    "measured_on": "Measured on",
    "measured_again": "All measured again",
    "minimum_function": "What the patient must still be able to do",
    "goals": "Goals, in the patient's words",
    "agreed_who": "Who agreed to taper",
    "agreed_what": "To what",
    "no_attempts": "No earlier attempt",
}


def field_key(ingredient: str) -> str:
    """What the fields of a medicine are named by: its own, wherever it stands in the chart by then, and it says no medicine."""
    return sha256(ingredient.encode()).hexdigest()[:16]


def labels_of(ingredients: Sequence[str]) -> Mapping[str, str]:
    """The names of the form's fields for people."""
    rows = {
        f"attempt_{part}_{row}": f"Attempt {row + 1}, {words}"
        for row in range(MOST_ROWS)
        for part, words in (("drug", "medicine"), ("when", "when"), ("ended", "how it ended"), ("says", "what was hard"))
    }
    averages = {
        f"{part}_{field_key(name)}": f"{name}, {words}"
        for name in ingredients
        for part, words in (("average", "average intake"), ("how", "how that is known"))
    }
    scales = {name: load_scales()[name].title for name in ASKED_SCALES}
    return {**_WORDS, **rows, **averages, **scales}


def assessment_from(form: Form, held: Assessment, ingredients: Sequence[str], who: str, today: date) -> Assessment:
    """The intake as it was typed. What was said before and is unchanged stays with whom it was of. Raises FormRefused."""
    fields = Fields(form, labels_of(ingredients))
    on = fields.must("measured_on", typed_day, today)
    if on > today:
        fields.fail("measured_on", "is after today")
    attempts = _attempts(fields)
    no_attempts = bool(fields.text("no_attempts"))
    if attempts and no_attempts:
        fields.fail("no_attempts", "is ticked, and there are attempts")
    made = replace(
        held,
        attempts=attempts,
        no_attempts=no_attempts,
        averages=_averages(fields, held, ingredients, who, today),
        scores=_scores(fields, held, who, on),
        minimum_function=fields.text("minimum_function", LONGEST_TEXT),
        goals=fields.text("goals", LONGEST_TEXT),
        agreed_who=fields.text("agreed_who"),
        agreed_what=fields.text("agreed_what", LONGEST_TEXT),
    )
    if made.agreed_what and not made.agreed_who:
        fields.fail("agreed_who", "is empty: an agreement names who agreed")
    fields.done()
    return made


def typed_number(text: str) -> Decimal:
    """A number in plain notation. Raises WrongUsage."""
    number = plain_decimal(text)
    if number is None:
        raise WrongUsage(f"{text[:40]!r} is not a number like 7 or 7.5")
    return number


def _attempts(fields: Fields) -> tuple[Attempt, ...]:
    found = []
    for row in range(MOST_ROWS):
        names = {part: f"attempt_{part}_{row}" for part in ("drug", "when", "ended", "says")}
        drug, when, says = (fields.text(names[part]) for part in ("drug", "when", "says"))
        ended = fields.choice(names["ended"], tuple(AttemptEnd))
        if not (drug or when or says or ended):
            continue
        if not drug:
            fields.fail(names["drug"], "is empty: which medicine was tapered?")
        if not ended:
            fields.fail(names["ended"], "is not said")
        found.append(Attempt(drug, when, AttemptEnd(ended or AttemptEnd.UNKNOWN), says))
    return tuple(found)


def _averages(fields: Fields, held: Assessment, ingredients: Sequence[str], who: str, today: date) -> tuple[AverageIntake, ...]:
    keys = {field_key(name): name for name in ingredients}
    posted = {name.partition("_")[2] for name, _ in fields.form.pairs if name.startswith(_OF_AVERAGES)}
    if not posted <= set(keys):
        fields.fail("", _CHART_CHANGED)
    asked = {key: name for key, name in keys.items() if key in posted}
    # What was said of a medicine that the chart does not list now, or that the page did not ask for, stays as it was.
    found = [one for one in held.averages if one.ingredient not in asked.values()]
    for key, name in asked.items():
        average, said = f"average_{key}", f"how_{key}"
        mg, how = fields.read(average, typed_mg), fields.text(said)
        known = held.average(name)
        if mg is None:
            continue
        if mg == 0:
            fields.fail(average, "0 is nothing to taper from")
        if not how:
            fields.fail(said, "is empty: a dispense history, the patient's word, a pill count?")
        is_same = known is not None and (known.mg, known.how) == (mg, how)
        found.append(known if known is not None and is_same else AverageIntake(name, mg, how, who, today))
    return tuple(found)


def _scores(fields: Fields, held: Assessment, who: str, on: date) -> tuple[Score, ...]:
    """What is typed, measured on the day. A value that is unchanged stays of its own day, unless all were measured again."""
    found, is_again = [], bool(fields.text("measured_again"))
    for name in ASKED_SCALES:
        value = fields.read(name, typed_number)
        known = held.score(name)
        if value is None:
            continue
        try:
            score = Score(name, value, who, on)
        except WrongUsage as error:
            fields.fail(name, str(error).partition(": ")[2])
            continue
        found.append(known if known is not None and known.value == value and not is_again else score)
    total, last = (next((one.value for one in found if one.scale == name), None) for name in ("phq9", "phq9-item9"))
    if total is not None and last is not None and last > total:
        fields.fail("phq9-item9", "is more than the total of all nine answers")
    return tuple(found)
