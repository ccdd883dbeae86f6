"""Courses that nobody thought of: versions of a plan are written, and clinicians edit what was written, in an order that a seed draws.

What must hold after every step is told as a sentence where it does not.
"""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from fhir_taper.errors import WriteRefused
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.records import WriteState
from fhir_taper.writeback.changes import Doing
from fhir_taper.writeback.element_references import references
from fhir_taper.writeback.prepare import Prepared
from tests.writeback.writing import DECISION, Scene, approved, revised, single_only

Json = dict[str, Any]
OURS: Final = ("CarePlan", "RequestGroup", "Goal", "MedicationRequest")
FOREIGN: Final = "CarePlan/of-the-clinic"
PLANS: Final = ("diazepam", "oxycodone", "weekly", "two-strengths", "patch", "liquid")
_ENDED: Final = (PlanState.REVOKED, PlanState.COMPLETED)


def course(seed: int) -> Iterator[str]:
    """Play one course; what did not hold."""
    return _Course(random.Random(seed)).play()


class _Course:
    def __init__(self, drawn: random.Random) -> None:
        self.drawn = drawn
        self.scene = Scene(switches=single_only()) if drawn.random() < 1 / 3 else Scene()
        self.plan = approved(drawn.choice(PLANS))
        self.base: TaperPlan | None = None
        self.told: list[str] = []
        self.edited: set[str] = set()
        """References that a person touched."""
        self.words: dict[tuple[str, str], Any] = {}
        """What a person wrote, by reference and element: it stays."""
        self.unlinked: set[tuple[str, str]] = set()
        self.deleted: dict[str, Json] = {}
        theirs = {"resourceType": "CarePlan", "id": "of-the-clinic", "status": "active", "intent": "plan", "title": "Falls"}
        self.scene.ehr.stored[FOREIGN] = [theirs | {"subject": {"reference": "Patient/p1"}}]

    def play(self) -> Iterator[str]:
        yield from self.written()
        for _ in range(self.drawn.randint(2, 5)):
            for _ in range(self.drawn.randint(0, 2)):
                self.somebody_edits()
            if self.drawn.random() < 3 / 4:
                self.next_version()
            yield from (f"{' | '.join(self.told)}: {line}" for line in self.written())

    # ---- versions

    def next_version(self) -> None:
        if self.plan.state in _ENDED:
            return
        turn = self.drawn.choice((self._held, self._other_words, self._other_goals, self._other_times, self._paused, self._revoked))
        self.plan = turn(self.plan)
        self.told.append(f"version {self.plan.version} {turn.__name__}")

    def _held(self, plan: TaperPlan) -> TaperPlan:
        return hold(plan, DECISION, 7) if plan.state is PlanState.ACTIVE else self._other_words(plan)

    def _other_words(self, plan: TaperPlan) -> TaperPlan:
        return revised(plan, reason=f"words {self.drawn.random()}")

    def _other_goals(self, plan: TaperPlan) -> TaperPlan:
        return revised(plan, milestones=() if plan.milestones else approved("diazepam").milestones, reason="goals")

    def _other_times(self, plan: TaperPlan) -> TaperPlan:
        """The first step's dose at other times of day: another proposal for the same days."""
        first, dose = plan.steps[0], plan.steps[0].doses[0]
        slots = dose.units[0].slots
        half = Decimal("0.5")
        if len(slots) < 2 or slots[1][1] <= half:
            return self._other_words(plan)
        (one, more), (other, less), *rest = slots
        units = replace(dose.units[0], slots=((one, more + half), (other, less - half), *rest))
        changed = replace(first, doses=(replace(dose, units=(units, *dose.units[1:])), *first.doses[1:]))
        return revised(plan, steps=(changed, *plan.steps[1:]))

    def _paused(self, plan: TaperPlan) -> TaperPlan:
        return revised(plan, state=PlanState.ON_HOLD if plan.state is PlanState.ACTIVE else PlanState.ACTIVE)

    def _revoked(self, plan: TaperPlan) -> TaperPlan:
        return revised(plan, state=PlanState.REVOKED) if self.drawn.random() < 1 / 3 else self._other_words(plan)

    # ---- what people do in the EHR

    def somebody_edits(self) -> None:
        stored = self.scene.ehr.stored
        where = self.drawn.choice([key for key in stored if key != FOREIGN and key.partition("/")[0] in OURS])
        kind, there = where.partition("/")[0], deepcopy(stored[where][-1])
        do: Callable[[str, Json], str] = self.drawn.choice((self._notes, self._deletes, *_OF_A_KIND[kind](self)))
        self.edited.add(where)
        self.told.append(f"{do(where, there)} {where}")

    def _puts(self, where: str, there: Json, name: str, value: Any) -> str:
        self.scene.ehr.stored[where].append(there | {name: value})
        self.words[where, name] = value
        return f"sets {name} of"

    def _notes(self, where: str, there: Json) -> str:
        return self._puts(where, there, "note", [*there.get("note", []), {"text": f"seen {self.drawn.random()}"}])

    def _deletes(self, where: str, there: Json) -> str:
        self.deleted[where] = there
        del self.scene.ehr.stored[where]
        self.words = {key: value for key, value in self.words.items() if key[0] != where}
        self.unlinked = {pair for pair in self.unlinked if pair[0] != where}
        return "deletes"

    def _strips(self, where: str, there: Json) -> str:
        self.scene.ehr.stored[where].append(there | {"identifier": []})
        return "strips"

    def _names_a_team(self, where: str, there: Json) -> str:
        return self._puts(where, there, "careTeam", [{"reference": "CareTeam/7"}])

    def _titles(self, where: str, there: Json) -> str:
        return self._puts(where, there, "title", f"title {self.drawn.random()}")

    def _unlinks(self, where: str, there: Json) -> str:
        for one in there.get("goal", [])[:1]:
            self.scene.ehr.stored[where].append(there | {"goal": there["goal"][1:]})
            self.unlinked.add((where, one["reference"]))
        return "takes a goal out of"

    def _rewords(self, where: str, there: Json) -> str:
        return self._puts(where, there, "description", {"text": f"words {self.drawn.random()}"})

    def _achieves(self, where: str, there: Json) -> str:
        return self._puts(where, there, "lifecycleStatus", "completed")

    def _signs(self, where: str, there: Json) -> str:
        self._puts(where, there, "intent", "order")
        return self._puts(where, there | {"intent": "order"}, "status", "active")

    def _declines(self, where: str, there: Json) -> str:
        return self._puts(where, there, "status", "cancelled")

    # ---- the write, and what must hold after it

    def written(self) -> Iterator[str]:
        scene, plan = self.scene, self.plan
        before, sent = deepcopy(scene.ehr.stored), len(scene.ehr.requests)
        try:
            prepared = scene.prepare(plan, self.base)
        except WriteRefused as refusal:
            self.told.append(f"refused: {refusal}")
            return
        untouched = [one.reference for one in prepared.changes if one.conflicts and one.reference not in self.edited]
        if untouched:
            yield f"a conflict in what nobody touched: {untouched}"
        try:
            receipt = scene.send(prepared, plan, [ask.name for ask in prepared.asks])
        except WriteRefused as refusal:
            self.told.append("conflict")
            if prepared.preview().may_write:
                yield f"refused although the preview offered a button: {refusal}"
            if len(scene.ehr.requests) != sent:
                yield "refused, and something was sent"
            return
        self.base = plan
        self.told.append(f"version {plan.version} written")
        if receipt.state is not WriteState.WRITTEN:
            yield f"the receipt says {receipt.state}: {receipt.says}"
        yield from self._wrong(before, prepared)

    def _wrong(self, before: dict[str, list[Json]], prepared: Prepared) -> Iterator[str]:
        stored = self.scene.ehr.stored
        if stored[FOREIGN] != before[FOREIGN]:
            yield "what is not ours was written"
        yield from (f"lost: {name} of {where}" for (where, name), value in self.words.items() if stored[where][-1].get(name) != value)
        for where, goal in self.unlinked:
            if {"reference": goal} in stored[where][-1].get("goal", []):
                yield f"{goal} is linked again"
        for kind in ("CarePlan", "RequestGroup"):
            yield from self._one_and_whole(kind)
        asked = " ".join(ask.about for ask in prepared.asks)
        yield from self._made({key: history[-1] for key, history in stored.items() if key not in before}, asked)
        left = [one for one in self.scene.prepare(self.plan, self.plan).changes if one.doing is not Doing.NONE]
        if left:
            yield f"written, and still to be written: {[(one.resource_type, one.reference) for one in left]}"

    def _one_and_whole(self, kind: str) -> Iterator[str]:
        """There is one, and it refers to nothing that was deleted."""
        there = [history[-1] for key, history in self.scene.ehr.stored.items() if key.startswith(f"{kind}/") and key != FOREIGN]
        if len(there) != 1:
            yield f"{len(there)} of {kind}"
        dangling = [one["reference"] for one in references(there) if one.get("reference") in self.deleted]
        if dangling:
            yield f"{kind} still refers to {dangling}"

    def _made(self, made: dict[str, Json], asked: str) -> Iterator[str]:
        """What was made is a proposal, or nothing that was deleted before without a question."""
        for key, one in made.items():
            if one["resourceType"] == "MedicationRequest" and (one["status"], one["intent"]) != ("draft", "proposal"):
                yield f"{key} is no proposal"
            again = [gone for gone, was in self.deleted.items() if _is_same(one, was)]
            if again and not any(gone in asked for gone in again):
                yield f"{key} was made again for {again}, and nobody was asked"


def _is_same(one: Json, other: Json) -> bool:
    """Whether two resources are of the same thing of a plan, for what is never made twice."""
    kind = one["resourceType"]
    if kind != other["resourceType"]:
        return False
    return kind in ("CarePlan", "RequestGroup") or (kind == "Goal" and bool(one["description"] == other["description"]))


_OF_A_KIND: Final[dict[str, Callable[[_Course], tuple[Callable[[str, Json], str], ...]]]] = {
    "CarePlan": lambda course: (course._names_a_team, course._titles, course._unlinks),
    "RequestGroup": lambda course: (course._strips,),
    "Goal": lambda course: (course._strips, course._rewords, course._achieves),
    "MedicationRequest": lambda course: (course._strips, course._signs, course._declines),
}
