from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.dose_words import amount, daily


@pytest.mark.parametrize(
    ("mg", "rate"), [(Decimal("0.3"), "12.5 mcg/h"), (Decimal("0.60"), "25 mcg/h"), (Decimal("2.4"), "100 mcg/h"), (0, "0 mcg/h")]
)
def test_patches_are_spoken_of_by_their_rate_with_mg_a_day_beside_it(mg: Exact | int, rate: str) -> None:
    assert amount(mg, is_patch=True) == rate
    assert daily(mg, is_patch=True).startswith(f"{rate} (")
    assert daily(mg, is_patch=True).endswith(" mg a day)")


@pytest.mark.parametrize(("mg", "says"), [(Decimal("7.50"), "7.5 mg"), (Fraction(1, 3), "0.33 mg"), (Decimal("1E+1"), "10 mg")])
def test_everything_else_is_spoken_of_in_mg(mg: Exact, says: str) -> None:
    assert (amount(mg, is_patch=False), daily(mg, is_patch=False)) == (says, f"{says} a day")
