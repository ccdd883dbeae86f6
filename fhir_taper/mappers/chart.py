"""A decoded chart: one patient's resources as raw dicts with exact decimals, and what was set aside.

Values only; `bundle` makes them. Raw dicts are kept because a re-serialised model loses digits (0.50 -> 0.5) and unknown elements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_taper.plans.medicines.regimen import Issue


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource. `reference` carries the version where there is one ("MedicationRequest/m1/_history/3"); `place` is where it stood in the input."""

    resource_type: str
    id: str
    reference: str
    place: str
    resource: Mapping[str, Any]
    full_url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that was read for one patient. `complete` is False when anything was quarantined or the server said that the list may be incomplete."""

    patient: str
    by_type: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    complete: bool = True

    def of(self, *resource_types: str) -> tuple[Entry, ...]:
        """Entries of these types, in input order within a type."""
        return tuple(entry for kind in resource_types for entry in self.by_type.get(kind, ()))
