"""The commands on the audit: whether it is whole, where it ends, and its lines for other systems."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_taper.cli.options import AsJson
from fhir_taper.cli.output import end, write
from fhir_taper.cli.server import Config

app = typer.Typer(
    help="The audit: who did what to whose data, in a chain per tenant that only grows.", no_args_is_help=True, rich_markup_mode=None
)

Heads = Annotated[
    Path | None,
    typer.Option("--heads", metavar="FILE", help="Heads that `audit heads` wrote before: they show when lines were cut off at the end."),
]
ATenant = Annotated[str | None, typer.Argument(metavar="[TENANT]", help="One tenant (default: every one).")]


@app.command("verify")
def verify(tenant: ATenant = None, *, config: Config = None, heads: Heads = None, json: AsJson = False) -> None:
    """Find lines that were changed, are missing, were reordered, added or cut off. Exit status 4 where a chain is not whole."""
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.audit_trail import verify_chains, verify_output

    chains = verify_chains(load_settings(config), tenant, heads)
    write(verify_output(chains, json=json))
    end(answered=not any(one.breaks for one in chains))


@app.command("heads")
def heads(*, config: Config = None) -> None:
    """The signed end of every chain, one line of JSON each: keep them elsewhere, and give them to `audit verify --heads`."""
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.audit_trail import chain_heads

    write("".join(f"{line}\n" for line in chain_heads(load_settings(config))).encode())


@app.command("export")
def export(
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Whose chain.")],
    *,
    config: Config = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Only lines after this number.")] = 0,
    patient: Annotated[str | None, typer.Option("--patient", metavar="ID", help="Only lines about this patient.")] = None,
) -> None:
    """The chain as FHIR AuditEvents, one JSON object per line."""
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.audit_trail import audit_events

    for page in audit_events(load_settings(config), tenant, after, patient):
        write(page)
