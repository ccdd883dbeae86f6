"""Panels of Observations as scores: the items of an instrument that stand in components or members of one Observation.

They are scored as a form with these answers would be (`scored`). A total that the chart states itself is not made a second time. One item
alone is no form, and items that stand beside each other without a panel are not put together: nobody says that they are of one filling in.
A triage (C-SSRS) is another matter: one "yes" to its gravest questions is enough, so each of its items counts, in whatever it stands, and
those of one instant count together. What they do not decide is set aside, never nothing. FHIR R4, observation.html#obsgrouping.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.form_items import Json, objects_in
from fhir_taper.mappers.read.signals.forms import Scorer
from fhir_taper.mappers.read.signals.gathered import MODIFIED, Gathered, is_modified, word_in
from fhir_taper.mappers.read.signals.observations import NOTHING_YET, USED, when_of
from fhir_taper.mappers.read.signals.when import Stretch
from fhir_taper.mappers.references import resolve
from fhir_taper.mappers.systems import LOINC, codes_of
from fhir_taper.plans.monitoring.reading import Raw, SetAside
from fhir_taper.plans.tables.form_rows import Make
from fhir_taper.plans.tables.instrument_tables import load_forms

_FEWEST: Final = 2
_NOT_UNDERSTOOD: Final = "not understood"
_VALUES: Final = ("valueQuantity", "valueInteger", "valueDecimal", "valueString", "valueBoolean")


def read_panels(gathered: Gathered, scored: Scorer) -> None:
    """Put down the scores of panels whose totals the chart does not state, and what single items of a triage say.

    To be read after the Observations themselves.
    """
    stated: set[tuple[str, str]] | None = None
    in_panels: set[str] = set()
    for entry in gathered.chart.of("Observation"):
        if "component" not in entry.resource and "hasMember" not in entry.resource:
            continue
        parts = tuple(_parts(entry, gathered))
        items = [item for _, part in parts for item in _items(part)]
        if not _is_enough(items) or word_in(entry.resource, "status") not in USED:
            continue
        stated = {(one.source, one.signal) for one in gathered.raws} if stated is None else stated
        own = {entry.reference, *(source for source, _ in parts)}
        if _score(entry, items, {signal for source, signal in stated if source in own}, gathered, scored):
            in_panels |= own
    _read_single(gathered, scored, in_panels)


def _read_single(gathered: Gathered, scored: Scorer, in_panels: set[str]) -> None:
    """Items of a triage that stand in no panel that was scored: those of one instant are judged together, each names itself as source."""
    together: dict[Stretch, list[tuple[Entry, Json]]] = {}
    for entry in gathered.chart.of("Observation"):
        resource = entry.resource
        items = [] if entry.reference in in_panels or resource.get("status") in NOTHING_YET else [*_items(resource)]
        if not _are_of_triage(items):
            continue
        when, written = when_of(resource, gathered)
        why = "" if resource.get("status") in USED else "it does not say whether it is final"
        why = why or (MODIFIED if is_modified(resource) else "")
        if why or isinstance(when, str):
            meanings = (one for signal in _signals_of(items) for one in gathered.own(signal))
            gathered.set_aside(meanings, entry, why or str(when), written)
        else:
            together.setdefault(when, []).append((entry, items[0]))
    stated = {(one.signal, one.start, one.end) for one in gathered.raws if _says(one)} if together else set()
    for when, found in together.items():
        for entry, _ in found:
            made = _made(entry, [item for _, item in found], when, scored)
            gathered.raws.extend(one for one in made if _says(one) or (one.signal, *when) not in stated)


def _score(entry: Entry, items: list[Json], stated: set[str], gathered: Gathered, scored: Scorer) -> bool:
    """Whether what the panel says can be used."""
    when, written = when_of(entry.resource, gathered)
    at = (gathered.as_of, gathered.as_of) if isinstance(when, str) else when
    made = _made(entry, items, at, scored)
    is_whole = _is_whole(entry.resource) or _are_of_triage(items)
    new = [one for one in made if one.signal not in stated and (is_whole or _says(one))]
    why = MODIFIED if is_modified(entry.resource) else when if isinstance(when, str) else ""
    if not why:
        gathered.raws.extend(new)
        return True
    latest = gathered.clock.latest(written) or gathered.as_of
    gathered.aside.extend(SetAside(one.signal, latest, one.source, str(one.value or one.answer or one.words), why) for one in new)
    return False


def _made(entry: Entry, items: list[Json], when: Stretch, scored: Scorer) -> list[Raw]:
    """What a form with these answers says. Of a triage whose answers are not understood, that they are not."""
    made = scored(replace(entry, resource={"resourceType": "QuestionnaireResponse", "item": items}), when) or ()
    said = {one.signal for one in made}
    return [*made, *(Raw(one, *when, entry.reference, words=_NOT_UNDERSTOOD) for one in _signals_of(items) if one not in said)]


def _is_enough(items: list[Json]) -> bool:
    return len(items) >= _FEWEST or _are_of_triage(items)


def _are_of_triage(items: list[Json]) -> bool:
    """Whether one of these is an item of an instrument of which a single answer may decide."""
    return bool(_signals_of(items))


def _signals_of(items: list[Json]) -> tuple[str, ...]:
    """The triages that these are items of."""
    forms = load_forms()
    named = {forms.by_loinc[item["linkId"]][0] for item in items}
    return tuple(rule.signal for name in sorted(named) for rule in forms.forms[name].scores if rule.make is Make.TRIAGE)


def _parts(entry: Entry, gathered: Gathered) -> Iterator[tuple[str, Json]]:
    """Components, and members that are in the chart and stand; each with the reference of what says it."""
    for component in objects_in(entry.resource, "component"):
        yield entry.reference, component
    for reference in objects_in(entry.resource, "hasMember"):
        found = resolve(gathered.chart, entry, reference)
        if found is not None and word_in(found.resource, "status") in USED and not is_modified(found.resource):
            yield found.reference, found.resource


def _items(part: Json) -> Iterator[Json]:
    """A part as the answer of a form, where it is an item of an instrument and has a value."""
    known = [code for code in codes_of(part.get("code"), LOINC) if code in load_forms().by_loinc]
    answer = _answer(part)
    if known and answer and part.get("dataAbsentReason") is None:
        yield {"linkId": known[0], "answer": [answer]}


def _answer(part: Json) -> Json:
    concept = part.get("valueCodeableConcept")
    listed = objects_in(concept, "coding") if isinstance(concept, dict) else []
    if listed:
        return {"valueCoding": listed[0]}
    if isinstance(concept, dict) and isinstance(concept.get("text"), str):
        return {"valueString": concept["text"]}
    return next(({name: part[name]} for name in _VALUES if part.get(name) is not None), {})


def _is_whole(resource: Json) -> bool:
    """Whether the Observation is a whole form by its own code: what of it cannot be scored is then said."""
    panels = {form.panel for form in load_forms().forms.values() if form.panel}
    return any(code in panels for code in codes_of(resource.get("code"), LOINC))


def _says(one: Raw) -> bool:
    return one.value is not None or bool(one.answer)
