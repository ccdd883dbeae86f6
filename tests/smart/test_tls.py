"""One handshake tells what a host speaks and until when its certificate counts; it trusts what the tenant's own requests trust."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhir_taper.errors import EhrUnreachable, HostRefused
from fhir_taper.records import Tenant
from fhir_taper.smart.tls import Handshake, handshake
from fhir_taper.workflow.services import open_services, upgrade_database
from tests.test_settings import TENANT, TOP, settings


@pytest.mark.requirement("1", "230", "232", "318")
@pytest.mark.parametrize("tls_server", [None], indirect=True)
def test_a_host_that_a_private_authority_vouches_for_is_taken_by_its_tenant_alone(tls_server: tuple[str, Path], tmp_path: Path) -> None:
    url, bundle = tls_server
    trusting = Tenant("clinic", url, "taper", "UTC", ca_bundle=str(bundle))
    found = handshake(trusting)
    assert found.version in ("TLSv1.2", "TLSv1.3")
    assert found.until is not None
    assert timedelta(0) < found.until - datetime.now(UTC) < timedelta(days=2)
    with pytest.raises(EhrUnreachable, match="no verified TLS"):
        handshake(replace(trusting, ca_bundle=None))
    made = settings(tmp_path, TOP + TENANT)
    upgrade_database(replace(made, database_url=f"sqlite:///{tmp_path / 'x.db'}"))
    services = open_services(replace(made, database_url=f"sqlite:///{tmp_path / 'x.db'}", audit_key=made.encryption_keys[0][1]))
    assert services.transport(trusting).send("GET", url, headers={}).status == 204
    with pytest.raises(EhrUnreachable, match="certificate"):
        services.transport(replace(trusting, id="other", ca_bundle=None)).send("POST", url, headers={})
    services.close()


@pytest.mark.parametrize("tls_server", ["old"], indirect=True)
def test_a_host_that_speaks_an_old_version_alone_is_none(tls_server: tuple[str, Path]) -> None:
    url, bundle = tls_server
    with pytest.raises(EhrUnreachable, match="no verified TLS"):
        handshake(Tenant("clinic", url, "taper", "UTC", ca_bundle=str(bundle)))


def test_a_host_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(EhrUnreachable, match=r"no verified TLS with 127\.0\.0\.1:9"):
        handshake(Tenant("clinic", "https://127.0.0.1:9/fhir", "taper", "UTC"))


def test_plain_http_is_told_apart_and_only_on_loopback() -> None:
    local = Tenant("clinic", "http://127.0.0.1:9/fhir", "taper", "UTC", insecure_loopback=True)
    assert handshake(local) == Handshake()
    with pytest.raises(HostRefused):
        handshake(replace(local, insecure_loopback=False))
