"""Consents as permits for classes of remote measures: vital signs, sleep, activity.

A provision names what it is about by code, by class of resource, or not at all, which is everything. A provision inside another one is an
exception to it. What cannot be understood in full permits nothing (who, what for, which data alone), while a refusal counts however narrow
it is: without certain consent there is no measure. Two consents that contradict each other refuse. FHIR R4, consent.html; decision 0029.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.signals.gathered import Gathered, is_modified
from fhir_taper.mappers.read.signals.whose import is_of_another
from fhir_taper.mappers.references import address
from fhir_taper.mappers.systems import Coding, coding_of, codings
from fhir_taper.mappers.write.form_codes import SIGNAL_SYSTEM
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.monitoring.timeline import Permit

Json = Mapping[str, Any]
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_OTHER_SCOPES: Final = frozenset({"research", "adr"})
_OF_CARE: Final = frozenset({"TREAT", "CAREMGT", "ETREAT", "COC", "PATRQT"})
"""Purposes of v3-ActReason under which a clinic looks after its patient."""
_USES: Final = frozenset({"collect", "access", "use"})
"""What this program does with a measure, of the codes of consentaction."""
_BASE_RULES: Final = {"OPTIN": True, "OPTOUT": False}
_NARROWED_BY: Final = ("data", "dataPeriod", "securityLabel")
_OBSERVATION: Final = "Observation"
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class _Part:
    """One provision: what it is about, when, and whether it permits."""

    measures: frozenset[str]
    start: datetime
    end: datetime | None
    is_denial: bool


def read_permits(gathered: Gathered) -> tuple[tuple[Permit, ...], tuple[Issue, ...]]:
    """The permits and refusals of the chart's Consents, and what of them could not be understood."""
    permits: list[Permit] = []
    issues: list[Issue] = []
    for entry in gathered.chart.of("Consent"):
        if entry.resource.get("status") != "active" or is_of_another(gathered.chart, entry) or _is_of_another_kind(entry.resource):
            continue
        reader, source = _Consent(entry, gathered), entry.reference
        parts = tuple(reader.parts())
        permits.extend(Permit(one, part.start, part.end, source, part.is_denial) for part in parts for one in part.measures)
        said = (f"{source} permits nothing here: {why}" for why in dict.fromkeys(reader.not_read))
        issues.extend(Issue("warning", "consent-not-read", one, source) for one in said)
    return tuple(permits), tuple(issues)


class _Consent:
    """The reading of one Consent."""

    def __init__(self, entry: Entry, gathered: Gathered) -> None:
        self._resource = entry.resource
        self._clock = gathered.clock
        self._codes = gathered.codes.consents
        self._classes = {one.id: one.consent for one in gathered.signals.signals.values() if one.consent}
        self.not_read: list[str] = []

    def parts(self) -> Iterator[_Part]:
        """What the provision and those inside it say, most general first."""
        provision = self._resource.get("provision")
        root = provision if isinstance(provision, dict) else {}
        base = next((_BASE_RULES[one.code] for one in codings(self._resource.get("policyRule")) if one.code in _BASE_RULES), None)
        said = _said(root)
        permits = base if said is None else said
        if permits is None:
            self.not_read.append("it neither permits nor refuses")
            return
        given = self._clock.earliest(self._resource.get("dateTime")) or _ALWAYS
        named = {one for category in _list(self._resource, "category") for coding in codings(category) if (one := self._class(coding))}
        everything = frozenset(named or self._classes.values())
        yield from self._walk(root, everything, (given if permits else _ALWAYS, None), permits=permits, depth=0)

    def _walk(
        self, provision: Json, within: frozenset[str], period: tuple[datetime, datetime | None], *, permits: bool, depth: int
    ) -> Iterator[_Part]:
        measures = self._measures(provision) & within
        start, end = self._period(provision, period, permits=permits)
        why = self._why_narrow(provision) if permits else ""
        if why:
            self.not_read.append(why)
        inside = [
            part
            for one in _list(provision, "provision")
            for part in self._walk(one, measures, (start, end), permits=_is_permit(one, of=permits), depth=depth + 1)
            if depth < _DEEPEST
        ]
        lifted = frozenset(name for part in inside if not part.is_denial for name in part.measures)
        own = frozenset() if why else measures if permits else measures - lifted
        if own:
            yield _Part(own, start, end, not permits)
        yield from inside

    def _measures(self, provision: Json) -> frozenset[str]:
        """Classes that a provision is about: those that its codes name, else all where it is about Observations or says nothing."""
        coded = [coding for concept in _list(provision, "code") for coding in codings(concept)]
        if coded:
            return frozenset(name for coding in coded if (name := self._class(coding)))
        kinds = [coding.code for one in _list(provision, "class") if (coding := coding_of(one))]
        return frozenset(self._classes.values()) if not kinds or _OBSERVATION in kinds else frozenset()

    def _class(self, coding: Coding) -> str:
        if coding.system == SIGNAL_SYSTEM:
            return self._classes.get(coding.code, "")
        return self._codes.get((coding.system, coding.code), "")

    def _period(self, provision: Json, outer: tuple[datetime, datetime | None], *, permits: bool) -> tuple[datetime, datetime | None]:
        """Of a permit the shortest time that its dates may mean, of a refusal the longest."""
        period = provision.get("period")
        if not isinstance(period, dict):
            return outer
        first, last = (self._clock.latest, self._clock.earliest) if permits else (self._clock.earliest, self._clock.latest)
        start, end = self._clock.read(period.get("start")), self._clock.read(period.get("end"))
        begins = start[0] if not isinstance(start, str) else first(period.get("start")) or outer[0]
        ends = end[1] if not isinstance(end, str) else last(period.get("end")) or outer[1]
        return begins, ends

    def _why_narrow(self, provision: Json) -> str:
        """Why a permit cannot be understood in full; "" where it can."""
        if is_modified(provision) or is_modified(self._resource):
            return "a modifier extension may change its meaning"
        if self._has_unread_time(provision):
            return "when it begins or ends cannot be read"
        actions = {coding.code for one in _list(provision, "action") for coding in codings(one)}
        if provision.get("action") and not actions & _USES:
            return f"it is to {', '.join(sorted(actions)) or 'do what is not coded'}"
        purposes = {coding.code for one in _list(provision, "purpose") if (coding := coding_of(one))}
        if purposes and not purposes & _OF_CARE:
            return f"it is for {', '.join(sorted(purposes))}"
        narrowed = [name for name in _NARROWED_BY if provision.get(name)]
        if narrowed:
            return f"it is bound to {', '.join(narrowed)}"
        named = provision.get("actor")
        if named and (
            not isinstance(named, list) or not all(isinstance(one, dict) and isinstance(one.get("reference"), dict) for one in named)
        ):
            return "whom it is bound to cannot be read"
        organizations = {target.key for one in _list(self._resource, "organization") if (target := address(one)).key}
        actors = {address(reference).key for one in _list(provision, "actor") if isinstance(reference := one.get("reference"), dict)}
        return "" if actors <= organizations else "it is bound to somebody other than the organization that keeps it"

    def _has_unread_time(self, provision: Json) -> bool:
        """Whether a time is written there of which nobody knows when it is."""
        period = provision.get("period")
        if period is None or not isinstance(period, dict):
            return period is not None
        written = [one for name in ("start", "end") if (one := period.get(name)) is not None]
        return any(self._clock.latest(one) is None for one in written)


def _is_of_another_kind(resource: Json) -> bool:
    return any(coding.code in _OTHER_SCOPES for coding in codings(resource.get("scope")))


def _said(provision: Json) -> bool | None:
    return {"permit": True, "deny": False}.get(str(provision.get("type")))


def _is_permit(provision: Json, *, of: bool) -> bool:
    """A provision inside another one is its exception where it does not say what it is."""
    said = _said(provision)
    return not of if said is None else said


def _list(holder: Json, name: str) -> list[Json]:
    listed = holder.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
