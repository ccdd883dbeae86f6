"""Configuration: `fhir-taper.toml`, secrets by environment or file reference only. An unknown key is an error that names it.

A leaf. What it must not do: reach the network, guess a value that was not given, or take a secret that stands in the file itself.
"""

import os
import re
import tomllib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhir_taper.errors import SettingsError
from fhir_taper.records import AuthMethod, Role, Secret, Tenant

CONFIG_VARIABLE: Final = "FHIR_TAPER_CONFIG"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
# Browsers send every *.localhost to loopback without asking a name service (RFC 6761; docs/decisions/0014). Our own requests do ask one, so
# such a name is taken only where nobody but a browser goes there.
_BROWSERS_LOOPBACK: Final = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+localhost")
_KEY_BYTES: Final = 32
_TOP: Final = frozenset({"public_base_url", "database_url", "allow_insecure_loopback", "encryption_keys", "audit_key", "tenants"})
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
        "endpoint_origins",
        "frame_ancestors",
        "timezone",
        "locale",
        "crisis_lines",
        "staffed_hours",
        "pkce",
        "roles",
        "backend",
    }
)
_BACKEND: Final = frozenset({"client_id"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation is told. `encryption_keys` are (key id, 32 bytes); the first seals, all unseal."""

    public_base_url: str
    database_url: str
    tenants: tuple[Tenant, ...]
    encryption_keys: tuple[tuple[str, Secret], ...]
    audit_key: Secret
    allow_insecure_loopback: bool = False
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
    place = _Place(path, "", document, environment)
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
    return Settings(base, place.text("database_url"), tenants, keys, place.secret("audit_key"), loopback)


def _tenant(place: "_Place", *, insecure_loopback: bool) -> Tenant:
    place.only(_TENANT)
    auth = place.one_of("auth", AuthMethod, AuthMethod.PUBLIC)
    issuer = place.address(place.text("issuer"), "issuer", insecure_loopback=insecure_loopback)
    files = place.texts("private_key_files") or ((place.text("private_key_file"),) if "private_key_file" in place.values else ())
    tenant = Tenant(
        id=place.text("id"),
        issuer=issuer,
        client_id=place.text("client_id"),
        timezone=place.zone("timezone"),
        vendor=place.text("vendor", "generic"),
        auth=auth,
        client_secret=place.environment_secret("client_secret_env") if "client_secret_env" in place.values else None,
        signing_keys=tuple(place.file_secret(name) for name in files),
        scopes=place.text("scopes", "") or None,
        audience=place.text("audience", "") or None,
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
        insecure_loopback=insecure_loopback,
        roles=_roles(place),
        backend_client_id=_backend(place),
    )
    if auth is AuthMethod.SYMMETRIC and tenant.client_secret is None:
        raise place.wrong("client_secret_env", 'is missing: auth = "symmetric" needs it')
    if auth is AuthMethod.ASYMMETRIC and not tenant.signing_keys:
        raise place.wrong("private_key_file", 'is missing: auth = "asymmetric" needs it')
    return tenant


def _roles(place: "_Place") -> dict[Role, tuple[str, ...]]:
    table = place.table("roles")
    if table is None:
        return {}
    table.only(frozenset(Role))
    return {Role(name): table.texts(name) for name in table.values}


def _backend(place: "_Place") -> str | None:
    table = place.table("backend")
    if table is None:
        return None
    table.only(_BACKEND)
    return table.text("client_id")


def _encryption_key(place: "_Place", reference: str) -> tuple[str, Secret]:
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


@dataclass(frozen=True, slots=True)
class _Place:
    """One table of the file, and where it stands: reads its values and says what is wrong with which key."""

    path: Path
    name: str
    values: Mapping[str, Any]
    environment: Mapping[str, str]

    def wrong(self, key: str, what: str) -> SettingsError:
        return SettingsError(f"{self.path}: {self.name}{key} {what}")

    def only(self, known: frozenset[str]) -> None:
        unknown = sorted(set(self.values) - known)
        if unknown:
            raise self.wrong(unknown[0], f"is not a setting; known are {', '.join(sorted(known))}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "is missing" if value is None else "is not text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "is not a list of texts")
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "is not true or false")
        return value

    def one_of(self, key: str, kind: type[AuthMethod], default: AuthMethod) -> AuthMethod:
        try:
            return kind(self.text(key, default))
        except ValueError:
            raise self.wrong(key, f"is none of {', '.join(kind)}") from None

    def zone(self, key: str) -> str:
        name = self.text(key)
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.wrong(key, f"is no time zone: {name}") from None
        return name

    def table(self, key: str) -> "_Place | None":
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a table")
        return _Place(self.path, f"{self.name}{key}.", value, self.environment)

    def tables(self, key: str) -> tuple["_Place", ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(key, "is not a list of tables")
        return tuple(_Place(self.path, f"{self.name}{key}[{number}].", one, self.environment) for number, one in enumerate(value))

    def address(self, url: str, key: str, *, insecure_loopback: bool, by_browser: bool = False) -> str:
        """An absolute https URL without user, query or fragment; plain http only on loopback where that is allowed.

        `by_browser`: only a browser goes there, so that the names under localhost are loopback too.
        """
        parts = urlsplit(url)
        host = parts.hostname
        if not host or parts.username is not None or parts.query or parts.fragment or host.endswith("."):
            raise self.wrong(key, f"is no plain address of a server: {url}")
        is_loopback = host in _LOOPBACK or (by_browser and _BROWSERS_LOOPBACK.fullmatch(host) is not None)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback and insecure_loopback):
            raise self.wrong(key, f"is not https: {url} (plain http: only loopback, with allow_insecure_loopback = true)")
        return url

    def origin(self, url: str, key: str, *, insecure_loopback: bool, by_browser: bool = False) -> str:
        """Scheme, host and port alone."""
        if urlsplit(self.address(url, key, insecure_loopback=insecure_loopback, by_browser=by_browser)).path not in ("", "/"):
            raise self.wrong(key, f"has a path: {url}")
        return url.removesuffix("/")

    def secret(self, key: str) -> Secret:
        return self.referenced(self.text(key), key)

    def referenced(self, reference: str, key: str) -> Secret:
        kind, _, name = reference.partition(":")
        if kind == "env":
            return self._variable(name, key)
        if kind == "file":
            return self.file_secret(name)
        raise self.wrong(key, 'is neither "env:NAME" nor "file:PATH": a secret does not stand in this file')

    def environment_secret(self, key: str) -> Secret:
        return self._variable(self.text(key), key)

    def file_secret(self, name: str) -> Secret:
        try:
            return Secret((self.path.parent / name).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise self.wrong("", f"{name} cannot be read: {type(error).__name__}") from error

    def _variable(self, name: str, key: str) -> Secret:
        value = self.environment.get(name, "")
        if not value:
            raise self.wrong(key, f"names the variable {name}, which is not set")
        return Secret(value)
