"""A plan goes to FHIR and comes back the same, whatever it holds: `from_bundle(to_bundle(plan)) == plan`."""

from datetime import UTC, date, datetime

from hypothesis import given

from fhir_taper import exact_json
from fhir_taper.mappers.read.care_plan import from_bundle
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.plan_strategies import plans

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
TODAY = date(2026, 1, 5)


@given(plans())
def test_every_plan_survives_the_way_to_fhir_and_back_through_bytes(plan: TaperPlan) -> None:
    bundle = exact_json.decode(exact_json.encode(to_bundle(plan, as_of=TODAY, instant=NOW)))
    assert from_bundle(bundle) == plan
