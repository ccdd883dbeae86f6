"""A decoded chart: one patient's resources as raw dicts with exact decimals, and what was set aside.

Values only; `bundle` makes them. Raw dicts are kept because a re-serialised model loses digits (0.50 -> 0.5) and unknown elements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_taper.plans.medicines.regimen import Issue


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource; `place` is where it stood in the input.

    `reference` carries the version where there is one ("MedicationRequest/m1/_history/3").
    """

    resource_type: str
    id: str
    reference: str
    place: str
    resource: Mapping[str, Any]
    full_url: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """One entry that could not be trusted, with the reason in words. It is in none of the chart's types.

    `medicine` is the name of the medicine as far as its text could be read, "" for everything else. `entry` is None where there was no
    resource at all. A medication order that was set aside is a dose that nobody knows: whoever lists the regimen must list it too.
    """

    why: str
    place: str
    resource_type: str = ""
    reference: str = ""
    medicine: str = ""
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that was read for one patient.

    `complete` is False when anything was set aside, or the server said that the list may be incomplete, or a page of it is not here.
    `index` finds entries by "Type/id" and by full URL; `references.resolve` is its reader.
    """

    patient: str
    by_type: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    complete: bool = True
    set_aside: tuple[SetAside, ...] = ()
    index: Mapping[str, Entry] = field(default_factory=dict, compare=False, repr=False)

    def of(self, *resource_types: str) -> tuple[Entry, ...]:
        """Entries of these types, in input order within a type."""
        return tuple(entry for kind in resource_types for entry in self.by_type.get(kind, ()))
