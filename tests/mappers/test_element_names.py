"""The table of element names says what the FHIR models say, for every type."""

import subprocess
import sys

import pytest

from fhir_taper.mappers.element_names import element_names
from fhir_taper.mappers.fhir import model_of
from tests.mappers.publish_element_table import ABSTRACT, TABLE, resource_types, table

TYPES = sorted(resource_types())
OUTSIDE = {"resourceType", "fhir_comments"}


def test_the_table_is_what_the_models_say() -> None:
    assert TABLE.read_text() == table()


def test_there_are_as_many_types_as_fhir_has() -> None:
    assert len(TYPES) == 141
    assert {"Patient", "MedicationRequest", "Bundle", "Binary", "Parameters"} <= set(TYPES)


@pytest.mark.parametrize("resource_type", TYPES)
def test_names_of_a_type_are_those_of_its_model_with_the_extensions_of_primitives(resource_type: str) -> None:
    fields = {field.alias for field in model_of(resource_type).model_fields.values()}
    assert element_names(resource_type) - OUTSIDE == fields - OUTSIDE


@pytest.mark.parametrize("unknown", ["", "Medikation", "patient", "Dosage", *sorted(ABSTRACT)])
def test_what_is_no_type_has_no_names(unknown: str) -> None:
    with pytest.raises(KeyError):
        element_names(unknown)


def test_looking_a_name_up_imports_no_model() -> None:
    code = (
        "import sys; from fhir_taper.mappers.element_names import element_names; element_names('Patient'); "
        "assert not {'fhir', 'pydantic'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
