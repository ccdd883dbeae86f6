"""Assessments as documents: lossless, strict, and made again byte for byte."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import BadInput
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.monitoring.assessment_document import (
    Inputs,
    differences,
    history_from_document,
    history_to_document,
    inputs_of,
    kept,
)
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.remember import remember
from tests.plans.monitoring.watched import HOUR, NOW, plan, raw, timeline

SEEN = timeline(
    [raw("heart-rate", 80, 60 * DAY), raw("heart-rate", 130, 2 * HOUR), raw("heart-rate", 130, HOUR), raw("heart-rate", 600, 0 * HOUR)]
)
INPUTS = Inputs(plan(), SEEN, DEFAULT_POLICY, NOTHING_BEFORE, NOW)


def test_a_kept_assessment_is_made_again_byte_for_byte() -> None:
    written = encode(kept(INPUTS, INPUTS.assess()))
    read = inputs_of(decode(written))
    assert read == INPUTS
    assert encode(kept(read, read.assess())) == written


def test_a_history_comes_back_as_it_was() -> None:
    history = remember(NOTHING_BEFORE, INPUTS.assess()).answered("B10", Answer(NOW, "Dr. A", "hold", "agreed"))
    assert history.episodes
    assert history_from_document(decode(encode(history_to_document(history)))) == history


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"schema": 1}, "episodes"),
        ({"schema": 2, "episodes": []}, "schema"),
        ({"schema": 1, "episodes": [{}]}, "episodes[0]"),
        ({"schema": 1, "episodes": 5}, "episodes"),
    ],
)
def test_a_history_that_is_none_names_the_place(document: dict[str, object], place: str) -> None:
    with pytest.raises(BadInput) as refused:
        history_from_document(document)
    assert refused.value.place.startswith(place)


def test_what_another_version_makes_of_it_is_listed_by_place() -> None:
    first = kept(INPUTS, INPUTS.assess())
    later = kept(INPUTS, replace(INPUTS, as_of=NOW + timedelta(days=20)).assess())
    found = differences(first["assessment"], later["assessment"])
    assert "as_of: '2026-03-15T12:00:00+01:00' became '2026-04-04T12:00:00+01:00'" in found
    assert differences(first, first) == ()
