"""What must hold before an installation serves patients: keys that somebody made for it, and everything that a tenant names is there.

A key that could stand in an example is no key (privacy S1). On one machine, for trying, `allow_insecure_loopback` lets such keys pass.
"""

from base64 import b64decode
from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from fhir_taper.errors import SettingsError, StoreError
from fhir_taper.settings import Settings
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.site_codes import site_index
from fhir_taper.workflow.site_policy import site_policy
from fhir_taper.writeback.overlay import load_overlay

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SAMPLE_WORDS: Final = ("demo", "test", "example", "sample", "default", "change", "secret", "password")
# Of 32 random bytes, fewer than 20 distinct ones are met once in 10^12 keys, and nothing but letters once in 10^13.
_DISTINCT: Final = 20
_AUDIT_LENGTH: Final = 32
_AUDIT_DISTINCT: Final = 10


def refuse_unsafe(settings: Settings) -> None:
    """Raise SettingsError naming everything that may not be so where patients are: default or made-up keys, switches for trying."""
    host = urlsplit(settings.public_base_url).hostname or ""
    is_one_machine = host in _LOOPBACK or host.endswith(".localhost")
    if settings.allow_insecure_loopback and is_one_machine:
        return
    wrong = list(_weak(settings))
    if settings.allow_insecure_loopback:
        wrong.insert(0, f"allow_insecure_loopback is for one machine alone, and public_base_url is on {host}")
    if wrong:
        raise SettingsError(f"this is not safe to serve: {'; '.join(wrong)}")


def refuse_incomplete(services: Services) -> None:
    """Raise SettingsError for a vendor, a key or a code of a site that cannot be used, StoreError for rows whose key is not configured."""
    for tenant in services.settings.tenants:
        load_overlay(tenant.vendor)
        site_index(tenant)
        site_policy(tenant)
    services.public_keys()
    missing = services.missing_keys()
    if missing:
        raise StoreError(f"rows are sealed with a key that is not configured: {', '.join(sorted(missing))}")


def _weak(settings: Settings) -> Iterator[str]:
    keys = [(key_id, b64decode(key.reveal())) for key_id, key in settings.encryption_keys]
    for key_id, key in keys:
        if any(word in key_id.lower() for word in _SAMPLE_WORDS):
            yield f"the encryption key {key_id} is named as one for trying"
        if len(set(key)) < _DISTINCT or _is_counted(key) or all(0x20 <= byte < 0x7F for byte in key):  # noqa: PLR2004 (printable ASCII)
            yield f"the encryption key {key_id} is not random: make one with `fhir-taper keys new`"
    audit = settings.audit_key.reveal()
    if len(audit) < _AUDIT_LENGTH or len(set(audit)) < _AUDIT_DISTINCT or any(word in audit.lower() for word in _SAMPLE_WORDS):
        yield "audit_key is short, or a word that stands in examples: make one with `fhir-taper keys new`"
    if any(
        audit.encode() in (key, encoded.reveal().encode()) for (_, encoded), (_, key) in zip(settings.encryption_keys, keys, strict=True)
    ):
        yield "audit_key is an encryption key too"


def _is_counted(key: bytes) -> bool:
    """Bytes that go up or down by the same amount."""
    return len({(after - before) % 256 for before, after in pairwise(key)}) == 1
