"""Privacy S7: no request, however odd, gives a 5xx; and the forms of pages work. Every operation, with a live launch, per role (S4).

First each role is walked through: every screen is opened and every form that a page offers is sent. Then schemathesis makes requests after
the OpenAPI description of the app, its forms as the pages showed them, in both of its modes. A route that is added is found by itself.

What answered well is counted over the walks alone (each role's in its launches, and what needs no launch), not over schemathesis' requests:
those are made to be odd, and one answered well would hide a form that does not work. An answer counts if it is 2xx, or a 303 that the
browser followed to a page with 2xx; a 303 that leads to a refusal, or that nobody followed, does not count.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from fhir_taper.cli.demo_walk import Shown
from fhir_taper.records import Role, Secret
from fhir_taper.sandbox.year_taper import YEAR
from fhir_taper.web.app import create_app
from fhir_taper.web.security import launch_cookie, session_value
from fhir_taper.workflow.begin_launch import hashed
from tests.fuzz.page_forms import FormSeen, PageForms
from tests.fuzz.person_in_process import encoded, opened_by
from tests.web.in_process import FORM, InProcess
from tests.web.running import ELDER, MIXED, Person, Stage
from tests.web.ward import Ward

POSTS = {"prescriber": 40, "pharmacist": 15, "reader": 6, "auditor": 6}
AS_OFTEN = 2
LATER = ("/approve", "/write-back", "/revoke", "/discard", "/withdraw")
"""What ends something, so that what can be done before it is done first."""
EXAMPLES = {"prescriber": 3}
"""Requests of each operation and mode; one where a role has no number."""
WANTED = 0.8
pytestmark = pytest.mark.slow
ROLES = ("prescriber", "pharmacist", "reader", "auditor")
HERE = "/app/{launch}"
_PRESCRIBER, _EDITORS = ("prescriber",), ("prescriber", "pharmacist")
MAY_SEND = {
    **dict.fromkeys(("end", "refresh"), ROLES),
    **dict.fromkeys(("entered", "give-up", "intake", "strategies", "choose", "plan", "plan/edit", "plan/undo", "plan/redo"), _EDITORS),
    **dict.fromkeys(("safety", "agreement", "contingency", "course/{turn}"), _EDITORS),
    "alerts": _EDITORS,
    **dict.fromkeys(("check-in/{form}", "check-in/{form}/stated", "check-in-words", "pause", "rhythm", "hard-days", "come-back"), _EDITORS),
    **dict.fromkeys(("next/acknowledge", "next/agreement", "next/discard"), _EDITORS),
    **dict.fromkeys(("approve", "next/approve", "write-back", "write-back/found", "adopt", "review/ask", "review/withdraw"), _PRESCRIBER),
    "review/answer": ("pharmacist",),
    **dict.fromkeys(("look", "next/look"), _PRESCRIBER),
}
"""Who may send what, said here once more than in the program: a form that is new has to be given to somebody."""
WELL = range(200, 300)
SEE_OTHER = 303
NOT_ACCEPTED = 422


@dataclass
class Walked:
    """What the walks found: operations that answered well, and every form by the operation it goes to."""

    app: FastAPI
    stage: Stage
    people: dict[str, Person] = field(default_factory=dict)
    beside: list[tuple[str, Person]] = field(default_factory=list)
    """Other launches of a role."""
    forms: dict[str, list[FormSeen]] = field(default_factory=dict)
    odd: list[tuple[str, str, str, int]] = field(default_factory=list)
    walks: dict[int, int] = field(default_factory=dict)
    """How many answers each browser had seen when the walks were done."""

    @cached_property
    def operations(self) -> list[tuple[str, str]]:
        return [(method.upper(), path) for path, item in self.app.openapi()["paths"].items() for method in item]

    @cached_property
    def _patterns(self) -> list[tuple[str, str, re.Pattern[str]]]:
        return [(verb, path, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))) for verb, path in self.operations]

    def operation(self, method: str, path: str) -> tuple[str, str] | None:
        """Which operation answers this request."""
        return next(((verb, path_of) for verb, path_of, pattern in self._patterns if verb == method and pattern.fullmatch(path)), None)

    def may(self, role: str) -> set[tuple[str, str]]:
        """The operations of an open chart that a role may do: to look at every screen, and what is its own."""
        return {
            (method, path)
            for method, path in self.operations
            if path.startswith(HERE) and (method == "GET" or role in MAY_SEND[path.removeprefix(f"{HERE}/")])
        }

    def end_walks(self) -> None:
        """From here on requests are not the walks'."""
        self.walks = {id(browser): len(browser.seen) for _, browser in self._browsers()}

    def answered(self, role: str = "") -> set[tuple[str, str]]:
        """Operations that answered a walk with 2xx, or led its browser on to a page with 2xx; to one role, or to anybody."""
        return {
            found
            for name, browser in self._browsers()
            if role in ("", name)
            for place, (method, path, status) in enumerate(browser.seen[: self.walks.get(id(browser))])
            if (status in WELL or (status == SEE_OTHER and place in browser.led_well)) and (found := self.operation(method, path))
        }

    def done_for(self, role: str) -> set[tuple[str, str]]:
        """Operations that did not refuse somebody of a role, whoever asked and wherever that led."""
        seen = [one for name, browser in self._browsers() if name == role for one in browser.seen]
        return {found for method, path, status in seen if status in (*WELL, SEE_OTHER) and (found := self.operation(method, path))}

    def _browsers(self) -> list[tuple[str, InProcess]]:
        return [(name, in_process(person)) for name, person in (*self.people.items(), *self.beside)]


def in_process(person: Person) -> InProcess:
    assert isinstance(person.browser, InProcess)
    return person.browser


@dataclass
class Offered:
    """A form, and the page that it was seen on."""

    form: FormSeen
    page: str


@dataclass
class Crawl:
    """One person's way through the app: what was offered, what was tried, and what was looked at.

    Not `to_the_end`: nothing that ends something is sent, so that the next person finds it.
    """

    walked: Walked
    role: str
    person: Person
    to_the_end: bool = True
    offered: dict[tuple[str, ...], Offered] = field(default_factory=dict)
    tried: set[tuple[str, ...]] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    formless: set[str] = field(default_factory=set)
    """What is no page: nothing can be sent from a PDF."""

    def go(self, posts: int) -> None:
        """Open every screen and every link of ours, and send what the pages offer, until all of it was sent or the budget is used up."""
        for _ in range(posts):
            form = self._next() or (self._look_at_every_page() and self._next())
            if not form:
                return
            self.tried.add(form.key)
            shown = self._send(form, form.values)
            if shown.status == NOT_ACCEPTED:  # one reads what is lacking, and fills in the rest
                shown = self._send(form, form.left_empty | {name: value for name, value in form.values.items() if value})
            self._take(shown.text)

    def _next(self) -> FormSeen | None:
        """A form that was not sent, of what never answered well first, as its page offers it now: its token and revision may be others."""
        while fresh := [one.form for key, one in self.offered.items() if self._may_be_sent(key, one.form)]:
            answered = self.walked.answered(self.role)
            form = min(fresh, key=lambda one: (self.walked.operation("POST", one.action) in answered, self._sent(one)))
            page = self.offered.pop(form.key).page
            self._open(page)
            if form.key in self.offered:
                return self.offered[form.key].form
        return None

    def _may_be_sent(self, key: tuple[str, ...], form: FormSeen) -> bool:
        held_back = ("/end",) if self.to_the_end else ("/end", *LATER)
        return key not in self.tried and self._sent(form) < AS_OFTEN and not form.action.endswith(held_back)

    def _sent(self, form: FormSeen) -> int:
        return sum(key[0] == form.action for key in self.tried)

    def _look_at_every_page(self) -> bool:
        self.opened = {one for one in self.opened if "?" not in one}  # a part of a page that was opened may have another form by now
        for method, path in self.walked.operations:
            if method == "GET" and "{" not in path.replace("{launch}", "") and "{launch}" in path:
                page = path.replace("{launch}", self.person.launch)
                self._open(page)
        return True

    def _open(self, page: str) -> None:
        if page.partition("?")[0] in self.formless:
            return
        shown = self._answered("GET", page, self.person.browser.get(page))
        if "text/html" in shown.header("content-type"):
            self._take(shown.text)
        else:
            self.formless.add(page.partition("?")[0])

    def _send(self, form: FormSeen, values: dict[str, str]) -> Shown:
        return self._answered("POST", form.action, self.person.browser.post(form.action, values))

    def _answered(self, method: str, page: str, shown: Shown) -> Shown:
        if shown.status >= 500:
            self.walked.odd.append((self.role, method, page, shown.status))
        return shown

    def _take(self, html: str) -> None:
        """The forms of a page, and those of the pages that it leads to and that nobody opened yet."""
        page, at = PageForms(html), self.person.browser.at
        for form in page.found:
            operation = self.walked.operation("POST", form.action)
            if operation is not None:
                self.walked.forms.setdefault(operation[1], []).append(form)
                self.offered[form.key] = Offered(form, at)
        for link in sorted({*page.links, *(f"{one.action}?{urlencode(one.values)}" for one in page.asked)}):
            target = urljoin(at, link).removeprefix(self.walked.stage.demo.app_url).partition("#")[0]
            if target.startswith(f"{self.person.here}/") and (pattern := re.sub(r"\d+", "0", target)) not in self.opened:
                self.opened.add(pattern)
                self._open(target)


def crawl(walked: Walked, role: str, person: Person, *, to_the_end: bool = True, posts: int = 0) -> None:
    """A walk of one person: see Crawl."""
    Crawl(walked, role, person, to_the_end).go(posts or POSTS[role])


@pytest.fixture(scope="module")
def walked(stage: Stage) -> Walked:
    """Each role through the app, by the forms of its pages."""
    app = create_app(stage.services)
    found = Walked(app, stage)
    for role in ("prescriber", "pharmacist", "reader"):
        found.people[role] = opened_by(app, stage, role, ELDER)
    prescriber = found.people["prescriber"]
    prescriber.draft()
    crawl(found, "prescriber", prescriber, to_the_end=False)  # what one asks for, another answers
    crawl(found, "pharmacist", found.people["pharmacist"])
    prescriber.ready()
    crawl(found, "prescriber", prescriber, posts=20)
    crawl(found, "reader", found.people["reader"])
    found.people["auditor"] = as_role(stage, found.people["reader"], Role.AUDITOR)
    crawl(found, "auditor", found.people["auditor"])
    machine = found.people["machine"] = Person(InProcess(app=app, host=in_process(prescriber).host), "")
    for method, path in found.operations:
        if method == "GET" and "{" not in path:
            in_process(machine).once("GET", f"{stage.demo.app_url}{path}")
    for role in _EDITORS:  # a plan of ours that only the EHR has: one takes it over and asks, the other answers
        beside = opened_by(app, stage, role, "mid-taper")
        found.beside.append((role, beside))
        crawl(found, role, beside, to_the_end=role == "pharmacist", posts=80)
    after = opened_by(app, stage, "prescriber", YEAR.patient_id)  # a taper that is done has pages of its own
    found.beside.append(("prescriber", after))
    assert after.send("versions", "/adopt").status == 200
    Ward(stage, after, YEAR.patient_id).complete()
    for role in _EDITORS:
        done = after if role == "prescriber" else opened_by(app, stage, role, YEAR.patient_id)
        found.beside += [(role, done)] if done is not after else []
        crawl(found, role, done, to_the_end=False, posts=20)
    for role in ROLES:
        leaving = opened_by(app, stage, role if role != "auditor" else "reader", MIXED)
        found.beside.append((role, leaving if role != "auditor" else as_role(stage, leaving, Role.AUDITOR)))
        assert found.beside[-1][1].send("regimen", "/end").status == 200
    in_process(machine).get(f"{stage.demo.app_url}/launch/standalone?tenant=demo")
    launch = stage.demo.new_launch(ELDER)
    in_process(machine).post(f"{stage.demo.app_url}/launch", {"iss": stage.demo.issuer, "launch": launch})
    found.end_walks()
    return found


def as_role(stage: Stage, person: Person, role: Role) -> Person:
    """The same person with another role, in a launch of its own."""
    services = stage.services
    launch = services.launches.get(person.launch, services.clock())
    assert launch is not None
    tenant = services.settings.tenants[0]
    held = services.tokens(tenant).get(launch.id)
    assert held is not None
    secret = Secret(token_urlsafe(32))
    other = replace(launch, id=f"{role.value}-{launch.id[:8]}", role=role, cookie_hash=hashed(secret))
    with services.database.begin():
        services.tokens(tenant).put(other.id, held)
        services.launches.save(other)
    before = in_process(person)
    browser = InProcess(app=before.app, host=before.host, at=f"http://{before.host}/app/{other.id}/regimen")
    browser.cookies[before.host] = {launch_cookie(other.id): session_value(secret, tenant)}
    return Person(browser, f"/app/{other.id}")


@pytest.mark.parametrize("role", ROLES)
def test_no_form_or_screen_that_a_page_offers_gives_a_5xx(walked: Walked, role: str) -> None:
    assert len(in_process(walked.people[role]).seen) > 15
    assert [one for one in walked.odd if one[0] == role] == []


def test_at_least_four_fifths_of_the_operations_answer_well_at_least_once(walked: Walked) -> None:
    never = sorted(set(walked.operations) - walked.answered())
    share = 1 - len(never) / len(walked.operations)
    assert share >= WANTED, f"{share:.0%} of {len(walked.operations)} operations; never: {never}"


@pytest.mark.parametrize("role", ROLES)
def test_at_least_four_fifths_of_what_a_role_may_do_answers_it_well_at_least_once(walked: Walked, role: str) -> None:
    may = walked.may(role)
    never = sorted(may - walked.answered(role))
    share = 1 - len(never) / len(may)
    assert share >= WANTED, f"{role}: {share:.0%} of {len(may)} operations; never: {never}"


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_not_do_is_never_done_for_it(walked: Walked, role: str) -> None:
    person = walked.people[role]
    launch = walked.stage.services.launches.get(person.launch, walked.stage.services.clock())
    assert launch is not None
    others = {one for one in walked.operations if one[1].startswith(HERE)} - walked.may(role)
    for _, path in sorted(others):
        for form in walked.forms.get(path) or [FormSeen("")]:
            action = re.sub(r"\{[^}]+\}", "hold", path.replace("{launch}", person.launch))
            shown = person.browser.once(
                "POST", f"{walked.stage.demo.app_url}{action}", encoded(form.values | {"csrf": launch.csrf.reveal()})
            )
            assert 400 <= shown.status < 500, (path, shown.status)
    assert walked.done_for(role) & others == set()


def described(walked: Walked) -> dict[str, Any]:
    """The app's OpenAPI description with its forms as the pages showed them, and what the launch routes read."""
    document: dict[str, Any] = {**walked.app.openapi(), "paths": {path: dict(item) for path, item in walked.app.openapi()["paths"].items()}}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "post":
                item[method] = {**operation, "requestBody": {"content": {FORM: {"schema": form_schema(walked.forms.get(path, []))}}}}
            elif path in ("/launch", "/callback"):
                names = ("iss", "launch", "code", "state", "error")
                queries = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
                item[method] = {**operation, "parameters": [*operation.get("parameters", []), *queries]}
    return document


def form_schema(forms: list[FormSeen]) -> dict[str, Any]:
    names: dict[str, set[str]] = {}
    for form in forms:
        for name in {*form.values, *form.choices}:
            names.setdefault(name, set()).update(form.choices.get(name, ()), {form.values.get(name, "")})
    names.pop("csrf", None)
    properties = {name: {"anyOf": [{"enum": sorted(values)[:20]}, {"type": "string", "maxLength": 60}]} for name, values in names.items()}
    return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": not properties}


MODES = [(mode, role) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) for role in ROLES]


@pytest.mark.parametrize(("mode", "role"), MODES, ids=[f"{role}-{mode.value}" for mode, role in MODES])
def test_no_request_however_odd_gives_a_5xx(walked: Walked, mode: GenerationMode, role: str) -> None:
    person = walked.people[role]
    launch = walked.stage.services.launches.get(person.launch, walked.stage.services.clock())
    assert launch is not None
    csrf = launch.csrf.reveal()
    broken: list[tuple[str, str, str, int]] = []

    def send(case: Any) -> None:
        made = dict(case.path_parameters or {}) | {"launch": person.launch}
        path = re.sub(r"\{([^}]+)\}", lambda name: quote(str(made.get(name[1], "0")), safe=""), case.operation.path)
        body = None
        if case.method.upper() == "POST":
            body = encoded({"csrf": csrf, **case.body} if isinstance(case.body, dict) else case.body)
        query = encoded(dict(case.query or {})).decode()
        shown = in_process(person).once(case.method.upper(), f"{walked.stage.demo.app_url}{path}" + (f"?{query}" if query else ""), body)
        if shown.status >= 500:
            broken.append((role, case.method, path, shown.status))

    for result in schemathesis.openapi.from_dict(described(walked)).get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # a description that is none fails here
        if operation.path.endswith("/end"):
            continue
        often = EXAMPLES.get(role, 1) if operation.method == "post" else 1
        limited = settings(
            max_examples=often,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        with suppress(Unsatisfiable):  # nothing can be against a description that asks for nothing
            limited(given(case=operation.as_strategy(generation_mode=mode))(send))()
    assert broken == []


@pytest.mark.parametrize("role", ROLES)
def test_no_operation_opens_another_session_s_chart(walked: Walked, role: str, stage: Stage) -> None:
    other = stage.opened(MIXED)
    person = in_process(walked.people[role])
    for method, path in walked.operations:
        if "{launch}" in path:
            elsewhere = re.sub(r"\{[^}]+\}", "1", path.replace("{launch}", other.launch))
            shown = person.once(method, f"{stage.demo.app_url}{elsewhere}", b"csrf=x" if method == "POST" else None)
            assert shown.status == 403, (method, path)
            assert "Mixed" not in shown.text
