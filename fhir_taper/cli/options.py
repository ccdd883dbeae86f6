"""What an option takes, and how its words are read (`workflow.typed`): one alias an option, used by every command that has it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.workflow.typed import BenzoTable, DurationOfUse, PermittedParts, typed_day, typed_instant, typed_mg


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


def _day(text: str) -> date:
    try:
        return typed_day(text)
    except WrongUsage as error:
        raise typer.BadParameter(str(error)) from error


def _instant(text: str) -> datetime:
    try:
        return typed_instant(text)
    except WrongUsage as error:
        raise typer.BadParameter(str(error)) from error


def _amount(text: str | Decimal) -> Decimal:
    if isinstance(text, Decimal):  # Typer hands a default to the parser too
        return text
    try:
        return typed_mg(text.strip())
    except WrongUsage as error:
        raise typer.BadParameter(str(error)) from error


Chart = Annotated[
    str, typer.Argument(metavar="CHART", help="A FHIR file (resource, Bundle, list, NDJSON), a folder of them, or - for standard input.")
]
MmeTable = Annotated[str, typer.Option("--mme-table", metavar="ID", help="MME factor table.")]
Benzo = Annotated[
    BenzoTable | None, typer.Option("--benzo-table", help="Diazepam-equivalence table; without a choice the answer is a range.")
]
AsOf = Annotated[
    date | None, typer.Option("--as-of", parser=_day, metavar="DATE", help="The day the regimen is for (default: today, UTC).")
]
AsOfInstant = Annotated[
    datetime | None,
    typer.Option("--as-of", parser=_instant, metavar="INSTANT", help="The instant that is asked about (default: now). 2026-03-15T12:00Z"),
]
Terminology = Annotated[
    Path | None, typer.Option("--terminology", metavar="PATH", help="A terminology database made by `terminology load`.")
]
Database = Annotated[Path, typer.Option("--terminology", metavar="PATH", help="The database to write.")]
Format = Annotated[TableOrJson, typer.Option("--format", help="What to print.")]
PlanForm = Annotated[PlanFormat, typer.Option("--format", help="What to print.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
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
BaselineBy = Annotated[str, typer.Option("--baseline-by", metavar="WHO", help="Who confirmed what is taken, and how.")]
TakenToday = Annotated[
    list[str] | None,
    typer.Option(
        "--taken",
        metavar="RXCUI=UNITS[@TIME]",
        help=f"What is taken of one product, at one time ({', '.join(Slot)}); repeat for each. The sum is the baseline.",
    ),
]
Confirm = Annotated[
    list[str] | None,
    typer.Option("--confirm", metavar="FACT", help="A fact that only a clinician can give, such as pain-indication-confirmed; repeatable."),
]
ConfirmedBy = Annotated[str, typer.Option("--confirmed-by", metavar="WHO", help="The clinician who confirms it.")]
Use = Annotated[
    DurationOfUse | None,
    typer.Option("--use", metavar="'<1m'|'1m-1y'|'>=1y'", help="Duration of use; read from the chart where absent."),
]
Products = Annotated[str, typer.Option("--products", metavar="RXCUI,…", help="Products the plan may use.")]
Parts = Annotated[PermittedParts | None, typer.Option("--parts", help="Parts a clinician permits for this plan.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the taper is done.")]
Zone = Annotated[str | None, typer.Option("--zone", metavar="IANA", help="Time zone of the patient where the chart has none.")]
