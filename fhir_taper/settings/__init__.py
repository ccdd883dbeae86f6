"""Configuration: `fhir-taper.toml`, secrets by environment or file reference only. An unknown key is an error that names it.

A leaf. What it must not do: reach the network, guess a value that was not given, or take a secret that stands in the file itself.
"""

import os
import tomllib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from fhir_taper.errors import SettingsError
from fhir_taper.records import IDLE_MINUTES, AuthMethod, Role, Secret, Tenant
from fhir_taper.settings.place import Place

CONFIG_VARIABLE: Final = "FHIR_TAPER_CONFIG"
_KEY_BYTES: Final = 32
_HIGHEST_PORT: Final = 65_535
_LOOPBACK: Final = "127.0.0.1"
_METRICS_PORT: Final = 9464
_SWEEP_SECONDS: Final = 300
_SHORTEST_IDLE, _LONGEST_IDLE = 2, 480
_TOP: Final = frozenset(
    {
        "public_base_url",
        "database_url",
        "allow_insecure_loopback",
        "encryption_keys",
        "audit_key",
        "metrics_host",
        "metrics_port",
        "trusted_proxies",
        "sweep_seconds",
        "rate_limits",
        "tenants",
    }
)
_TENANT: Final = frozenset(
    {
        "id",
        "issuer",
        "vendor",
        "client_id",
        "auth",
        "private_key_file",
        "private_key_files",
        "client_secret_env",
        "scopes",
        "audience",
        "ca_bundle",
        "endpoint_origins",
        "frame_ancestors",
        "timezone",
        "locale",
        "crisis_lines",
        "staffed_hours",
        "pkce",
        "idle_minutes",
        "requests_per_minute",
        "needs_pharmacist_review",
        "approve_with_care_plans_unread",
        "roles",
        "backend",
        "signal_codes",
        "escalation_policy",
    }
)
_BACKEND: Final = frozenset({"client_id"})
# Less is no launch: one chart takes about twenty requests.
_FEWEST_REQUESTS: Final = 20


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How often one session and one address may ask: requests per second over time, and how many at once (privacy S5)."""

    session_per_second: int = 10
    session_burst: int = 60
    address_per_second: int = 60
    address_burst: int = 600


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation is told. `encryption_keys` are (key id, 32 bytes); the first seals, all unseal."""

    public_base_url: str
    database_url: str
    tenants: tuple[Tenant, ...]
    encryption_keys: tuple[tuple[str, Secret], ...]
    audit_key: Secret
    allow_insecure_loopback: bool = False
    metrics_host: str = _LOOPBACK
    metrics_port: int = _METRICS_PORT
    """The port of the metrics, apart from the app's; 0: none are served."""
    trusted_proxies: tuple[str, ...] = (_LOOPBACK,)
    """Whose word counts for the address that a request came from."""
    sweep_seconds: int = _SWEEP_SECONDS
    """How often writes whose answer was lost are looked for, and sessions that ended are cleared away."""
    rate_limits: RateLimits = RateLimits()
    _by_issuer: Mapping[str, Tenant] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_issuer", {tenant.issuer.rstrip("/"): tenant for tenant in self.tenants})

    def tenant_of_issuer(self, issuer: str) -> Tenant | None:
        """The tenant that launches with this issuer, exact but for one trailing slash; None for a stranger."""
        return self._by_issuer.get(issuer.removesuffix("/"))

    def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant with this id."""
        return next((one for one in self.tenants if one.id == tenant_id), None)


def load_settings(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in a file (`path`, else the file that FHIR_TAPER_CONFIG names). Raises SettingsError naming file and key."""
    named = path or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    if named is None:
        raise SettingsError(f"no configuration: give --config, or set {CONFIG_VARIABLE}")
    try:
        document = tomllib.loads(named.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{named}: {error}") from error
    return settings_of(document, named, environment)


def settings_of(document: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> Settings:
    """The same from a decoded file; `path` is what messages name and what file references are relative to."""
    place = Place(path, "", document, environment)
    place.only(_TOP)
    loopback = place.flag("allow_insecure_loopback", default=False)
    base = place.origin(place.text("public_base_url"), "public_base_url", insecure_loopback=loopback, by_browser=True)
    tables = place.tables("tenants")
    if not tables:
        raise place.wrong("tenants", "is missing: no EHR may launch this app")
    tenants = tuple(_tenant(one, insecure_loopback=loopback) for one in tables)
    for name, values in (("id", [one.id for one in tenants]), ("issuer", [one.issuer.removesuffix("/") for one in tenants])):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise place.wrong(f"tenants.{name}", f"stands twice: {twice[0]}")
    keys = tuple(_encryption_key(place, name) for name in place.texts("encryption_keys"))
    if not keys:
        raise place.wrong("encryption_keys", 'is missing: name variables, e.g. ["env:FHIR_TAPER_KEY"]')
    return Settings(
        base,
        place.text("database_url"),
        tenants,
        keys,
        place.secret("audit_key"),
        loopback,
        metrics_host=place.text("metrics_host", _LOOPBACK),
        metrics_port=place.whole("metrics_port", _METRICS_PORT, most=_HIGHEST_PORT),
        trusted_proxies=place.texts("trusted_proxies") if "trusted_proxies" in document else (_LOOPBACK,),
        sweep_seconds=place.whole("sweep_seconds", _SWEEP_SECONDS, least=1),
        rate_limits=_rate_limits(place),
    )


def _tenant(place: Place, *, insecure_loopback: bool) -> Tenant:
    place.only(_TENANT)
    auth = place.one_of("auth", AuthMethod, AuthMethod.PUBLIC)
    issuer = place.address(place.text("issuer"), "issuer", insecure_loopback=insecure_loopback)
    files = place.texts("private_key_files") or ((place.text("private_key_file"),) if "private_key_file" in place.values else ())
    tenant = Tenant(
        id=place.word("id"),
        issuer=issuer,
        client_id=place.text("client_id"),
        timezone=place.zone("timezone"),
        vendor=place.text("vendor", "generic"),
        auth=auth,
        client_secret=place.environment_secret("client_secret_env") if "client_secret_env" in place.values else None,
        signing_keys=tuple(place.file_secret(name) for name in files),
        scopes=place.text("scopes", "") or None,
        audience=place.text("audience", "") or None,
        ca_bundle=place.certificates("ca_bundle"),
        endpoint_origins=tuple(
            place.origin(one, "endpoint_origins", insecure_loopback=insecure_loopback) for one in place.texts("endpoint_origins")
        ),
        frame_ancestors=tuple(
            place.origin(one, "frame_ancestors", insecure_loopback=insecure_loopback, by_browser=True)
            for one in place.texts("frame_ancestors")
        ),
        locale=place.text("locale", "en-US"),
        crisis_lines=place.texts("crisis_lines"),
        staffed_hours=place.text("staffed_hours", ""),
        pkce=place.flag("pkce", default=True),
        idle_minutes=place.whole("idle_minutes", IDLE_MINUTES, least=_SHORTEST_IDLE, most=_LONGEST_IDLE),
        requests_per_minute=place.whole("requests_per_minute", 0, least=_FEWEST_REQUESTS)
        if "requests_per_minute" in place.values
        else None,
        insecure_loopback=insecure_loopback,
        needs_pharmacist_review=place.flag("needs_pharmacist_review", default=False),
        approve_with_care_plans_unread=place.flag("approve_with_care_plans_unread", default=False),
        roles=_roles(place),
        backend_client_id=_backend(place),
        signal_codes=_signal_codes(place),
        escalation_policy=place.file("escalation_policy"),
    )
    if auth is AuthMethod.SYMMETRIC and tenant.client_secret is None:
        raise place.wrong("client_secret_env", 'is missing: auth = "symmetric" needs it')
    if auth is AuthMethod.ASYMMETRIC and not tenant.signing_keys:
        raise place.wrong("private_key_file", 'is missing: auth = "asymmetric" needs it')
    return tenant


def _rate_limits(place: Place) -> RateLimits:
    table = place.table("rate_limits")
    if table is None:
        return RateLimits()
    names = tuple(one.name for one in fields(RateLimits))
    table.only(frozenset(names))
    return RateLimits(**{name: table.whole(name, getattr(RateLimits(), name), least=1) for name in names})


def _roles(place: Place) -> dict[Role, tuple[str, ...]]:
    table = place.table("roles")
    if table is None:
        return {}
    table.only(frozenset(Role))
    return {Role(name): table.texts(name) for name in table.values}


def _signal_codes(place: Place) -> dict[str, str]:
    table = place.table("signal_codes")
    return {} if table is None else {name: table.text(name) for name in table.values}


def _backend(place: Place) -> str | None:
    table = place.table("backend")
    if table is None:
        return None
    table.only(_BACKEND)
    return table.text("client_id")


def _encryption_key(place: Place, reference: str) -> tuple[str, Secret]:
    """The key id and key that a reference names: the variable or file holds "id:base64 of 32 bytes". The id travels with what is sealed."""
    held = place.referenced(reference, "encryption_keys").reveal()
    key_id, _, encoded = held.partition(":")
    try:
        key = b64decode(encoded, validate=True)
    except NotBase64:
        key = b""
    if not key_id or len(key) != _KEY_BYTES:
        raise place.wrong("encryption_keys", f"{reference} is not a key id, a colon and {_KEY_BYTES} bytes in base64")
    return key_id, Secret(encoded)
