"""The arithmetic of the audit chain: what a row's code covers, and a head that is signed so that it can be kept elsewhere.

Each row carries an HMAC-SHA256 of its own words and of the code of the row before it, with a key of its tenant that is derived from the
installation's. Whoever has the database but not the key can neither change a row nor add one; whoever removes the last rows is found by the
head. No input, output or clock here.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from fhir_taper import exact_json
from fhir_taper.errors import NotJson, StoreError
from fhir_taper.records import Secret
from fhir_taper.store.schema import microseconds

START: Final = "0" * 64
"""What stands as `previous` in a tenant's first row."""
_SHORTEST_KEY: Final = 16
_COVERED: Final = ("at", "actor", "action", "outcome", "patient_id", "launch_id", "detail", "previous")


@dataclass(frozen=True, slots=True)
class SignedHead:
    """Where a tenant's chain ended: its last row and that row's code. Kept outside the database, it shows when rows were cut off."""

    tenant_id: str
    sequence: int
    mac: str
    signature: str

    def line(self) -> str:
        """One line of JSON, for a file or another machine."""
        values = {"tenant": self.tenant_id, "sequence": self.sequence, "mac": self.mac, "signature": self.signature}
        return exact_json.encode(values).decode()

    @classmethod
    def parse(cls, line: str) -> "SignedHead":
        """The head of a line. Raises StoreError where it is none; whether it is genuine, `verify` says."""
        try:
            values = exact_json.decode(line.encode())
            head = cls(values["tenant"], values["sequence"], values["mac"], values["signature"])
        except (NotJson, KeyError, TypeError, IndexError):
            raise StoreError("this line is no head of an audit chain") from None
        if [type(value) for value in (head.tenant_id, head.sequence, head.mac, head.signature)] != [str, int, str, str]:
            raise StoreError("this line is no head of an audit chain")
        return head


class ChainKeys:
    """The key of each tenant's chain, derived from the installation's audit key."""

    def __init__(self, audit_key: Secret) -> None:
        """Raise StoreError for a key too short to be one."""
        if len(audit_key.reveal()) < _SHORTEST_KEY:
            raise StoreError(f"the audit key is shorter than {_SHORTEST_KEY} characters")
        self._key = audit_key.reveal().encode()

    def mac(self, tenant_id: str, row: Mapping[Any, Any]) -> str:
        """The code of a row: over every column but its place in the order, which `previous` gives."""
        return self._code(tenant_id, "entry", (_text(row[name]) for name in _COVERED))

    def head(self, tenant_id: str, sequence: int, mac: str) -> SignedHead:
        """The signed head of a chain."""
        return SignedHead(tenant_id, sequence, mac, self._code(tenant_id, "head", (str(sequence), mac)))

    def is_genuine(self, head: SignedHead) -> bool:
        """Whether this installation signed the head."""
        return hmac.compare_digest(self.head(head.tenant_id, head.sequence, head.mac).signature.encode(), head.signature.encode())

    def _code(self, tenant_id: str, purpose: str, parts: Iterable[str | None]) -> str:
        of_tenant = hmac.digest(self._key, b"fhir-taper audit 1\x00" + tenant_id.encode(), sha256)
        return hmac.new(of_tenant, b"".join(_framed(part) for part in (purpose, *parts)), sha256).hexdigest()


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(microseconds(value)) if isinstance(value, datetime) else str(value)


def _framed(part: str | None) -> bytes:
    """A part with its length, so that no two lists of parts look alike; what is absent differs from what is empty."""
    if part is None:
        return b"\x00"
    data = part.encode()
    return b"\x01" + len(data).to_bytes(8, "big") + data
