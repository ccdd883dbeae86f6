"""Privacy S5: how often and how much. Refused before anything is read, told with what to do, and bounded in memory."""

from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from fastapi import FastAPI

from fhir_taper.settings import RateLimits
from fhir_taper.web.app import create_app
from fhir_taper.web.limits import Buckets
from fhir_taper.web.security import LONGEST_BODY
from tests.web.asking import Answered, ask
from tests.web.running import ELDER, Person, Stage
from tests.workflow.opened import cookie_of

FEW = RateLimits(session_per_second=1, session_burst=3, address_per_second=1, address_burst=5)


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_at_once_and_then_one_at_a_time() -> None:
    time = Time()
    buckets = Buckets(2, 3, monotonic=time)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    time.now += 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    time.now += 3600
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_one_caller_uses_up_nobody_else_s_tokens() -> None:
    buckets = Buckets(1, 1, monotonic=Time())
    assert [buckets.take("a"), buckets.take("a"), buckets.take("b")] == [0, 1, 0]


def test_buckets_never_grow_beyond_their_number() -> None:
    buckets = Buckets(1, 1, most=100, monotonic=Time())
    for number in range(1000):
        buckets.take(number)
    assert len(buckets) == 100
    assert buckets.take(999) > 0


@pytest.fixture
def app(stage: Stage) -> FastAPI:
    """The app of the demo with limits that are soon reached."""
    return create_app(replace(stage.services, settings=replace(stage.services.settings, rate_limits=FEW)))


def until_refused(asked: Callable[[], Answered]) -> tuple[int, Answered]:
    for number in range(20):
        answer = asked()
        if answer.status == 429:
            return number, answer
    pytest.fail("never refused")


def test_an_address_that_asks_too_often_is_told_when_to_come_back_and_another_is_not(app: FastAPI) -> None:
    number, refused = until_refused(lambda: ask(app, "GET", "/launch"))
    assert number == 5
    assert refused.header("retry-after") == "1"
    assert "Too many requests at once" in refused.text
    assert "Wait 1 seconds" in refused.text
    assert refused.header("content-security-policy").endswith("frame-ancestors 'none'")
    assert ask(app, "GET", "/launch", address="192.0.2.2").status == 400


def test_whoever_has_a_network_of_ipv6_addresses_has_one_bucket(app: FastAPI) -> None:
    addresses = iter(f"2001:db8::{number:x}" for number in range(20))
    number, _ = until_refused(lambda: ask(app, "GET", "/launch", address=next(addresses)))
    assert number == 5
    assert ask(app, "GET", "/launch", address="2001:db8:0:1::1").status == 400


def test_a_session_that_asks_too_often_is_told_so_in_the_frame_of_its_ehr(app: FastAPI, stage: Stage) -> None:
    person = stage.opened(ELDER)
    number, refused = until_refused(lambda: of_session(app, stage, person))
    assert number == 3
    assert "What you saved is kept" in unescape(refused.text)
    assert refused.header("content-security-policy").endswith(f"frame-ancestors {stage.demo.page_url.rstrip('/')}")


def of_session(app: FastAPI, stage: Stage, person: Person) -> Answered:
    jar = stage.demo.app_url.partition("://")[2]
    cookies = "; ".join(f"{name}={value}" for name, value in person.browser.cookies[jar].items())
    return ask(app, "GET", f"{person.here}/nothing", headers=[("Cookie", cookies)])


def test_a_made_up_session_is_counted_by_its_address_alone(app: FastAPI, stage: Stage) -> None:
    assert cookie_of(stage, stage.opened(ELDER))
    number, _ = until_refused(lambda: ask(app, "GET", "/app/made-up/regimen"))
    assert number == 5


def test_whether_the_process_lives_may_always_be_asked(app: FastAPI) -> None:
    assert {ask(app, "GET", "/healthz").status for _ in range(50)} == {200}


@pytest.mark.parametrize("announced", [str(LONGEST_BODY + 1), "9" * 40, "-1", "many"])
def test_a_body_that_announces_too_much_is_refused_before_it_arrives(stage: Stage, announced: str) -> None:
    answer = ask(create_app(stage.services), "POST", "/launch", headers=[("Content-Length", announced)])
    assert answer.status == 413
    assert "What was sent is too large" in answer.text


def test_a_body_that_announces_nothing_is_measured_while_it_arrives(stage: Stage) -> None:
    form = ("Content-Type", "application/x-www-form-urlencoded")
    answer = ask(create_app(stage.services), "POST", "/launch", headers=[form], body=b"x" * (LONGEST_BODY + 1))
    assert answer.status == 413


def test_a_request_without_an_address_has_a_bucket_too(app: FastAPI) -> None:
    number, _ = until_refused(lambda: ask(app, "GET", "/launch", address=None))
    assert number == 5
