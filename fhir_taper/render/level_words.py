"""Levels of escalation in words, everywhere the same."""

from typing import Final

from fhir_taper.plans.monitoring.rule import Level

LEVEL_WORDS: Final = {
    Level.NOTE: "Note",
    Level.HOLD: "Hold",
    Level.SLOW: "Slow, or more contact",
    Level.STEP_BACK: "Propose a step back",
    Level.URGENT: "Urgent review",
    Level.EMERGENCY: "Emergency",
}
LEVEL_MARKS: Final = {
    Level.NOTE: "·",
    Level.HOLD: "▌",
    Level.SLOW: "▌▌",
    Level.STEP_BACK: "▲",
    Level.URGENT: "▲▲",
    Level.EMERGENCY: "■",
}
NOT_MONITORING: Final = "This is not a monitoring service outside staffed hours."
"""Stands wherever an alert is shown."""
ANSWER_WORDS: Final = {
    "hold": "The plan is on hold: reductions are paused, today’s dose goes on",
    "slow": "To go slower: it is drafted on the plan",
    "step-back": "To step back to a dose that was tolerated: it is drafted on the plan",
    "go-on": "Go on as planned",
    "called": "The patient was called",
    "reviewed": "The patient was seen, and it was dealt with",
    "dismissed": "It does not apply here",
}
"""What a person may have decided about a hit, in words; what becomes of the plan is decided on its own page."""
