"""What the last look at a plan left behind: its history, the answers since, the days that nobody looked at, and whether now says more."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from fhir_taper.exact_json import decode
from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.assessment_document import Inputs, assessment_to_document, history_from_document
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer, History
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.store.watch_log import WatchNote
from fhir_taper.workflow.assess import in_zone

_MOST_UNWATCHED: Final = timedelta(days=120)
"""So far back days are looked at that nobody looked at; what is older stands in its records."""


def history_since(document: Mapping[str, Any] | None, answers: list[WatchNote]) -> History:
    """What the assessment that was kept last left behind, with every answer that it did not know."""
    if document is None:
        return NOTHING_BEFORE
    history, known = history_from_document(document["history"]), frozenset(document["answers"])
    for one in answers:
        if one.id not in known:
            said = decode(one.document)
            history = history.answered(said["rule"], Answer(one.at, said["by"], said["what"], said["reason"]))
    return history


def unwatched_from(document: Mapping[str, Any] | None, filled: Iterable[datetime], at: datetime) -> datetime:
    """From when on nobody has looked at a plan: the assessment that was kept last; before the first one, the first form that was filled in
    for it here, of those times."""
    first = min(filled, default=at)
    return first if document is None else datetime.fromisoformat(document["kept"]["assessment"]["as_of"])


def caught_up(inputs: Inputs, since: datetime, filled: Iterable[datetime], zone: str) -> Inputs:
    """The inputs with the history as it were had somebody looked when each form came, and at the end of every day, since an instant.

    A seizure of three weeks ago is no less an alert for that nobody opened the chart in the meantime, and it was due when it was told.
    """
    at, first = inputs.as_of, max(since, inputs.as_of - _MOST_UNWATCHED)
    day = first.astimezone(at.tzinfo).date()
    evenings = (in_zone(datetime.combine(day + timedelta(days=n), time(23, 59, 59)), zone) for n in range((at.date() - day).days))
    told = (in_zone(one, zone) for one in filled)
    for instant in sorted({one for one in (*evenings, *told) if first <= one < at}):
        inputs = replace(inputs, history=remember(inputs.history, replace(inputs, as_of=instant).assess()))
    return inputs


def says_something_new(before: Mapping[str, Any], found: Assessment) -> bool:
    """Whether hits, levels, answers or what could be judged changed, or the last kept assessment is of another day."""
    was, now = before["kept"]["assessment"], assessment_to_document(found)
    as_of: datetime = found.as_of
    return _said(was) != _said(now) or datetime.fromisoformat(was["as_of"]).date() != as_of.date()


def _said(document: Mapping[str, Any]) -> Any:
    hits = [(hit["rule"], hit["level"], hit["since"], hit["answer"], _rests_on(hit)) for hit in document["hits"]]
    return document["plan"], document["plan_version"], hits, document["coverage"]


def _rests_on(hit: Mapping[str, Any]) -> list[str]:
    """The evidence of a hit: an answer covers what the assessment that is kept had shown."""
    return sorted({one["reading"] or one["source"] for one in hit["evidence"] if not one["is_reference"]})
