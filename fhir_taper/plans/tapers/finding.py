"""Findings: what a person must know before a plan is approved, with the rule and the source behind each.

Values only; the rules themselves are rows of tables/findings.toml, judged in `safety`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Severity(StrEnum):
    STOP = "Stop"  # a plan under it is a draft that cannot be approved
    ACKNOWLEDGE = "Acknowledge"  # approved only with a recorded reason
    INFORMATION = "Information"


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` is one plain sentence; `value` is what was seen; `rule` the row that fired; `clears` what would clear it.

    `evidence` are the references behind it.
    """

    severity: Severity
    code: str
    message: str
    source: str
    value: str = ""
    rule: str = ""
    clears: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person accepted one finding, by its code, with a reason."""

    code: str
    by: str
    on: date
    reason: str
