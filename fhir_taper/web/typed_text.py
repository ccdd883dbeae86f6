"""What a person typed in a form that was refused with a page of its own: shown there as text, so that it is not typed twice.

The forms themselves say what that is: every field that a person fills in, ticks or chooses. What a page puts into its form (a token, a
revision, which record) is in hidden fields and on buttons, which are read from the templates, and is never said; nor is a field that holds
the token.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

from fhir_taper.web.check_in_form import question_label
from fhir_taper.web.dependencies import Form
from fhir_taper.web.forms import ROW_LABELS
from fhir_taper.web.intake_form import labels_of
from fhir_taper.web.option_words import LABELS

_PLACED: Final = re.compile(r'<(?:input type="hidden"|button\b[^>]*?) name="(\w+)"')
_CHOSEN: Final = frozenset({"step", "way"})
"""Placed by one form, chosen by a person in another."""
_WORDS: Final = {
    "reason": "Reason",
    "words": "Words",
    "who": "Who agreed",
    "what": "To what",
    "decision": "What was decided",
    "score": "Below the dose",
    "breakthrough": "When symptoms or pain break through",
    "comfort": "Comfort plan",
    "contacts": "Whom to call",
    "mg": "mg",
    "how": "How that is known",
    "found": "What was found in the EHR",
    "accept": "Accepted",
    "edits": "What was changed",
    "product": "Products on the shelf",
    "days": "Days",
    "lasts": "Lasts, days",
    "later": "Every later step, too",
    "step": "Step",
    "way": "Way",
    "slower": "How slower",
    "override": "Without the review",
    "actual_mg": "Really taken, mg a day",
    "bands": "Bands of a stepped way",
    "every_days": "How often you are asked",
    "variant": "Which form of the instrument",
}
_OF_A_MEDICINE: Final = {"average": "Average intake, mg a day", "how": "How that is known"}
"""Fields of which a form has one for each medicine, named by what follows the underscore."""


def _placed() -> Iterator[str]:
    for template in (files("fhir_taper.web") / "templates").iterdir():
        yield from _PLACED.findall(template.read_text("utf-8"))


PLACED: Final = frozenset(_placed()) - _CHOSEN
"""Fields that a page fills in itself, or that say which button was pressed."""
_LABELS: Final[Mapping[str, str]] = {**LABELS, **ROW_LABELS, **labels_of(()), **_WORDS}


def typed_text(form: Form | None) -> tuple[tuple[str, str], ...]:
    """Label and text of every field that a person filled in, ticked or chose, in the order of the form."""
    if form is None:
        return ()
    tokens = {text for name, text in form.pairs if name == "csrf"}
    said = ((name, text.strip()) for name, text in form.pairs if name not in PLACED and text not in tokens)
    return tuple((label_of(name), text) for name, text in said if text)


def label_of(name: str) -> str:
    """What a field is called for people; its own name where nobody gave it one."""
    of_a_medicine = _OF_A_MEDICINE.get(name.partition("_")[0])
    return _LABELS.get(name) or of_a_medicine or question_label(name) or name.replace("_", " ").capitalize()
