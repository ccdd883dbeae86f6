"""The versions of every plan. This is the system of record: it only grows, and a document comes back byte for byte.

A writer says which version it saw: whoever comes second is told, and nothing is changed. A patient has one running taper (active or
on-hold) per ingredient; a draft of its next version does not end it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, insert_new
from fhir_taper.store.schema import place_of, plan_head, plan_version, running_taper


@dataclass(frozen=True, slots=True)
class PlanName:
    """Which plan: one tenant's patient, one ingredient, and the key that tells apart several plans of it."""

    tenant_id: str
    patient_id: str
    ingredient: str
    key: str


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version as it was written. `document` is opaque here; `by` and `at`: who made it, when.

    `inputs` is what it was made from, opaque too: None of a version that was kept before that was.
    """

    id: str
    plan: PlanName
    version: int
    state: PlanState
    document: bytes
    by: str
    at: datetime
    inputs: bytes | None = None


class PlanStore:
    """Append, and read what was appended."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def append(self, *versions: PlanVersion, expected_version: int) -> None:
        """Append versions of one plan, all or none: the first is `expected_version` + 1 (0 for a new plan), each the next.

        Raises StoreConflict where the plan has another newest version by now, where another taper of this ingredient is running, or where
        an id is taken; StoreError where the versions are not in order or not of one plan.
        """
        numbers = [one.version for one in versions]
        if not versions or numbers != list(range(expected_version + 1, expected_version + 1 + len(versions))):
            raise StoreError(f"versions {numbers} do not follow version {expected_version}")
        plan = versions[0].plan
        if any(one.plan != plan for one in versions):
            raise StoreError("versions of two plans are not appended together")
        with self._database.begin() as connection:
            self._advance(connection, plan, expected_version, numbers[-1])
            for one in versions:
                connection.execute(insert(plan_version).values(self._row(one)))
                self._run_or_end(connection, one)

    def adopt(self, one: PlanVersion, *, expected_version: int) -> None:
        """Take over a version that was made elsewhere, as the newest one: numbers before it that are not here stay unknown.

        `expected_version` is the newest one here (0 for a plan that is unknown). Raises StoreConflict like `append`; StoreError for a
        version that is not newer.
        """
        if one.version <= expected_version:
            raise StoreError(f"version {one.version} is not newer than version {expected_version}")
        with self._database.begin() as connection:
            self._advance(connection, one.plan, expected_version, one.version)
            connection.execute(insert(plan_version).values(self._row(one)))
            self._run_or_end(connection, one)

    def latest(self, plan: PlanName) -> PlanVersion | None:
        """The newest version of a plan, draft or not; None for a plan that is unknown."""
        found = self._find(*_is(plan), plan_version.c.version == _newest(plan))
        return found[0] if found else None

    def version(self, plan: PlanName, number: int) -> PlanVersion | None:
        """One version of a plan."""
        found = self._find(*_is(plan), plan_version.c.version == number)
        return found[0] if found else None

    def with_id(self, tenant_id: str, version_id: str) -> PlanVersion | None:
        """The version with an id; None where the tenant has none such."""
        found = self._find(plan_version.c.tenant_id == tenant_id, plan_version.c.id == version_id)
        return found[0] if found else None

    def history(self, plan: PlanName) -> tuple[PlanVersion, ...]:
        """Every version of a plan, oldest first."""
        return self._find(*_is(plan))

    def of_patient(self, tenant_id: str, patient_id: str) -> tuple[PlanVersion, ...]:
        """Every version of every plan of a patient: by ingredient and key, oldest first."""
        return self._find(plan_version.c.tenant_id == tenant_id, plan_version.c.patient_id == patient_id)

    def newest_of_patient(self, tenant_id: str, patient_id: str) -> tuple[PlanVersion, ...]:
        """The newest version of every plan of a patient, draft or not: by ingredient and key. No earlier one is opened."""
        here = [plan_version.c[name] == plan_head.c[name] for name in ("tenant_id", "patient_id", "ingredient", "plan_key", "version")]
        is_newest = select(plan_head.c.version).where(*here).exists()
        return self._find(plan_version.c.tenant_id == tenant_id, plan_version.c.patient_id == patient_id, is_newest)

    def approvals(self, tenant_id: str, patient_id: str, ingredient: str) -> int:
        """How often a plan of an ingredient was approved: an active version right after a draft of its plan. No document is opened."""
        draft, active = plan_version.alias("draft"), plan_version.alias("active")
        same = [draft.c[name] == active.c[name] for name in ("tenant_id", "patient_id", "ingredient", "plan_key")]
        mine = active.c.tenant_id == tenant_id, active.c.patient_id == patient_id, active.c.ingredient == ingredient
        states = active.c.state == PlanState.ACTIVE.value, draft.c.state == PlanState.DRAFT.value
        counted = select(func.count()).select_from(active.join(draft, and_(*same, draft.c.version == active.c.version - 1)))
        with self._database.read() as connection:
            return int(connection.execute(counted.where(*mine, *states)).scalar_one())

    def in_force(self, tenant_id: str, patient_id: str, ingredient: str) -> PlanVersion | None:
        """The version that runs (active or on-hold) for an ingredient; None where none does. A draft of the next one is not it."""
        mine = running_taper.c.tenant_id == tenant_id, running_taper.c.patient_id == patient_id, running_taper.c.ingredient == ingredient
        with self._database.read() as connection:
            row = connection.execute(select(running_taper.c.plan_key, running_taper.c.version).where(*mine)).one_or_none()
            return None if row is None else self.version(PlanName(tenant_id, patient_id, ingredient, row.plan_key), row.version)

    def hold(self, tenant_id: str, patient_id: str) -> None:
        """Until the transaction ends, nobody else appends to a plan of this patient. Raises StoreError outside of one."""
        mine = select(plan_head.c.version).where(plan_head.c.tenant_id == tenant_id, plan_head.c.patient_id == patient_id)
        self._database.hold(mine.order_by(plan_head.c.ingredient, plan_head.c.plan_key))

    def _advance(self, connection: Connection, plan: PlanName, expected: int, newest: int) -> None:
        """Move the newest version on: the row that two writers of one plan queue up for, also where it does not exist yet."""
        key = {"tenant_id": plan.tenant_id, "patient_id": plan.patient_id, "ingredient": plan.ingredient, "plan_key": plan.key}
        if expected == 0:
            done = insert_new(connection, plan_head, key | {"version": newest})
        else:
            here = [plan_head.c[name] == value for name, value in key.items()]
            done = connection.execute(update(plan_head).where(*here, plan_head.c.version == expected).values(version=newest)).rowcount == 1
        if not done:
            raise StoreConflict(f"version {expected} of the plan is not its newest one: somebody else changed it")

    def _run_or_end(self, connection: Connection, one: PlanVersion) -> None:
        plan = one.plan
        ingredient = {"tenant_id": plan.tenant_id, "patient_id": plan.patient_id, "ingredient": plan.ingredient}
        here = [running_taper.c[name] == value for name, value in ingredient.items()]
        ours = [*here, running_taper.c.plan_key == plan.key]
        if one.state in RUNNING:
            if connection.execute(update(running_taper).where(*ours).values(version=one.version)).rowcount:
                return
            if not insert_new(connection, running_taper, ingredient | {"plan_key": plan.key, "version": one.version}):
                raise StoreConflict("another taper of this ingredient is running: it is ended first")
        elif one.state is not PlanState.DRAFT:
            connection.execute(delete(running_taper).where(*ours))

    def _row(self, one: PlanVersion) -> dict[str, Any]:
        plan = one.plan
        return {
            "id": one.id,
            "tenant_id": plan.tenant_id,
            "patient_id": plan.patient_id,
            "ingredient": plan.ingredient,
            "plan_key": plan.key,
            "version": one.version,
            "state": one.state.value,
            "by": one.by,
            "at": one.at,
            "digest": _digest(one.document, one.inputs),
            "sealed": self._keys.seal(one.document, plan.tenant_id, plan_version.name, one.id),
            "inputs": None if one.inputs is None else self._keys.seal(one.inputs, plan.tenant_id, place_of(plan_version.c.inputs), one.id),
            "key_id": self._keys.current,
        }

    def _find(self, *where: ColumnElement[bool]) -> tuple[PlanVersion, ...]:
        in_order = plan_version.c.ingredient, plan_version.c.plan_key, plan_version.c.version
        with self._database.read() as connection:
            rows = connection.execute(select(plan_version).where(*where).order_by(*in_order)).mappings().all()
        return tuple(self._version(row) for row in rows)

    def _version(self, row: Mapping[Any, Any]) -> PlanVersion:
        tenant_id, sealed = row["tenant_id"], row["inputs"]
        document = self._keys.unseal(row["sealed"], tenant_id, plan_version.name, row["id"])
        inputs = None if sealed is None else self._keys.unseal(sealed, tenant_id, place_of(plan_version.c.inputs), row["id"])
        if _digest(document, inputs) != row["digest"]:
            raise StoreError(f"plan_version {row['id']} holds another document than was written, or other inputs")
        plan = PlanName(tenant_id, row["patient_id"], row["ingredient"], row["plan_key"])
        return PlanVersion(row["id"], plan, row["version"], PlanState(row["state"]), document, row["by"], row["at"], inputs)


def _digest(document: bytes, inputs: bytes | None) -> str:
    """Of the document alone where there are no inputs, as a row of before there were any has it: none can be taken away, or added."""
    return sha256(document if inputs is None else sha256(document).digest() + sha256(inputs).digest()).hexdigest()


def _is(plan: PlanName) -> tuple[ColumnElement[bool], ...]:
    table = plan_version.c
    return (
        table.tenant_id == plan.tenant_id,
        table.patient_id == plan.patient_id,
        table.ingredient == plan.ingredient,
        table.plan_key == plan.key,
    )


def _newest(plan: PlanName) -> Any:
    head = plan_head.c
    here = head.tenant_id == plan.tenant_id, head.patient_id == plan.patient_id
    return select(head.version).where(*here, head.ingredient == plan.ingredient, head.plan_key == plan.key).scalar_subquery()
