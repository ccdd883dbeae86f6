"""What the rules say of one plan at one instant: hits, what they propose, and what could not be evaluated. Frozen values."""

from dataclasses import dataclass
from datetime import datetime

from fhir_taper.plans.monitoring.history import Answer
from fhir_taper.plans.monitoring.reading import SetAside
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tables.rows import TableEdition


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that holds. `clause` is the number of its clause, `clauses` are those of all that hold; `since` is when this course began;
    `is_new`: nothing was said of it before, or it was less. `answer` is what a person decided about it. `clears` says what would end it."""

    rule: str
    version: int
    level: Level
    clause: int
    title: str
    message: str
    evidence: tuple[Evidence, ...]
    source: str
    actions: tuple[str, ...]
    clears: str
    due: datetime | None
    since: datetime
    is_new: bool
    red_flag: bool
    answer: Answer | None = None
    clauses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a rule could be evaluated; where not, why. A rule may hit and still not be evaluable: a higher level could not be judged.

    `applies`: False where the rule is not for this class or phase, or nobody follows the plan: nothing is lacking then.
    """

    rule: str
    evaluable: bool
    why: str = ""
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that is proposed, in words, and the rules that propose it. A person decides."""

    action: str
    says: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """`level` is the highest of the hits that nobody answered, 0 where there is none. `blocks_reduction`: one of them is 1 or more.

    `due` is the earliest due time. `keep_taking` is what goes on meanwhile ("" where nothing is taken, or a clinician decides first).
    """

    plan: str
    plan_version: int
    patient: str
    as_of: datetime
    level: Level
    blocks_reduction: bool
    proposals: tuple[Proposal, ...]
    due: datetime | None
    keep_taking: str
    hits: tuple[Hit, ...]
    coverage: tuple[Coverage, ...]
    set_aside: tuple[SetAside, ...]
    remarks: tuple[str, ...]
    policy: str
    program_version: str
    tables: tuple[TableEdition, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """What is proposed, by its words in actions.csv."""
        return tuple(one.action for one in self.proposals)
