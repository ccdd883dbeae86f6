"""The command that looks at the EHRs of a configuration from outside: what they offer, and what this program would do there."""

from typing import Annotated

import typer

from fhir_taper.cli.options import AsJson
from fhir_taper.cli.output import end, write
from fhir_taper.cli.server import Config

ATenant = Annotated[str | None, typer.Argument(metavar="[TENANT]", help="One tenant of the configuration (default: every one).")]


WithToken = Annotated[bool, typer.Option("--token", help="Ask for a token of the program's own, too, where a tenant has a backend client.")]


def check(tenant: ATenant = None, *, config: Config = None, token: WithToken = False, json: AsJson = False) -> None:
    """Look at an EHR: addresses, TLS, keys, clock, sign-in, scopes, what can be read, and which way each output takes there and why.

    Asks for public documents only, unless --token is given, lists each request that it made, and needs no database. Exit status 4 where a
    launch cannot succeed.
    """
    from fhir_taper.settings import load_settings
    from fhir_taper.workflow.check_report import report_output
    from fhir_taper.workflow.check_tenant import check_tenants

    reports = check_tenants(load_settings(config), tenant, with_token=token)
    write(report_output(reports, json=json))
    end(answered=all(one.is_usable for one in reports))
