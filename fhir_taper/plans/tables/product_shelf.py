"""The products of products.csv, each made and checked when it is first asked for: a chart names ten of more than a thousand.

Every row passes `medicine_rows.product_of` before anyone sees it, so a row without source or sense never reaches a patient; `checked`
makes all of them at once and is what the tests and the documentation use. Nothing here knows a drug.
"""

from collections.abc import Iterable, Iterator, Mapping

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables.medicine_rows import Row, product_of


class ProductShelf(Mapping[str, Product]):
    """Products by RxNorm code. Raises TableError at once for a code that stands twice, and for a bad row when it is read."""

    def __init__(self, rows: Iterable[tuple[str, Row]]) -> None:
        self._rows: dict[str, tuple[str, Row]] = {}
        self._codes: dict[str, list[str]] = {}
        self._made: dict[str, Product] = {}
        self._sorted: dict[str, tuple[Product, ...]] = {}
        for place, row in rows:
            code = row["rxcui"]
            if code in self._rows:
                raise TableError(f"{place}: {code} stands in this table twice")
            self._rows[code] = place, row
            self._codes.setdefault(row["ingredient"], []).append(code)

    def __getitem__(self, rxcui: str) -> Product:
        product = self._made.get(rxcui)
        if product is None:
            product = self._made[rxcui] = product_of(*self._rows[rxcui])
        return product

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def of_ingredient(self, ingredient: str) -> tuple[Product, ...]:
        """All products of one ingredient, unbranded before branded, ascending strength."""
        found = self._sorted.get(ingredient)
        if found is None:
            made = (self[code] for code in self._codes.get(ingredient, ()))
            found = self._sorted[ingredient] = tuple(sorted(made, key=lambda product: (bool(product.brand), product.mg, product.rxcui)))
        return found

    def checked(self) -> "ProductShelf":
        """Itself, after every row was made. Raises TableError naming the first row that is not acceptable."""
        for code in self._rows:
            self[code]
        return self
