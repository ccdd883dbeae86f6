"""The package's own tables, read once: factors, products, limits, protocols, findings. Each row carries source, edition, year and state.

`load()` is the only door. Rows that await a clinician's sign-off are listed by `awaiting_sign_off`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fhir_taper.plans.tables.limit_tables import LimitTables, load_limits
from fhir_taper.plans.tables.medicine_tables import MedicineTables, load_medicines
from fhir_taper.plans.tables.safety_tables import SafetyTables, load_safety
from fhir_taper.plans.tables.shelf import OffShelf, load_off_shelf


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of the package: what exists and what it equals, how fast one may go, and what must be said."""

    medicines: MedicineTables
    limits: LimitTables
    safety: SafetyTables
    off_shelf: Mapping[str, OffShelf]


@lru_cache(maxsize=1)
def load() -> Tables:
    """Every table of the package. Raises TableError naming file and line of the first row that is not acceptable."""
    return Tables(load_medicines(), load_limits(), load_safety(), load_off_shelf())
