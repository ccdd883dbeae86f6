"""A site's terminology as a product catalogue: the site's own rows first, then the built-in table, then the RxNorm release that was loaded.

The built-in row comes before the release because it carries what RxNorm does not (parts, wear time, the label's 12.5 for the fentanyl
"12", which a loaded patch of that rate has too); a site that knows better adds a row of its own, with source and state, and that row
wins. Reading only; `rxnorm_load` writes.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import RowMapping, Select, Table, delete, insert, select

from fhir_taper.errors import TableError, TerminologyError
from fhir_taper.plans.medicines.products import Ingredient, Product
from fhir_taper.plans.tables.medicine_rows import product_of
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.plans.tables.reading import csv_rows
from fhir_taper.store import terminology_schema as schema
from fhir_taper.store.rxnorm_load import open_database


class SiteCatalogue:
    """Answers `products.ProductCatalogue` from a terminology database over the built-in tables. Close it when done."""

    def __init__(self, path: Path, builtin: MedicineTables) -> None:
        self._builtin = builtin
        self._engine = open_database(path)
        with self._engine.connect() as connection:
            complete = connection.scalar(select(schema.about.c.value).where(schema.about.c.key == schema.COMPLETE))
        if complete not in (None, schema.DONE):  # None: no load was begun, the database holds the site's own products alone
            self._engine.dispose()
            why = "did not finish" if complete == schema.BEGUN else "is of an earlier version of this program"
            goes_on = ", it goes on where it stopped" if complete == schema.BEGUN else ""
            raise TerminologyError(
                f"the load of this terminology {why}: run `fhir-taper terminology load` again{goes_on}",
                str(path),
            )

    def close(self) -> None:
        self._engine.dispose()

    def product(self, rxcui: str) -> Product | None:
        return (
            self._one(schema.site_product, schema.site_product.c.rxcui == rxcui)
            or self._builtin.product(rxcui)
            or self._one(schema.product, schema.product.c.rxcui == rxcui)
        )

    def ingredient(self, rxcui: str) -> Ingredient | None:
        return self._builtin.ingredient(rxcui)

    def ingredient_named(self, word: str) -> Ingredient | None:
        return self._builtin.ingredient_named(word)

    def ingredients_in(self, text: str) -> tuple[Ingredient, ...]:
        return self._builtin.ingredients_in(text)

    def product_by_ndc(self, ndc: str) -> Product | None:
        with self._engine.connect() as connection:
            rxcui = connection.scalar(select(schema.ndc.c.rxcui).where(schema.ndc.c.ndc == ndc.replace("-", "")))
        return self.product(rxcui) if rxcui else None

    def products_of(self, ingredient: str) -> Iterable[Product]:
        release, site = (
            self._all(table, select(table).where(table.c.ingredient == ingredient)) for table in (schema.product, schema.site_product)
        )
        found = {product.rxcui: product for product in (*release, *self._builtin.products_of(ingredient), *site)}
        return sorted(found.values(), key=lambda product: (bool(product.brand), product.mg, product.rxcui))

    def _one(self, table: Table, where: object) -> Product | None:
        return next(iter(self._all(table, select(table).where(where))), None)  # type: ignore[arg-type]

    def _all(self, table: Table, query: Select[tuple[object, ...]]) -> list[Product]:
        with self._engine.connect() as connection:
            return [_product(table.name, row) for row in connection.execute(query).mappings()]


def add_site_products(database: Path, text: str, name: str) -> int:
    """Replace the site's own rows by those of a CSV in the grammar of tables/products.csv.

    Raises TerminologyError naming file and line of a row without source, state or sense.
    """
    columns = [column.name for column in schema.site_product.columns]
    rows: list[Mapping[str, str]] = []
    try:
        for place, row in csv_rows(name, text):
            product_of(place, row)
            rows.append({column: row.get(column, "") for column in columns})
    except TableError as error:
        raise TerminologyError(str(error)) from error
    if not rows:
        raise TerminologyError("no row in this file", name)
    engine = open_database(database, create=True)
    try:
        with engine.begin() as connection:
            connection.execute(delete(schema.site_product))
            connection.execute(insert(schema.site_product), rows)
    finally:
        engine.dispose()
    return len(rows)


def _product(table: str, row: RowMapping) -> Product:
    return product_of(f"{table}:{row['rxcui']}", dict(row))
