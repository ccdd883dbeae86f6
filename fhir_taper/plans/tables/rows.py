"""The shapes of the rows in tables/: every clinical number that the core uses arrives as one of these, with its source.

No number stands here. Grammar of each file is on top of the file; `reading` refuses a row without source, edition, year and state.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source


@dataclass(frozen=True, slots=True)
class TableEdition:
    """Which table, and exactly which bytes of it, a plan or decision used."""

    table: str
    edition: str
    sha256: str


@dataclass(frozen=True, slots=True)
class MmeFactor:
    """MME per unit of `per` ("mg/d" oral amounts, "mcg/h" patch rate) of one ingredient by one route/form, in one named table."""

    table: str
    ingredient: str
    route_form: str
    factor: Decimal
    per: str
    source: Source


@dataclass(frozen=True, slots=True)
class DiazepamEquivalent:
    """mg of an ingredient equal to 10 mg oral diazepam, in one named table.

    A source's range keeps both ends; `mg_low` is the cautious one.
    """

    table: str
    ingredient: str
    mg_low: Decimal
    mg_high: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class UnitRule:
    """The largest single notch (mg) of an ingredient that may be taken beyond a fraction limit, once nothing smaller exists."""

    ingredient: str
    unit_max_mg: Decimal
    source: Source


class Bound(StrEnum):
    ADVISED = "advised"
    HARD = "hard"


class Basis(StrEnum):
    """What a fraction is taken of: the baseline of version 1, or the dose in force `days` earlier."""

    ORIGINAL = "original"
    WINDOW = "window"


class Part(StrEnum):
    """Which part of the envelope a limit belongs to: what a finding about it is called."""

    PACE = "pace"
    TAIL = "tail"
    CEILING = "ceiling"
    FIRST_CUT = "first-cut"


@dataclass(frozen=True, slots=True)
class Limit:
    """D(t − days) − D(t) ≤ fraction × (original | D(t − days)). `source.state` says whether it awaits sign-off.

    `above` and `up_to` are fractions of the original: the limit holds for a cut from a dose (in force just before t) that is above `above`
    and at most `up_to` of it. Not from D(t − days): a hold would then make a cut that was allowed one that is not.
    """

    bound: Bound
    days: int
    fraction: Decimal
    basis: Basis
    source: Source
    part: Part = Part.PACE
    above: Decimal = Decimal(0)
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LimitsRow:
    """One resolved safety envelope: all limits of one row name of limits.csv, and what the medicine and the tier of one plan add to them.

    The table's rows leave the second half empty; `envelope.resolve` fills it for a plan, so that a plan can be judged from its own data.
    """

    row: str
    drug_class: DrugClass
    use: str  # "<1m" | "1m-1y" | ">=1y" | "any" | "published"
    limits: tuple[Limit, ...]
    max_days: int  # longest duration of a plan
    min_step_days: int = 1
    step_multiple_days: int = 1  # patches: steps are multiples of the wear time
    max_pieces: int = 0  # pieces per intake that the grid of this plan was made with
    first_cut: Limit | None = None  # cap of the first reduction, by the tier; none in a published row
    unit: UnitRule | None = None  # none: no cut beyond a fraction limit, however small

    @property
    def hard(self) -> tuple[Limit, ...]:
        return tuple(limit for limit in self.limits if limit.bound is Bound.HARD)

    @property
    def advised(self) -> tuple[Limit, ...]:
        return tuple(limit for limit in self.limits if limit.bound is Bound.ADVISED)

    @property
    def is_published(self) -> bool:
        return self.use == "published"


class TableName(StrEnum):
    """The opioid and benzodiazepine equivalence tables that a caller may name."""

    CDC_2022 = "cdc-2022"
    ASHTON_2002 = "ashton-2002"
    VA_DOD_2021 = "va-dod-2021"
    WHO_2009 = "who-2009"
    HANDBOOK = "handbook"


BENZO_TABLES = (TableName.ASHTON_2002, TableName.VA_DOD_2021, TableName.WHO_2009, TableName.HANDBOOK)


@dataclass(frozen=True, slots=True)
class Concept:
    """A code (or code prefix) of a clinical system that means one of our concepts (tables/concepts.csv)."""

    concept: str
    system: str
    code: str
    match: str  # "exact" | "prefix"
    display: str
    source: Source
