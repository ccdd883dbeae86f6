"""Filled forms for the tests: a way to fill in each of our forms, and a form as it leaves us."""

from datetime import datetime, timedelta, timezone

from fhir_taper.mappers.write.check_in import FilledForm
from fhir_taper.plans.monitoring.scoring import Answer, score
from fhir_taper.plans.tables.form_rows import Form, Item
from fhir_taper.plans.tables.instrument_tables import load_forms

AT = datetime(2026, 3, 14, 9, 30, tzinfo=timezone(timedelta(hours=1)))
FORMS = load_forms().forms
ANSWERABLE = sorted(form.id for form in FORMS.values() if form.items)
COACH = "Practitioner/coach"


def every_answer(form: Form, last: bool = True) -> list[Answer]:
    """Each question answered: by its last choice (or its first), by all choices where many can be chosen, by the end of its range."""
    return [Answer(item.id, said) for item in form.items for said in _said(item, last)]


def _said(item: Item, last: bool) -> list[str]:
    if item.choices:
        chosen = item.choices[-1] if last else item.choices[0]
        return [choice.code for choice in item.choices if not choice.is_none] if item.is_many else [chosen.code]
    if item.is_yes_no:
        return ["yes" if last else "no"]
    return ["Words, \u202eof a\x00 <b>patient</b>"] if item.is_text else [str(item.high if last and item.unit != "h" else item.low)]


def filled(form: str, answers: list[Answer] | None = None, entered_by: str = "", last: bool = True) -> FilledForm:
    """A form of ours, filled in by the patient p1 on 2026-03-14."""
    known = FORMS[form]
    return FilledForm(known, score(known, every_answer(known, last) if answers is None else answers), "p1", AT, entered_by)
