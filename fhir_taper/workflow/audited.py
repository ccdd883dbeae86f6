"""One line for the audit of everything that happens to a patient's data: who, what, how it ended; ids, codes and counts, never sentences.

Whatever comes from outside (a code of an EHR's refusal, a resource's type, a user's name) stands there as one bounded word.

A use case tells what it did or refused; of a request of which none did, whoever answers it tells (`begin_telling`): so each
request to a chart leaves one line of what became of it. Lines of what was asked of the EHR on the way stand beside it (`BESIDE`).
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from fhir_taper.records import AuditEntry, Json, Launch
from fhir_taper.smart.patients import Refusal
from fhir_taper.workflow.services import Services

NOBODY: Final = "nobody"
BESIDE: Final = frozenset({"read", "assess", "preview", "recover-write", "settle-write", "take-back", "scope"})
"""What is done on the way to something else: it does not say what became of a request."""
_REFUSED: Final = frozenset({"refused", "failed"})
_LONGEST: Final = 256


@dataclass(slots=True)
class Telling:
    """What the audit holds so far of the request that is being answered: that it was refused, that something was done."""

    is_refused: bool = False
    is_done: bool = False

    def lacks(self, *, refused: bool) -> bool:
        """Whether what became of the request, refused or not, still has to be told."""
        return not (self.is_refused if refused else self.is_done)


_TELLING: Final[ContextVar[Telling | None]] = ContextVar("telling", default=None)


def begin_telling() -> Telling:
    """From here on lines are those of a new request; the threads that answer it know of it."""
    telling = Telling()
    _TELLING.set(telling)
    return telling


def note(services: Services, launch: Launch, action: str, outcome: str, detail: Json | None = None, actor: str | None = None) -> None:
    """Append what somebody did in a launch, its user unless `actor` names another.

    Raises StoreError: what cannot be audited does not go on.
    """
    entry = AuditEntry(
        launch.tenant_id,
        services.clock(),
        word(launch.user if actor is None else actor) or NOBODY,
        word(action),
        word(outcome),
        launch.patient_id,
        launch.id,
        _words(detail or {}),
    )
    services.audit.append(entry)
    _tell(action, outcome)


def note_refused(services: Services, launch: Launch, refused: Refusal) -> None:
    """Append that a resource of an answer was not handed on."""
    why = "another-patient" if "another" in refused.why else "not-usable"
    note(services, launch, "read", "refused", {"resource": f"{refused.resource_type}/{refused.id}", "why": why})


def note_stranger(services: Services, tenant_id: str, action: str, reason: str) -> None:
    """Append what was refused before there was a launch."""
    note_outside(services, tenant_id, None, action, "refused", {"reason": reason})


def note_outside(services: Services, tenant_id: str, launch_id: str | None, action: str, outcome: str, detail: Json) -> None:
    """Append what became of a request that proved no launch; `launch_id` is the one that it named, where there is such a one."""
    entry = AuditEntry(tenant_id, services.clock(), NOBODY, word(action), word(outcome), None, launch_id, _words(detail))
    services.audit.append(entry)
    _tell(action, outcome)


def _tell(action: str, outcome: str) -> None:
    telling = _TELLING.get()
    if telling is None or action in BESIDE:
        return
    if outcome in _REFUSED:
        telling.is_refused = True
    else:
        telling.is_done = True


def word(text: str) -> str:
    """Text from outside as one bounded word: the audit holds no sentences."""
    if text.isprintable() and " " not in text:  # the one space that is printable
        return text[:_LONGEST]
    return "".join(letter if letter.isprintable() and not letter.isspace() else "-" for letter in text)[:_LONGEST]


def _words(detail: Mapping[str, Any]) -> Json:
    """A detail with all its text as bounded words, its names too."""
    return {word(name): _safe(value) for name, value in detail.items()}


def _safe(value: Any) -> Any:
    match value:
        case str():
            return word(value)
        case Mapping():
            return _words(value)
        case list() | tuple():
            return [_safe(one) for one in value]
    return value
