"""The tokens of one tenant's grants, sealed; and the section in which a grant is renewed by one thread of one process alone.

What is renewed is kept only while the session goes on, and never over what a sibling got: a process that stood still can lose its lease.
A grant is named by its launch (the launch's id), or by whoever asked for it without a person (backend services).
"""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from fhir_taper import exact_json
from fhir_taper.records import Secret, TokenSet
from fhir_taper.store import leases
from fhir_taper.store.crypto import KeyRing, row_name
from fhir_taper.store.database import Database, put_row
from fhir_taper.store.schema import token_set


class TokenStore:
    """The tokens of one tenant: another tenant's grant is not there, and its ciphertext does not open here."""

    def __init__(self, database: Database, keys: KeyRing, tenant_id: str, held_for: timedelta = leases.HELD_FOR) -> None:
        """`held_for`: how long a process that was killed while it renewed is waited for."""
        self._database = database
        self._keys = keys
        self._tenant_id = tenant_id
        self._held_for = held_for

    def put(self, grant_id: str, tokens: TokenSet) -> None:
        """Keep the tokens of a grant, in place of those from before. For the first ones; renewed ones are kept by `replace`."""
        row = {"tenant_id": self._tenant_id, "grant_id": grant_id, **self._sealed(grant_id, tokens)}
        with self._database.begin() as connection:
            put_row(connection, token_set, row)

    def replace(self, grant_id: str, spent: TokenSet, tokens: TokenSet) -> TokenSet | None:
        """Keep renewed tokens in place of those that were spent for them; returns what the grant holds then.

        None: the session ended meanwhile, and nothing is kept. Other tokens than the new ones: a sibling renewed it first, and they stay.
        """
        with self._database.begin() as connection:
            held = self._locked(connection, grant_id)
            if held is None or held.access_token != spent.access_token:
                return held
            self._write(connection, grant_id, tokens)
        return tokens

    def get(self, grant_id: str) -> TokenSet | None:
        """The newest tokens of a grant; None where there are none. Raises StoreError for a row that was changed from outside."""
        with self._database.read() as connection:
            sealed = connection.execute(select(token_set.c.sealed).where(*self._row(grant_id))).scalar_one_or_none()
        return None if sealed is None else self._opened(grant_id, sealed)

    def exclusive(self, grant_id: str) -> AbstractContextManager[None]:
        """Renew a grant alone, across threads and processes: read it again inside, a sibling may have renewed it meanwhile.

        A process that was killed inside is waited for until its lease ends. Raises StoreError when that does not help, or inside `begin`.
        """
        return leases.exclusive(self._database, f"grant {row_name(self._tenant_id, grant_id)}", self._held_for)

    def drop_refresh_token(self, grant_id: str, refused: Secret | None = None) -> None:
        """Forget a refresh token that the EHR no longer takes; the access token stays.

        With `refused`, only where it is still that one: what a sibling got meanwhile is not lost.
        """
        with self._database.begin() as connection:
            held = self._locked(connection, grant_id)
            if held is None or (refused is not None and held.refresh_token != refused):
                return
            self._write(connection, grant_id, replace(held, refresh_token=None))

    def take(self, grant_id: str) -> TokenSet | None:
        """Remove the tokens of a grant (its session is over), and return them: whoever takes them can take them back at the EHR."""
        with self._database.begin() as connection:
            taken = delete(token_set).where(*self._row(grant_id)).returning(token_set.c.sealed)
            sealed = connection.execute(taken).scalar_one_or_none()
        return None if sealed is None else self._opened(grant_id, sealed)

    def _row(self, grant_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return token_set.c.tenant_id == self._tenant_id, token_set.c.grant_id == grant_id

    def _locked(self, connection: Connection, grant_id: str) -> TokenSet | None:
        """The tokens held, which nobody else changes or removes before this transaction ends."""
        sealed = connection.execute(select(token_set.c.sealed).where(*self._row(grant_id)).with_for_update()).scalar_one_or_none()
        return None if sealed is None else self._opened(grant_id, sealed)

    def _write(self, connection: Connection, grant_id: str, tokens: TokenSet) -> None:
        connection.execute(update(token_set).where(*self._row(grant_id)).values(self._sealed(grant_id, tokens)))

    def _sealed(self, grant_id: str, tokens: TokenSet) -> dict[str, Any]:
        document = {
            "access_token": tokens.access_token.reveal(),
            "expires": tokens.expires.isoformat(),
            "scope": tokens.scope,
            "refresh_token": tokens.refresh_token.reveal() if tokens.refresh_token is not None else None,
        }
        sealed = self._keys.seal(exact_json.encode(document), self._tenant_id, token_set.name, row_name(self._tenant_id, grant_id))
        return {"sealed": sealed, "key_id": self._keys.current}

    def _opened(self, grant_id: str, sealed: bytes) -> TokenSet:
        plain = self._keys.unseal(sealed, self._tenant_id, token_set.name, row_name(self._tenant_id, grant_id))
        held = exact_json.decode(plain)
        refresh = None if held["refresh_token"] is None else Secret(held["refresh_token"])
        return TokenSet(Secret(held["access_token"]), datetime.fromisoformat(held["expires"]), held["scope"], refresh)
