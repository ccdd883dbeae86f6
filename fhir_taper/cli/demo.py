"""The demo: an EHR with synthetic patients, and the app in its frame, on loopback, with keys and a database that end with it."""

import contextlib
import secrets
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import typer

from fhir_taper.cli.demo_walk import StepFailed, walk
from fhir_taper.cli.output import write
from fhir_taper.records import AuthMethod, Role, Secret, Tenant
from fhir_taper.sandbox.demo import ZONE, Demo, start_demo
from fhir_taper.sandbox.mid_taper import TENANT
from fhir_taper.sandbox.users import USERS
from fhir_taper.settings import RateLimits, Settings
from fhir_taper.web.app import create_app
from fhir_taper.workflow.services import Services, open_services, upgrade_database
from fhir_taper.workflow.upkeep import kept_up

_FAILED: Final = 1
_HINT: Final = "A demo EHR with synthetic patients: open one, and the app starts in the chart. Ctrl-C ends it, and nothing is kept."


def demo_settings(demo: Demo, folder: Path) -> Settings:
    """How the app is set up for a running demo EHR: asymmetric client, keys of this run alone."""
    client = demo.clients.of(AuthMethod.ASYMMETRIC)
    page = urlsplit(demo.page_url)
    tenant = Tenant(
        id=TENANT,
        issuer=demo.issuer,
        client_id=client.id,
        timezone=ZONE,
        vendor="fhir-platform",
        auth=AuthMethod.ASYMMETRIC,
        signing_keys=demo.clients.signing_keys,
        frame_ancestors=(f"{page.scheme}://{page.netloc}",),
        crisis_lines=("988",),
        insecure_loopback=True,
        backend_client_id=demo.clients.backend.id,
        roles={role: tuple(one.reference for one in USERS.values() if one.role is role) for role in Role},
    )
    return Settings(
        public_base_url=demo.app_url,
        database_url=f"sqlite:///{folder / 'demo.db'}",
        tenants=(tenant,),
        encryption_keys=(("demo", Secret(b64encode(secrets.token_bytes(32)).decode())),),
        audit_key=Secret(secrets.token_urlsafe(32)),
        allow_insecure_loopback=True,
        # Everybody comes from one address here, and `--check` clicks faster than people do.
        rate_limits=RateLimits(200, 2_000, 2_000, 20_000),
    )


@contextlib.contextmanager
def running_demo(
    *, ehr_port: int = 0, app_port: int = 0, named_hosts: bool = False, as_it_ships: bool = False, database_url: str = ""
) -> Iterator[tuple[Demo, Services]]:
    """EHR and app, for the length of a block. `database_url`: an empty one instead of a SQLite file that ends with the block.

    Raises SandboxError naming what does not start.
    """
    opened: list[Services] = []
    with tempfile.TemporaryDirectory(prefix="fhir-taper-demo-") as folder:

        def app(demo: Demo) -> Any:
            settings = demo_settings(demo, Path(folder))
            settings = replace(settings, database_url=database_url or settings.database_url)
            upgrade_database(settings)
            opened.append(open_services(settings))
            return create_app(opened[0])

        with start_demo(app, port=ehr_port, app_port=app_port, named_hosts=named_hosts, as_it_ships=as_it_ships) as demo:
            try:
                with kept_up(opened[0]):
                    yield demo, opened[0]
            finally:
                opened[0].close()


def run_demo(ehr_port: int, app_port: int) -> None:
    """Print the one URL to open, and serve until interrupted."""
    with running_demo(ehr_port=ehr_port, app_port=app_port, named_hosts=True) as (demo, _), contextlib.suppress(KeyboardInterrupt):
        write(f"Open {demo.page_url} in Chrome, Chromium, Edge or Firefox on this machine.\n{_HINT}\n".encode())
        threading.Event().wait()


def run_check() -> None:
    """Walk from launch to written-back plan over HTTP; status 1 and the name of the step where it does not go on."""
    with running_demo() as (demo, _):
        try:
            for line in walk(demo):
                write(f"{line}\n".encode())
        except StepFailed as failed:
            write(f"FAILED at {failed.step}: {failed.why}\n".encode())
            raise typer.Exit(_FAILED) from None
    write(b"the demo works\n")
