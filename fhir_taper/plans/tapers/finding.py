"""Findings: what a person must know before a plan is approved, with the rule and the source behind each.

Values only; the rules themselves are rows of tables/findings.toml, judged in `safety`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SIGN_OFF_AWAITED = "defaults-await-sign-off"
"""On nearly every plan until the defaults are signed off: a note at the end, never between findings of this patient."""


class Severity(StrEnum):
    STOP = "Stop"  # a plan under it is a draft that cannot be approved
    ACKNOWLEDGE = "Acknowledge"  # approved only with a recorded reason
    INFORMATION = "Information"


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` is one plain sentence; `value` is what was seen; `clears` what would clear it; `evidence` are the references behind it.

    `rule` is the row that fired, or the part of the schedule that it is about: several rows and parts share one code. Among the findings of
    one day, two with the same `identity` are one finding.
    """

    severity: Severity
    code: str
    message: str
    source: str
    value: str = ""
    rule: str = ""
    clears: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """What the finding is (its code) and what it is about (its rule): the same from day to day, whatever is seen."""
        return self.code, self.rule


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Stops first, then what must be acknowledged, then information; as they come within each, but what every plan says is last."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda one: (order.index(one.severity), one.code == SIGN_OFF_AWAITED)))


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person accepted one finding, as it was worded then, with a reason.

    It holds for exactly that sentence: another finding of the code, or the same one with more to see, is to be accepted anew. Only where a
    version numbers the same steps anew, the sentence has the new numbers (`rise_findings`).
    """

    code: str
    rule: str
    message: str
    by: str
    on: date
    reason: str

    def accepts(self, finding: Finding) -> bool:
        """True where this very finding was accepted: same code, same rule, same words. A Stop is cleared, never accepted."""
        same = (self.code, self.rule, self.message) == (finding.code, finding.rule, finding.message)
        return same and finding.severity is not Severity.STOP
