"""What an EHR did not grant of what a launch asked for, as sentences for the first screen: what is denied is said, not merely missing."""

from collections.abc import Iterator
from typing import Final

from fhir_taper.workflow.load_chart import NAMES
from fhir_taper.workflow.open_chart import OpenChart, not_granted, only_in_part

_READING: Final = frozenset("rs")
_WRITING: Final = frozenset("cud")
_EVERYTHING: Final = "*"


def not_granted_words(chart: OpenChart) -> tuple[str, ...]:
    """One sentence each for what may not be read, what may be read in part only, and what may not be written; () where all was granted."""
    return tuple(_sentences(chart))


def _sentences(chart: OpenChart) -> Iterator[str]:
    granted = chart.granted
    lacking = not_granted(chart.launch, granted)
    unread = [_named(kind) for kind, letters in lacking.items() if _READING & set(letters)]
    if unread:
        yield f"This app may not read: {', '.join(unread)}. That none is shown does not mean that there is none."
    part = [f"{_named(kind)} ({', '.join(queries)})" for kind, queries in only_in_part(chart.launch, granted).items()]
    if part:
        yield f"This app may read only a part of: {', '.join(part)}."
    unwritten = [_named(kind) for kind, letters in lacking.items() if _WRITING & set(letters)]
    if unwritten:
        yield f"This app may not write: {', '.join(unwritten)}. The preview of a write says what becomes of the plan then."


def _named(kind: str) -> str:
    return "anything" if kind == _EVERYTHING else NAMES.get(kind, kind)
