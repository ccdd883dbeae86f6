"""What may be written to one EHR now: CapabilityStatement ∩ granted scopes ∩ overlay ∩ site switches ∩ clinician's sign-off.

Each of the five can only take away. Every interaction that is not allowed has a reason, and the first of the five that refuses gives it.
The CapabilityStatement is necessary, never sufficient; `advertised = false` in an overlay says where it is known to keep silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fhir_taper.writeback.overlay import Overlay, Row
from fhir_taper.writeback.ports import Capabilities, Granted

_LETTERS: Final = {"create": "c", "update": "u"}
TRANSACTION: Final = ("Bundle", "transaction")


@dataclass(frozen=True, slots=True)
class SiteSwitches:
    """What a site turned off: "Type" or "Type.interaction". A switch takes away; nothing of an overlay can be turned on here."""

    off: frozenset[str] = frozenset()

    def refuse(self, resource_type: str, interaction: str) -> bool:
        """Whether this interaction is turned off."""
        return resource_type in self.off or f"{resource_type}.{interaction}" in self.off


@dataclass(frozen=True, slots=True)
class Allowed:
    """Per (type, interaction): "" where it is allowed, else why it is not. `searchable` are the types found by identifier."""

    overlay: Overlay
    verdicts: Mapping[tuple[str, str], str]
    searchable: frozenset[str] = frozenset()
    validates: bool = False
    """Whether the server is asked what it thinks of a resource before it is written."""

    def why_not(self, resource_type: str, interaction: str) -> str:
        """Why this is not allowed, as one sentence; "" where it is."""
        unknown = f"{resource_type}.{interaction}: the overlay {self.overlay.name} does not name it"
        return self.verdicts.get((resource_type, interaction), unknown)

    def may(self, resource_type: str, interaction: str) -> bool:
        """Whether this is allowed."""
        return not self.why_not(resource_type, interaction)

    def reasons(self) -> tuple[str, ...]:
        """Everything that is not allowed, each with its reason."""
        return tuple(reason for reason in self.verdicts.values() if reason)


def allowed(
    capabilities: Capabilities | None,
    granted: Granted,
    overlay: Overlay,
    switches: SiteSwitches | None = None,
    *,
    signed_off: bool = False,
) -> Allowed:
    """What may be written. `capabilities` is None where the server has no statement; `signed_off`: a clinician's decision is recorded."""
    judge = _Judge(capabilities, granted, overlay, switches or SiteSwitches(), signed_off)
    verdicts = {key: judge.why_not(row) for key, row in overlay.rows.items()}
    validates = overlay.validate == "offered" and capabilities is not None and "validate" in capabilities.operations
    return Allowed(overlay, verdicts, searchable(capabilities, overlay), validates)


def searchable(capabilities: Capabilities | None, overlay: Overlay) -> frozenset[str]:
    """Types of which a resource can be found again by our identifier. Without a statement, what the overlay says counts."""
    by_identifier = {row.resource_type for row in overlay.rows.values() if row.search == "identifier"}
    return frozenset(kind for kind in by_identifier if capabilities is None or "identifier" in capabilities.search_params(kind))


@dataclass(frozen=True, slots=True)
class _Judge:
    capabilities: Capabilities | None
    granted: Granted
    overlay: Overlay
    switches: SiteSwitches
    signed_off: bool

    def why_not(self, row: Row) -> str:
        kind, interaction = row.resource_type, row.interaction
        what = f"{kind}.{interaction}"
        if not row.allowed:
            instead = f" (instead: {row.rung})" if row.rung else ""
            return f"{what}: on {self.overlay.name} it means: {row.meaning}{instead}"
        if not self._is_stated(row):
            return f"{what}: the server does not say that it does this"
        letter = _LETTERS.get(interaction)
        if letter and not self.granted.allows(kind, letter):
            return f"{what}: the access that was granted does not cover it"
        if self.switches.refuse(kind, interaction):
            return f"{what}: this site turned it off"
        if row.sign_off == "before" and not self.signed_off:
            return f"{what}: a clinician has not signed off"
        return ""

    def _is_stated(self, row: Row) -> bool:
        if not row.advertised:
            return True
        if self.capabilities is None:
            return self.overlay.statement == "optional"
        asked = "" if (row.resource_type, row.interaction) == TRANSACTION else row.resource_type
        return self.capabilities.may(asked, row.interaction)
