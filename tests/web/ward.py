"""An app of one test alone with a plan that is followed, and the people who meet it: a prescriber, a coach, the patient."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.lifecycle import complete
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import GateState, Phase, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow.chosen_plan import plan_of
from tests.web.running import Person, Stage, another_app

TAPERED = "mid-taper"


@dataclass
class Ward:
    """The app, and the patient's plan in it: 9 mg of diazepam a day by now, after 9.5 and 10."""

    stage: Stage
    prescriber: Person
    tapered: str = TAPERED

    @property
    def patient(self) -> Person:
        return self.stage.opened(self.tapered, "patient")

    @property
    def coach(self) -> Person:
        return self.stage.opened(self.tapered, "coach")

    @property
    def plan(self) -> TaperPlan:
        return plan_of(self.version)

    @property
    def version(self) -> PlanVersion:
        (one,) = self.stage.services.plans.newest_of_patient("demo", self.tapered)
        return one

    def keep(self, plan: TaperPlan) -> None:
        """Keep a plan as the next version, as if it had been decided."""
        before = self.version
        after = replace(plan, version=before.version + 1, id=f"{before.id[:-4]}{before.version + 1:04d}", replaces=before.id)
        services = self.stage.services
        version = PlanVersion(after.id, before.plan, after.version, after.state, encode(to_document(after)), "dr1", services.clock())
        services.plans.append(version, expected_version=before.version)

    def complete(self) -> None:
        """The taper is at its end: every step was taken, and the last one began three days ago."""
        plan = self.plan
        today = self.stage.services.clock().astimezone(ZoneInfo(plan.zone)).date()
        late = today - timedelta(days=3) - plan.steps[-1].start
        steps = tuple(replace(one, start=one.start + late, end=one.end + late if one.end else None) for one in plan.steps)
        gates = tuple(replace(one, due=steps[one.step].start, state=GateState.PASSED, by="dr1", on=today) for one in plan.gates)
        done = complete(replace(plan, steps=steps, gates=gates), Decision("Practitioner/dr1", today))
        assert done.phase is Phase.AFTERCARE
        self.keep(done)


@pytest.fixture
def ward(served: Stage, tmp_path: Path) -> Iterator[Ward]:
    """A new app whose only plan was taken over by a prescriber."""
    with another_app(served, f"sqlite:///{tmp_path / 'own.db'}") as made:
        prescriber = made.opened(TAPERED)
        assert "It is the version that is kept here." in prescriber.send("versions", "/adopt").text
        yield Ward(made, prescriber)
