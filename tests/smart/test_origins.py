from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from fhir_taper.errors import HostRefused
from fhir_taper.records import Tenant
from fhir_taper.smart.origins import address_of, allowed_address, origins_of, under

TENANT = Tenant("clinic", "https://ehr.test/fhir", "app", "UTC", endpoint_origins=("https://login.test:8443",))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://ehr.test", "https://ehr.test"),
        ("HTTPS://EHR.test:443/fhir?x", "https://ehr.test"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://[::1]:8080/fhir", "http://[::1]:8080"),
    ],
)
def test_an_origin_has_one_spelling(url: str, origin: str) -> None:
    assert address_of(url).origin == origin


def test_a_tenant_names_its_hosts() -> None:
    assert origins_of(TENANT) == {"https://ehr.test", "https://login.test:8443"}
    assert allowed_address(TENANT, "https://login.test:8443/token").path == "/token"


LOOKALIKES = [
    "https://ehr.test.evil.test/fhir",
    "https://evil-ehr.test/fhir",
    "https://ehr.test@evil.test/fhir",
    "https://ehr.test:@evil.test/fhir",
    "https://ehr.test:443@evil.test/fhir",
    "https://ehr.test%40evil.test/fhir",
    "https://ehr.test./fhir",
    "https://ehr.test%2e/fhir",
    "https://ehr。test/fhir",
    "https://еhr.test/fhir",
    "https://ehr.test\\.evil.test/fhir",
    "https://ehr.test\\@evil.test/fhir",
    "https://ehr.test#@evil.test/fhir",
    "https://ehr.test?@evil.test/fhir#",
    "https://ehr.test:8443/fhir",
    "https://login.test/token",
    "http://ehr.test/fhir",
    "https:/ehr.test/fhir",
    "https:ehr.test/fhir",
    "https:///ehr.test/fhir",
    "https://ehr.test\t/fhir",
    "https://ehr.test\n.evil.test/fhir",
    "https://[ehr.test]/fhir",
    "https://169.254.169.254/latest",
    "https://localhost/fhir",
    "https://[::ffff:127.0.0.1]/fhir",
    "javascript:alert(1)",
    "data:text/html,x",
]


@pytest.mark.parametrize("url", LOOKALIKES)
def test_an_address_that_only_looks_like_one_of_ours_is_refused(url: str) -> None:
    with pytest.raises(HostRefused) as raised:
        allowed_address(TENANT, url)
    assert "evil.test/" not in str(raised.value)


@pytest.mark.parametrize("url", LOOKALIKES)
def test_an_address_that_only_looks_like_it_is_not_under_our_base(url: str) -> None:
    assert not under(TENANT.issuer, url)


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://ehr.test/fhir", True),
        ("https://ehr.test/fhir/", True),
        ("https://ehr.test/fhir?_getpages=1", True),
        ("https://ehr.test/fhir/Patient/1", True),
        ("https://ehr.test/fhir2/Patient/1", False),
        ("https://ehr.test/", False),
        ("https://ehr.test/fhir/../x", False),
        ("https://ehr.test/fhir/%2E%2e/x", False),
        ("https://ehr.test/fhir/..%2F..%2Fother/x", False),
        ("https://ehr.test/fhir/..;/x", False),
        ("https://ehr.test/fhir/.;a=1/x", False),
        ("https://ehr.test/fhir/%252e%252e/x", False),
        ("https://ehr.test/fhir/a%5Cb", False),
        ("https://ehr.test/fhir/a;b=c/x", True),
        ("https://ehr.test/fhir/a%20b", True),
        ("Patient/1", False),
    ],
)
def test_what_lies_under_the_base(url: str, inside: bool) -> None:
    assert under("https://ehr.test/fhir", url) is inside
    assert under("https://ehr.test/fhir/", url) is inside


def test_plain_http_is_for_loopback_where_it_is_allowed() -> None:
    for issuer in ("http://127.0.0.1:8080/fhir", "http://localhost:8080/fhir", "http://[::1]:8080/fhir"):
        allowing = replace(TENANT, issuer=issuer, insecure_loopback=True)
        assert allowed_address(allowing, issuer).url == issuer
        with pytest.raises(HostRefused):
            allowed_address(replace(allowing, insecure_loopback=False), issuer)
    for elsewhere in ("http://ehr.test", "http://ehr.localhost", "http://localhost.evil.test", "http://127.0.0.1.evil.test"):
        with pytest.raises(HostRefused):
            allowed_address(replace(TENANT, issuer=elsewhere, insecure_loopback=True), elsewhere)


_PIECES = st.sampled_from(
    ["ehr.test", "evil.test", "@", ":", "/", "\\", "#", "?", ".", "443", "%2e", "[", "]", "::1", " ", "\t", "-", "a", "é", "。"]
)


@given(st.lists(_PIECES, max_size=9).map("".join).map("https://{}".format))
@example("https://ehr.test\\@evil.test")
def test_the_library_that_sends_reads_every_address_as_we_do(url: str) -> None:
    try:
        ours = address_of(url)
    except HostRefused:
        return
    theirs = parse_url(url)
    host = ours.origin.removeprefix("https://")
    assert (theirs.scheme, theirs.auth, f"{theirs.host}{f':{theirs.port}' if theirs.port not in (None, 443) else ''}") == (
        "https",
        None,
        host,
    )
