"""Our own code systems of what is watched and asked."""

from fhir_taper.mappers.read.signals.meanings import standard_index
from fhir_taper.mappers.write.form_codes import ANSWER_SYSTEM, FORM_SYSTEM, SIGNAL_SYSTEM, to_signal_vocabularies
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tables.signal_tables import load_signals

SIGNALS = load_signals().signals
RESOURCES = to_signal_vocabularies(SIGNALS.values(), load_forms().forms.values(), "1.0.0")
CODES = {one["url"]: [concept["code"] for concept in one["concept"]] for one in RESOURCES if one["resourceType"] == "CodeSystem"}


def test_what_is_written_is_what_is_read() -> None:
    read = {
        name: [one.signal for one in standard_index().meanings({"coding": [{"system": SIGNAL_SYSTEM, "code": name}]}, record)]
        for name, signal in SIGNALS.items()
        for record in [Record(signal.records[0])]
    }
    assert read == {name: [name] for name in SIGNALS}


def test_every_signal_and_every_answer_of_one_has_a_code() -> None:
    assert CODES[SIGNAL_SYSTEM] == list(SIGNALS)
    assert set(CODES[ANSWER_SYSTEM]) == {answer for one in SIGNALS.values() for answer in one.answers}


def test_no_code_is_there_twice() -> None:
    for codes in CODES.values():
        assert len(codes) == len(set(codes))
    assert {"bam.4", "daily.events.fall-hurt", "cows.pulse.2"} <= set(CODES[FORM_SYSTEM])


def test_each_system_has_a_value_set_of_all_its_codes() -> None:
    sets = [one for one in RESOURCES if one["resourceType"] == "ValueSet"]
    assert [one["compose"]["include"] for one in sets] == [[{"system": system}] for system in CODES]
