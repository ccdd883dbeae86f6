"""What a person typed in a form that was refused with a page of its own: shown there as text, so that it is not typed twice.

Only what a person writes: no token, no revision, nothing that a page put into its form itself.
"""

from typing import Final

from fhir_taper.web.dependencies import Form

_LABELS: Final = {
    "reason": "Reason",
    "words": "Words",
    "who": "Who agreed",
    "what": "To what",
    "breakthrough": "When symptoms or pain break through",
    "comfort": "Comfort plan",
    "contacts": "Whom to call",
    "minimum_function": "What the patient must still be able to do",
    "goals": "Goals, in the patient's words",
    "agreed_who": "Who agreed to taper",
    "agreed_what": "To what",
    "mg": "mg",
    "how": "How that is known",
    "baseline": "Average intake, mg a day",
    "baseline_how": "How that is known",
    "actual_mg": "Really taken, mg a day",
    "params_more": "Further parameters",
}
_NUMBERED: Final = {
    "attempt_drug": "Attempt: medicine",
    "attempt_when": "Attempt: when",
    "attempt_says": "Attempt: what was hard",
    "average": "Average intake, mg a day",
    "how": "How that is known",
}
"""Fields of which a form has one for each row, or for each medicine: what follows the last underscore says which."""


def typed_text(form: Form | None) -> tuple[tuple[str, str], ...]:
    """Label and text of every field that a person wrote into, in the order of the form."""
    if form is None:
        return ()
    said = ((_LABELS.get(name) or _NUMBERED.get(name.rpartition("_")[0]), text.strip()) for name, text in form.pairs)
    return tuple((label, text) for label, text in said if label and text)
