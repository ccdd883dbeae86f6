"""What an option takes, and how its words are read: one alias an option, used by every command that has it.

Choices that tables hold are checked against them by a test, so that `--help` needs no table.
"""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.plain_number import plain_decimal

MOST_MG_A_DAY = 1_000_000
"""More than this is a typing error, whatever the drug."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""A day before or after these is a typing error."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST = 40


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


class DurationOfUse(StrEnum):
    UNDER_1_MONTH = "<1m"
    UNDER_1_YEAR = "1m-1y"
    FROM_1_YEAR = ">=1y"


class PermittedParts(StrEnum):
    HALF = "half"
    QUARTER = "quarter"

    @property
    def per_unit(self) -> int:
        """How many of these parts make a tablet."""
        return 2 if self is PermittedParts.HALF else 4


def _day(text: str) -> date:
    """A day as YYYY-MM-DD, near enough to now that no date after it, to the end of any plan, is out of range."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise typer.BadParameter(f"{text[:_LONGEST]!r} is not a date like 2026-01-05")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day


def _amount(text: str | Decimal) -> Decimal:
    if isinstance(text, Decimal):  # Typer hands a default to the parser too
        return text
    amount = plain_decimal(text.strip())
    if amount is None or not 0 <= amount <= MOST_MG_A_DAY:
        raise typer.BadParameter(f"{text[:_LONGEST]!r} is not an amount in mg per day like 7.5")
    return amount


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
Terminology = Annotated[
    Path | None, typer.Option("--terminology", metavar="PATH", help="A terminology database made by `terminology load`.")
]
Database = Annotated[Path, typer.Option("--terminology", metavar="PATH", help="The database to write.")]
Format = Annotated[TableOrJson, typer.Option("--format", help="What to print.")]
PlanForm = Annotated[PlanFormat, typer.Option("--format", help="What to print.")]
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
