"""One table of a configuration file, and where it stands: reads its values, and says what is wrong with which key."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhir_taper.errors import SettingsError
from fhir_taper.records import AuthMethod, Secret

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
# Browsers send every *.localhost to loopback without asking a name service (RFC 6761; docs/decisions/0014). Our own requests do ask one, so
# such a name is taken only where nobody but a browser goes there.
_BROWSERS_LOOPBACK: Final = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+localhost")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Place:
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

    def word(self, key: str) -> str:
        """A word that can stand in addresses, file names and rows as it is."""
        value = self.text(key)
        if _WORD.fullmatch(value) is None:
            raise self.wrong(key, "is not a name of at most 64 letters, digits, dots, - and _, with a letter or digit first")
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

    def whole(self, key: str, default: int, *, least: int = 0, most: int = 1_000_000) -> int:
        value = self.values.get(key, default)
        if type(value) is not int or not least <= value <= most:
            raise self.wrong(key, f"is no whole number from {least} to {most}")
        return value

    def certificates(self, key: str) -> str | None:
        """The path of a file of certificates (PEM) that can be loaded; None where the key is absent."""
        if key not in self.values:
            return None
        path = self.path.parent / self.text(key)
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise self.wrong(key, f"{path.name} holds no certificates that can be read: {type(error).__name__}") from error
        return str(path)

    def file(self, key: str) -> str | None:
        """The path of a file that is there, beside the configuration unless it is absolute; None where the key is absent."""
        if key not in self.values:
            return None
        path = self.path.parent / self.text(key)
        if not path.is_file():
            raise self.wrong(key, f"{path.name} is no file")
        return str(path)

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

    def table(self, key: str) -> "Place | None":
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a table")
        return Place(self.path, f"{self.name}{key}.", value, self.environment)

    def tables(self, key: str) -> tuple["Place", ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(key, "is not a list of tables")
        return tuple(Place(self.path, f"{self.name}{key}[{number}].", one, self.environment) for number, one in enumerate(value))

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
