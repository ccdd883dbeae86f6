"""An assessment in a terminal: what was found, the most urgent first, what is proposed, and what could not be judged and why."""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from fhir_taper.plans.monitoring.assessment import Assessment, Hit
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.render.level_words import LEVEL_MARKS, LEVEL_WORDS
from fhir_taper.render.printable import printable
from fhir_taper.render.terminal import QUIET, STRONG, WARNING, draw, indented, said

_MOST_EVIDENCE = 5
_STYLES = {Level.EMERGENCY: WARNING, Level.URGENT: WARNING, Level.STEP_BACK: "bold yellow", Level.SLOW: "bold yellow", Level.HOLD: "bold"}


def assessment_text(assessment: Assessment) -> str:
    """The assessment's table view."""

    def paint(console: Console) -> None:
        console.print(said(_headline(assessment), style=_STYLES.get(assessment.level, STRONG)))
        if assessment.keep_taking:
            indented(console, assessment.keep_taking[:1].upper() + assessment.keep_taking[1:] + ".", style=STRONG)
        for hit in assessment.hits:
            _print_hit(console, hit)
        _print_proposals(console, assessment)
        _print_coverage(console, assessment)
        for remark in assessment.remarks:
            indented(console, f"{remark[:1].upper()}{remark[1:]}.", by=0, style=QUIET)

    return draw(paint)


def _headline(assessment: Assessment) -> str:
    when = assessment.as_of.isoformat(sep=" ", timespec="minutes")
    open_hits = [hit for hit in assessment.hits if hit.answer is None]
    if not open_hits:
        asked = [one for one in assessment.coverage if one.applies]
        judged = sum(one.evaluable for one in asked)
        return f"{when}: nothing found by the {judged} of {len(asked)} rules that could be judged"
    due = f", due {assessment.due.isoformat(sep=' ', timespec='minutes')}" if assessment.due else ""
    blocked = "; the next reduction waits" if assessment.blocks_reduction else ""
    return f"{when}: {LEVEL_WORDS[assessment.level]}{due}{blocked}"


def _print_hit(console: Console, hit: Hit) -> None:
    state = f" (answered: {hit.answer.what}, {hit.answer.by})" if hit.answer else ""
    head = f"{LEVEL_MARKS[hit.level]} {LEVEL_WORDS[hit.level]}"
    console.print(Padding(Text.assemble((head, _STYLES.get(hit.level, "")), printable(f"  {hit.message}{state}")), (0, 0, 0, 2)))
    seen = "; ".join(_evidence(hit.evidence))
    lines = [f"Seen: {seen}" if seen else "", f"To clear: {hit.clears}", f"Rule {hit.rule}, version {hit.version}. Source: {hit.source}"]
    for line in filter(None, lines):
        console.print(Padding(said(line, style=QUIET), (0, 0, 0, 6)))


def _evidence(evidence: tuple[Evidence, ...]) -> Iterable[str]:
    for one in evidence[-_MOST_EVIDENCE:]:
        source = f" ({one.source})" if one.source else ""
        yield f"{one.says}, {one.at.isoformat(sep=' ', timespec='minutes')}{source}"
    if len(evidence) > _MOST_EVIDENCE:
        yield f"and {len(evidence) - _MOST_EVIDENCE} earlier"


def _print_proposals(console: Console, assessment: Assessment) -> None:
    if not assessment.proposals:
        return
    console.print(said("Proposed (a person decides)", style=STRONG))
    for one in assessment.proposals:
        indented(console, f"{one.says[:1].upper()}{one.says[1:]} [{', '.join(one.rules)}]")


def _print_coverage(console: Console, assessment: Assessment) -> None:
    """Rules that could not be judged, together where the reason is the same."""
    reasons: dict[str, list[str]] = {}
    for one in assessment.coverage:
        if one.applies and not one.evaluable:
            reasons.setdefault(one.why, []).append(one.rule)
    if reasons:
        console.print(said("Could not be judged (that is not “normal”)", style=STRONG))
    for why, rules in reasons.items():
        indented(console, f"{', '.join(rules)}: {why}", style=QUIET)
    for aside in assessment.set_aside:
        indented(console, f"Set aside: {aside.signal} {aside.said} ({aside.why}; {aside.source})", style=QUIET)
