"""The sentences of which a case of an escalation rule is made (tests/spec/README.md): each says something of plan, timeline or history.

A sentence that nobody understands fails the case that has it. Values go through `accept` like those of a chart.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.history import Answer, Episode, History, history_of
from fhir_taper.plans.monitoring.policy import Policy
from fhir_taper.plans.monitoring.reading import DAY, INSTANT, Raw
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.timeline import (
    CheckInSchedule,
    DoseStretch,
    Ordered,
    Permit,
    Record,
    Supplied,
    Timeline,
    Unread,
    timeline_of,
)
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.signal_tables import SignalKind, SignalTables, load_signals
from fhir_taper.plans.tapers.plan import Phase, PlanState
from tests.spec.escalation_plans import TODAY, Asked

AS_OF = datetime.combine(TODAY, time(12), UTC)
SPANS = {"d": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}
_WHEN = r"(?P<{0}>now|\d+ (?:d|h|min) ago|in \d+ (?:d|h|min))"
_UNTIL = rf"(?: until {_WHEN.format('until')})?"


@dataclass
class Scene:
    """Everything that the sentences of one case have said so far."""

    rule: str
    asked: Asked = field(default_factory=Asked)
    raws: list[Raw] = field(default_factory=list)
    orders: list[Ordered] = field(default_factory=list)
    supplies: list[Supplied] = field(default_factory=list)
    doses: list[DoseStretch] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    not_asked: set[Record] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    episodes: list[tuple[Episode, datetime]] = field(default_factory=list)
    check_ins: CheckInSchedule | None = None
    born_years_ago: int | None = None
    sex: str = ""
    hours: str = ""

    def timeline(self, signals: SignalTables) -> Timeline:
        """The timeline, with the values that `signals` accepts. Measures of every class are permitted but those that were refused."""
        readings, aside = accept(self.raws, signals)
        classes = {one.consent for one in load_signals().signals.values() if one.consent} - self.refused
        permitted = (Permit(one, AS_OF - 400 * DAY, None, f"Consent/{one}/_history/1") for one in sorted(classes))
        unread = {one.kind for one in self.unread}
        return timeline_of(
            "p1",
            readings,
            aside,
            orders=tuple(self.orders),
            supplies=tuple(self.supplies),
            doses=tuple(self.doses),
            permits=tuple(permitted),
            unread=tuple(self.unread),
            read=frozenset(Record) - unread - self.not_asked,
            birth_date=None if self.born_years_ago is None else TODAY.replace(year=TODAY.year - self.born_years_ago),
            sex=self.sex,
            check_ins=self.check_ins,
        )

    def history(self) -> History:
        """Earlier hits; what one had shown by an instant is everything that had begun by then."""
        return history_of(replace(one, shown=tuple(self._begun(by))) for one, by in self.episodes)

    def _begun(self, by: datetime) -> Iterator[str]:
        yield from (one.identity for one in accept(self.raws, load_signals())[0] if one.start <= by)
        yield from (order.source for order in self.orders if order.written is not None and order.written <= by)
        yield from (supply.source for supply in self.supplies if supply.on <= by.date())

    def policy(self) -> Policy:
        """The site's hours."""
        return Policy("case", staffed=self.hours)

    def source(self, kind: str) -> str:
        """A reference that no other record of the case has."""
        many = len(self.raws) + len(self.orders) + len(self.supplies) + len(self.doses)
        return f"{kind}/{many + 1}/_history/1"


def scene_of(rule: str, sentences: list[str]) -> Scene:
    """What the sentences say. Raises ValueError naming the first that nobody understands."""
    scene = Scene(rule)
    for sentence in sentences:
        for pattern, do in _SENTENCES:
            found = pattern.fullmatch(sentence.strip())
            if found is not None:
                do(scene, {name: text or "" for name, text in found.groupdict().items()})
                break
        else:
            raise ValueError(f"{rule}: nobody understands {sentence!r}")
    return scene


def instant(words: str) -> datetime:
    """The instant that words say: "3 d ago", "now", "in 2 h"."""
    if words == "now":
        return AS_OF
    count, unit = re.findall(r"\d+|[a-z]+", words.removeprefix("in "))[:2]
    length = int(count) * SPANS[unit]
    return AS_OF + length if words.startswith("in ") else AS_OF - length


def _reading(scene: Scene, said: dict[str, str]) -> None:
    signal = load_signals().signals.get(said["signal"])
    if signal is None:
        raise ValueError(f"{scene.rule}: {said['signal']!r} is no signal of signals.csv")
    unit = {"": signal.unit, "no-unit": ""}.get(said["unit"], said["unit"])
    for start, end in _times(said):
        scene.raws.append(
            Raw(
                signal.id,
                start,
                end,
                scene.source("Observation"),
                value=Decimal(said["value"]) if said["value"] else None,
                unit=unit if said["value"] or signal.kind is not SignalKind.NUMBER else "",
                answer=said["answer"],
                variant=said["variant"].replace("unknown", "") if said["variant"] else signal.needs_variant,
                is_remote=bool(signal.consent) and not said["visit"],
                comparator=said["comparator"],
            )
        )


def _times(said: dict[str, str]) -> list[tuple[datetime, datetime]]:
    """Start and end of each reading of a sentence: one instant, one day, or one instant on each of several days."""
    if said["first"]:
        return [(at, at) for days in range(int(said["first"]), int(said["last"]) - 1, -1) for at in (AS_OF - days * DAY,)]
    at = instant(said["at"])
    if said["day"]:
        midnight = datetime.combine(at.date(), time.min, UTC)
        return [(midnight, midnight + DAY - INSTANT)]
    return [(at, at)]


def _order(scene: Scene, said: dict[str, str]) -> None:
    known = load().medicines.ingredient_named(said["ingredient"])
    began = instant(said["at"])
    scene.orders.append(
        Ordered(
            said["ingredient"],
            known.drug_class if known else DrugClass.UNKNOWN,
            began.date(),
            instant(said["until"]).date() if said["until"] else None,
            scene.source("MedicationRequest"),
            f"{said['ingredient']} {said['mg']} mg a day",
            mg_per_day=None if said["mg"] == "?" else Decimal(said["mg"]),
            groups=known.groups if known else (),
            written=instant(said["written"]) if said["written"] else began,
            is_oud_treatment=bool(said["oud"]),
            is_as_needed=bool(said["needed"]),
        )
    )


def _supply(scene: Scene, said: dict[str, str]) -> None:
    days = None if said["days"] == "?" else int(said["days"])
    source = scene.source("MedicationDispense")
    given, on = said["ingredient"], instant(said["at"]).date()
    scene.supplies.append(Supplied(given, on, days, source, given, is_oud_treatment=bool(said["oud"])))


def _regimen(scene: Scene, said: dict[str, str]) -> None:
    start, end = instant(said["at"]).date(), instant(said["until"] or "in 90 d").date()
    source = scene.source("MedicationRequest")
    if said["amount"] == "unknown":
        scene.doses.append(DoseStretch(said["of"], start, end, None, (source,), "an order cannot be computed"))
    else:
        scene.doses.append(DoseStretch(said["of"], start, end, Decimal(said["amount"]), (source,)))


def _plan(scene: Scene, said: dict[str, str]) -> None:
    asked = scene.asked
    for part in said["rest"].split(", "):
        words, _, days = part.strip().partition(" since " if " since " in part else " ")
        match words:
            case "phase":
                asked.phase = Phase(days)
            case "first":
                asked.first_cut = int(re.findall(r"\d+", days)[0])
            case "step" | "stopped":
                ago = int(re.findall(r"\d+", days)[0])
                asked.step_began, asked.stopped = (ago, asked.stopped) if words == "step" else (asked.step_began, ago)
            case "on hold":
                asked.held_since = int(days.split()[0])
            case "held":
                began, ended = re.findall(r"\d+", days)
                asked.holds_over = (*asked.holds_over, (int(began), int(ended)))
            case "review":
                asked.open_review, asked.step_began = True, int(re.findall(r"\d+", days)[0])
            case "comfort":
                asked.comfort = days
            case "state":
                asked.state = PlanState(days)
            case _:
                asked.drug = part.strip()


def _hit(scene: Scene, said: dict[str, str]) -> None:
    began, answer = instant(said["at"]), None
    ended = instant(said["ended"]) if said["ended"] else None
    if said["answered"]:
        answer = Answer(instant(said["answered"]), "Practitioner/dr-a", said["what"].strip() or "reviewed", "seen")
    shown = instant(said["shown"]) if said["shown"] else answer.at if answer else AS_OF
    seen = max(began, ended or AS_OF - timedelta(hours=1))
    clauses = (int(said["clause"]),) if said["clause"] else ()
    course = Episode(said["rule"] or scene.rule, 1, Level(int(said["level"])), began, seen, ended=ended, answer=answer, clauses=clauses)
    scene.episodes.append((course, shown))


def _check_ins(scene: Scene, said: dict[str, str]) -> None:
    start = instant(said["at"] or "56 d ago").date()
    scene.check_ins = CheckInSchedule(start, int(said["every"]), int(said["daily"] or 0), "patient")


def _unread(scene: Scene, said: dict[str, str]) -> None:
    scene.unread.append(Unread(Record(said["kind"]), said["why"]))


def _fact(name: str, make: Callable[[str], object] = str) -> Callable[[Scene, dict[str, str]], None]:
    return lambda scene, said: setattr(scene, name, make(said["value"]))


_ANSWERED = rf"(?: answered (?P<what>[a-z-]+ )??{_WHEN.format('answered')})?"
_READING = (
    r"(?P<signal>[a-z0-9-]+)"
    r"(?: (?P<comparator>[<>]=?)?(?P<value>-?\d+(?:\.\d+)?)(?: (?P<unit>\S+))?)?"
    r"(?: = (?P<answer>[a-z-]+))?(?: of variant (?P<variant>\S+))?(?P<visit> in a visit)?"
    rf" (?:daily from (?P<first>\d+) to (?P<last>\d+) d ago|(?P<day>on day )?{_WHEN.format('at')})"
)
_ORDER = (
    rf"order (?P<ingredient>[a-z-]+) (?P<mg>\?|\d+(?:\.\d+)?) mg from {_WHEN.format('at')}{_UNTIL}"
    rf"(?: written {_WHEN.format('written')})?(?P<oud> as oud-treatment)?(?P<needed> as needed)?"
)
_OF_RULE = r"hit(?: of (?P<rule>[A-Z]\d+))? level (?P<level>\d)(?: of clause (?P<clause>\d))?"
_EARLIER = rf"earlier {_OF_RULE} from {_WHEN.format('at')} to {_WHEN.format('ended')}(?P<shown>){_ANSWERED}"
_STANDING = rf"standing {_OF_RULE} since {_WHEN.format('at')}(?P<ended>)(?: shown {_WHEN.format('shown')})?{_ANSWERED}"
_SENTENCES: list[tuple[re.Pattern[str], Callable[[Scene, dict[str, str]], None]]] = [
    (re.compile(pattern), do)
    for pattern, do in (
        (r"plan: (?P<rest>.+)", _plan),
        (r"no consent for (?P<value>[a-z-]+)", lambda scene, said: scene.refused.add(said["value"])),
        (r"unread (?P<kind>[a-z]+): (?P<why>.+)", _unread),
        (r"nothing asked of (?P<value>[a-z]+)", lambda scene, said: scene.not_asked.add(Record(said["value"]))),
        (r"age (?P<value>\d+)", _fact("born_years_ago", int)),
        (r"sex (?P<value>[a-z]+)", _fact("sex")),
        (r"staffed (?P<value>.+)", _fact("hours")),
        (rf"check-ins every (?P<every>\d+) d(?:, daily (?P<daily>\d+) d)?(?: since {_WHEN.format('at')})?", _check_ins),
        (_ORDER, _order),
        (rf"supply (?P<ingredient>[a-z-]+) (?P<days>\?|\d+) days {_WHEN.format('at')}(?P<oud> as oud-treatment)?", _supply),
        (rf"ordered in all (?P<of>[a-z-]+) (?P<amount>unknown|\d+(?:\.\d+)?)(?: mg)? from {_WHEN.format('at')}{_UNTIL}", _regimen),
        (_EARLIER, _hit),
        (_STANDING, _hit),
        (_READING, _reading),
    )
]
