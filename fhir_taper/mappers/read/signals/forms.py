"""Forms as raw values: the answers of a QuestionnaireResponse whose question has a code that is known, and that a check-in took place.

A question is known by its own code, by that of the Questionnaire's item where the Questionnaire is in the chart, or by a linkId or
definition that is a LOINC code ("/44250-9"); in a form of ours by a linkId that is a signal. A total that stands in the form is read as any
other answer. What makes a score of a whole form is another reader (`scored`): signals that it reads are not read here, and of a form of
ours nothing is. FHIR R4, questionnaireresponse.html; SDC.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.filled_form import OUR_FORMS
from fhir_taper.mappers.read.form_items import Json, items_of, objects_in, text_in
from fhir_taper.mappers.read.signals.gathered import MODIFIED, Gathered, is_modified, word_in
from fhir_taper.mappers.read.signals.remote import is_remote
from fhir_taper.mappers.read.signals.when import Stretch
from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.form_codes import SIGNAL_SYSTEM
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.tables.signal_codes import Meaning

CHECK_IN: Final = "check-in"
Scorer = Callable[[Entry, Stretch], Sequence[Raw] | None]
"""Makes raw values of a whole form; None where the form is none of those that it knows."""

_WHOLE: Final = frozenset({"completed", "amended"})
_PARTLY: Final = frozenset({"in-progress", "stopped"})
"""A form that was begun: what an answer of an instrument says by itself counts (a thought of suicide), a total of a part is never made."""
_NO_FORM: Final = frozenset({"entered-in-error"})
_LOINC: Final = re.compile(r"\d{1,7}-\d", re.ASCII)


def read_forms(gathered: Gathered, scored: Scorer | None = None) -> None:
    """Put down what the chart's QuestionnaireResponses say. `scored` comes first: the forms that it knows are its own."""
    for entry in gathered.chart.of("QuestionnaireResponse"):
        if word_in(entry.resource, "status") not in _NO_FORM:
            _read(entry, gathered, scored)


def is_ours(response: Json) -> bool:
    """Whether the form is one that this program published: filling one in is a check-in."""
    return _form(response).startswith(OUR_FORMS)


def _read(entry: Entry, gathered: Gathered, scored: Scorer | None) -> None:
    resource = entry.resource
    written, status, ours = resource.get("authored"), word_in(resource, "status"), is_ours(resource)
    when = gathered.clock.read(written)
    asked = list(_asked(entry, gathered))
    why = "" if status in _WHOLE else f"the form is not complete (status {status or 'is missing'})"
    why = why or (MODIFIED if is_modified(resource) else "") or (when if isinstance(when, str) else "")
    if ours and not why and not isinstance(when, str):
        gathered.happened(CHECK_IN, when, entry)
    is_begun = status in _WHOLE | _PARTLY and not is_modified(resource)
    made = scored(entry, when) if scored is not None and is_begun and not isinstance(when, str) else None
    gathered.raws.extend(made or ())
    scored_here = {one.signal for one in made or ()}
    left = [(item, one) for item, meanings in asked for one in meanings if one.signal not in scored_here]
    if why or isinstance(when, str):
        own = [one for one in gathered.own(CHECK_IN) if ours and status in _WHOLE]
        gathered.set_aside([*own, *(one for _, one in left)], entry, why, written)
    elif made is None or not ours:
        remote = is_remote(gathered.chart, entry)
        for item, one in left:
            _answered(item, one, when, entry, gathered, remote=remote)


def _answered(item: Json, meaning: Meaning, when: Stretch, entry: Entry, gathered: Gathered, *, remote: bool) -> None:
    answers = [one for one in objects_in(item, "answer") if any(name.startswith("value") for name in one)]
    signal = gathered.signals.signals[meaning.signal]
    if len(answers) > 1 and signal.unit:
        gathered.set_aside((meaning,), entry, f"{len(answers)} answers to one question", entry.resource.get("authored"))
        return
    text = item.get("text")
    says = text.strip() if isinstance(text, str) and not signal.unit else ""
    for answer in answers:
        gathered.gather(meaning, answer, when, entry, says=says, is_remote=remote)


def _asked(entry: Entry, gathered: Gathered) -> Iterator[tuple[Json, tuple[Meaning, ...]]]:
    """Items that were answered, with what their question means."""
    codes, ours = _codes_of_form(gathered.chart, entry), is_ours(entry.resource)
    for item in items_of(entry.resource):
        concept = {"coding": [*objects_in(item, "code"), *codes.get(text_in(item, "linkId"), ()), *_codes_in_names(item, are_ours=ours)]}
        meanings = gathered.meanings(concept, Record.FORM)
        if meanings and objects_in(item, "answer"):
            yield item, meanings


def _codes_in_names(item: Json, *, are_ours: bool) -> Iterator[Json]:
    """Codes that a linkId or a definition is itself: of LOINC, or one of our signals where the form is ours."""
    for name in text_in(item, "linkId"), text_in(item, "definition"):
        last = re.split(r"[/#]", name)[-1]
        if _LOINC.fullmatch(last):
            yield {"system": LOINC, "code": last}
        elif last and are_ours:
            yield {"system": SIGNAL_SYSTEM, "code": last}


def _codes_of_form(chart: Chart, entry: Entry) -> Mapping[str, Sequence[Json]]:
    """Codes of the questions by linkId, where the Questionnaire is in the chart or inside the response."""
    named = _form(entry.resource)
    inside = [one for one in objects_in(entry.resource, "contained") if one.get("resourceType") == "Questionnaire"]
    known = [one.resource for one in chart.of("Questionnaire") if named and named in (one.resource.get("url"), one.reference, one.full_url)]
    return {text_in(item, "linkId"): objects_in(item, "code") for form in (*inside, *known) for item in items_of(form)}


def _form(response: Json) -> str:
    return text_in(response, "questionnaire").partition("|")[0]
