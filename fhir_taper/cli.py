"""The command line: options in, one use case, one rendering out. No logic and no clinical word of its own.

Exit status: 0 done; 1 the machine lacks something; 2 wrong usage; 3 bad input (one line on standard error, nothing on standard output); 4
no safe answer (the
output says why). Everything heavy is imported inside the command that needs it: `--help` loads neither FHIR models nor a database.
"""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from fhir_taper import __version__
from fhir_taper.errors import BadInput, MissingSystemLibrary, TaperError, WrongUsage
from fhir_taper.render.printable import printable

NO_SAFE_ANSWER = 4
MOST_MG_A_DAY = 1_000_000  # a typing error, whatever the drug
_STATUS = ((WrongUsage, 2), (BadInput, 3), (MissingSystemLibrary, 1), (TaperError, 1))

app = typer.Typer(
    name="fhir-taper",
    help="From a FHIR chart to a taper that can be dispensed. Proposes; a person decides.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
terminology = typer.Typer(help="A site's own RxNorm release and products.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(terminology, name="terminology")


class TableOrJson(StrEnum):
    TABLE = "table"
    JSON = "json"


class PlanFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    FHIR = "fhir"
    TEXT = "text"
    SVG = "svg"
    PDF = "pdf"


class BenzoTable(StrEnum):
    ASHTON_2002 = "ashton-2002"
    VA_DOD_2021 = "va-dod-2021"
    WHO_2009 = "who-2009"
    HANDBOOK = "handbook"


class Use(StrEnum):
    UNDER_1_MONTH = "<1m"
    UNDER_1_YEAR = "1m-1y"
    FROM_1_YEAR = ">=1y"


class Parts(StrEnum):
    HALF = "half"
    QUARTER = "quarter"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-01-05") from None


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount > MOST_MG_A_DAY:
        raise typer.BadParameter(f"{text!r} is not an amount in mg per day")
    return amount


Chart = Annotated[
    str, typer.Argument(metavar="CHART", help="A FHIR file (resource, Bundle, list, NDJSON), a folder of them, or - for standard input.")
]
MmeTable = Annotated[str, typer.Option("--mme-table", help="MME factor table.")]
Benzo = Annotated[
    BenzoTable | None, typer.Option("--benzo-table", help="Diazepam-equivalence table; without a choice the answer is a range.")
]
AsOf = Annotated[
    date | None, typer.Option("--as-of", parser=_day, metavar="DATE", help="The day the regimen is for (default: today, UTC).")
]
Terminology = Annotated[
    Path | None, typer.Option("--terminology", metavar="PATH", help="A terminology database made by `terminology load`.")
]
Database = Annotated[Path, typer.Option("--terminology", metavar="PATH", help="The database to write.")]
Format = Annotated[TableOrJson, typer.Option("--format", help="What to print.")]
Drug = Annotated[str, typer.Option("--drug", metavar="NAME|RXCUI", help="The medicine to taper.")]
Protocol = Annotated[str | None, typer.Option("--protocol", metavar="ID", help="A named published schedule.")]
Strategy = Annotated[
    str | None,
    typer.Option("--strategy", metavar="ID", help="linear, proportional, hyperbolic, stepped, substitution, interval-extension."),
]
Param = Annotated[list[str] | None, typer.Option("--param", metavar="K=V", help="A parameter of the strategy; repeat for more.")]
Start = Annotated[date | None, typer.Option("--start", parser=_day, metavar="DATE", help="First day of the plan (default: today, UTC).")]
FirstDay = Annotated[date, typer.Option("--start", parser=_day, metavar="DATE", help="First day of the plan (the baseline step).")]
Target = Annotated[Decimal, typer.Option("--target", parser=_amount, metavar="MG", help="Dose to reach, mg per day.")]
BaselineMg = Annotated[
    Decimal | None, typer.Option("--baseline", parser=_amount, metavar="MG", help="Confirmed average intake, mg per day.")
]
BaselineBy = Annotated[str, typer.Option("--baseline-by", metavar="WHO", help="Who confirmed it, and how.")]
UseOption = Annotated[Use | None, typer.Option("--use", help="Duration of use; read from the chart where absent.")]
Products = Annotated[str, typer.Option("--products", metavar="RXCUI,…", help="Products the plan may use.")]
PartsOption = Annotated[Parts | None, typer.Option("--parts", help="Parts a clinician permits for this plan.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the taper is done.")]
Zone = Annotated[str | None, typer.Option("--zone", metavar="IANA", help="Time zone of the patient where the chart has none.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fhir-taper {__version__}")
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

    with chart_reading(chart, as_of or _today(), mme_table, _word(benzo_table), terminology) as reading:
        _write(regimen_output(reading, output.value))
        _end(answered=is_answered(reading.regimen))


@app.command()
def strategies(
    chart: Chart,
    *,
    drug: Drug,
    start: Start = None,
    target: Target = Decimal(0),
    protocol: Protocol = None,
    strategy: Strategy = None,
    param: Param = None,
    baseline: BaselineMg = None,
    baseline_by: BaselineBy = "",
    use: UseOption = None,
    mme_table: MmeTable = "cdc-2022",
    benzo_table: Benzo = None,
    products: Products = "",
    parts: PartsOption = None,
    reason: Reason = "",
    zone: Zone = None,
    terminology: Terminology = None,
    output: Format = TableOrJson.TABLE,
) -> None:
    """Candidate tapers side by side; those that cannot be made stay, with the reason and the ways out."""
    if protocol is not None and strategy is not None:
        raise WrongUsage("give at most one of --protocol and --strategy")
    from fhir_taper.workflow.plan_request import PlanOptions
    from fhir_taper.workflow.regimen import chart_reading
    from fhir_taper.workflow.strategies import candidates, candidates_output

    options = PlanOptions(
        drug=drug,
        start=start or _today(),
        target_mg=target,
        protocol=protocol,
        strategy=strategy,
        params=_params(param),
        baseline_mg=baseline,
        baseline_by=baseline_by,
        use=_word(use),
        benzo_table=_word(benzo_table),
        products=_codes(products),
        parts=_parts(parts),
        reason=reason,
        zone=zone,
    )
    with chart_reading(chart, options.start, mme_table, options.benzo_table, terminology) as reading:
        found = candidates(reading, options)
        _write(candidates_output(found, output.value))
        _end(answered=found.any_feasible)


@app.command()
def plan(
    chart: Chart,
    *,
    drug: Drug,
    start: FirstDay,
    protocol: Protocol = None,
    strategy: Strategy = None,
    param: Param = None,
    target: Target = Decimal(0),
    baseline: BaselineMg = None,
    baseline_by: BaselineBy = "",
    use: UseOption = None,
    mme_table: MmeTable = "cdc-2022",
    benzo_table: Benzo = None,
    products: Products = "",
    parts: PartsOption = None,
    reason: Reason = "",
    zone: Zone = None,
    terminology: Terminology = None,
    output: Annotated[PlanFormat, typer.Option("--format", help="What to print.")] = PlanFormat.TABLE,
) -> None:
    """One taper plan: every dose made of products that exist, every limit and source named."""
    if (protocol is None) == (strategy is None):
        raise WrongUsage("give exactly one of --protocol and --strategy")
    from fhir_taper.workflow.plan import is_blocked, make_plan, plan_output
    from fhir_taper.workflow.plan_request import PlanOptions
    from fhir_taper.workflow.regimen import chart_reading

    options = PlanOptions(
        drug=drug,
        start=start,
        target_mg=target,
        protocol=protocol,
        strategy=strategy,
        params=_params(param),
        baseline_mg=baseline,
        baseline_by=baseline_by,
        use=_word(use),
        benzo_table=_word(benzo_table),
        products=_codes(products),
        parts=_parts(parts),
        reason=reason,
        zone=zone,
    )
    with chart_reading(chart, options.start, mme_table, options.benzo_table, terminology) as reading:
        outcome = make_plan(reading, options)
        _write(plan_output(outcome, output.value, reading))
        _end(answered=not is_blocked(outcome))


@terminology.command("load")
def terminology_load(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with RXNCONSO.RRF, RXNREL.RRF and RXNSAT.RRF.")],
    database: Database = Path("terminology.sqlite"),
) -> None:
    """Read NLM's RxNorm Current Prescribable Content; goes on where an interrupted load stopped."""
    from fhir_taper.render.terminal import load_progress
    from fhir_taper.workflow.load_terminology import load_output, load_terminology

    with load_progress() as on_progress:
        report = load_terminology(folder, database, on_progress)
    _write(load_output(report, database))


@terminology.command("site")
def terminology_site(
    rows: Annotated[Path, typer.Argument(metavar="CSV", help="Products in the columns of tables/products.csv; these rows win over all.")],
    database: Database = Path("terminology.sqlite"),
) -> None:
    """Replace the site's own products."""
    from fhir_taper.workflow.load_terminology import load_site_products

    typer.echo(f"{load_site_products(rows, database)} site products in {database}")


def _params(texts: list[str] | None) -> tuple[tuple[str, str], ...]:
    pairs = [text.partition("=") for text in texts or ()]
    for name, equals, value in pairs:
        if not equals or not name.strip() or not value.strip():
            raise WrongUsage(f"--param {name + equals + value!r} is not of the form name=value")
    names = [name.strip() for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise WrongUsage(f"--param gives {', '.join(sorted({name for name in names if names.count(name) > 1}))} more than once")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _parts(parts: Parts | None) -> int | None:
    return {Parts.HALF: 2, Parts.QUARTER: 4}[parts] if parts else None


def _word(choice: StrEnum | None) -> str | None:
    return choice.value if choice else None


def _today() -> date:
    return datetime.now(UTC).date()


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _end(*, answered: bool) -> None:
    if not answered:
        raise typer.Exit(NO_SAFE_ANSWER)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status; an error of ours is one line on standard error."""
    sys.exit(_status_of(lambda: app(arguments)))


def _status_of(run: Callable[[], Any]) -> int:
    try:
        run()
    except TaperError as error:
        print(f"fhir-taper: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return next(status for kind, status in _STATUS if isinstance(error, kind))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0
