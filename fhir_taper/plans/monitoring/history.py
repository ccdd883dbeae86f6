"""What the rules said before, and what people answered: episodes of hits, so that one course of events is one alert and not one a day.

An episode begins with a hit and ends when the rule no longer holds (or what clears it is so). An answer belongs to an episode and to what
that episode had shown by then: evidence that is newer, or a higher level, is not answered by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from fhir_taper.plans.monitoring.rule import Level


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person decided about an episode: in one word (`what`: hold, slow, resume, dismiss, reviewed, …) and with a reason."""

    at: datetime
    by: str
    what: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One course of hits of one rule.

    `level` is the highest so far (after an answer that of the last hit), `shown` the evidence (`Evidence.identity`) that it rested on until
    it was answered, `ended` None while it lasts. `clauses` are those of the rule that held in it.
    """

    rule: str
    version: int
    level: Level
    began: datetime
    seen: datetime
    shown: tuple[str, ...] = ()
    ended: datetime | None = None
    answer: Answer | None = None
    clauses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Episodes, oldest first."""

    episodes: tuple[Episode, ...] = ()

    def of(self, rule: str) -> tuple[Episode, ...]:
        """Episodes of a rule, oldest first."""
        return tuple(one for one in self.episodes if one.rule == rule)

    def lasting(self, rule: str) -> Episode | None:
        """The episode of a rule that has not ended."""
        return next((one for one in reversed(self.episodes) if one.rule == rule and one.ended is None), None)

    def before(self, at: datetime) -> "History":
        """The history as it was known at an instant: an assessment of an earlier time knows nothing of later ones."""
        return History(tuple(_as_known(one, at) for one in self.episodes if one.began <= at))

    def answered(self, rule: str, answer: Answer) -> "History":
        """The same with the lasting episode of a rule answered; without one, the same."""
        lasting = self.lasting(rule)
        return History(tuple(replace(one, answer=answer) if one is lasting else one for one in self.episodes))


NOTHING_BEFORE = History()


def history_of(episodes: Iterable[Episode]) -> History:
    """A history in its one order."""
    return History(tuple(sorted(set(episodes), key=lambda one: (one.began, one.rule, one.seen))))


def _as_known(one: Episode, at: datetime) -> Episode:
    return replace(
        one,
        seen=min(one.seen, at),
        ended=None if one.ended is None or one.ended > at else one.ended,
        answer=None if one.answer is None or one.answer.at > at else one.answer,
    )
