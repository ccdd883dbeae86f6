"""OperationOutcome: what a server says beside or instead of resources. FHIR R4, operationoutcome.html.

Texts are the server's own, bounded and on one line; they may name a patient, so they are for the person at the screen, not for logs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_taper.records import Json

_LONGEST: Final = 300
_FAILED: Final = frozenset({"error", "fatal"})
# Codes of one vendor: "no results" is an answer like any other; the others say that the list may lack something, whatever their severity.
_HARMLESS: Final = frozenset({"4101"})
_MAYBE_INCOMPLETE: Final = frozenset({"4134", "59133", "4127"})


def is_outcome(resource: object) -> bool:
    """Whether this is an OperationOutcome."""
    return isinstance(resource, Mapping) and resource.get("resourceType") == "OperationOutcome"


def words(outcome: object) -> str:
    """What the server says, for a person: texts of the issues joined by "; ", at most 300 characters; "" where it says nothing."""
    said = [text for issue in _issues(outcome) if (text := _text(issue))]
    joined = " ".join("; ".join(dict.fromkeys(said)).split())
    return joined if len(joined) <= _LONGEST else f"{joined[: _LONGEST - 1]}…"


def refused_parameters(outcome: object, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these search parameters the server names in its refusal. A parameter is also known without its modifier."""
    said = " ".join(part for issue in _issues(outcome) for part in _everything_said(issue))
    tokens = {token.strip("\"'`.,:;()[]{}<>").removeprefix("http.") for token in said.replace("=", " ").replace("/", " ").split()}
    return tuple(name for name in names if name in tokens or name.partition(":")[0] in tokens)


def may_be_incomplete(outcome: object) -> bool:
    """Whether the list beside this outcome may lack something: an error, a known code, or a warning whose meaning is not known."""
    return any(_warns(issue) for issue in _issues(outcome))


def _warns(issue: Json) -> bool:
    codes = set(_codes(issue))
    if codes & _MAYBE_INCOMPLETE:
        return True
    severity = issue.get("severity")
    return severity in _FAILED or (severity != "information" and not codes & _HARMLESS)


def _issues(outcome: object) -> Iterator[Json]:
    listed = outcome.get("issue") if isinstance(outcome, Mapping) else None
    return (issue for issue in (listed if isinstance(listed, list) else ()) if isinstance(issue, dict))


def _codes(issue: Json) -> Iterator[str]:
    details = issue.get("details")
    codings = details.get("coding") if isinstance(details, Mapping) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, Mapping) and isinstance(coding.get("code"), str):
            yield coding["code"]


def _text(issue: Json) -> str:
    details: Any = issue.get("details")
    said = (details.get("text") if isinstance(details, Mapping) else None) or issue.get("diagnostics") or issue.get("code")
    return said if isinstance(said, str) else ""


def _everything_said(issue: Json) -> Iterator[str]:
    details: Any = issue.get("details")
    said = [issue.get("diagnostics"), details.get("text") if isinstance(details, Mapping) else None]
    for key in ("expression", "location"):
        listed = issue.get(key)
        said.extend(listed if isinstance(listed, list) else ())
    return (part for part in said if isinstance(part, str))
