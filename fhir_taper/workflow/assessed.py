"""What a person found out before a taper and the engine must know: doses that no order says, scores, earlier attempts.

It counts as if the chart said it, carries who said it and when, and stands on the plan as findings. An entered dose belongs to one version
of one record: where the order was changed since, it counts no longer and is asked anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES
from fhir_taper.plans.medicines.dose import brief, one_decimal, plain
from fhir_taper.plans.medicines.equivalence import diazepam_equivalent, mme
from fhir_taper.plans.medicines.regimen import ItemState, RegimenItem
from fhir_taper.plans.tables.rows import TableName
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.workflow.regimen import Reading

PEG_PARTS: Final = ("peg-pain", "peg-enjoyment", "peg-activity")
_ASKED_AS: Final = {"peg-pain": ("pain",), "peg-enjoyment": (), "peg-activity": ()}
"""What findings know an answer of a scale as: the first one of PEG is the average pain from 0 to 10, the others are nothing alone."""
_SOURCE: Final = "a person, before the taper"


@dataclass(frozen=True, slots=True)
class EnteredDose:
    """What is taken a day of one record that could not be computed, in mg. `source` names the record and its version."""

    source: str
    drug: str
    mg: Decimal
    how: str
    by: str
    on: date

    def __str__(self) -> str:
        return f"{plain(self.mg)} mg a day, entered by {self.by} on {self.on.isoformat()} ({self.how})"


@dataclass(frozen=True, slots=True)
class Score:
    """One value on a scale (scales.csv). Raises WrongUsage for a scale that does not exist or a value that it does not have."""

    scale: str
    value: Decimal
    by: str
    on: date

    def __post_init__(self) -> None:
        scale = load_scales().get(self.scale)
        if scale is None:
            raise WrongUsage(f"{self.scale!r} is no scale that is known here")
        if not scale.low <= self.value <= scale.high or (scale.is_whole and self.value != int(self.value)):
            whole = "a whole number " if scale.is_whole else ""
            raise WrongUsage(f"{scale.title}: {plain(self.value)} is not {whole}from {brief(scale.low)} to {brief(scale.high)}")

    def __str__(self) -> str:
        """The number, and what its source calls it; alone where no source has said."""
        band = load_scales()[self.scale].band_of(self.value)
        return f"{one_decimal(self.value)} ({band.words})" if band else one_decimal(self.value)


@dataclass(frozen=True, slots=True)
class Assessed:
    """`failed_tapers` None: nobody was asked. `by` told of earlier tapers."""

    entered: tuple[EnteredDose, ...] = ()
    scores: tuple[Score, ...] = ()
    failed_tapers: int | None = None
    by: str = ""
    minimum_function: str = ""


NOTHING_SAID: Final = Assessed()


def can_be_entered(item: RegimenItem) -> bool:
    """Whether a person may say what is taken: a known medicine of ours whose daily dose the record leaves open."""
    if item.state is ItemState.EXCLUDED or item.drug_class not in TAPERED_CLASSES or not item.ingredient:
        return False
    return item.state is ItemState.NOT_COMPUTABLE or item.scheduled_mg is None or item.max_mg is None


def entered_for(assessed: Assessed, items: Iterable[RegimenItem]) -> tuple[EnteredDose, ...]:
    """Entered doses by which these items were computed (`with_assessed`): not those of a record that says its dose by now."""
    computed = {item.sources[0]: item.how for item in items}
    return tuple(one for one in assessed.entered if computed.get(one.source, "").startswith(str(one)))


def with_assessed(reading: Reading, assessed: Assessed) -> Reading:
    """The reading as if the chart said it. Totals are made anew where a dose was entered."""
    facts = tuple(fact for score in assessed.scores for fact in _facts(score))
    if facts:
        reading = replace(reading, facts=replace(reading.facts, facts=(*facts, *reading.facts.facts)))
    entered = {one.source: one for one in assessed.entered}
    items = tuple(_entered(item, entered.get(item.sources[0])) for item in reading.regimen.items)
    if items == reading.regimen.items:
        return reading
    taken, medicines = replace(reading.regimen, items=items), reading.tables.medicines
    opioids = mme(taken, medicines, reading.mme.table or TableName.CDC_2022)
    return replace(reading, regimen=taken, mme=opioids, diazepam=diazepam_equivalent(taken, medicines, reading.diazepam.table))


def findings_of(reading: Reading, assessed: Assessed) -> tuple[Finding, ...]:
    """What was found out, as findings of every plan that is made of it. The reading has it already (`with_assessed`)."""
    doses = (_of_dose(one) for one in entered_for(assessed, reading.regimen.items))
    scores = (_of_score(one) for one in assessed.scores if one.scale not in PEG_PARTS)
    return (*doses, *scores, *_of_attempts(assessed))


def _entered(item: RegimenItem, entered: EnteredDose | None) -> RegimenItem:
    if entered is None or not can_be_entered(item):
        return item
    return replace(
        item,
        state=ItemState.COMPUTED,
        scheduled_mg=entered.mg,
        max_mg=entered.mg,
        peak_day_mg=None,
        reason=None,
        max_reason=None,
        how=f"{entered}; the record leaves it open: {item.how}",
        intakes=(),
        ordered=(),
        taper_candidate=not item.oud_treatment,
        why_not_candidate=item.why_not_candidate if item.oud_treatment else "",
    )


def _facts(score: Score) -> tuple[Fact, ...]:
    scale = load_scales()[score.scale]
    says = f"{scale.title}: {score}, by {score.by}"
    names = _ASKED_AS.get(score.scale, (score.scale,))
    return tuple(Fact(name, _SOURCE, says, on=score.on, value=score.value, unit=scale.unit) for name in names)


def _of_dose(one: EnteredDose) -> Finding:
    return Finding(Severity.INFORMATION, "dose-entered", f"{one.drug}: {one}.", _SOURCE, plain(one.mg), one.source, evidence=(one.source,))


def _of_score(one: Score) -> Finding:
    scale = load_scales()[one.scale]
    band = scale.band_of(one.value)
    says = f"{scale.title}: {one}, on {one.on.isoformat()}, by {one.by}."
    source = str(band.source if band else scale.source)
    return Finding(Severity.INFORMATION, "measured-before", says, source, one_decimal(one.value), one.scale)


def _of_attempts(assessed: Assessed) -> tuple[Finding, ...]:
    if assessed.failed_tapers is None:
        return ()
    count = assessed.failed_tapers
    said = f"{count or 'No'} earlier taper{'' if count == 1 else 's'} that did not succeed, told by {assessed.by}."
    return (Finding(Severity.INFORMATION, "earlier-tapers-told", said, _SOURCE, value=str(count)),)
