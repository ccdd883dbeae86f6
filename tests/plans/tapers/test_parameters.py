from fractions import Fraction
from typing import Any

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tables.limit_tables import BandRow
from fhir_taper.plans.tapers.parameters import Parameters, bands_as_text, bands_from
from fhir_taper.plans.tapers.propose import propose
from tests.plans.tapers.made_requests import request, tables, tablets

DIAZEPAM = tablets("diazepam", "2", "5", "10", parts=2)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"interval_days": 0}, "interval_days"),
        ({"interval_days": -7}, "interval_days"),
        ({"interval_days": "7.5"}, "interval_days"),
        ({"interval_days": "weekly"}, "interval_days"),
        ({"percent": 0}, "percent"),
        ({"percent": -5}, "percent"),
        ({"percent": 101}, "percent"),
        ({"percent": "ten"}, "percent"),
        ({"percent": "nan"}, "percent"),
        ({"speed": 3}, "speed"),
        ({"floor_mg": 1}, "floor_mg"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_named(params: dict[str, Any], named: str) -> None:
    with pytest.raises(WrongUsage, match=rf"^{named}:"):
        propose(request("diazepam", "10", DIAZEPAM, params=params), tables())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"target_mg": "10"}, "target"),
        ({"target_mg": "11"}, "target"),
        ({"target_mg": "-1"}, "target"),
        ({"use": "long"}, "use"),
        ({"strategy": "cold-turkey"}, "strategy"),
        ({"protocol": "unknown"}, "protocol"),
        ({"strategy": "linear", "protocol": "cks-slow"}, "strategy, protocol"),
        ({"strategy": None}, "strategy, protocol"),
        ({"strategy": "proportional", "params": {"floor_mg": 0}}, "floor_mg"),
        ({"strategy": "proportional", "params": {"floor_mg": 11}}, "floor_mg"),
        ({"strategy": "hyperbolic", "params": {"steps": 81}}, "steps"),
        ({"strategy": "hyperbolic", "params": {"k_mg": 0}}, "k_mg"),
        ({"strategy": "interval-extension", "params": {"max_days": 0}}, "max_days"),
        ({"strategy": "stepped", "params": {"bands": "20:2"}}, "bands"),
        ({"strategy": "stepped", "params": {"bands": "5:1:14"}}, "bands"),
    ],
)
def test_what_is_asked_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(WrongUsage, match=rf"^{named}"):
        propose(request("diazepam", "10", DIAZEPAM, **fields), tables())


def test_a_baseline_of_nothing_is_refused_by_name() -> None:
    with pytest.raises(WrongUsage, match=r"^baseline:"):
        propose(request("diazepam", "0", DIAZEPAM), tables())


def test_a_nonsense_parameter_is_named_even_where_no_plan_could_be_made() -> None:
    with pytest.raises(WrongUsage, match=r"^interval_days:"):
        propose(request("diazepam", "3.33", DIAZEPAM, params={"interval_days": 0}), tables())


def test_a_name_that_is_given_twice_is_refused() -> None:
    with pytest.raises(WrongUsage, match=r"^percent: given twice"):
        Parameters((("percent", "10"), ("percent", "20")))


def test_bands_are_read_as_typed() -> None:
    assert bands_from("20:2:14, 10:10%b:7:28,0:12.5%c:7") == (
        BandRow(Fraction(20), Fraction(2), "mg", 14, 0),
        BandRow(Fraction(10), Fraction(10), "baseline", 7, 28),
        BandRow(Fraction(0), Fraction(25, 2), "current", 7, 0),
    )


@pytest.mark.parametrize("text", ["20:2:14", "50:25%b:14,0:10%b:7:28", "30:10%b:7,0:10%c:7", "50/3:50/3%b:28"])
def test_bands_are_written_as_they_are_read(text: str) -> None:
    assert bands_as_text(bands_from(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "20", "20:2", "20:2:0", "20:0:14", "20:-2:14", "-1:2:14", "20:2:14:-1", "0:120%c:14", "100:10%b:14", "a:2:14", "20:2:14:7:1"],
)
def test_bands_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"^bands:"):
        bands_from(text)
