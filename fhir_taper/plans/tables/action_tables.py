"""What a rule may propose (actions.csv): a closed list, none of which raises a dose or starts a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, source_of

ACTIONS = "actions.csv"


@dataclass(frozen=True, slots=True)
class Action:
    """One row: its word, what it asks of whom, and the code of the FHIR Task that proposes it ("" where none does)."""

    id: str
    says: str
    task: str
    source: Source


@lru_cache(maxsize=1)
def load_actions() -> Mapping[str, Action]:
    """The package's own actions by id. Raises TableError naming the row that is not acceptable."""
    found: dict[str, Action] = {}
    for place, row in csv_rows(ACTIONS):
        if not row["action"] or not row["says"] or row["action"] in found:
            raise TableError(f"{place}: {row['action'] or 'nothing'} is no action, or stands here twice")
        found[row["action"]] = Action(row["action"], row["says"], row["task"], source_of(place, row))
    return MappingProxyType(found)
