"""Two Patient resources of one person: a record that its server has replaced by another one (Patient.link).

Another patient's data never mixes with this one's, so only the link that says that one record takes the place of the other makes them one:
"replaced-by" on the old record, or "replaces" on the new one. "seealso" and "refer" leave both in use, and a chart of both is refused.
What contradicts a merge (another birth date, two successors, a circle) refuses the chart too. FHIR R4, patient.html#links;
docs/decisions/0008.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.errors import ChartConflict
from fhir_taper.mappers.references import address
from fhir_taper.mappers.unfold import Found
from fhir_taper.mappers.versions import identity_of
from fhir_taper.plans.medicines.regimen import Issue

_REPLACED_BY: Final = "replaced-by"
_REPLACES: Final = "replaces"


@dataclass(frozen=True, slots=True)
class Merges:
    """Which patient id stands for which: `successor` of a replaced one, and `links` of any other type between two ids."""

    successor: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[frozenset[str], str] = field(default_factory=dict)

    def living(self, patient: str) -> str:
        """The id under which this patient's record goes on: its own, or the last of its successors."""
        while patient in self.successor:
            patient = self.successor[patient]
        return patient

    def why_two(self, one: str, other: str) -> str:
        """What a link says of two records that are not one, as an end of a sentence; "" where none links them."""
        kind = self.links.get(frozenset((one, other)))
        return f"; they are linked as “{kind}”, which does not say that one record takes the place of the other" if kind else ""

    def issues(self) -> list[Issue]:
        """One warning per replaced record."""
        said = "Patient/{} was replaced by Patient/{}: read as one person, as the link says"
        return [Issue("warning", "patient-merged", said.format(old, new), f"Patient/{old}") for old, new in self.successor.items()]


NO_MERGES: Final = Merges()


def merges_of(found: Iterable[Found]) -> Merges:
    """The merges that the Patient resources of a chart state. Raises ChartConflict naming what contradicts one."""
    patients = {identity_of(copy).partition("/")[2]: copy for copy in found if copy.resource["resourceType"] == "Patient"}
    successor: dict[str, str] = {}
    links: dict[frozenset[str], str] = {}
    for own, copy in patients.items():
        for kind, other in _links(copy, patients):
            if kind not in (_REPLACED_BY, _REPLACES):
                links[frozenset((own, other))] = kind
                continue
            old, new = (own, other) if kind == _REPLACED_BY else (other, own)
            if successor.setdefault(old, new) != new:
                raise ChartConflict(f"Patient/{old} is replaced by two: Patient/{successor[old]} and Patient/{new} ({copy.place})")
    merges = Merges(successor, links)
    for old, new in successor.items():
        _refuse_circle(old, successor)
        _refuse_other_birth(patients.get(old), patients.get(new))
    return merges


def _links(copy: Found, patients: Mapping[str, Found]) -> Iterable[tuple[str, str]]:
    """(type, id of the other patient) of each link that names a patient of the same server."""
    listed = copy.resource.get("link")
    base = address(copy.full_url).base
    for link in listed if isinstance(listed, list) else ():
        kind, other = (link.get("type"), link.get("other")) if isinstance(link, dict) else (None, None)
        target = address(other)
        if not isinstance(kind, str) or (target.base and base and target.base != base):
            continue
        by_url = next((name for name, one in patients.items() if target.urn and one.full_url == target.urn), "")
        name = by_url or (target.id if target.resource_type == "Patient" else "")
        if name:
            yield kind, name


def _refuse_circle(old: str, successor: Mapping[str, str]) -> None:
    seen = {old}
    name = old
    while name in successor:
        name = successor[name]
        if name in seen:
            raise ChartConflict(f"the links of Patient/{old} and Patient/{name} say that each is replaced by the other")
        seen.add(name)


def _refuse_other_birth(old: Found | None, new: Found | None) -> None:
    births = [_birth(copy.resource) for copy in (old, new) if copy is not None]
    if old is None or new is None or not all(births):
        return
    length = min(len(birth) for birth in births)
    if births[0][:length] != births[1][:length]:
        raise ChartConflict(
            f"{identity_of(old)} is linked as replaced by {identity_of(new)}, but was born on {births[0]} and not on {births[1]}: "
            f"{old.place} and {new.place}"
        )


def _birth(resource: Mapping[str, Any]) -> str:
    birth = resource.get("birthDate")
    return birth.strip() if isinstance(birth, str) else ""
