"""The commands on a chart: what is taken, which tapers there are, one of them, and what the rules say while it runs."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_taper import __version__
from fhir_taper.cli import audit, keys, server
from fhir_taper.cli import terminology as terminology_commands
from fhir_taper.cli.asked import Asked, asks
from fhir_taper.cli.check import check
from fhir_taper.cli.options import (
    AsOf,
    AsOfInstant,
    Benzo,
    Chart,
    Drug,
    FirstDay,
    Format,
    MmeTable,
    PlanForm,
    PlanFormat,
    Start,
    TableOrJson,
    Terminology,
)
from fhir_taper.cli.output import end, write
from fhir_taper.errors import WrongUsage
from fhir_taper.workflow.clock import today

app = typer.Typer(
    name="fhir-taper",
    help="From a FHIR chart to a taper that can be dispensed. Proposes; a person decides.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(terminology_commands.app, name="terminology")
app.add_typer(server.db, name="db")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.command()(server.serve)
app.command()(check)
app.command()(server.demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        write(f"fhir-taper {__version__}\n".encode())
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Options that come before a command."""


@app.command()
def regimen(
    chart: Chart,
    *,
    mme_table: MmeTable = "cdc-2022",
    benzo_table: Benzo = None,
    as_of: AsOf = None,
    terminology: Terminology = None,
    output: Format = TableOrJson.TABLE,
) -> None:
    """What the patient takes per day, what it equals, and what could not be computed."""
    from fhir_taper.workflow.regimen import chart_reading, is_answered, regimen_output

    with chart_reading(chart, as_of or today(), mme_table, benzo_table and benzo_table.value, terminology) as reading:
        write(regimen_output(reading, output.value))
        end(answered=is_answered(reading.regimen))


@app.command()
@asks
def strategies(chart: Chart, *, drug: Drug, start: Start = None, asked: Asked, output: Format = TableOrJson.TABLE) -> None:
    """Candidate tapers side by side; those that cannot be made stay, with the reason and the ways out."""
    if asked.protocol is not None and asked.strategy is not None:
        raise WrongUsage("give at most one of --protocol and --strategy")
    from fhir_taper.workflow.strategies import candidates, candidates_output

    options = asked.options(drug, start or today())
    with asked.reading(chart, options) as reading:
        found = candidates(reading, options)
        write(candidates_output(found, output.value))
        end(answered=found.any_feasible)


@app.command()
def assess(
    plan: Annotated[str, typer.Argument(metavar="PLAN.json", help="A plan as `plan --format json` writes it.")],
    chart: Chart,
    *,
    as_of: AsOfInstant = None,
    history: Annotated[
        Path | None, typer.Option("--history", metavar="FILE", help="What earlier assessments said: their JSON, or its history.")
    ] = None,
    policy: Annotated[Path | None, typer.Option("--policy", metavar="FILE", help="The site's changes of the rules (TOML, JSON).")] = None,
    output: Format = TableOrJson.TABLE,
) -> None:
    """What the rules of escalation say of a plan and a chart: hits with their evidence, and what could not be judged."""
    from fhir_taper.workflow.assess import assess_files, assessment_output

    write(assessment_output(*assess_files(plan, chart, as_of, history, policy), output.value))


@app.command()
@asks
def plan(chart: Chart, *, drug: Drug, start: FirstDay, asked: Asked, output: PlanForm = PlanFormat.TABLE) -> None:
    """One taper plan: every dose made of products that exist, every limit and source named."""
    if (asked.protocol is None) == (asked.strategy is None):
        raise WrongUsage("give exactly one of --protocol and --strategy")
    from fhir_taper.workflow.plan import is_blocked, make_plan, plan_output

    options = asked.options(drug, start)
    with asked.reading(chart, options) as reading:
        outcome = make_plan(reading, options)
        write(plan_output(outcome, output.value, reading))
        end(answered=not is_blocked(outcome))
