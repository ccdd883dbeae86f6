"""A form of the tables as the fields of a page, and the answers that a page brought back. Names of fields are those of questions."""

from dataclasses import dataclass
from typing import Final

from fhir_taper.plans.monitoring.scoring import Answer, Scored, score
from fhir_taper.plans.tables.form_rows import Form, Item
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.web.dependencies import Form as Posted
from fhir_taper.web.fields import FieldError
from fhir_taper.workflow.check_ins import LONGEST_ANSWER

_YES_NO: Final = (("yes", "Yes"), ("no", "No"))
_PREFIX: Final = "q-"


@dataclass(frozen=True, slots=True)
class Question:
    """One question on a page. `choices`: value and words; none for a number or for free words. `typed` is what stands in it.

    `only_if` says after which answer it is asked, "" where it is asked always.
    """

    item: Item
    name: str
    choices: tuple[tuple[str, str], ...]
    typed: tuple[str, ...]
    wrong: str
    only_if: str

    @property
    def shown(self) -> str:
        """What stands in a field of one line."""
        return self.typed[0] if self.typed else ""


Answers = dict[str, tuple[str, ...]]
"""What was chosen or typed, by question."""


def answers_of(form: Form, plan: TaperPlan, posted: Posted) -> Answers:
    """What a page brought back, of the questions that are asked of this plan."""
    return {item.id: tuple(said for said in posted.all(_PREFIX + item.id) if said) for item in _items(form, plan)}


def looked_at(form: Form, answers: Answers) -> Scored:
    """What the answers would say, before they are kept."""
    return score(form, [Answer(item, one) for item, said in answers.items() for one in said])


def errors_of(form: Form, answers: Answers, found: Scored) -> tuple[FieldError, ...]:
    """What is wrong with answers, or lacking, question by question, in the order of the form."""
    if not found.answers and not found.wrong:
        return (FieldError("", form.title, "Nothing was answered."),)
    said: dict[str, list[str]] = {}
    for item_id, one in found.wrong:
        item = form.item(item_id)
        is_number = item is not None and item.is_number
        said.setdefault(item_id, []).append(f"takes a whole number from {item.low} to {item.high}" if item and is_number else one)
    # A check-in of ours may be answered in part; a score that was begun, and an instrument, are asked about.
    for item_id in found.missing if found.refused or not form.event else ():
        said.setdefault(item_id, []).append("has no answer yet")
    for item_id, texts in answers.items():
        if any(len(text) > LONGEST_ANSWER for text in texts):
            said.setdefault(item_id, []).append(f"is longer than {LONGEST_ANSWER} letters")
    return tuple(FieldError(_PREFIX + item.id, label_of(form, item), "; ".join(said[item.id])) for item in form.items if item.id in said)


def questions_of(form: Form, plan: TaperPlan, answers: Answers, errors: tuple[FieldError, ...]) -> tuple[Question, ...]:
    """The questions that are asked of this plan, with what stands in them."""
    wrong = {one.name: one.says for one in errors}
    return tuple(_question(form, item, answers.get(item.id, ()), wrong.get(_PREFIX + item.id, "")) for item in _items(form, plan))


def label_of(form: Form, item: Item) -> str:
    """What a question is called in a list of what is wrong: its number, and its first words."""
    return f"Question {form.items.index(item) + 1}"


def _items(form: Form, plan: TaperPlan) -> tuple[Item, ...]:
    return form.items_for(plan.drug_class, plan.phase)


def _question(form: Form, item: Item, typed: tuple[str, ...], wrong: str) -> Question:
    choices = tuple((one.code, one.words) for one in item.choices) or (_YES_NO if item.is_yes_no else ())
    return Question(item, _PREFIX + item.id, choices, typed, wrong, _only_if(form, item))


def _only_if(form: Form, item: Item) -> str:
    condition = item.only_if
    before = form.item(condition.item) if condition else None
    if condition is None or before is None:
        return ""
    meant = [one.words for one in before.choices if (one.code == condition.code) != condition.is_not]
    return f"Answer this only after {' or '.join(f'“{words}”' for words in meant)} to question {form.items.index(before) + 1}."


def question_label(name: str) -> str:
    """What a field of a form of the tables asks; "" for another field. Where forms ask other things under one name, which answer it is."""
    if not name.startswith(_PREFIX):
        return ""
    item_id = name.removeprefix(_PREFIX)
    words = {item.words for form in load_forms().forms.values() for item in form.items if item.id == item_id and item.words}
    return words.pop() if len(words) == 1 else f"Answer {item_id}"
