"""Conditions as facts.

A refuted or entered-in-error condition is no fact at all. One that is inactive, in remission or resolved is history: the fact is there
and not active, unless the concept is itself a history. No clinical status counts as active, unless the condition has ended. A
diagnosis that is not confirmed is a fact that says so: a possible pregnancy matters. FHIR R4: condition-clinical, condition-ver-status.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.concepts import ConceptIndex, is_history
from fhir_taper.mappers.read.dates import first_day_of, last_day_of
from fhir_taper.mappers.systems import codings, has_code, words_of
from fhir_taper.plans.tapers.chart_facts import Fact

OVER: Final = frozenset({"inactive", "remission", "resolved"})
NOT_A_FACT: Final = frozenset({"refuted", "entered-in-error"})
UNCERTAIN: Final = frozenset({"unconfirmed", "provisional", "differential"})


def condition_facts(entry: Entry, index: ConceptIndex, as_of: date) -> Iterator[Fact]:
    """The facts of one Condition, one per concept that its codes mean."""
    resource = entry.resource
    concepts = index.concepts_of(resource.get("code"))
    if not concepts or status_word(resource, "verificationStatus") in NOT_A_FACT:
        return
    is_over = _is_over(resource, as_of)
    day = first_day_of(resource, "onsetDateTime", "onsetPeriod.start", "recordedDate")
    for concept in concepts:
        yield Fact(concept, entry.reference, _says(resource, index), is_active=not is_over or is_history(concept), on=day)


def uncoded_words(entry: Entry, as_of: date) -> str:
    """The words of a current diagnosis that has no code at all: nobody compared them with what a taper must know. Empty otherwise."""
    resource = entry.resource
    if has_code(resource.get("code")):
        return ""
    if status_word(resource, "verificationStatus") in NOT_A_FACT or _is_over(resource, as_of):
        return ""
    return words_of(resource.get("code"))


def status_word(resource: Mapping[str, Any], name: str) -> str:
    """The status code, of whatever system; the text where there is no code. In lower case."""
    concept = resource.get(name)
    code = next((coding.code for coding in codings(concept)), "") or words_of(concept)
    return code.lower()


def _is_over(resource: Mapping[str, Any], as_of: date) -> bool:
    status = status_word(resource, "clinicalStatus")
    if status:
        return status in OVER
    ended = last_day_of(resource, "abatementDateTime", "abatementPeriod.end")
    return resource.get("abatementBoolean") is True or (ended is not None and ended < as_of)


def _says(resource: Mapping[str, Any], index: ConceptIndex) -> str:
    named = index.words_of(resource.get("code"))
    doubt = status_word(resource, "verificationStatus")
    return f"{named} ({doubt})" if doubt in UNCERTAIN else named
