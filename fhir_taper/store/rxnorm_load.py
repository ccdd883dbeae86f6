"""`fhir-taper terminology load`: an RxNorm release into a terminology database, resumable, with progress.

Rows and the offset they were read up to are committed together, so a load that was interrupted goes on where it stopped and never counts
a line twice.
A different release in the same database replaces the former one; a site's own rows stay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, delete, event, insert, select
from sqlalchemy.exc import DatabaseError

from fhir_taper.errors import TerminologyError
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.store import rxnorm_compile, rxnorm_files
from fhir_taper.store import terminology_schema as schema
from fhir_taper.store.rxnorm_files import RXNCONSO, RXNREL, RXNSAT, RrfFile

OnProgress = Callable[[str, int, int], None]
"""Called with a file name, bytes done, bytes in all."""

BATCH_LINES = 20_000
_READERS = (
    (RXNCONSO, rxnorm_files.concept_of, schema.concept),
    (RXNREL, rxnorm_files.relation_of, schema.relation),
    (RXNSAT, rxnorm_files.ndc_of, schema.ndc),
)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. Products of the release that were not taken, with the reason: `set_aside` are those that this program cannot read,
    `lacking` those that the files do not describe whole.
    """

    products: int
    ndcs: int
    resumed: bool
    set_aside: tuple[str, ...]
    differs: tuple[str, ...]
    lacking: tuple[str, ...] = ()


def open_database(path: Path, *, create: bool = False) -> Engine:
    """An engine over a terminology database.

    Raises TerminologyError where the file is absent, is no such database, or has another layout.
    """
    if not create and not path.is_file():
        raise TerminologyError("there is no terminology database here: make one with `fhir-taper terminology load DIR`", str(path))
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
    try:
        with engine.begin() as connection:
            if create and not engine.dialect.get_table_names(connection):
                schema.metadata.create_all(connection)
                connection.execute(insert(schema.about).values(key="format", value=schema.FORMAT))
            layout = connection.scalar(select(schema.about.c.value).where(schema.about.c.key == "format"))
    except DatabaseError as error:
        engine.dispose()
        raise TerminologyError(f"cannot be used as a terminology database: {str(error.orig).lower()}", str(path)) from error
    if layout != schema.FORMAT:
        engine.dispose()
        raise TerminologyError(
            f"a terminology database of layout {layout}; this program reads layout {schema.FORMAT}: load the release again", str(path)
        )
    return engine


def load_release(folder: Path, database: Path, builtin: MedicineTables, on_progress: OnProgress = lambda *_: None) -> LoadReport:
    """Read the release in `folder` into `database`.

    Raises TerminologyError naming file and line; what was read so far stays and is not read again.
    """
    paths = [(kind, rxnorm_files.find_file(folder, kind)) for kind in rxnorm_files.RELEASE_FILES]
    for kind, path in paths:
        rxnorm_files.check_ends(path, kind)
    engine = open_database(database, create=True)
    try:
        prints = {kind.name: rxnorm_files.fingerprint(path) for kind, path in paths}
        with engine.begin() as connection:
            resumed = _prepare(connection, prints)
        for (kind, path), (_, row_of, table) in zip(paths, _READERS, strict=True):
            _load_file(engine, path, kind, row_of, table, prints[kind.name], on_progress)
        with engine.begin() as connection:
            return _finish(connection, builtin, resumed)
    finally:
        engine.dispose()


def _prepare(connection: Connection, prints: dict[str, str]) -> bool:
    """True where rows of this same release are there already, read as now; rows of another release are removed."""
    known = {row.file: row.sha256 for row in connection.execute(select(schema.progress))}
    said = connection.scalar(select(schema.about.c.value).where(schema.about.c.key == schema.COMPLETE))
    same = bool(known) and said in (schema.BEGUN, schema.DONE) and all(prints[name] == sha256 for name, sha256 in known.items())
    if not same:
        for table in (schema.concept, schema.relation, schema.ndc, schema.product, schema.progress):
            connection.execute(delete(table))
    _say_complete(connection, schema.BEGUN)
    return same


def _say_complete(connection: Connection, word: str) -> None:
    connection.execute(insert(schema.about).prefix_with("OR REPLACE").values(key=schema.COMPLETE, value=word))


def _load_file(
    engine: Engine,
    path: Path,
    kind: RrfFile,
    row_of: Callable[[list[str]], dict[str, str] | None],
    table: Table,
    sha256: str,
    on_progress: OnProgress,
) -> None:
    size = path.stat().st_size
    with engine.connect() as connection:
        at = connection.execute(select(schema.progress.c.offset, schema.progress.c.line).where(schema.progress.c.file == kind.name)).first()
    start = (at.offset, at.line) if at else (0, 0)
    offset, line = start
    on_progress(kind.name, offset, size)
    rows: list[dict[str, str]] = []
    pending = 0
    for fields, offset, line in rxnorm_files.lines_from(path, kind, *start):
        row = row_of(fields)
        if row is not None:
            rows.append(row)
        pending += 1
        if pending == BATCH_LINES:
            _commit(engine, table, rows, kind.name, sha256, offset, line, size)
            on_progress(kind.name, offset, size)
            rows, pending = [], 0
    _commit(engine, table, rows, kind.name, sha256, offset, line, size)
    on_progress(kind.name, offset, size)


def _commit(engine: Engine, table: Table, rows: list[dict[str, str]], file: str, sha256: str, offset: int, line: int, size: int) -> None:
    with engine.begin() as connection:
        if rows:
            connection.execute(insert(table).prefix_with("OR IGNORE"), rows)
        connection.execute(
            insert(schema.progress).prefix_with("OR REPLACE").values(file=file, sha256=sha256, offset=offset, line=line, size=size)
        )


def _finish(connection: Connection, builtin: MedicineTables, resumed: bool) -> LoadReport:
    compiled = rxnorm_compile.compile_products(connection, builtin)
    if not compiled.rows:
        raise TerminologyError("no drug of RxNorm in these files: is this a release of RxNorm?", RXNCONSO.name)
    connection.execute(delete(schema.product))
    connection.execute(insert(schema.product), compiled.rows)
    _say_complete(connection, schema.DONE)
    ndcs = len(connection.execute(select(schema.ndc.c.ndc)).all())
    return LoadReport(len(compiled.rows), ndcs, resumed, compiled.set_aside, compiled.differs, compiled.lacking)
