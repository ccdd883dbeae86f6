"""What the EHR itself says of resources before they are written: `$validate`, where it offers it. Nothing is stored by it.

An objection stops the write, and a person reads it. A validator that does not answer, or answers with a failure of its own, says nothing
about the resource: that is noted and does not stop. FHIR R4, resource-operation-validate.html.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from fhir_taper.errors import EhrAnswered, EhrError, WriteRefused
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.smart.outcomes import is_outcome, words
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback.ports import Answer, Ehr
from fhir_taper.writeback.verdict import body_of

_OBJECTS: Final = frozenset({"error", "fatal"})
_ANSWERED: Final = 200
_CONTENT_REFUSED: Final = frozenset({400, 412, 422})
"""Some servers answer with the status that the write itself would get."""
_OF_THE_CONTENT: Final = frozenset({"invalid", "structure", "required", "value", "invariant", "code-invalid", "extension", "business-rule"})


def preflight(permitted: Iterable[Permitted], ehr: Ehr) -> str:
    """Ask about each resource. Returns what is to be noted ("" where all were found good). Raises WriteRefused with every objection."""
    objections: list[str] = []
    for one in permitted:
        try:
            answer: Answer = ehr.validate(one)
        except EhrAnswered as refusal:
            return _noted(f"it answered {refusal.status}", objections)
        except EhrError:
            return _noted("it did not answer", objections)
        said = body_of(answer)
        if answer.status != _ANSWERED and not (answer.status in _CONTENT_REFUSED and any(_of_the_content(said))):
            return _noted(f"it answered {answer.status}", objections)
        objections += [f"the EHR's own validator on the {one.body['resourceType']}: {issue}" for issue in _objections(said)]
    return _noted("", objections)


def _noted(why: str, objections: list[str]) -> str:
    if objections:
        raise WriteRefused(*objections)
    return f"the EHR's own validator could not be asked: {why}" if why else ""


def _objections(outcome: Json | None) -> Iterator[str]:
    for issue in _issues(outcome):
        if issue.get("severity") in _OBJECTS:
            yield words({"resourceType": "OperationOutcome", "issue": [issue]}) or "an error without words"


def _of_the_content(outcome: Json | None) -> Iterator[bool]:
    return (True for issue in _issues(outcome) if issue.get("severity") in _OBJECTS and issue.get("code") in _OF_THE_CONTENT)


def _issues(outcome: Json | None) -> Iterator[Json]:
    listed = outcome.get("issue") if outcome is not None and is_outcome(outcome) else None
    return (issue for issue in (listed if isinstance(listed, list) else ()) if isinstance(issue, dict))
