"""A filled form as FHIR: its answers as a QuestionnaireResponse, and what they say as Observations that derive from it.

Whoever answered is the source; who entered it is the author: a coach can enter by phone what the patient said. What cannot be scored is not
written as an Observation. Events stay in the response: that something happened is no measured value. So does what a Consent must permit
where it is measured: a patient who tells it in a form has measured nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.systems import UCUM
from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.fhir_text import shown_lines
from fhir_taper.mappers.write.form_codes import ANSWER_SYSTEM, choice_coding, signal_codings
from fhir_taper.mappers.write.ids import LOCAL_TENANT
from fhir_taper.mappers.write.labels import NORMAL, Label, refuse_restricted, to_security
from fhir_taper.mappers.write.namespace import BASE, WRITE_SYSTEM, Json, identifier
from fhir_taper.mappers.write.plan_references import AGENTS, to_reference, to_subject
from fhir_taper.mappers.write.provenance import to_instant
from fhir_taper.mappers.write.questionnaires import FORMS_VERSION, ORDINAL_VALUE, is_published, url_of
from fhir_taper.plans.monitoring.scoring import YES, Said, Scored
from fhir_taper.plans.tables.form_rows import AnsweredBy, Form, Item
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, load_signals

LONGEST_WORDS: Final = 2000
"""Letters of free words that are kept."""
_SURVEY: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey", "display": "Survey"}]
}
_OBSERVED: Final = "observation"


@dataclass(frozen=True, slots=True)
class FilledForm:
    """One form that was filled in, scored. `entered_by` is who entered it for the patient ("Practitioner/7"), "" where the patient did.

    `at` must know its zone. The same form of the same patient at the same instant, with the same answers entered by the same person, is the
    same filled form: sent twice it is one, and what was corrected is another. `plan` names the taper that it is of: each has check-ins of
    its own.
    """

    form: Form
    scored: Scored
    patient: str
    at: datetime
    entered_by: str = ""
    tenant: str = LOCAL_TENANT
    plan: str = ""

    def id_of(self, role: str = "") -> str:
        """The id of the response, or of the Observation of a signal: the same whenever it is written, and for a form that is sent again
        within the minute."""
        at = to_instant(self.at.astimezone(UTC).replace(second=0, microsecond=0))
        said = "&".join(f"{one.item}={one.said}" for one in self.scored.answers)
        of = f"{self.tenant}/{self.patient}/{self.form.id}/{at}/{self.entered_by}/{sha256(said.encode()).hexdigest()}"
        of = f"{of}/{self.plan}" if self.plan else of
        return str(uuid5(NAMESPACE_URL, f"{BASE}/filled/{of}/{role}"))


def to_response(filled: FilledForm, labels: Iterable[Label] = (NORMAL,)) -> Json:
    """The answers as a QuestionnaireResponse.

    Raises RestrictedData where the labels forbid writing, WrongUsage for a time without a zone and for a form that we do not publish.
    """
    if not is_published(filled.form):
        raise WrongUsage(f"{filled.form.title} is not filled in here: only its link may be shown")
    kept = tuple(labels)
    refuse_restricted(kept, "the answers are labelled")
    patient = to_subject(filled.patient)
    author = to_reference(filled.entered_by, AGENTS) if filled.entered_by else patient
    return without_empty(
        {
            "resourceType": "QuestionnaireResponse",
            "id": filled.id_of(),
            "meta": {"security": to_security(kept)},
            "identifier": identifier(WRITE_SYSTEM, filled.id_of()),
            "questionnaire": f"{url_of(filled.form)}|{FORMS_VERSION}",
            "status": "completed",
            "subject": patient,
            "authored": to_instant(filled.at),
            "author": author,
            "source": author if filled.form.by is AnsweredBy.CLINICIAN else patient,
            "item": [one for item in filled.form.items if (one := _answered(filled, item))],
        }
    )


def to_observations(filled: FilledForm, response: str, labels: Iterable[Label] = (NORMAL,)) -> list[Json]:
    """What the form says as Observations, derived from `response` (a reference; "" for a score that a person stated)."""
    kept = tuple(labels)
    refuse_restricted(kept, "the answers are labelled")
    signals = load_signals().signals
    return [_observation(filled, one, signals[one.signal], response, kept) for one in filled.scored.said if _is_measured(one, signals)]


def _is_measured(said: Said, signals: Mapping[str, Signal]) -> bool:
    signal = signals[said.signal]
    return signal.kind is not SignalKind.EVENT and _OBSERVED in signal.records and not signal.consent


def _observation(filled: FilledForm, said: Said, signal: Signal, response: str, labels: tuple[Label, ...]) -> Json:
    patient = to_subject(filled.patient)
    entered = [to_reference(filled.entered_by, AGENTS)] if filled.entered_by else []
    variant = f"form of the instrument: {filled.form.variant}" if filled.form.variant else ""
    return without_empty(
        {
            "resourceType": "Observation",
            "id": filled.id_of(said.signal),
            "meta": {"security": to_security(labels)},
            "identifier": [identifier(WRITE_SYSTEM, filled.id_of(said.signal))],
            "status": "final",
            "category": [_SURVEY],
            "code": {"coding": signal_codings(signal, said.loinc), "text": signal.title},
            "subject": patient,
            "effectiveDateTime": to_instant(filled.at),
            "performer": [patient, *entered] if filled.form.by is AnsweredBy.PATIENT or not entered else entered,
            "interpretation": [{"text": said.words}] if not said.item else [],
            "method": {"text": variant} if variant else {},
            "derivedFrom": [{"reference": response}] if response else [],
            **_value(said, signal),
        }
    )


def _value(said: Said, signal: Signal) -> Json:
    if said.value is not None:
        unit = signal.unit.strip("{}")
        return {"valueQuantity": {"value": said.value, "unit": unit, "system": UCUM, "code": signal.unit}}
    display = said.answer.replace("-", " ").capitalize()
    return {"valueCodeableConcept": {"coding": [{"system": ANSWER_SYSTEM, "code": said.answer, "display": display}], "text": said.words}}


def _answered(filled: FilledForm, item: Item) -> Json:
    answers = [value for one in filled.scored.answers if one.item == item.id for value in _answer(filled.form, item, one.said)]
    return {"linkId": item.id, "text": item.words, "answer": answers} if answers else {}


def _answer(form: Form, item: Item, text: str) -> Iterator[Json]:
    choice = item.choice(text)
    if choice is not None:
        weight = [] if choice.points is None else [{"url": ORDINAL_VALUE, "valueDecimal": choice.points}]
        yield {"valueCoding": without_empty({"extension": weight, **choice_coding(form, item, choice)})}
    elif item.is_yes_no:
        yield {"valueBoolean": text == YES}
    elif item.is_number:
        yield {"valueInteger": int(Decimal(text))}
    elif words := shown_lines(text)[:LONGEST_WORDS].strip():
        yield {"valueString": words}
