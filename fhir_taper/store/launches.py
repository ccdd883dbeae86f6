"""Launches: those the EHR has not answered yet (single use), and the open charts that came of them.

State, verifier, patient and user are sealed; in the clear are hashes, ids and instants. What it must not do: decide who may do what.
The grant of a launch has the launch's id: its tokens go when the launch ends.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, delete, insert, or_, select, update

from fhir_taper import exact_json
from fhir_taper.records import Json, Launch, PendingLaunch, Role, Secret
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.schema import launch as launch_table
from fhir_taper.store.schema import pending_launch, token_set

LIVE_PER_BROWSER: Final = 20
"""Privacy S5: a browser that opens more has its oldest ones ended, which takes their tokens back too: not done by the store."""
SEEN_EVERY: Final = timedelta(seconds=15)
"""Being seen is written this often at most: idle times are minutes, and each write waits for the disk."""


class LaunchStore:
    """The launches of every tenant. Instants are arguments: nothing here reads a clock."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def save_pending(self, pending: PendingLaunch) -> None:
        """Keep an authorization request until its answer. Raises StoreConflict for a state that was used before it expired."""
        document = {
            "browser_hash": pending.browser_hash,
            "verifier": pending.verifier.reveal(),
            "nonce": pending.nonce.reveal(),
            "launch": pending.launch.reveal() if pending.launch is not None else None,
            "scope": pending.scope,
        }
        row = {"state_hash": pending.state_hash, "tenant_id": pending.tenant_id, "expires": pending.expires}
        with self._database.begin() as connection:
            sealed = self._seal(document, pending.tenant_id, pending_launch.name, pending.state_hash)
            connection.execute(insert(pending_launch).values(row | sealed))

    def take_pending(self, state_hash: str, now: datetime) -> PendingLaunch | None:
        """The pending launch of a state, to exactly one of all who ask for it; None where it is unknown, taken or expired.

        Its secrets are gone then; whose it was, `tenant_of_state` still says for a while.
        """
        with self._database.begin() as connection:
            asked = select(pending_launch).where(pending_launch.c.state_hash == state_hash).with_for_update()
            row = connection.execute(asked).mappings().one_or_none()
            held = self._unseal(row, pending_launch.name, state_hash) if row is not None else {}
            if row is None or not held:
                return None
            emptied = self._seal({}, row["tenant_id"], pending_launch.name, state_hash)
            connection.execute(update(pending_launch).where(pending_launch.c.state_hash == state_hash).values(emptied))
        if row["expires"] <= now:
            return None
        return PendingLaunch(
            state_hash=state_hash,
            tenant_id=row["tenant_id"],
            browser_hash=held["browser_hash"],
            verifier=Secret(held["verifier"]),
            nonce=Secret(held["nonce"]),
            launch=None if held["launch"] is None else Secret(held["launch"]),
            expires=row["expires"],
            scope=held.get("scope", ""),  # not there in what an earlier program kept
        )

    def tenant_of_state(self, state_hash: str) -> str | None:
        """Whose launch a state began, also one that was answered or expired; None where nobody began any, or it was long ago."""
        with self._database.read() as connection:
            asked = select(pending_launch.c.tenant_id).where(pending_launch.c.state_hash == state_hash)
            found: str | None = connection.execute(asked).scalar_one_or_none()
            return found

    def save(self, launch: Launch, browser_hash: str | None = None) -> None:
        """Keep a launch that was opened. `browser_hash` names the browser across its launches: see `too_many`, of which nothing ends here.

        Raises StoreConflict for an id that is known.
        """
        row = {
            "id": launch.id,
            "tenant_id": launch.tenant_id,
            "browser_hash": browser_hash,
            "begun": launch.begun,
            "last_seen": launch.last_seen,
            "ends": launch.ends,
        }
        with self._database.begin() as connection:
            sealed = self._seal(_document(launch), launch.tenant_id, launch_table.name, launch.id)
            connection.execute(insert(launch_table).values(row | sealed))

    def too_many(self, browser_hash: str, now: datetime) -> tuple[Launch, ...]:
        """The launches of a browser that have to end before one more opens, those seen longest ago: 20 are live at most."""
        live = (
            select(launch_table)
            .where(launch_table.c.browser_hash == browser_hash, launch_table.c.ended.is_(None), launch_table.c.ends > now)
            .order_by(launch_table.c.last_seen.desc(), launch_table.c.id)
            .offset(LIVE_PER_BROWSER - 1)
        )
        return self._found(live)

    def left(self, tenant_id: str, now: datetime, seen_before: datetime, most: int) -> tuple[Launch, ...]:
        """Launches of a tenant that nobody ended and that are over: come to their end, or seen last before an instant; the oldest first."""
        over = (
            select(launch_table)
            .where(launch_table.c.tenant_id == tenant_id, launch_table.c.ended.is_(None))
            .where(or_(launch_table.c.ends <= now, launch_table.c.last_seen < seen_before))
            .order_by(launch_table.c.last_seen, launch_table.c.id)
            .limit(most)
        )
        return self._found(over)

    def get(self, launch_id: str, now: datetime) -> Launch | None:
        """The launch with an id; None where it is unknown, was ended, or has come to its end. How long it was idle, the caller judges."""
        with self._database.read() as connection:
            row = connection.execute(select(launch_table).where(launch_table.c.id == launch_id)).mappings().one_or_none()
        if row is None or row["ended"] is not None or row["ends"] <= now:
            return None
        return _launch(row, self._unseal(row, launch_table.name, launch_id))

    def tenant_of(self, launch_id: str) -> str | None:
        """The tenant of a launch, also of one that ended; None where it is unknown."""
        with self._database.read() as connection:
            asked = select(launch_table.c.tenant_id).where(launch_table.c.id == launch_id)
            found: str | None = connection.execute(asked).scalar_one_or_none()
            return found

    def touch(self, launch_id: str, now: datetime) -> None:
        """The launch was seen. Kept to 15 seconds; never set back; nothing happens to one that ended."""
        with self._database.read() as connection:
            seen = connection.execute(select(launch_table.c.last_seen).where(launch_table.c.id == launch_id)).scalar_one_or_none()
        if seen is None or now < seen + SEEN_EVERY:
            return
        open_still = (launch_table.c.id == launch_id, launch_table.c.ended.is_(None), launch_table.c.last_seen < now)
        with self._database.begin() as connection:
            connection.execute(update(launch_table).where(*open_still).values(last_seen=now))

    def end(self, launch_id: str, now: datetime) -> bool:
        """The launch is over, and its tokens are gone; whether this call ended it. Ending twice, or an unknown one, does nothing."""
        with self._database.begin() as connection:
            ended = update(launch_table).where(launch_table.c.id == launch_id, launch_table.c.ended.is_(None)).values(ended=now)
            was_open = connection.execute(ended).rowcount == 1
            connection.execute(delete(token_set).where(token_set.c.grant_id == launch_id))
        return was_open

    def purge(self, before: datetime, served: Collection[str] = ()) -> int:
        """Remove pending launches that expired, and launches that ended, before an instant, with their tokens; how many rows went.

        Of `served` tenants only what somebody ended goes: that takes the tokens back. Of others nobody can, and their time is enough.
        """
        forgotten = and_(launch_table.c.ends < before, launch_table.c.tenant_id.not_in(served))
        over = or_(launch_table.c.ended < before, forgotten)
        with self._database.begin() as connection:
            connection.execute(delete(token_set).where(token_set.c.grant_id.in_(select(launch_table.c.id).where(over))))
            launches = connection.execute(delete(launch_table).where(over)).rowcount
            return int(launches + connection.execute(delete(pending_launch).where(pending_launch.c.expires < before)).rowcount)

    def _found(self, asked: Select[Any]) -> tuple[Launch, ...]:
        with self._database.read() as connection:
            rows = connection.execute(asked).mappings().all()
        return tuple(_launch(row, self._unseal(row, launch_table.name, row["id"])) for row in rows)

    def _seal(self, document: Json, tenant_id: str, table: str, row: str) -> dict[str, Any]:
        return {"sealed": self._keys.seal(exact_json.encode(document), tenant_id, table, row), "key_id": self._keys.current}

    def _unseal(self, row: Mapping[Any, Any], table: str, name: str) -> Json:
        document: Json = exact_json.decode(self._keys.unseal(row["sealed"], row["tenant_id"], table, name))
        return document


def _document(launch: Launch) -> Json:
    return {
        "patient_id": launch.patient_id,
        "user": launch.user,
        "user_name": launch.user_name,
        "role": launch.role.value,
        "scope": launch.scope,
        "cookie_hash": launch.cookie_hash,
        "csrf": launch.csrf.reveal(),
        "encounter_id": launch.encounter_id,
        "intent": launch.intent,
        "need_patient_banner": launch.need_patient_banner,
        "style_url": launch.style_url,
        "fhir_context": list(launch.fhir_context),
        "asked": launch.asked,
    }


def _launch(row: Mapping[Any, Any], held: Json) -> Launch:
    special = {"role": Role(held["role"]), "csrf": Secret(held["csrf"]), "fhir_context": tuple(held["fhir_context"])}
    clear = {name: row[name] for name in ("id", "tenant_id", "begun", "last_seen", "ends")}
    return Launch(**{**held, **special, **clear})
