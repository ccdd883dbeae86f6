"""A configuration file: what is taken, and which key is named where it cannot be meant."""

from base64 import b64encode
from pathlib import Path

import certifi
import pytest

from fhir_taper.errors import SettingsError
from fhir_taper.records import IDLE_MINUTES, AuthMethod, Role
from fhir_taper.settings import CONFIG_VARIABLE, RateLimits, Settings, load_settings

KEY = "k1:" + b64encode(bytes(range(32))).decode()
ENVIRONMENT = {"TAPER_KEY": KEY, "TAPER_AUDIT": "audit", "TAPER_SECRET": "s3cret"}
TOP = """
public_base_url = "https://taper.example.org"
database_url = "sqlite:///fhir-taper.db"
encryption_keys = ["env:TAPER_KEY"]
audit_key = "env:TAPER_AUDIT"
"""
TENANT = """
[[tenants]]
id = "general"
issuer = "https://ehr.example.org/fhir"
client_id = "fhir-taper"
timezone = "America/New_York"
"""


def settings(tmp_path: Path, text: str, environment: dict[str, str] = ENVIRONMENT) -> Settings:
    path = tmp_path / "fhir-taper.toml"
    path.write_text(text)
    return load_settings(path, environment)


def test_the_least_file_is_a_public_client_of_one_generic_ehr(tmp_path: Path) -> None:
    found = settings(tmp_path, TOP + TENANT)
    assert found.public_base_url == "https://taper.example.org"
    (tenant,) = found.tenants
    assert (tenant.id, tenant.vendor, tenant.auth, tenant.locale) == ("general", "generic", AuthMethod.PUBLIC, "en-US")
    assert found.encryption_keys[0][0] == "k1"


def test_an_issuer_is_found_with_or_without_one_trailing_slash_and_kept_as_it_was_written(tmp_path: Path) -> None:
    found = settings(tmp_path, TOP + TENANT)
    for asked in ("https://ehr.example.org/fhir", "https://ehr.example.org/fhir/"):
        tenant = found.tenant_of_issuer(asked)
        assert tenant is not None
        assert tenant.issuer == "https://ehr.example.org/fhir"


@pytest.mark.parametrize(
    "stranger",
    [
        "https://ehr.example.org/fhir//",
        "https://ehr.example.org./fhir",
        "https://EHR.example.org/fhir",
        "https://ehr.example.org@evil.example/fhir",
        "https://evil.example/https://ehr.example.org/fhir",
        "http://ehr.example.org/fhir",
        "",
    ],
)
def test_an_issuer_that_is_only_alike_is_a_stranger(tmp_path: Path, stranger: str) -> None:
    assert settings(tmp_path, TOP + TENANT).tenant_of_issuer(stranger) is None


def test_roles_and_a_backend_client_are_read(tmp_path: Path) -> None:
    more = '[tenants.roles]\nprescriber = ["Practitioner/p1"]\n[tenants.backend]\nclient_id = "events"\n'
    (tenant,) = settings(tmp_path, TOP + TENANT + more).tenants
    assert tenant.roles == {Role.PRESCRIBER: ("Practitioner/p1",)}
    assert tenant.backend_client_id == "events"


def test_a_sites_own_codes_are_read(tmp_path: Path) -> None:
    (tenant,) = settings(tmp_path, TOP + TENANT + '[tenants.signal_codes]\n"urn:site|7" = "cows"\n').tenants
    assert tenant.signal_codes == {"urn:site|7": "cows"}


def test_a_client_secret_comes_from_the_environment(tmp_path: Path) -> None:
    (tenant,) = settings(tmp_path, TOP + TENANT + 'auth = "symmetric"\nclient_secret_env = "TAPER_SECRET"\n').tenants
    assert tenant.client_secret is not None
    assert tenant.client_secret.reveal() == "s3cret"


def test_a_private_key_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("PEM\n")
    (tenant,) = settings(tmp_path, TOP + TENANT + 'auth = "asymmetric"\nprivate_key_file = "key.pem"\n').tenants
    assert [key.reveal() for key in tenant.signing_keys] == ["PEM"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (TOP + TENANT + "colour = 1\n", "tenants[0].colour"),
        ("shade = 1\n" + TOP + TENANT, "shade"),
        (TOP, "tenants"),
        (TOP + TENANT + TENANT, "tenants.id"),
        (TOP + TENANT.replace("https://", "http://"), "tenants[0].issuer"),
        (TOP + TENANT.replace("https://", "https://user@"), "tenants[0].issuer"),
        (TOP + TENANT.replace("example.org/", "example.org./"), "tenants[0].issuer"),
        (TOP + TENANT.replace("New_York", "Gotham"), "tenants[0].timezone"),
        (TOP + TENANT + "client_id2 = 1\n", "tenants[0].client_id2"),
        (TOP + TENANT.replace('"fhir-taper"', "7"), "tenants[0].client_id"),
        (TOP + TENANT + 'auth = "magic"\n', "tenants[0].auth"),
        (TOP + TENANT + 'auth = "symmetric"\n', "tenants[0].client_secret_env"),
        (TOP + TENANT + 'auth = "asymmetric"\n', "tenants[0].private_key_file"),
        (TOP + TENANT + 'client_secret_env = "NOT_SET"\n', "NOT_SET"),
        (TOP + TENANT + 'private_key_file = "absent.pem"\n', "absent.pem"),
        (TOP + TENANT + 'frame_ancestors = ["https://a.example/path"]\n', "tenants[0].frame_ancestors"),
        (TOP + TENANT + "[tenants.roles]\nking = []\n", "tenants[0].roles.king"),
        (TOP + TENANT + "[tenants.backend]\nid = 'x'\n", "tenants[0].backend.id"),
        (TOP + TENANT + '[tenants.signal_codes]\n"urn:site|7" = 7\n', "tenants[0].signal_codes.urn:site|7"),
        (TOP + TENANT + 'signal_codes = "cows"\n', "tenants[0].signal_codes"),
        *(
            (TOP + TENANT.replace('"general"', name), "tenants[0].id")
            for name in ('"general hospital"', '""', r'"a\nb"', r'"a\u0000"', f'"{"a" * 65}"')
        ),
        (TOP + TENANT + 'ca_bundle = "absent.pem"\n', "tenants[0].ca_bundle"),
        ("metrics_port = 70000\n" + TOP + TENANT, "metrics_port"),
        ("metrics_port = true\n" + TOP + TENANT, "metrics_port"),
        ("sweep_seconds = 0\n" + TOP + TENANT, "sweep_seconds"),
        (TOP + "[rate_limits]\nsession_burst = 0\n" + TENANT, "rate_limits.session_burst"),
        (TOP + "[rate_limits]\nper_day = 1\n" + TENANT, "rate_limits.per_day"),
        (TOP.replace("env:TAPER_KEY", "c2VjcmV0") + TENANT, "encryption_keys"),
        (TOP.replace("env:TAPER_KEY", "env:TAPER_SECRET") + TENANT, "encryption_keys"),
        (TOP.replace('audit_key = "env:TAPER_AUDIT"', "") + TENANT, "audit_key"),
        ("tenants = 1\n" + TOP, "tenants"),
        ("not toml", "fhir-taper.toml"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_names_the_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, text)
    assert named in str(error.value)
    assert "s3cret" not in str(error.value)


def test_plain_http_is_for_loopback_alone_and_only_where_it_is_allowed(tmp_path: Path) -> None:
    local = TENANT.replace("https://ehr.example.org/fhir", "http://127.0.0.1:8080/fhir")
    with pytest.raises(SettingsError, match="not https"):
        settings(tmp_path, TOP + local)
    allowed = "allow_insecure_loopback = true\n" + TOP
    assert settings(tmp_path, allowed + local).tenants[0].insecure_loopback
    with pytest.raises(SettingsError, match="not https"):
        settings(tmp_path, allowed + TENANT.replace("https://", "http://"))


LOCAL_APP = ("https://taper.example.org", "http://app.localhost:8000")
FRAME = 'frame_ancestors = ["http://ehr.localhost:8080"]\n'


def test_names_under_localhost_are_loopback_where_only_a_browser_goes(tmp_path: Path) -> None:
    top, allowed = TOP.replace(*LOCAL_APP), "allow_insecure_loopback = true\n"
    assert top != TOP
    made = settings(tmp_path, allowed + top + TENANT + FRAME)
    assert (made.public_base_url, made.tenants[0].frame_ancestors) == ("http://app.localhost:8000", ("http://ehr.localhost:8080",))
    for refused in (top + TENANT, TOP + TENANT + FRAME):
        with pytest.raises(SettingsError, match="not https"):
            settings(tmp_path, refused)


@pytest.mark.parametrize("key", ["issuer", "endpoint_origins"])
def test_names_under_localhost_are_refused_where_our_own_requests_go_because_a_name_service_may_send_them_elsewhere(
    tmp_path: Path, key: str
) -> None:
    issuer = TENANT.replace("https://ehr.example.org/fhir", "http://ehr.localhost:8080/fhir")
    text = issuer if key == "issuer" else TENANT + 'endpoint_origins = ["http://ehr.localhost:8080"]\n'
    with pytest.raises(SettingsError, match=f"{key} is not https"):
        settings(tmp_path, "allow_insecure_loopback = true\n" + TOP + text)


@pytest.mark.parametrize(
    "host",
    [
        "localhost.evil.test",
        "app.localhost.evil.test",
        "evillocalhost",
        "app-localhost",
        "localhost@evil.test",
        "app.localhost@evil.test",
        "127.0.0.1.evil.test",
        "app.localhost.",
        ".localhost",
        "a..localhost",
        "app.localhost;x",
        "app.localhost\\\\.evil.test",
        "app.löcalhost",
        "128.0.0.1",
    ],
)
def test_a_look_alike_of_a_loopback_name_stays_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="public_base_url"):
        settings(tmp_path, "allow_insecure_loopback = true\n" + TOP.replace(LOCAL_APP[0], f"http://{host}:8000") + TENANT)


def test_without_a_file_the_way_to_name_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=CONFIG_VARIABLE):
        load_settings(None, {})
    path = tmp_path / "c.toml"
    path.write_text(TOP + TENANT)
    assert load_settings(None, {**ENVIRONMENT, CONFIG_VARIABLE: str(path)}).tenants[0].id == "general"


def test_an_ehr_may_be_vouched_for_by_a_private_authority(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_bytes(Path(certifi.where()).read_bytes())
    (tenant,) = settings(tmp_path, TOP + TENANT + 'ca_bundle = "authority.pem"\n').tenants
    assert tenant.ca_bundle == str(tmp_path / "authority.pem")


def test_a_file_without_certificates_vouches_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"ca_bundle empty\.pem holds no certificates"):
        settings(tmp_path, TOP + TENANT + 'ca_bundle = "empty.pem"\n')


def test_what_runs_beside_the_app_has_defaults_of_its_own_and_can_be_set(tmp_path: Path) -> None:
    least = settings(tmp_path, TOP + TENANT)
    assert (least.metrics_host, least.metrics_port, least.sweep_seconds, least.trusted_proxies) == ("127.0.0.1", 9464, 300, ("127.0.0.1",))
    top = 'metrics_port = 0\nsweep_seconds = 5\ntrusted_proxies = ["10.0.0.1"]\n' + TOP
    found = settings(tmp_path, top + "[rate_limits]\nsession_per_second = 3\n" + TENANT)
    assert (found.metrics_port, found.sweep_seconds, found.trusted_proxies) == (0, 5, ("10.0.0.1",))
    assert found.rate_limits == RateLimits(session_per_second=3)


def test_how_often_an_ehr_may_be_asked_is_the_tenants_and_not_so_seldom_that_no_chart_opens(tmp_path: Path) -> None:
    limits = {text: settings(tmp_path, TOP + TENANT + text).tenants[0].requests_per_minute for text in ("", "requests_per_minute = 250\n")}
    assert list(limits.values()) == [None, 250]
    with pytest.raises(SettingsError, match="requests_per_minute"):
        settings(tmp_path, TOP + TENANT + "requests_per_minute = 1\n")


def test_a_tenant_says_how_long_a_session_may_be_left_alone(tmp_path: Path) -> None:
    assert settings(tmp_path, TOP + TENANT).tenants[0].idle_minutes == IDLE_MINUTES
    assert settings(tmp_path, TOP + TENANT + "idle_minutes = 10\n").tenants[0].idle_minutes == 10
    for odd in ("1", "481", '"10"', "true"):
        with pytest.raises(SettingsError, match="idle_minutes"):
            settings(tmp_path, TOP + TENANT + f"idle_minutes = {odd}\n")


def test_a_tenant_says_whether_a_pharmacist_reviews_every_plan_and_by_default_leaves_it_to_the_prescriber(tmp_path: Path) -> None:
    assert not settings(tmp_path, TOP + TENANT).tenants[0].needs_pharmacist_review
    assert settings(tmp_path, TOP + TENANT + "needs_pharmacist_review = true\n").tenants[0].needs_pharmacist_review
    with pytest.raises(SettingsError, match="needs_pharmacist_review is not true or false"):
        settings(tmp_path, TOP + TENANT + 'needs_pharmacist_review = "yes"\n')


def test_the_configuration_of_the_deployment_page_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "deployment.md").read_text()
    text = page.partition("```toml\n")[2].partition("```")[0]
    made = {"k2026.key": KEY, "audit.key": "audit", "sign2026.pem": "PEM", "hospital-ca.pem": Path(certifi.where()).read_text()}
    for name, held in made.items():
        (tmp_path / name).write_text(held)
    found = settings(tmp_path, text)
    assert found.rate_limits == RateLimits()
    assert (found.metrics_port, found.sweep_seconds) == (9464, 300)
    assert found.tenants[0].backend_client_id == "fhir-taper-backend"


def test_a_tenant_lets_nobody_approve_with_care_plans_unread_unless_it_says_so(tmp_path: Path) -> None:
    assert not settings(tmp_path, TOP + TENANT).tenants[0].approve_with_care_plans_unread
    assert settings(tmp_path, TOP + TENANT + "approve_with_care_plans_unread = true\n").tenants[0].approve_with_care_plans_unread
    with pytest.raises(SettingsError, match="approve_with_care_plans_unread is not true or false"):
        settings(tmp_path, TOP + TENANT + "approve_with_care_plans_unread = 1\n")
