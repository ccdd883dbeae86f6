"""The tables of a terminology database (SQLite): what was taken of an RxNorm release, how far the load came, and a site's own rows.

A release is kept as its own words (concept, relation, attribute) and compiled into `product` and `ndc`, which is what the catalogue reads.
`progress` makes the load resumable: it holds, per file, the byte offset up to which rows are committed.
"""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

metadata = MetaData()

FORMAT = "2"
"""Version of this layout. A database of another layout is refused with a clear line, never read on trust."""

COMPLETE = "complete"
"""Key of `about`: BEGUN from the begin of a load to its end, then DONE; absent where no release was ever loaded."""

BEGUN, DONE = "no, by reading 2", "yes, by reading 2"
"""With the number of how a release is read and compiled: what was loaded by another one is loaded again, from the first line on."""

about = Table("about", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

progress = Table(
    "progress",
    metadata,
    Column("file", String, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("offset", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    Column("size", Integer, nullable=False),
)

concept = Table(
    "concept",
    metadata,
    Column("rxcui", String, primary_key=True),
    Column("tty", String, primary_key=True),
    Column("name", String, nullable=False),
)

relation = Table(
    "relation",
    metadata,
    Column("subject", String, primary_key=True),
    Column("rela", String, primary_key=True),
    Column("object", String, primary_key=True),
)
Index("relation_by_rela", relation.c.rela, relation.c.subject)

ndc = Table("ndc", metadata, Column("ndc", String, primary_key=True), Column("rxcui", String, nullable=False))

_PRODUCT_COLUMNS = (
    "name",
    "ingredient_rxcui",
    "ingredient",
    "class",
    "form",
    "release",
    "route",
    "mg",
    "brand",
    "use",
    "parts",
    "parts_source",
    "parts_state",
    "smallest_ml",
    "wear_h",
    "companions",
    "note",
    "source",
    "edition",
    "year",
    "state",
)


def _products(name: str) -> Table:
    """A table of products in the columns of tables/products.csv, found by code and by ingredient."""
    columns = (Column(column, String, nullable=False) for column in _PRODUCT_COLUMNS)
    return Table(name, metadata, Column("rxcui", String, primary_key=True), *columns, Index(f"{name}_by_ingredient", "ingredient"))


product, site_product = _products("product"), _products("site_product")
