"""The rule language: what a rule may ask of a plan and a timeline. Frozen values; `evaluate` answers them, `rule_tables` reads them.

Every number of a rule is a field of one of these, so that a threshold can be listed, signed off, tightened by a site and mutated by a test
(`thresholds`).
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fhir_taper.plans.monitoring.span import Span


class Op(StrEnum):
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    EQUAL = "="


class Of(StrEnum):
    """What of the readings of a signal is compared."""

    LATEST = "latest"
    MEAN = "mean"
    LOWEST = "lowest"
    HIGHEST = "highest"
    COUNT = "count"  # readings that meet `matching`


class Less(StrEnum):
    """What is taken away before the comparison: change from it is what is compared."""

    BASELINE = "baseline"  # the patient's own, before the first reduction
    PRE_STEP = "pre-step"  # the last reading before the reduction in force began
    LAST = "last"  # the reading before the latest
    LOWEST_SINCE = "lowest-since"  # the lowest since the rule's last hit, or the baseline where that is lower
    LOWEST_WITHIN = "lowest-within"  # the lowest of the span `before` that ends with the latest reading
    BEFORE = "before"  # the mean of the span `before` that ends where `over` begins


@dataclass(frozen=True, slots=True)
class Match:
    """A bound that one reading meets or not: for counting."""

    op: Op
    value: Decimal


@dataclass(frozen=True, slots=True)
class Compare:
    """A number of a signal against a value.

    `of` the readings of the last `over` (None: the latest), at least `readings` of them; minus `less`; as percent of it where `percent`.
    `before` is the span of Less.BEFORE and of Less.LOWEST_WITHIN.
    """

    signal: str
    op: Op
    value: Decimal
    of: Of = Of.LATEST
    over: Span | None = None
    readings: int = 1
    less: Less | None = None
    percent: bool = False
    before: Span | None = None
    matching: Match | None = None


@dataclass(frozen=True, slots=True)
class Enters:
    """The latest reading is at or beyond `value`, and the one before (or the baseline) was not: entry of a band from the better side.

    A first reading of all has nothing before it and counts as an entry.
    """

    signal: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Answered:
    """The latest answer of a signal, not older than its staleness, is one of `answers`."""

    signal: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event (or an answer of `answers`) at least `times` times within the last `within` (None: ever), and at least `ago` ago where
    that is said."""

    signal: str
    within: Span | None
    times: int = 1
    answers: tuple[str, ...] = ()
    ago: Span | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """No reading of `signal` since the latest one of `after` that is `matching`, and that is at least `waited` ago.

    What was not read has not been seen: it answers nothing.
    """

    signal: str
    after: str
    waited: Span | None = None
    matching: Match | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A derived number (`quantities`) against a value. `of`, `within` and `percent` are what that quantity may ask for."""

    quantity: str
    op: Op
    value: Decimal
    of: str = ""
    within: Span | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Takes:
    """A medicine (ingredient, class or group) is ordered today; begun within the last `begun_within` where that is said."""

    medicine: str
    begun_within: Span | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """Earlier episodes of a rule (its own where "") that have ended: at least `times`, within the last `within` (None: ever)."""

    rule: str = ""
    times: int = 1
    within: Span | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A fact of the patient that no record of a time says: `what` is "sex", an administrative one, and `value` its word in the chart."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of these."""

    of: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of these."""

    of: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class No:
    """Not this."""

    of: "Condition"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """It is not known whether this is so: what was measured may be enough to act on where the rest could not be read."""

    of: "Condition"


Condition = Compare | Enters | Answered | Happened | Missing | Quantity | Takes | Earlier | Patient | Every | Some | No | NotKnown


@dataclass(frozen=True, slots=True)
class Persist:
    """The condition is asked at the time of the last readings of `signal`, and holds at each of the last `readings`.

    The first of them is at least `apart` before the last, all are within the last `within` (None: as old as the rule lets a reading be).
    """

    signal: str
    readings: int = 1
    apart: Span | None = None
    within: Span | None = None
