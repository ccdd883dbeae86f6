"""Plans only grow: versions in order, byte for byte, whoever comes second is told, one running taper per ingredient."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.store import schema
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.plans import PlanName, PlanStore, PlanVersion
from tests.store.kept import PLAN, plan_version
from tests.store.processes import processes

OTHER_KEY = replace(PLAN, key="hyperbolic-ba9876543210")
PATIENT = (PLAN.tenant_id, PLAN.patient_id)


@pytest.fixture
def plans(database: Database, keys: KeyRing) -> PlanStore:
    return PlanStore(database, keys)


def keep(plans: PlanStore, *states: PlanState, plan: PlanName = PLAN) -> list[PlanVersion]:
    """Append a version per state, from 1."""
    made = [plan_version(number, plan, state, document=f"{state} {number}".encode()) for number, state in enumerate(states, 1)]
    for one in made:
        plans.append(one, expected_version=one.version - 1)
    return made


def test_a_version_comes_back_as_it_was(plans: PlanStore) -> None:
    made = plan_version(by="Practitioner/pr1", state=PlanState.ACTIVE)
    plans.append(made, expected_version=0)
    assert plans.latest(PLAN) == made
    assert plans.version(PLAN, 1) == made
    assert plans.with_id("hospital", made.id) == made


def test_a_version_of_before_inputs_were_kept_has_none_and_none_can_be_given_to_it_or_taken(plans: PlanStore, database: Database) -> None:
    first, second = plan_version(1, inputs=None), plan_version(2)
    plans.append(first, second, expected_version=0)
    assert plans.history(PLAN) == (first, second)
    with database.begin() as connection:
        connection.execute(update(schema.plan_version).where(schema.plan_version.c.version == 2).values(inputs=None))
    with pytest.raises(StoreError, match="or other inputs"):
        plans.version(PLAN, 2)


def test_inputs_and_document_of_a_version_do_not_stand_for_each_other(plans: PlanStore, database: Database) -> None:
    plans.append(plan_version(document=b"same", inputs=b"same"), expected_version=0)
    with database.begin() as connection:
        connection.execute(update(schema.plan_version).values(inputs=schema.plan_version.c.sealed))
    with pytest.raises(StoreError, match="does not open"):
        plans.latest(PLAN)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.binary(max_size=3000))
def test_a_document_comes_back_byte_for_byte(plans: PlanStore, document: bytes) -> None:
    latest = plans.latest(PLAN)
    number = latest.version + 1 if latest else 1
    plans.append(plan_version(number, document=document), expected_version=number - 1)
    read = plans.latest(PLAN)
    assert read is not None
    assert read.document == document


def test_what_was_never_written_is_nothing(plans: PlanStore) -> None:
    assert plans.latest(PLAN) is None
    assert plans.version(PLAN, 1) is None
    assert plans.with_id("hospital", "x") is None
    assert plans.history(PLAN) == ()
    assert plans.of_patient(*PATIENT) == ()
    assert plans.in_force(*PATIENT, PLAN.ingredient) is None


def test_history_is_every_version_oldest_first(plans: PlanStore) -> None:
    made = keep(plans, PlanState.DRAFT, PlanState.ACTIVE, PlanState.ON_HOLD)
    assert plans.history(PLAN) == tuple(made)
    assert plans.latest(PLAN) == made[-1]


def test_a_patients_plans_are_that_patients_in_that_tenant(plans: PlanStore) -> None:
    mine = keep(plans, PlanState.DRAFT)
    keep(plans, PlanState.DRAFT, plan=replace(PLAN, patient_id="p2"))
    keep(plans, PlanState.DRAFT, plan=replace(PLAN, tenant_id="clinic"))
    assert plans.of_patient(*PATIENT) == tuple(mine)
    assert plans.with_id("clinic", mine[0].id) is None


def test_the_newest_version_of_each_plan_of_a_patient_is_found_draft_or_not(plans: PlanStore) -> None:
    made = keep(plans, PlanState.DRAFT, PlanState.ACTIVE)
    keep(plans, PlanState.DRAFT, plan=OTHER_KEY)
    keep(plans, PlanState.DRAFT, plan=replace(PLAN, patient_id="p2"))
    plans.adopt(plan_version(5, OTHER_KEY), expected_version=1)
    assert plans.newest_of_patient(*PATIENT) == (plan_version(5, OTHER_KEY), made[-1])
    assert plans.newest_of_patient("clinic", PLAN.patient_id) == ()


def test_an_approval_is_counted_where_an_active_version_comes_right_after_a_draft(plans: PlanStore) -> None:
    draft, active, hold = PlanState.DRAFT, PlanState.ACTIVE, PlanState.ON_HOLD
    keep(plans, draft, active, hold, active, draft, active, PlanState.REVOKED)
    keep(plans, draft, active, PlanState.REVOKED, plan=OTHER_KEY)
    keep(plans, draft, active, plan=replace(PLAN, ingredient="7804"))
    plans.adopt(plan_version(4, replace(PLAN, key="taken-over"), active), expected_version=0)
    assert plans.approvals(*PATIENT, PLAN.ingredient) == 3
    assert plans.approvals(*PATIENT, "7804") == 1
    assert plans.approvals("clinic", PLAN.patient_id, PLAN.ingredient) == 0


@pytest.mark.feature("F29")
@pytest.mark.parametrize("expected", [0, 2])
def test_a_writer_who_saw_another_version_is_told_and_nothing_is_changed(plans: PlanStore, expected: int) -> None:
    made = keep(plans, PlanState.DRAFT)
    with pytest.raises(StoreConflict):
        plans.append(plan_version(expected + 1, id="another"), expected_version=expected)
    assert plans.history(PLAN) == tuple(made)


@pytest.mark.parametrize(
    "versions",
    [(), (plan_version(2),), (plan_version(1), plan_version(3)), (plan_version(1), plan_version(2, OTHER_KEY))],
)
def test_versions_out_of_order_or_of_two_plans_are_refused(plans: PlanStore, versions: tuple[PlanVersion, ...]) -> None:
    with pytest.raises(StoreError):
        plans.append(*versions, expected_version=0)
    assert plans.of_patient(*PATIENT) == ()


def test_several_versions_go_in_together_or_not_at_all(plans: PlanStore) -> None:
    keep(plans, PlanState.ACTIVE, plan=OTHER_KEY)
    with pytest.raises(StoreConflict, match="another taper of this ingredient is running"):
        plans.append(plan_version(1), plan_version(2, state=PlanState.ACTIVE), expected_version=0)
    assert plans.history(PLAN) == ()
    plans.append(plan_version(1), plan_version(2), expected_version=0)
    assert [one.version for one in plans.history(PLAN)] == [1, 2]


def test_an_id_is_one_version(plans: PlanStore) -> None:
    keep(plans, PlanState.DRAFT)
    with pytest.raises(StoreConflict):
        plans.append(plan_version(1, OTHER_KEY, id=plan_version(1).id), expected_version=0)
    assert plans.history(OTHER_KEY) == ()


@pytest.mark.parametrize("running", [PlanState.ACTIVE, PlanState.ON_HOLD])
@pytest.mark.parametrize("second", [PlanState.ACTIVE, PlanState.ON_HOLD])
def test_a_patient_has_one_running_taper_per_ingredient(plans: PlanStore, running: PlanState, second: PlanState) -> None:
    made = keep(plans, running)
    keep(plans, PlanState.DRAFT, plan=OTHER_KEY)
    with pytest.raises(StoreConflict, match="another taper of this ingredient is running"):
        plans.append(plan_version(2, OTHER_KEY, second), expected_version=1)
    assert plans.in_force(*PATIENT, PLAN.ingredient) == made[0]


def test_other_ingredients_patients_and_tenants_run_beside_it(plans: PlanStore) -> None:
    for plan in (PLAN, replace(PLAN, ingredient="7804"), replace(PLAN, patient_id="p2"), replace(PLAN, tenant_id="clinic")):
        keep(plans, PlanState.ACTIVE, plan=plan)
        found = plans.in_force(plan.tenant_id, plan.patient_id, plan.ingredient)
        assert found is not None
        assert found.plan == plan


@pytest.mark.parametrize("ended", [PlanState.COMPLETED, PlanState.REVOKED, PlanState.ENTERED_IN_ERROR])
def test_after_a_taper_ended_another_may_run(plans: PlanStore, ended: PlanState) -> None:
    keep(plans, PlanState.ACTIVE, ended)
    assert plans.in_force(*PATIENT, PLAN.ingredient) is None
    made = keep(plans, PlanState.ACTIVE, plan=OTHER_KEY)
    assert plans.in_force(*PATIENT, PLAN.ingredient) == made[0]


def test_a_draft_of_the_next_version_leaves_the_running_one_in_force(plans: PlanStore) -> None:
    made = keep(plans, PlanState.DRAFT, PlanState.ACTIVE, PlanState.DRAFT)
    assert plans.in_force(*PATIENT, PLAN.ingredient) == made[1]
    plans.append(plan_version(4, state=PlanState.ACTIVE), expected_version=3)
    assert plans.in_force(*PATIENT, PLAN.ingredient) == plans.latest(PLAN)


def test_the_end_of_another_plan_does_not_end_the_running_one(plans: PlanStore) -> None:
    made = keep(plans, PlanState.ACTIVE)
    keep(plans, PlanState.DRAFT, PlanState.REVOKED, plan=OTHER_KEY)
    assert plans.in_force(*PATIENT, PLAN.ingredient) == made[0]


def test_two_processes_of_eight_threads_lose_no_version(url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    appended = sum(int(said) for said in processes("append", url, 2))
    history = PlanStore(opened(url), keys).history(PLAN)
    assert [one.version for one in history] == list(range(1, appended + 1))
    assert appended > 1


def test_one_of_many_who_approve_at_once_wins(plans: PlanStore) -> None:
    names = [replace(PLAN, key=f"plan-{number}") for number in range(8)]

    def approve(plan: PlanName) -> bool:
        try:
            plans.append(plan_version(1, plan, PlanState.ACTIVE), expected_version=0)
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(approve, names))
    assert won.count(True) == 1
    running = plans.in_force(*PATIENT, PLAN.ingredient)
    assert running is not None
    assert running.plan == names[won.index(True)]
    assert len(plans.of_patient(*PATIENT)) == 1


def test_while_a_patients_plans_are_held_nobody_appends_to_one(plans: PlanStore, database: Database) -> None:
    (first,) = keep(plans, PlanState.ACTIVE)
    with pytest.raises(StoreError, match="inside a transaction"):
        plans.hold(*PATIENT)
    with ThreadPoolExecutor(1) as pool:
        with database.begin():
            plans.hold(*PATIENT)
            appended = pool.submit(plans.append, plan_version(2, state=PlanState.ON_HOLD), expected_version=1)
            with pytest.raises(TimeoutError):
                appended.result(0.1)
            assert plans.latest(PLAN) == first
        appended.result(10)
    assert len(plans.history(PLAN)) == 2


def test_a_document_put_in_place_of_another_is_found(plans: PlanStore, database: Database, keys: KeyRing) -> None:
    """Even by somebody who has the key: the digest of what was written does not change."""
    made = plan_version()
    plans.append(made, expected_version=0)
    other = keys.seal(b'{"dose": 5.00}', "hospital", "plan_version", made.id)
    with database.begin() as connection:
        connection.execute(update(schema.plan_version).values(sealed=other))
    with pytest.raises(StoreError, match="another document than was written"):
        plans.latest(PLAN)


def test_a_document_moved_to_another_version_does_not_open(plans: PlanStore, database: Database) -> None:
    keep(plans, PlanState.DRAFT, PlanState.DRAFT)
    with database.begin() as connection:
        sealed = connection.execute(select(schema.plan_version.c.sealed).where(schema.plan_version.c.version == 1)).scalar_one()
        connection.execute(update(schema.plan_version).where(schema.plan_version.c.version == 2).values(sealed=sealed))
    with pytest.raises(StoreError, match="does not open"):
        plans.latest(PLAN)


def test_a_version_that_was_made_elsewhere_is_taken_over_and_followed(plans: PlanStore) -> None:
    plans.adopt(plan_version(4, state=PlanState.ACTIVE), expected_version=0)
    assert plans.in_force(*PATIENT, PLAN.ingredient) == plan_version(4, state=PlanState.ACTIVE)
    plans.append(plan_version(5, state=PlanState.ON_HOLD), expected_version=4)
    assert [one.version for one in plans.history(PLAN)] == [4, 5]


def test_a_version_from_elsewhere_never_goes_back_and_never_passes_by_another_running_taper(plans: PlanStore) -> None:
    keep(plans, PlanState.DRAFT, PlanState.ACTIVE)
    with pytest.raises(StoreError, match="not newer"):
        plans.adopt(plan_version(2, state=PlanState.ACTIVE), expected_version=2)
    with pytest.raises(StoreConflict, match="not its newest"):
        plans.adopt(plan_version(4, state=PlanState.ACTIVE), expected_version=1)
    with pytest.raises(StoreConflict, match="another taper"):
        plans.adopt(plan_version(1, OTHER_KEY, PlanState.ACTIVE), expected_version=0)
    plans.adopt(plan_version(4, state=PlanState.ACTIVE), expected_version=2)
    assert [one.version for one in plans.history(PLAN)] == [1, 2, 4]
