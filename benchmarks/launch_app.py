"""The app for a stub EHR, served in a process of its own: `python -m benchmarks.launch_app ORIGIN_OF_THE_STUB FOLDER`. Prints its port."""

import secrets
import socket
import sys
from base64 import b64encode
from pathlib import Path

import uvicorn

from benchmarks.stub_ehr import CLIENT
from fhir_taper.records import Role, Secret, Tenant
from fhir_taper.settings import RateLimits, Settings
from fhir_taper.web.app import create_app
from fhir_taper.workflow.services import open_services, upgrade_database


def settings_for(stub: str, app: str, folder: Path) -> Settings:
    """Settings of an app at the origin `app` for the stub at the origin `stub`, with a database in a folder."""
    tenant = Tenant(
        "bench",
        f"{stub}/fhir",
        CLIENT,
        "America/New_York",
        insecure_loopback=True,
        roles={Role.PRESCRIBER: ("Practitioner/dr1",)},
    )
    key = Secret(b64encode(secrets.token_bytes(32)).decode())
    return Settings(
        app,
        f"sqlite:///{folder / 'bench.db'}",
        (tenant,),
        (("bench", key),),
        Secret(secrets.token_urlsafe(32)),
        allow_insecure_loopback=True,
        rate_limits=RateLimits(100_000, 100_000, 100_000, 100_000),  # all users come from one address here
    )


def main(stub: str, folder: Path) -> None:
    """Serve until killed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listener.getsockname()[1]
    settings = settings_for(stub, f"http://127.0.0.1:{port}", folder)
    upgrade_database(settings)
    services = open_services(settings)
    config = uvicorn.Config(create_app(services), log_config=None, access_log=False, server_header=False, ws="none")
    print(port, flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
