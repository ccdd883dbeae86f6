"""An EHR and a ledger in memory, written from FHIR's rules and knowing nothing of overlays: what they do is the truth of these tests.

The EHR keeps versions, honours If-Match and If-None-Exist, searches by identifier, patient and target, and fails where it is told to. It
counts every request that reached it.
"""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from fhir_taper import exact_json
from fhir_taper.errors import EhrAnswered, EhrUnreachable, NotInTurn, StoreConflict
from fhir_taper.records import Fetched, LedgerRow, WriteState, WriteTurn
from fhir_taper.smart.permitted import Permitted

Json = dict[str, Any]
PATIENT = "p1"
BASE = "https://ehr.example.org/fhir"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
UNFINISHED = (WriteState.PENDING, WriteState.UNKNOWN)
ALL = frozenset({"CarePlan", "RequestGroup", "Goal", "MedicationRequest", "Device"})


class Crash(BaseException):
    """The process was killed here."""


@dataclass(frozen=True)
class FakeAnswer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def json(self) -> Any:
        if self.body is None:
            raise EhrAnswered(self.status, "what it sent is not JSON")
        return self.body


@dataclass(frozen=True)
class FakeFound:
    resources: tuple[Fetched, ...]
    complete: bool = True


class FakeClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **kwargs: float) -> None:
        self.now += timedelta(**kwargs)


Fault = Callable[["FakeEhr", Permitted, Callable[[], FakeAnswer]], FakeAnswer]


class FakeEhr:
    """`searchable`: types with an identifier search. `atomic`: a transaction rolls back. `fault`: what happens to the next write."""

    def __init__(self, searchable: frozenset[str] = ALL, *, atomic: bool = True, stale: int = 412) -> None:
        self.stored: dict[str, list[Json]] = {}
        self.searchable, self.atomic, self.stale = searchable, atomic, stale
        self.fault: Fault | None = None
        self.reads_fail: Exception | None = None
        self.alter: Callable[[Json], Json] = lambda resource: resource
        self.fail_entry: int | None = None
        self.requests: list[Permitted] = []
        self.validated: list[Permitted] = []
        self.operations: Collection[str] = ()
        self.opinion: Callable[[Permitted], FakeAnswer] = lambda _: FakeAnswer(200, {}, {"resourceType": "OperationOutcome", "issue": []})
        self.waits: Callable[[], None] = lambda: None
        """What a write waits for before it leaves: a new token, its turn."""
        self.ids = "s"
        """How the ids that it gives begin."""
        self._number = 0

    # ---- reads

    def read(self, resource_type: str, resource_id: str, /) -> Fetched:
        self._maybe_fail()
        history = self.stored.get(f"{resource_type}/{resource_id}")
        if not history:
            raise EhrAnswered(404)
        return Fetched(deepcopy(history[-1]), f"{BASE}/{resource_type}/{resource_id}", self.etag(f"{resource_type}/{resource_id}"))

    def search(self, resource_type: str, parameters: Mapping[str, str], /) -> FakeFound:
        self._maybe_fail()
        matches = [key for key in self.stored if key.startswith(f"{resource_type}/") and self._matches(key, resource_type, parameters)]
        return FakeFound(tuple(Fetched(deepcopy(self.stored[key][-1]), f"{BASE}/{key}", self.etag(key)) for key in matches))

    def etag(self, key: str) -> str:
        return f'W/"v{len(self.stored[key])}"'

    def of(self, resource_type: str) -> list[Json]:
        return [history[-1] for key, history in self.stored.items() if key.startswith(f"{resource_type}/")]

    def only(self, resource_type: str) -> Json:
        (found,) = self.of(resource_type)
        return found

    # ---- writes

    def create(self, permitted: Permitted, leaving: Callable[[], None], /) -> FakeAnswer:
        self.waits()
        leaving()
        headers = dict(permitted.headers)
        return self._faulty(permitted, lambda: self._create(permitted.body, headers.get("If-None-Exist")))

    def update(self, permitted: Permitted, leaving: Callable[[], None], /) -> FakeAnswer:
        self.waits()
        leaving()
        return self._faulty(permitted, lambda: self._update(permitted.path, permitted.body, dict(permitted.headers).get("If-Match")))

    def transaction(self, permitted: Permitted, leaving: Callable[[], None], /) -> FakeAnswer:
        self.waits()
        leaving()
        return self._faulty(permitted, lambda: self._transaction(permitted.body))

    def validate(self, permitted: Permitted, /) -> FakeAnswer:
        self.validated.append(permitted)
        return self.opinion(permitted)

    def edit(self, resource_type: str, **elements: Any) -> None:
        """A clinician changes the one resource of a type in the EHR."""
        ((key, history),) = [(key, history) for key, history in self.stored.items() if key.startswith(f"{resource_type}/")]
        history.append(deepcopy(history[-1]) | elements)
        assert self.stored[key] is history

    def _faulty(self, permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
        self.requests.append(permitted)
        fault, self.fault = self.fault, None
        return fault(self, permitted, do) if fault else do()

    def _create(self, body: Json, condition: str | None) -> FakeAnswer:
        kind = body["resourceType"]
        if condition:
            token = parse_qs(condition)["identifier"][0]
            if kind not in self.searchable:
                return self._refusal(400)
            found = [key for key in self.stored if key.startswith(f"{kind}/") and self._has(self.stored[key][-1], token)]
            if found:
                return self._answer(found[0], 200)
        self._number += 1
        key = f"{kind}/{self.ids}{self._number}"
        self.stored[key] = [self._as_stored(body, f"{self.ids}{self._number}")]
        return self._answer(key, 201)

    def _update(self, path: str, body: Json, version: str | None) -> FakeAnswer:
        if version != self.etag(path):
            return self._refusal(self.stale)
        self.stored[path].append(self._as_stored(body, path.split("/")[1]))
        return self._answer(path, 200)

    def _transaction(self, body: Json) -> FakeAnswer:
        before, number = deepcopy(self.stored), self._number
        names: dict[str, str] = {}
        answers: list[FakeAnswer] = []
        for index, entry in enumerate(body["entry"]):
            request = entry["request"]
            if self.fail_entry == index:
                answer = self._refusal(422)
            elif request["method"] == "PUT":
                answer = self._update(request["url"], entry["resource"], request.get("ifMatch"))
            else:
                answer = self._create(entry["resource"], request.get("ifNoneExist"))
            answers.append(answer)
            if answer.status >= 400:
                if self.atomic:
                    self.stored, self._number = before, number
                else:
                    self._rename(names)
                return answer
            names[entry["fullUrl"]] = f"{answer.body['resourceType']}/{answer.body['id']}"
        self._rename(names)
        entries = [self._entry(names[entry["fullUrl"]], answer) for entry, answer in zip(body["entry"], answers, strict=True)]
        return FakeAnswer(200, {}, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})

    def _entry(self, key: str, answer: FakeAnswer) -> Json:
        return {"response": {"status": str(answer.status), "location": f"{BASE}/{key}/_history/1", "etag": self.etag(key)}}

    def _rename(self, names: Mapping[str, str]) -> None:
        for history in self.stored.values():
            text = exact_json.encode(history[-1]).decode()
            for urn, key in names.items():
                text = text.replace(urn, key)
            history[-1] = exact_json.decode(text.encode())

    def _as_stored(self, body: Json, known_as: str) -> Json:
        sent = exact_json.decode(exact_json.encode(body))
        meta = sent.get("meta", {}) | {"versionId": "x", "lastUpdated": "2026-01-05T09:00:00Z"}
        return self.alter(sent | {"id": known_as, "meta": meta})

    def _answer(self, key: str, status: int) -> FakeAnswer:
        return FakeAnswer(status, {"etag": self.etag(key), "location": f"{BASE}/{key}"}, deepcopy(self.stored[key][-1]))

    def _refusal(self, status: int) -> FakeAnswer:
        return FakeAnswer(status, {}, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]})

    def _matches(self, key: str, kind: str, parameters: Mapping[str, str]) -> bool:
        resource = self.stored[key][-1]
        if "identifier" in parameters:
            assert kind in self.searchable, f"{kind} cannot be searched by identifier here"
            return self._has(resource, parameters["identifier"])
        if "target" in parameters:
            return parameters["target"] in [one["reference"] for one in resource["target"]]
        return True

    def _has(self, resource: Json, token: str) -> bool:
        system, _, value = token.rpartition("|")
        return any(one["system"] == system and one["value"] == value for one in resource.get("identifier", []))

    def _maybe_fail(self) -> None:
        if self.reads_fail is not None:
            raise self.reads_fail


# ---- faults


def lost_before(_ehr: FakeEhr, _permitted: Permitted, _do: Callable[[], FakeAnswer]) -> FakeAnswer:
    raise EhrUnreachable("no whole answer: the request never arrived")


def lost_after(_ehr: FakeEhr, _permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
    do()
    raise EhrUnreachable("no whole answer: the server committed")


def killed_before(_ehr: FakeEhr, _permitted: Permitted, _do: Callable[[], FakeAnswer]) -> FakeAnswer:
    raise Crash


def killed_after(_ehr: FakeEhr, _permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
    do()
    raise Crash


def answers(status: int, *, commits: bool = False, **headers: str) -> Fault:
    def fault(_ehr: FakeEhr, _permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
        if commits:
            do()
        return FakeAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def without_body(_ehr: FakeEhr, _permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
    return replace(do(), headers={}, body=None)


def replayed(_ehr: FakeEhr, _permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
    """It was written before: 409, with the original."""
    return replace(do(), status=409)


class FakeLedger:
    """Rows in memory; `crash_at` kills the process at the named call, `turn` is whose it is, `now` its clock. Unique as the store is."""

    def __init__(self) -> None:
        self.rows: dict[str, LedgerRow] = {}
        self.crash_at = ""
        self.turn = 1
        self.now: Callable[[], datetime] = FakeClock()

    def open_row(self, row: LedgerRow, turn: WriteTurn, /) -> None:
        self._crash("before opening")
        if turn.number < self.turn:
            raise NotInTurn("another write for this patient began meanwhile: nothing was sent")
        taken = {(one.tenant_id, one.write_identifier) for one in self.rows.values() if one.state in UNFINISHED}
        if (row.tenant_id, row.write_identifier) in taken:
            raise StoreConflict("this write is in the ledger")
        exact_json.encode(row.detail)
        self.rows[row.id] = row
        self._crash("after opening")

    def settle(self, row_id: str, state: WriteState, /, *, at: datetime, detail: Json) -> None:
        self.resolve(row_id, WriteState.PENDING, state, at=at, detail=detail)

    def resolve(self, row_id: str, was: WriteState, state: WriteState, /, *, at: datetime, detail: Json) -> None:
        self._crash("before settling")
        exact_json.encode(detail)
        if self.rows[row_id].state is not was or state in (was, WriteState.PENDING):
            raise StoreConflict("it is not in that state")
        self.rows[row_id] = replace(self.rows[row_id], state=state, settled=at, detail=detail)
        self._crash("after settling")

    def unfinished(self, older_than: datetime, /) -> tuple[LedgerRow, ...]:
        return tuple(row for row in self.rows.values() if row.state in UNFINISHED and row.opened < older_than)

    def of_plan(self, plan_id: str, /) -> tuple[LedgerRow, ...]:
        return tuple(row for row in self.rows.values() if row.plan_id == plan_id)

    def of_patient(self, tenant_id: str, patient_id: str, /) -> tuple[LedgerRow, ...]:
        return tuple(row for row in self.rows.values() if (row.tenant_id, row.patient_id) == (tenant_id, patient_id))

    def states(self) -> list[str]:
        return sorted(str(row.state) for row in self.rows.values())

    def _crash(self, at: str) -> None:
        if self.crash_at == at:
            self.crash_at = ""
            raise Crash


@dataclass(frozen=True)
class FakeCapabilities:
    """What the fake EHR says that it can do."""

    ehr: FakeEhr
    silent_on: frozenset[tuple[str, str]] = frozenset()

    def may(self, resource_type: str, interaction: str, /) -> bool:
        return (resource_type, interaction) not in self.silent_on

    def search_params(self, resource_type: str, /) -> Collection[str]:
        return {"patient", "identifier"} if resource_type in self.ehr.searchable else {"patient"}

    @property
    def operations(self) -> Collection[str]:
        return self.ehr.operations


@dataclass(frozen=True)
class FakeGranted:
    """What scopes allow."""

    refused: frozenset[tuple[str, str]] = frozenset()

    def allows(self, resource_type: str, letter: str, /) -> bool:
        return (resource_type, letter) not in self.refused
