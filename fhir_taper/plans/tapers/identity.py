"""Ids that the same plan gets everywhere: UUIDv5 of (tenant, patient, ingredient, plan key, version, role). No clock, no randomness.

The plan key says which of several plans of one ingredient is meant: it is made from everything that the engine was asked, and a revision
keeps it.
"""

from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:fhir-taper:plan")
_SEPARATOR = "\x1f"
_KEY_DIGITS = 12


def plan_id(tenant: str, patient: str, ingredient: str, key: str, version: int, role: str = "plan") -> str:
    """The id of one version of a plan, or of a resource made from it (`role`)."""
    return str(uuid5(_NAMESPACE, _SEPARATOR.join((tenant, patient, ingredient, key, str(version), role))))


def plan_key(name: str, *asked: str) -> str:
    """A short key: the strategy's or protocol's name, and a digest of all that was asked."""
    return f"{name}-{sha256(_SEPARATOR.join(asked).encode()).hexdigest()[:_KEY_DIGITS]}"
