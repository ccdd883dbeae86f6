"""Sealing of what is kept: AES-256-GCM, the key's id in front, and bound to the tenant, table and row it was sealed for.

Tenant, table and row are passed by the repository functions, never taken from what is unsealed: a ciphertext that was moved to another
row, table or tenant does not open. Every seal draws a new random nonce of 96 bits; NIST SP 800-38D allows 2^32 of them per key, which is
why keys rotate (see rotation). What this module must not do: log, keep plain text, or guess a key.
"""

import secrets
from base64 import b64decode
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fhir_taper.errors import StoreError
from fhir_taper.records import Secret

_FORMAT = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
_LONGEST_KEY_ID = 255


class KeyRing:
    """The keys of one installation by id; `current` seals, every one unseals."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Raise StoreError where no key has the current id, or a key is not 32 bytes that could be random."""
        if current not in keys:
            raise StoreError(f"no key has the id {current}")
        for key_id, key in keys.items():
            if not 0 < len(key_id.encode()) <= _LONGEST_KEY_ID:
                raise StoreError(f"a key id has 1 to {_LONGEST_KEY_ID} bytes")
            if len(key) != _KEY_BYTES:
                raise StoreError(f"the key {key_id} is not {_KEY_BYTES} bytes")
            if len(set(key)) == 1:
                raise StoreError(f"the key {key_id} is one byte again and again: make a random one")
        self.current = current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    @classmethod
    def of(cls, keys: Iterable[tuple[str, Secret]]) -> "KeyRing":
        """The ring of `Settings.encryption_keys`: (id, base64 of 32 bytes), the first is current."""
        listed = [(key_id, b64decode(key.reveal())) for key_id, key in keys]
        if not listed:
            raise StoreError("there is no encryption key")
        if len({key_id for key_id, _ in listed}) != len(listed):
            raise StoreError("two encryption keys have one id")
        return cls(dict(listed), listed[0][0])

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(sorted(self._ciphers))}; current {self.current})"

    def knows(self, key_id: str) -> bool:
        """Whether what this key sealed can be unsealed."""
        return key_id in self._ciphers

    def seal(self, plain: bytes, tenant: str, table: str, row: str) -> bytes:
        """The sealed bytes: format, key id, nonce, ciphertext with its tag."""
        key_id = self.current.encode()
        header = bytes([_FORMAT, len(key_id)]) + key_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return header + nonce + self._ciphers[self.current].encrypt(nonce, plain, _bound_to(header, tenant, table, row))

    def unseal(self, sealed: bytes, tenant: str, table: str, row: str) -> bytes:
        """What was sealed for exactly this tenant, table and row.

        Raises StoreError for an unknown key, and for bytes that were changed, cut, or sealed for another place.
        """
        key_id = key_of(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise StoreError(f"{table} {row} is sealed with the key {key_id}, which is not configured")
        start = 2 + sealed[1]
        nonce, ciphertext = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, ciphertext, _bound_to(sealed[:start], tenant, table, row))
        except (InvalidTag, ValueError):
            raise StoreError(f"{table} {row} does not open: it was changed, or sealed for another row, table or tenant") from None


def key_of(sealed: bytes) -> str:
    """The id of the key that sealed these bytes. Raises StoreError where they are none of ours."""
    if sealed[:1] != bytes([_FORMAT]) or not sealed[1:] or len(sealed) < 2 + sealed[1] + _NONCE_BYTES:
        raise StoreError("a sealed value is damaged, or of another format")
    try:
        return sealed[2 : 2 + sealed[1]].decode()
    except UnicodeDecodeError:
        raise StoreError("a sealed value is damaged: its key has no id") from None


def row_name(*parts: str) -> str:
    """One name for a row whose key has several parts; no two rows have the same (each part's length is part of it)."""
    return "".join(f"{len(part)}:{part}" for part in parts)


def _bound_to(header: bytes, *place: str) -> bytes:
    """Associated data: each part with its length, so that ("a", "bc") and ("ab", "c") differ."""
    return header + b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in place)
