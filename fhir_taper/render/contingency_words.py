"""What to do when something happens, and what eases it, in the words of a plan: for the screen, paper and plain text.

The advice of the tables comes with where it is known from; what a clinician said stands apart and under their name.
"""

from dataclasses import dataclass

from fhir_taper.plans.tables.contingency_rows import AdvicePart
from fhir_taper.plans.tapers.plan import Advice, TaperPlan

HEADINGS = ((AdvicePart.WHEN, "When something happens"), (AdvicePart.COMFORT, "What can ease it"))


@dataclass(frozen=True, slots=True)
class ContingencyWords:
    """`groups`: heading and its advice; `own`: label and words of a clinician (whom to call stands apart); `by`: whose words they are."""

    groups: tuple[tuple[str, tuple[Advice, ...]], ...]
    own: tuple[tuple[str, str], ...]
    by: str


def contingency_words(plan: TaperPlan) -> ContingencyWords:
    """The words of a plan; headings without advice are left out."""
    said = plan.contingency
    groups = ((heading, tuple(one for one in said.advice if one.part is part)) for part, heading in HEADINGS)
    own = (
        ("When symptoms or pain break through", said.breakthrough),
        ("Comfort plan", said.comfort_plan),
    )
    listed = tuple((label, words) for label, words in own if words)
    when = f", {said.said_on.isoformat()}" if said.said_on else ""
    return ContingencyWords(tuple((heading, rows) for heading, rows in groups if rows), listed, f"{said.said_by}{when}" if listed else "")
