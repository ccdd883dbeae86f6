"""Security labels: what we derive is never labelled weaker than what it was derived from.

The labels of a plan are the union of its inputs' labels, with the highest confidentiality of them (HL7 v3 Confidentiality:
U < L < M < N < R < V); an input without one counts as normal. Nothing derived from an input labelled as substance-use or otherwise
restricted data is written at all until consent can be checked. A taper is not by itself substance-use data: no label is invented.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from fhir_taper.errors import RestrictedData
from fhir_taper.mappers.systems import coding_of
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY, Json

_RANK: Final = "ULMNRV"
_RESTRICTED_LEVELS: Final = frozenset({"R", "V"})
_RESTRICTED: Final = frozenset({"SUD", "ETH", "42CFRPart2"})
_NEVER_ON_A_BUNDLE: Final = frozenset({"MASK", "NODSCLCD"})


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """One security label."""

    system: str
    code: str


NORMAL: Final = Label(CONFIDENTIALITY, "N")


def labels_of(resources: Iterable[Mapping[str, Any]]) -> tuple[Label, ...]:
    """The labels of what is derived from these resources: union, with the highest confidentiality, at least normal."""
    return united(label for resource in resources if "meta" in resource for label in _labels(resource))


def united(*labels: Iterable[Label]) -> tuple[Label, ...]:
    """The labels of what is derived from all that has these: each one, with the highest confidentiality of them, at least normal."""
    found = set(chain(*labels))
    levels = {label.code for label in found if label.system == CONFIDENTIALITY and label.code in _RANK} | {NORMAL.code}
    others = {label for label in found if label.system != CONFIDENTIALITY}
    return (Label(CONFIDENTIALITY, max(levels, key=_RANK.index)), *sorted(others))


def refuse_restricted(labels: Iterable[Label], of: str = "the chart holds data labelled") -> None:
    """Raises RestrictedData where an input is labelled as data that may not be passed on without a consent. `of`: what has these labels."""
    restricted = sorted(label.code for label in labels if is_restricted(label))
    if restricted:
        raise RestrictedData(f"{of} {', '.join(restricted)}: nothing derived from it is written without a consent", "meta.security")


def is_restricted(label: Label) -> bool:
    """Whether data with this label may not be passed on without a consent. The confidentiality system's own ETH means nothing."""
    return label.code in (_RESTRICTED_LEVELS if label.system == CONFIDENTIALITY else _RESTRICTED)


def to_security(labels: Iterable[Label], *, on_bundle: bool = False) -> list[Json]:
    """meta.security. Handling instructions for one resource never stand on a Bundle."""
    return [{"system": label.system, "code": label.code} for label in labels if not (on_bundle and label.code in _NEVER_ON_A_BUNDLE)]


def _labels(resource: Mapping[str, Any]) -> Iterable[Label]:
    meta = resource.get("meta")
    listed = meta.get("security") if isinstance(meta, dict) else None
    for item in listed if isinstance(listed, list) else ():
        coding = coding_of(item)
        if coding:
            yield Label(coding.system, coding.code)
