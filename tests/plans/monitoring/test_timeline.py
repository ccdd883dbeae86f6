"""The timeline: one order, each thing once, nothing of the future."""

import random

from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.timeline import Record, Unread, timeline_of
from fhir_taper.plans.tables.signal_tables import load_signals
from tests.plans.monitoring.watched import HOUR, NOW, raw, timeline


def test_the_order_in_which_things_are_said_does_not_matter() -> None:
    raws = [raw("heart-rate", 80 + n, n * HOUR) for n in range(20)]
    shuffled = random.Random(7).sample(raws, len(raws))
    assert timeline(raws) == timeline(shuffled)


def test_the_same_value_of_the_same_instant_is_one_reading_with_both_sources() -> None:
    first, _ = accept([raw("heart-rate", 80)], load_signals())
    second = [type(one)(**{**{name: getattr(one, name) for name in one.__slots__}, "sources": ("Observation/copy",)}) for one in first]
    assert [one.sources for one in timeline_of("p1", [*first, *second]).readings] == [("Observation/copy", *first[0].sources)]
    assert timeline_of("p1", [*first, *first]) == timeline_of("p1", first)


def test_what_lies_in_the_future_has_not_been_seen() -> None:
    seen = timeline([raw("heart-rate", 80, HOUR), raw("heart-rate", 120, -HOUR)])
    assert [one.value for one in seen.until("heart-rate", NOW)] == [80]
    assert seen.until("heart-rate", NOW - 2 * HOUR) == ()


def test_why_a_kind_was_not_read_is_said() -> None:
    seen = timeline(unread=(Unread(Record.CONDITION, "403"),))
    assert (seen.why_unread(Record.CONDITION), seen.why_unread(Record.ORDER)) == ("403", "")
