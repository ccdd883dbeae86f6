from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from fhir_taper.errors import EhrUnreachable, HostRefused
from fhir_taper.records import Tenant
from fhir_taper.smart import transport as module
from fhir_taper.smart.answer import Answer, http_date
from fhir_taper.smart.transport import Transport, new_session
from tests.smart.conftest import NOW, Clock
from tests.smart.stub_server import Reply, Stub


def get(transport: Transport, url: str, timeout: float = 5) -> Answer:
    return transport.send("GET", url, headers={"Authorization": "Bearer t0ken"}, timeout=timeout)


def hosts_that_are_not_ours(ehr: Stub, stranger: Stub) -> list[str]:
    port = ehr.origin.rpartition(":")[2]
    other = stranger.origin.rpartition(":")[2]
    return [
        f"http://127.0.0.1:{other}/fhir",
        f"http://localhost:{port}/fhir",
        f"http://127.0.0.1:{port}@127.0.0.1:{other}/fhir",
        f"http://user:word@127.0.0.1:{port}/fhir",
        f"http://127.0.0.1.:{port}/fhir",
        f"http://127.0.0.1:{port}\\@127.0.0.1:{other}/fhir",
        f"http://127.0.0.1:{port}#@127.0.0.1:{other}/fhir",
        f"http://127.0.0.1:{port}/fhir/../other",
        f"http://127.0.0.1:{port}/fhir/%2e%2e/other",
        f"http://127.0.0.1:{port}/fhir/..%5cother",
        f" http://127.0.0.1:{port}/fhir",
        f"http://127.0.0.1:{port}/fh\nir",
        f"http://127.0.0.1:{port}99999/fhir",
        f"http://2130706433:{port}/fhir",
        f"http://127.1:{port}/fhir",
        f"http://①27.0.0.1:{port}/fhir",
        f"http://127.0.0.1%2e:{port}/fhir",
        f"file://127.0.0.1:{port}/fhir",
        f"//127.0.0.1:{port}/fhir",
        "fhir",
        "",
    ]


def test_no_request_leaves_for_a_host_that_the_tenant_does_not_name(ehr: Stub, stranger: Stub, transport: Transport) -> None:
    for url in hosts_that_are_not_ours(ehr, stranger):
        for method in ("GET", "POST"):
            with pytest.raises(HostRefused):
                transport.send(method, url, headers={})
    assert (ehr.requests, stranger.requests) == ([], [])


@pytest.mark.requirement("1", "230", "232", "318")
def test_plain_http_is_refused_unless_loopback_is_allowed(ehr: Stub, tenant: Tenant, clock: Clock) -> None:
    strict = Transport(replace(tenant, insecure_loopback=False), clock=clock.now, sleep=clock.sleep)
    far = Transport(replace(tenant, issuer="http://ehr.example/fhir"), clock=clock.now, sleep=clock.sleep)
    with pytest.raises(HostRefused, match="plain http"):
        get(strict, ehr.base)
    with pytest.raises(HostRefused, match="plain http"):
        get(far, "http://ehr.example/fhir")
    assert ehr.requests == []


def test_a_host_that_the_configuration_names_is_reached(stranger: Stub, tenant: Tenant, clock: Clock) -> None:
    stranger.on("/token", Reply(204))
    named = Transport(replace(tenant, endpoint_origins=(stranger.origin,)), clock=clock.now, sleep=clock.sleep)
    assert get(named, f"{stranger.origin}/token").status == 204


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_an_answer_and_not_followed(status: int, method: str, ehr: Stub, stranger: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(status, headers={"Location": f"{stranger.origin}/x"}), method=method)
    assert transport.send(method, ehr.base, headers={"Authorization": "Bearer t0ken"}).status == status
    assert (len(ehr.requests), stranger.requests) == (1, [])


@pytest.mark.parametrize("location", ["http://[", "\\\\x", "http://a@b:c:d"])
def test_a_redirect_that_makes_no_sense_is_still_an_answer(location: str, ehr: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(302, headers={"Location": location}))
    assert get(transport, ehr.base).status == 302


def test_cookies_of_one_user_are_not_kept_and_do_not_travel_with_another(ehr: Stub, tenant: Tenant, clock: Clock) -> None:
    session = new_session()
    transport = Transport(tenant, session=session, clock=clock.now, sleep=clock.sleep)
    ehr.on("/fhir", Reply(headers={"Set-Cookie": "session=s3cret; Path=/"}))
    get(transport, ehr.base)
    get(transport, ehr.base)
    assert "cookie" not in ehr.requests[1].headers
    assert not list(session.cookies)


def test_a_netrc_or_proxy_of_the_environment_is_not_used(
    ehr: Stub, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login u password w\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    ehr.on("/fhir", Reply())
    get(transport, ehr.base)
    assert ehr.requests[0].headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_tried_again_while_the_server_says_later(status: int, ehr: Stub, transport: Transport, clock: Clock) -> None:
    ehr.on("/fhir", Reply(status), Reply(200, b"{}"))
    assert get(transport, ehr.base).status == 200
    assert len(clock.slept) == 1


def test_a_get_is_tried_again_after_an_answer_that_was_cut_off(ehr: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(200, b"abcdef", cut=3), Reply(200, b"abcdef"))
    assert get(transport, ehr.base).body == b"abcdef"


def test_retry_after_in_seconds_is_obeyed(ehr: Stub, transport: Transport, clock: Clock) -> None:
    ehr.on("/fhir", Reply(429, headers={"Retry-After": "7"}), Reply())
    assert (get(transport, ehr.base).status, clock.slept) == (200, [7.0])


def test_retry_after_as_a_date_is_obeyed_by_the_servers_own_clock(ehr: Stub, transport: Transport, clock: Clock) -> None:
    server = NOW + timedelta(hours=3)
    ehr.date = format_datetime(server, usegmt=True)
    ehr.on("/fhir", Reply(503, headers={"Retry-After": format_datetime(server + timedelta(seconds=9), usegmt=True)}), Reply())
    assert (get(transport, ehr.base).status, clock.slept) == (200, [9.0])


@pytest.mark.parametrize("asked", ["3600", format_datetime(datetime(2030, 1, 1, tzinfo=UTC), usegmt=True)])
def test_a_wait_beyond_patience_is_told_at_once(asked: str, ehr: Stub, transport: Transport, clock: Clock) -> None:
    ehr.on("/fhir", Reply(429, headers={"Retry-After": asked}))
    assert (get(transport, ehr.base).status, clock.slept, len(ehr.requests)) == (429, [], 1)


@pytest.mark.parametrize("asked", ["", "soon", "-1", "²"])
def test_a_retry_after_that_makes_no_sense_falls_back_to_a_short_wait(asked: str, ehr: Stub, transport: Transport, clock: Clock) -> None:
    ehr.on("/fhir", Reply(429, headers={"Retry-After": asked.encode().decode("latin-1")}), Reply())
    assert get(transport, ehr.base).status == 200
    assert 0 < clock.slept[0] < 5


def test_it_gives_up_after_four_tries(ehr: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(503))
    assert get(transport, ehr.base).status == 503
    assert len(ehr.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_other_answers_are_not_asked_for_again(status: int, ehr: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(status))
    assert (get(transport, ehr.base).status, len(ehr.requests)) == (status, 1)


@pytest.mark.parametrize("reply", [Reply(503, headers={"Retry-After": "1"}), Reply(200, b"abc", cut=1)])
def test_a_post_leaves_once(reply: Reply, ehr: Stub, transport: Transport, clock: Clock) -> None:
    ehr.on("/fhir", reply, method="POST")
    try:
        assert transport.send("POST", ehr.base, headers={}, body=b"x").status == 503
    except EhrUnreachable:
        assert reply.cut
    assert (len(ehr.requests), clock.slept) == (1, [])


def test_a_slow_server_is_unreachable_after_the_time_given(ehr: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(seconds=0.4), method="POST")
    with pytest.raises(EhrUnreachable, match="took too long"):
        transport.send("POST", ehr.base, headers={}, timeout=0.1)


def test_an_answer_that_drips_does_not_outlast_the_time_given(ehr: Stub, tenant: Tenant, clock: Clock) -> None:
    ticks = iter(range(0, 1000, 10))
    transport = Transport(tenant, clock=clock.now, sleep=clock.sleep, monotonic=lambda: float(next(ticks)))
    ehr.on("/fhir", Reply(body=b"x" * 10), method="POST")
    with pytest.raises(EhrUnreachable, match="too slow"):
        transport.send("POST", ehr.base, headers={}, timeout=5)


def test_an_answer_without_end_is_cut(ehr: Stub, transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_BODY", 10)
    ehr.on("/fhir", Reply(body=b"x" * 11), method="POST")
    with pytest.raises(EhrUnreachable, match="too large"):
        transport.send("POST", ehr.base, headers={})


def test_a_server_that_is_not_there_is_unreachable_without_naming_the_address(tenant: Tenant, clock: Clock) -> None:
    gone = Transport(replace(tenant, issuer="http://127.0.0.1:1/fhir"), clock=clock.now, sleep=clock.sleep)
    with pytest.raises(EhrUnreachable) as raised:
        get(gone, "http://127.0.0.1:1/fhir/Patient/p1")
    assert str(raised.value) == "no whole answer from http://127.0.0.1:1: the connection failed"
    assert raised.value.__context__ is None


def test_the_servers_clock_is_learned_from_its_date(ehr: Stub, transport: Transport) -> None:
    ehr.date = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    ehr.on("/fhir", Reply(401))
    assert transport.learn_offset(get(transport, ehr.base)) == timedelta(seconds=90)
    assert transport.now() == NOW + timedelta(seconds=90)
    assert transport.local_now() == NOW


def test_an_answer_shows_neither_body_nor_headers() -> None:
    answer = Answer(200, {"x": "s3cret"}, b"s3cret", "https://ehr.test/?s3cret")
    assert "s3cret" not in repr(answer)


def test_a_date_that_is_days_away_is_no_clock(ehr: Stub, transport: Transport) -> None:
    ehr.on("/fhir", Reply(401))
    for day in ("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +1400"):
        ehr.date = day
        assert transport.learn_offset(get(transport, ehr.base)) == transport.offset == timedelta(0)


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_date_that_is_none_is_none(text: str) -> None:
    assert http_date(text) is None


@pytest.mark.requirement("1", "230", "232", "318")
@pytest.mark.parametrize("tls_server", [None], indirect=True)
def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tls_server: tuple[str, Path], clock: Clock) -> None:
    url, bundle = tls_server
    tenant = Tenant("clinic", url, "taper", "UTC")
    with pytest.raises(EhrUnreachable, match="certificate"):
        Transport(tenant, clock=clock.now, sleep=clock.sleep).send("GET", url, headers={})
    trusting = Transport(tenant, session=new_session(str(bundle)), clock=clock.now, sleep=clock.sleep)
    assert trusting.send("GET", url, headers={}).status == 204


@pytest.mark.requirement("1", "230", "232", "318")
@pytest.mark.parametrize("tls_server", ["old"], indirect=True)
def test_tls_before_1_2_is_not_spoken(tls_server: tuple[str, Path], clock: Clock) -> None:
    url, bundle = tls_server
    transport = Transport(Tenant("clinic", url, "taper", "UTC"), session=new_session(str(bundle)), clock=clock.now, sleep=clock.sleep)
    with pytest.raises(EhrUnreachable, match="TLS version"):
        transport.send("GET", url, headers={})
