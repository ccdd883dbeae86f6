"""An assessment in words that a screen and a terminal share: its headline, what it rests on, and what could not be judged, by reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tables.signal_tables import load_signals
from fhir_taper.render.level_words import LEVEL_WORDS

MOST_EVIDENCE: Final = 5


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Rules that could not be judged for one reason; each with its title where that is known."""

    why: str
    rules: tuple[str, ...]


def headline(assessment: Assessment) -> str:
    """What it comes to: the highest level that nobody answered, when that is due, and whether the next reduction waits."""
    if any(hit.answer is None for hit in assessment.hits):
        due = f", due {minute(assessment.due)}" if assessment.due else ""
        blocked = "; the next reduction waits" if assessment.blocks_reduction else ""
        return f"{LEVEL_WORDS[assessment.level]}{due}{blocked}"
    asked = [one for one in assessment.coverage if one.applies]
    judged = sum(one.evaluable for one in asked)
    return f"nothing found by the {judged} of {len(asked)} rules that could be judged"


def minute(at: datetime) -> str:
    """An instant, to the minute, in its own offset."""
    return f"{at:%Y-%m-%d %H:%M}"


def evidence_words(one: Evidence) -> str:
    """One thing that a decision rests on: what it is of, and its value."""
    signal = load_signals().signals.get(one.of)
    return f"{signal.title}: {one.says}" if signal is not None and signal.title.lower() != one.says.lower() else one.says


def not_judged(assessment: Assessment, titles: Mapping[str, str]) -> tuple[NotJudged, ...]:
    """The rules that could have said something and could not be judged, together where the reason is one. What is for another class or
    phase lacks nothing, and is not among them."""
    reasons: dict[str, list[str]] = {}
    for one in assessment.coverage:
        if one.applies and not one.evaluable:
            reasons.setdefault(one.why, []).append(titles.get(one.rule, one.rule))
    return tuple(NotJudged(why, tuple(dict.fromkeys(rules))) for why, rules in reasons.items())
