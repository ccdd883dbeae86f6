"""Doses are counted in whole numbers of what every piece is a whole number of."""

from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.codes import Form
from fhir_taper.plans.medicines.measure import Measure, is_measurable
from fhir_taper.plans.medicines.products import Product
from tests.plans.tapers.made_requests import liquid, patch, product, tablets


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (product("diazepam", "2"), True),
        (liquid("diazepam", "1", "0.1"), True),
        (product("diazepam", "1", form=Form.SOLUTION), False),
        (patch("fentanyl", "0.3"), True),
        (product("diazepam", "5", form=Form.GEL), False),
        (product("diazepam", "5", form=Form.SPRAY), False),
    ],
)
def test_only_what_can_be_counted_or_measured_off_makes_doses(made: Product, expected: bool) -> None:
    assert is_measurable(made) is expected


def test_every_piece_is_a_whole_number_of_the_quantum_and_the_quantum_is_as_large_as_can_be() -> None:
    measure = Measure((*tablets("lorazepam", "0.5", "2", parts=2), liquid("lorazepam", "2", "0.1")))

    assert [(measure.mg(piece.amount), piece.quarters) for piece in measure.pieces] == [
        (2, 4),
        (1, 2),
        (Fraction(1, 2), 4),
        (Fraction(1, 4), 2),
    ]
    assert [measure.mg(one.amount) for one in measure.liquids] == [Fraction(1, 5)]
    assert measure.mg(measure.quantum) == Fraction(1, 20)


def test_an_amount_that_is_no_whole_number_of_parts_has_no_measure() -> None:
    measure = Measure(tablets("diazepam", "2"))

    assert measure.of(Fraction(1, 3)) is None
    assert measure.mg(measure.of(Decimal("0.7")) or 0) == Fraction(7, 10)
