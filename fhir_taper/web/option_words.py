"""Options of the command line as fields of a form: what a use case says of `--baseline` is said of the field of that name."""

import re
from typing import Final

LABELS: Final = {
    "drug": "Medicine",
    "other_drug": "Another medicine",
    "start": "First day",
    "target": "Dose to reach, mg a day",
    "baseline": "Average intake, mg a day",
    "baseline_how": "How that is known",
    "taken": "What is taken, product by product",
    "products": "Products on the shelf",
    "products_more": "Further products",
    "parts": "Parts that you permit",
    "confirm": "Facts that you confirm",
    "use": "Taken for",
    "benzo_table": "Diazepam equivalents by",
    "zone": "Time zone of the patient",
    "reason": "Reason for the taper",
    "percent": "Cut, %",
    "interval_days": "Days between cuts",
    "steps": "Steps",
    "floor_mg": "Smallest dose, mg",
    "params_more": "Further parameters",
}
"""By the name of the field."""
_FIELDS: Final = {
    "drug": "drug",
    "start": "start",
    "target": "target",
    "baseline": "baseline",
    "baseline-by": "baseline_how",
    "taken": "taken",
    "products": "products",
    "parts": "parts",
    "confirm": "confirm",
    "confirmed-by": "confirm",
    "use": "use",
    "benzo-table": "benzo_table",
    "zone": "zone",
    "reason": "reason",
    "param": "params_more",
}
"""By the name of the option."""
_ASIDE: Final = re.compile(r" \(--[a-z]+(?:-[a-z]+)*[^)]*\)")
_OPTION: Final = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: (?:MG|WHO|half|quarter)\b|=\S+)?")


def field_of(message: str) -> str:
    """The field that a message is about: that of the first option that it names; "" where it names none."""
    found = _OPTION.search(message)
    return _FIELDS.get(found[1], "") if found else ""


def in_form_words(text: str) -> str:
    """A message with the labels of fields in the place of options."""
    return _OPTION.sub(lambda found: f"“{LABELS[_FIELDS[found[1]]]}”" if found[1] in _FIELDS else found[0], text)


def without_options(text: str) -> str:
    """A message for a page without a field for an option: one in brackets is left out, another one is named as a field."""
    return in_form_words(_ASIDE.sub("", text))
