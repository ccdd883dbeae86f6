"""Which products may be cut: tablets that are swallowed, and nothing else."""

import pytest

from fhir_taper.plans.medicines.codes import Form
from fhir_taper.plans.medicines.measure import parts_of
from fhir_taper.plans.tables import load

PRODUCTS = load().medicines


@pytest.mark.parametrize(
    ("rxcui", "name"),
    [
        ("351264", "buprenorphine 2 MG Sublingual Tablet"),
        ("1053647", "fentanyl 0.1 MG Sublingual Tablet"),
        ("864978", "methadone hydrochloride 40 MG Tablet for Oral Suspension"),
    ],
)
def test_a_tablet_that_is_not_swallowed_whole_may_not_be_split(rxcui: str, name: str) -> None:
    found = PRODUCTS.product(rxcui)

    assert found is not None
    assert (found.name, found.form, found.may_be_split, parts_of(found)) == (name, Form.TABLET, False, 1)


def test_a_plain_oral_tablet_may() -> None:
    found = PRODUCTS.product("197591")

    assert found is not None
    assert found.may_be_split
