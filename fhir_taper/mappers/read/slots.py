"""Times of day: FHIR event codes and clock times as the four slots in which a dose is taken.

Which hour belongs to which slot is this program's convention (a plan moves doses between slots, it never moves the clock). Source of the
codes: FHIR R4 event-timing and HL7 v3 TimingEvent.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fhir_taper.plans.medicines.codes import Slot

MEALS: Final = frozenset({"AC", "PC", "C"})
"""Before, after, with a meal: says nothing of how many meals."""

WHEN: Final[Mapping[str, Slot]] = MappingProxyType(
    {
        "MORN": Slot.MORNING, "MORN.early": Slot.MORNING, "MORN.late": Slot.MORNING, "WAKE": Slot.MORNING, "ACM": Slot.MORNING,
        "CM": Slot.MORNING, "PCM": Slot.MORNING, "NOON": Slot.NOON, "AFT": Slot.NOON, "AFT.early": Slot.NOON, "AFT.late": Slot.NOON,
        "ACD": Slot.NOON, "CD": Slot.NOON, "PCD": Slot.NOON, "EVE": Slot.EVENING, "EVE.early": Slot.EVENING, "EVE.late": Slot.EVENING,
        "ACV": Slot.EVENING, "CV": Slot.EVENING, "PCV": Slot.EVENING, "NIGHT": Slot.NIGHT, "HS": Slot.NIGHT, "PHS": Slot.NIGHT,
    }
)  # fmt: skip

_FROM_HOUR = ((4, Slot.MORNING), (11, Slot.NOON), (15, Slot.EVENING), (20, Slot.NIGHT))


def slot_at(hour: int) -> Slot:
    """The slot of a clock hour (0 to 23): morning from 4, noon from 11, evening from 15, night from 20."""
    return next((slot for start, slot in reversed(_FROM_HOUR) if hour >= start), Slot.NIGHT)
