"""A site's own codes for what is watched."""

import pytest

from fhir_taper.errors import SettingsError
from fhir_taper.mappers.read.signals.meanings import standard_index
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.records import Tenant
from fhir_taper.workflow.site_codes import site_index
from tests.mappers.charts import concept


def tenant(**codes: str) -> Tenant:
    return Tenant(
        "general", "https://ehr.example.org/fhir", "fhir-taper", "UTC", signal_codes={f"urn:site|{code}": codes[code] for code in codes}
    )


def test_a_code_of_the_site_means_what_the_site_says_and_ours_mean_what_they_meant() -> None:
    index = site_index(tenant(a="cows", b="fall:injury"))
    (one,) = index.meanings(concept("urn:site", "b"), Record.OBSERVATION)
    assert (one.signal, one.answer) == ("fall", "injury")
    assert [meaning.signal for meaning in index.meanings(concept("http://loinc.org", "8867-4"), Record.OBSERVATION)] == ["heart-rate"]


def test_a_site_without_codes_has_the_codes_of_everybody() -> None:
    assert site_index(tenant()) is standard_index()


def test_the_codes_of_a_site_are_read_once() -> None:
    assert site_index(tenant(a="cows")) is site_index(tenant(a="cows"))


@pytest.mark.parametrize("value", ["cough", "ciwa-b", "fall:sideways"])
def test_a_code_that_cannot_be_used_is_named_with_its_tenant(value: str) -> None:
    with pytest.raises(SettingsError, match=r"tenant general, signal_codes: 'urn:site\|a'"):
        site_index(tenant(a=value))
