"""What write-back needs of the layers beside it, as Protocols: an EHR to ask, what it and the user allow, a ledger, a clock.

Nothing here does anything. `smart` and `store` fit these without knowing them; tests hand in fakes.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from fhir_taper.records import Fetched, Json, LedgerRow, WriteState, WriteTurn
from fhir_taper.smart.permitted import Leaving, Permitted

Clock = Callable[[], datetime]
"""Now, with its zone."""


class Capabilities(Protocol):
    """What a CapabilityStatement says."""

    def may(self, resource_type: str, interaction: str, /) -> bool:
        """Whether the server says it does this; `transaction` is asked of the type "" (the whole server)."""

    def search_params(self, resource_type: str, /) -> Collection[str]:
        """Names of the search parameters of a type."""

    @property
    def operations(self) -> Collection[str]:
        """Names of its operations, without the $."""


class Granted(Protocol):
    """What scopes were granted."""

    def allows(self, resource_type: str, letter: str, /) -> bool:
        """`letter` is one of c, r, u, d, s."""


class Answer(Protocol):
    """What came back, whatever its status. Header names are in lower case."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    def json(self) -> Any:
        """The decoded body. Raises EhrAnswered where it is no JSON."""


class Found(Protocol):
    """What a search found."""

    @property
    def resources(self) -> tuple[Fetched, ...]:
        """The matches."""

    @property
    def complete(self) -> bool:
        """Whether the list is whole: only then does an empty one mean that there is nothing."""


class Reader(Protocol):
    """The reads of an EHR, bound to one patient. Every method may raise EhrError."""

    def read(self, resource_type: str, resource_id: str, /) -> Fetched:
        """One resource."""

    def search(self, resource_type: str, parameters: Mapping[str, str], /) -> Found:
        """Resources of this patient."""


class Ehr(Reader, Protocol):
    """The same with writes: exactly one request each, never repeated. What `leaving` raises, right before it leaves, is raised."""

    def validate(self, permitted: Permitted, /) -> Answer:
        """POST [base]/Type/$validate: what the EHR thinks of a resource; nothing is stored."""

    def create(self, permitted: Permitted, leaving: Leaving, /) -> Answer:
        """POST [base]/Type."""

    def update(self, permitted: Permitted, leaving: Leaving, /) -> Answer:
        """PUT [base]/Type/id."""

    def transaction(self, permitted: Permitted, leaving: Leaving, /) -> Answer:
        """POST [base]."""


class Ledger(Protocol):
    """Every write, recorded before its request leaves."""

    def now(self) -> datetime:
        """The time that all who use this ledger share: rows are opened by it, and are old by it."""

    def open_row(self, row: LedgerRow, turn: WriteTurn, /) -> None:
        """Commit a PENDING row in the patient's turn. Raises NotInTurn where it is over, or the plan has a newer version; StoreConflict
        where a write for the patient is PENDING or UNKNOWN."""

    def settle(self, row_id: str, state: WriteState, /, *, at: datetime, detail: Json) -> None:
        """Commit what came of a PENDING write. `detail` replaces the row's. Raises StoreConflict where it is not PENDING any more."""

    def resolve(self, row_id: str, was: WriteState, state: WriteState, /, *, at: datetime, detail: Json) -> None:
        """Commit what was found out about an UNKNOWN write, or by a late answer. Raises StoreConflict where it is not `was` any more."""

    def unfinished(self, older_than: datetime, /) -> tuple[LedgerRow, ...]:
        """Rows PENDING or UNKNOWN that were opened before."""

    def of_plan(self, plan_id: str, /) -> tuple[LedgerRow, ...]:
        """The rows of one version of a plan, oldest first."""

    def of_patient(self, tenant_id: str, patient_id: str, /) -> tuple[LedgerRow, ...]:
        """Every write to a patient's chart, oldest first."""
