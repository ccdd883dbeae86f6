"""The narrative of a CarePlan: the whole plan as a table that a person reads without any program of ours.

XHTML of the few elements that FHIR allows (txt-1), well formed whatever the plan's texts contain: every text is escaped. It depends on the
plan alone, never on today, so that a later reader can write it again and compare.
"""

from collections.abc import Iterable, Sequence
from html import escape

from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.mappers.write.wording import StepWords, plan_description, plan_title
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.plan import PlanState, Step, TaperPlan

_STATE_SAYS = {
    PlanState.DRAFT: "Draft: not approved. No dose is changed by it.",
    PlanState.ACTIVE: "Active.",
    PlanState.ON_HOLD: "On hold: reductions are paused; keep taking the dose of the step in force. Supply goes on.",
    PlanState.COMPLETED: "Completed.",
    PlanState.REVOKED: "Revoked: no longer followed.",
    PlanState.ENTERED_IN_ERROR: "Entered in error: not to be followed.",
}
_HEADINGS = ("Step", "From", "To", "Dose", "Take", "Kind")


def to_narrative(plan: TaperPlan, words: Sequence[StepWords]) -> Json:
    """A generated Narrative of the plan; `words` are its `steps_in_words`."""
    body = "".join(
        (
            _paragraph(plan_title(plan), "b"),
            _paragraph(_STATE_SAYS[plan.state]),
            _paragraph(plan_description(plan)),
            _steps(plan, words),
            _list("Reviews that a reduction waits for", (_gate(plan, index) for index in range(len(plan.gates)))),
            _list("Milestones", (f"{milestone.due.isoformat()}: {milestone.says}" for milestone in plan.milestones)),
            _list("Findings", map(_finding, plan.findings)),
            _list(
                "Accepted findings",
                (f"{item.message} Accepted by {item.by} on {item.on.isoformat()}: {item.reason}" for item in plan.acknowledgements),
            ),
            _list("When things go wrong", _contingency(plan)),
            _list(
                "Changes",
                (f"Version {note.version}, {note.on.isoformat()}, by {note.by}: {note.says} ({note.reason})" for note in plan.revisions),
            ),
            _paragraph(f"Made by fhir-taper {plan.program_version}; days are days in {plan.zone}."),
        )
    )
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}


def _steps(plan: TaperPlan, words: Sequence[StepWords]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in _row(step, said))}</tr>" for step, said in zip(plan.steps, words, strict=True)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""


def _row(step: Step, said: StepWords) -> tuple[str, ...]:
    until = step.end.isoformat() if step.end else "open"
    return (str(step.number), step.start.isoformat(), until, said.dose, said.description, str(step.kind))


def _gate(plan: TaperPlan, index: int) -> str:
    gate = plan.gates[index]
    who = f" by {gate.by}" if gate.by else ""
    why = f": {gate.reason}" if gate.reason else ""
    return f"Before step {gate.step}, due {gate.due.isoformat()}: {gate.state}{who}{why}"


def _finding(finding: Finding) -> str:
    return f"{finding.severity}: {finding.message} ({finding.source})"


def _contingency(plan: TaperPlan) -> Iterable[str]:
    contingency = plan.contingency
    said = (("Breakthrough", contingency.breakthrough), ("Comfort", contingency.comfort_plan))
    yield from (f"{name}: {words}" for name, words in said if words)
    yield from (f"Emergency: {contact}" for contact in contingency.emergency_contacts)
    if contingency.said_by:
        yield f"Said by {contingency.said_by}{f' on {contingency.said_on.isoformat()}' if contingency.said_on else ''}"
    yield from (f"{one.when}: {one.what} ({one.source})" for one in contingency.advice)


def _list(heading: str, items: Iterable[str]) -> str:
    lines = "".join(f"<li>{_text(item)}</li>" for item in items)
    return f"<p><b>{heading}</b></p><ul>{lines}</ul>" if lines else ""


def _paragraph(words: str, element: str = "") -> str:
    inner = f"<{element}>{_text(words)}</{element}>" if element else _text(words)
    return f"<p>{inner}</p>"


def _text(words: str) -> str:
    return escape(shown(words))
