"""Which addresses a tenant's requests may go to, judged before anything is sent (privacy S2).

An address is taken apart by one strict grammar of our own: what two URL parsers could read differently (a user before the host, a
backslash, a host that ends in a dot, letters outside ASCII, white space, dot segments) is refused, not repaired.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urljoin

from fhir_taper.errors import HostRefused
from fhir_taper.records import Tenant

_DEFAULT_PORT: Final = {"https": 443, "http": 80}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HIGHEST_PORT: Final = 65_535
_ADDRESS: Final = re.compile(
    r"""(?P<scheme>https?)://
        (?P<host>\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)
        (?::(?P<port>[0-9]{1,5}))?
        (?P<path>/[!$%&'()*+,./:;=@_~0-9A-Za-z|-]*)?
        (?:\?(?P<query>[!$%&'()*+,./:;=?@_~0-9A-Za-z|^{}\[\]"<>-]*))?""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute http(s) URL taken apart. `origin` is scheme, host and port in their one spelling; `path` may be empty."""

    url: str
    origin: str
    path: str

    @property
    def host(self) -> str:
        """What an error may name: the origin, never path or query (they may hold a patient)."""
        return self.origin


def address_of(url: str) -> Address:
    """The parts of an address. Raises HostRefused where it is not a plain http(s) URL; the message holds no more than its start."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise HostRefused("an address that is no plain http(s) URL was refused; nothing was sent there")
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = int(found["port"]) if found["port"] else _DEFAULT_PORT[scheme]
    path = found["path"] or ""
    if port > _HIGHEST_PORT or not all(map(_reads_one_way, path.split("/"))):
        raise HostRefused(f"an address on {host} that can be read in two ways was refused; nothing was sent there")
    shown = "" if port == _DEFAULT_PORT[scheme] else f":{port}"
    return Address(url, f"{scheme}://{host}{shown}", path)


def _reads_one_way(segment: str) -> bool:
    """Whether a segment of a path is one segment to every server: no dots (with parameters or without), no separator written as code."""
    decoded = unquote(segment)
    return decoded.partition(";")[0] not in (".", "..") and not set(decoded) & set("/\\%")


def origins_of(tenant: Tenant) -> frozenset[str]:
    """The origins that requests of this tenant may go to: its issuer's own, and those that its configuration names."""
    return frozenset(address_of(url).origin for url in (tenant.issuer, *tenant.endpoint_origins))


def allowed_address(tenant: Tenant, url: str) -> Address:
    """The address, if requests of this tenant may go there. Raises HostRefused (host not named, or plain http beyond loopback)."""
    address = address_of(url)
    if address.origin not in origins_of(tenant):
        raise HostRefused(f"{address.origin} is not a host of tenant {tenant.id}; nothing was sent there")
    scheme, _, host = address.origin.partition("://")
    loopback = host.rpartition(":")[0] in _LOOPBACK or host in _LOOPBACK
    if scheme != "https" and not (loopback and tenant.insecure_loopback):
        raise HostRefused(f"{address.origin} is plain http; nothing was sent there")
    return address


def under(base: str, url: str) -> bool:
    """Whether an absolute URL lies on the origin and under the path of `base`. An URL that cannot be judged does not."""
    try:
        inside, root = address_of(url), address_of(base)
    except HostRefused:
        return False
    path = root.path.rstrip("/")
    return inside.origin == root.origin and (inside.path.rstrip("/") == path or inside.path.startswith(f"{path}/"))


def resolved(base: str, url: str) -> str:
    """An address as a server wrote it, absolute or relative to `base` as a folder (requirement 379). Raises HostRefused."""
    try:
        return urljoin(f"{base.rstrip('/')}/", url)
    except ValueError:
        pass
    raise HostRefused("an address that cannot be read was refused; nothing was sent there")
