"""The six ladders: the ways in which each output may reach people, best first. The first rung that is allowed wins; the last always works.

Data and one function. A rung that needs nothing of the EHR puts the output before the person at the screen, who passes it on. Rungs that
this program cannot do yet stand here too, so that a receipt says why they were skipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.writeback.negotiate import Allowed

NOT_BUILT: Final = "not built yet"


class Output(StrEnum):
    """What is to reach somebody."""

    PLAN = "plan"
    DOSE_PROPOSAL = "dose-proposal"
    ALERT = "alert"
    TEAM_MESSAGE = "team-message"
    CHECK_INS = "check-ins"
    DOCUMENTATION = "documentation"


@dataclass(frozen=True, slots=True)
class Rung:
    """One way. `needs` are the (type, interaction) that must all be allowed; none on the last rung of a ladder."""

    name: str
    says: str
    needs: tuple[tuple[str, str], ...] = ()
    is_built: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The rung that an output takes, and the better ones that it could not, each with the reason."""

    output: Output
    rung: Rung
    skipped: tuple[tuple[str, str], ...] = ()


def _both(*kinds: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, interaction) for kind in kinds for interaction in ("create", "update"))


def _create(*kinds: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, "create") for kind in kinds)


TRANSACTION: Final = Rung(
    "transaction",
    "one transaction of care plan, steps, goals and provenance",
    (("Bundle", "transaction"), *_both("CarePlan", "RequestGroup", "Goal"), *_create("Provenance")),
    is_built=True,
)
SINGLE: Final = Rung("single", "one request per resource, the care plan last but one", _both("CarePlan"), is_built=True)
MEDICATION_REQUEST: Final = Rung(
    "medication-request", "a draft proposal for the prescriber to sign", _create("MedicationRequest"), is_built=True
)

LADDERS: Final[Mapping[Output, tuple[Rung, ...]]] = {
    Output.PLAN: (
        TRANSACTION,
        SINGLE,
        Rung("linked", "our own copy, with a link from the chart", _create("DocumentReference")),
        Rung("document", "the plan as a document in the chart", _create("DocumentReference")),
        Rung("print", "the plan on paper or as a PDF, from this screen", is_built=True),
    ),
    Output.DOSE_PROPOSAL: (
        MEDICATION_REQUEST,
        Rung("suggestion", "a suggestion while the prescriber orders"),
        Rung("task", "a task for the prescriber", _create("Task")),
        Rung("message", "a message to the prescriber", _create("Communication")),
        Rung("note", "the exact directions as text on this screen, for the prescriber to enter", is_built=True),
    ),
    Output.ALERT: (
        Rung("card", "a card while the chart is open"),
        Rung("issue", "an issue or a flag, with a task", _create("DetectedIssue", "Flag", "Task")),
        Rung("urgent-message", "an urgent message", _create("Communication")),
        Rung("task", "a task, or a note", _create("Task")),
        Rung("page", "the site's own page to whoever is on duty, until somebody acknowledges", is_built=True),
    ),
    Output.TEAM_MESSAGE: (
        Rung("request", "a request to send a message, with a task", _create("CommunicationRequest", "Task")),
        Rung("message", "a message", _create("Communication")),
        Rung("task", "a task", _create("Task")),
        Rung("document", "a note in the chart", _create("DocumentReference")),
        Rung("inbox", "the inbox of this program", is_built=True),
    ),
    Output.CHECK_INS: (
        Rung("task", "a task or request with the questionnaire", _create("Task", "CommunicationRequest")),
        Rung("appointment", "an appointment", _create("Appointment")),
        Rung("own-schedule", "our own schedule; answers as questionnaire responses", _create("QuestionnaireResponse")),
        Rung("note", "the check-ins as text on this screen", is_built=True),
    ),
    Output.DOCUMENTATION: (
        Rung("document", "a document in the chart", _create("DocumentReference")),
        Rung("form", "an answered form", _create("QuestionnaireResponse")),
        Rung("message", "a message", _create("Communication")),
        Rung("export", "a file from this screen", is_built=True),
    ),
}


def choose(output: Output, allowed: Allowed, ladders: Mapping[Output, tuple[Rung, ...]] = LADDERS) -> Choice:
    """The first rung that is built and whose every need is allowed. Raises WrongUsage for a ladder whose last rung needs something."""
    skipped: list[tuple[str, str]] = []
    for rung in ladders[output]:
        why = _why_not(rung, allowed)
        if not why:
            return Choice(output, rung, tuple(skipped))
        skipped.append((rung.name, why))
    raise WrongUsage(f"the ladder of {output} ends on a rung that does not always work")


def _why_not(rung: Rung, allowed: Allowed) -> str:
    refused = [why for need in rung.needs if (why := allowed.why_not(*need))]
    if refused:
        return "; ".join(refused)
    return "" if rung.is_built else NOT_BUILT
