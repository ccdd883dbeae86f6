"""The commands that fill a site's terminology database."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_taper.cli.options import Database
from fhir_taper.cli.output import write

app = typer.Typer(help="A site's own RxNorm release and products.", no_args_is_help=True, rich_markup_mode=None)

DATABASE = Path("terminology.sqlite")


@app.command("load")
def load(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with RXNCONSO.RRF, RXNREL.RRF and RXNSAT.RRF.")],
    database: Database = DATABASE,
) -> None:
    """Read NLM's RxNorm Current Prescribable Content; goes on where an interrupted load stopped."""
    from fhir_taper.render.progress import load_progress
    from fhir_taper.workflow.load_terminology import load_output, load_terminology

    with load_progress() as on_progress:
        report = load_terminology(folder, database, on_progress)
    write(load_output(report, database))


@app.command("site")
def site(
    rows: Annotated[Path, typer.Argument(metavar="CSV", help="Products in the columns of tables/products.csv; these rows win over all.")],
    database: Database = DATABASE,
) -> None:
    """Replace the site's own products."""
    from fhir_taper.workflow.load_terminology import load_site_products

    write(f"{load_site_products(rows, database)} site products in {database}\n".encode())
