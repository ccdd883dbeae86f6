"""The commands that run as a server: serve, demo, and what a database needs before the first of them."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_taper.cli.output import write

db = typer.Typer(help="The database of plans, sessions and writes.", no_args_is_help=True, rich_markup_mode=None)

Config = Annotated[
    Path | None, typer.Option("--config", metavar="PATH", help="Configuration (default: the file that FHIR_TAPER_CONFIG names).")
]
Host = Annotated[str, typer.Option("--host", help="Address to listen on; in front of it stands a server that speaks https.")]
Port = Annotated[int, typer.Option("--port", help="Port to listen on.")]
Check = Annotated[bool, typer.Option("--check", help="Walk from launch to written-back plan by itself, and tell how it went.")]
EhrPort = Annotated[int, typer.Option("--ehr-port", help="Port of the demo EHR; 0 takes a free one.")]
AppPort = Annotated[int, typer.Option("--app-port", help="Port of the app; 0 takes a free one.")]


def serve(*, config: Config = None, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the app to the EHRs of a configuration, until it is told to stop; requests under way are answered first."""
    from fhir_taper.cli.serving import run

    run(config, host, port)


@db.command("upgrade")
def upgrade(*, config: Config = None) -> None:
    """Make the database, or bring it to the revision of this program."""
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.services import upgrade_database

    write(f"the database is at revision {upgrade_database(load_settings(config))}\n".encode())


def demo(*, check: Check = False, ehr_port: EhrPort = 0, app_port: AppPort = 0) -> None:
    """Start a demo EHR with synthetic patients and the app in it, on this machine alone; or let --check walk through it."""
    from fhir_taper.cli.demo import run_check, run_demo

    if check:
        run_check()
    else:
        run_demo(ehr_port, app_port)
