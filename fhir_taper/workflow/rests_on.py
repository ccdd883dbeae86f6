"""What an approval rests on, as a page showed it: the draft, the words, the intake, the review, the patient's other plans.

The button carries it as a digest of each. An approval of anything else is refused, and says what is other by now: what a person approves is
what that person saw. Nothing here is saved.
"""

from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any, Final

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.plan import Contingency, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.workflow import assessment_document
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.other_plans import plans_now
from fhir_taper.workflow.own_words import with_crisis_lines
from fhir_taper.workflow.pharmacist import standing_of
from fhir_taper.workflow.services import Services

_BETWEEN: Final = "."
_DIGITS: Final = 16
_SAID: Final = {
    "draft": "the draft",
    "words": "the words for when something happens",
    "intake": "the intake",
    "review": "the pharmacist's review",
    "plans": "another plan of this patient",
}


@dataclass(frozen=True, slots=True)
class RestsOn:
    """A digest of each part."""

    draft: str
    words: str
    intake: str
    review: str
    plans: str

    def __str__(self) -> str:
        return _BETWEEN.join(getattr(self, one.name) for one in fields(self))

    @classmethod
    def read(cls, text: str) -> "RestsOn":
        """What a button carried. Raises WrongUsage for what is none."""
        parts = text.split(_BETWEEN)
        if len(parts) != len(fields(cls)):
            raise WrongUsage("the form is damaged: open the page again")
        return cls(*parts)

    def refuse_other(self, now: "RestsOn | None") -> None:
        """Raise StoreConflict naming what is other by now; None: there is no draft any more."""
        if now is None:
            raise StoreConflict("Nothing was approved: the draft was approved or given up elsewhere since this was shown")
        changed = [_SAID[one.name] for one in fields(self) if getattr(self, one.name) != getattr(now, one.name)]
        if changed:
            raise StoreConflict(f"Nothing was approved. What changed since this was shown: {'; '.join(changed)}")


def rests_on(services: Services, chart: OpenChart, draft: TaperPlan) -> RestsOn:
    """What an approval of a draft rests on now."""
    standing = standing_of(services, chart, draft)
    reviews = [[one.id, one.state.value] for one in (standing.review, standing.earlier) if one is not None]
    return RestsOn(
        _digest(to_document(replace(draft, contingency=Contingency()))),
        _digest(to_document(with_crisis_lines(chart.tenant, draft))["contingency"]),
        _digest(assessment_document.to_document(assessment_of(services, chart))),
        _digest([standing.is_required, reviews]),
        _digest(plans_now(services, chart)),
    )


def _digest(values: Any) -> str:
    return sha256(encode(values)).hexdigest()[:_DIGITS]
