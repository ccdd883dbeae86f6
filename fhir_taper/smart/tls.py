"""One TLS handshake with a host of a tenant, to tell what it speaks and until when its certificate counts. Nothing is sent over it."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fhir_taper.errors import EhrUnreachable
from fhir_taper.records import Tenant
from fhir_taper.smart.origins import allowed_address

_SECONDS: Final = 5.0
_HTTPS: Final = 443


@dataclass(frozen=True, slots=True)
class Handshake:
    """What was agreed; `until` is the end of the host's certificate (UTC). An empty version: plain http on loopback."""

    version: str = ""
    until: datetime | None = None


def handshake(tenant: Tenant) -> Handshake:
    """With the host of the issuer, verified as its requests are. Raises EhrUnreachable where there is no verified TLS, HostRefused."""
    scheme, _, host = allowed_address(tenant, tenant.issuer).origin.partition("://")
    if scheme != "https":
        return Handshake()
    name, _, port = host.rpartition(":") if host.rpartition(":")[2].isdecimal() else (host, "", str(_HTTPS))
    context = ssl.create_default_context(cafile=tenant.ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    name = name.strip("[]")
    try:
        with (
            socket.create_connection((name, int(port)), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            certificate, version = secure.getpeercert() or {}, secure.version() or ""
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "it speaks no TLS that is accepted"
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        ends = certificate.get("notAfter")
        until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
        return Handshake(version, until)
    raise EhrUnreachable(f"no verified TLS with {host}: {why}")
