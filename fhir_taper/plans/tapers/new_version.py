"""A decision of a person, and the new version of a plan that it makes. Plans are append-only: the old version stays as it was.

The id of a new version follows from the old one and the decision: the same decision on the same version has the same id everywhere.
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers.plan import RevisionNote, TaperPlan


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, on which day (the patient's zone) and why. `id`: the id of the new version, empty to derive it.

    Raises NotAllowed where nobody is named: a decision without a person is none.
    """

    by: str
    on: date
    reason: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise NotAllowed("a decision names the person who made it")


def new_version(changed: TaperPlan, old: TaperPlan, decision: Decision, kind: str, says: str, days: int = 0) -> TaperPlan:
    """The changed plan as the version after `old`, with a note of what changed and why.

    Raises NotAllowed for a decision of a day before the last one: what is in force is told by the notes in their order.
    """
    if old.revisions and decision.on < old.revisions[-1].on:
        last = old.revisions[-1]
        raise NotAllowed(f"the plan was changed on {last.on.isoformat()} ({last.kind}): a decision of a day before is out of order")
    version = old.version + 1
    note = RevisionNote(kind, version, decision.on, decision.by, decision.reason, says, days)
    made_id = decision.id or _derived_id(old, note)
    return replace(changed, id=made_id, version=version, replaces=old.id, revisions=(*old.revisions, note))


def _derived_id(old: TaperPlan, note: RevisionNote) -> str:
    try:
        space = UUID(old.id)
    except ValueError:
        space = uuid5(NAMESPACE_URL, old.id)
    name = [note.version, note.kind, note.on.isoformat(), note.by, note.reason, note.says]
    return str(uuid5(space, json.dumps(name, ensure_ascii=True, separators=(",", ":"))))
