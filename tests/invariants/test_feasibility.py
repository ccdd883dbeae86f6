"""The medicines that most tapers are about have tapers to nothing, within three years, by each of the four curves."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.infeasible import Infeasible
from tests.invariants.feasibility import CURVES, LONGEST_DAYS, SHELVES, Row, Shelf, rows


def shelf(ingredient: str, *, release: Release = Release.IMMEDIATE, parts: int | None = None) -> Shelf:
    """The tablets of an ingredient alone."""
    return next(
        one
        for one in SHELVES
        if (one.ingredient, one.release, one.parts, one.form, one.companion) == (ingredient, release, parts, Form.TABLET, "")
    )


NAMED = {
    "lorazepam": shelf("lorazepam"),
    "alprazolam": shelf("alprazolam"),
    "clonazepam in halves": shelf("clonazepam", parts=2),
    "oxycodone, immediate release": shelf("oxycodone"),
    "morphine, extended release": shelf("morphine", release=Release.EXTENDED),
}
HALVED = ("lorazepam", "alprazolam", "clonazepam in halves")
WHOLE = ("oxycodone, immediate release", "morphine, extended release")


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("name", NAMED)
def test_from_every_start_dose_there_is_a_taper_to_nothing_within_three_years(name: str, curve: str) -> None:
    made = [row for row in rows(NAMED[name], load()) if row.strategy == curve]
    assert len(made) >= 4
    assert all(row.plan is not None and ends_at_nothing(row) for row in made), [row.made for row in made if row.plan is None]


@pytest.mark.parametrize("name", HALVED)
def test_tablets_are_cut_in_halves_where_the_requirement_says_halves(name: str) -> None:
    assert {product.parts for product in NAMED[name].products(load())} & {2, 4}


@pytest.mark.parametrize("name", WHOLE)
def test_tablets_stay_whole_where_the_requirement_says_whole(name: str) -> None:
    assert {product.parts for product in NAMED[name].products(load())} == {1}


def test_wherever_there_is_no_taper_the_reason_and_the_ways_out_are_named() -> None:
    answers = [row for one in SHELVES for row in rows(one, load())]
    refused = [row for row in answers if isinstance(row.made, Infeasible)]
    assert len(refused) < len(answers) / 3
    for row in refused:
        assert isinstance(row.made, Infeasible)
        assert row.made.ways_out, (row.shelf.name, row.start_mg, row.strategy, row.made)


def ends_at_nothing(row: Row) -> bool:
    """True for a plan that ends at no dose within the longest duration."""
    assert row.plan is not None
    return row.plan.steps[-1].mg_per_day(row.shelf.ingredient) == Decimal(0) and row.days <= LONGEST_DAYS
