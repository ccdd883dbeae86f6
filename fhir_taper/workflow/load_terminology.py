"""A site's terminology: an RxNorm release, and products of its own, into the database that `--terminology` names."""

from collections.abc import Callable
from pathlib import Path

from fhir_taper.errors import TerminologyError
from fhir_taper.plans.tables.medicine_tables import load_medicines
from fhir_taper.store.rxnorm_load import LoadReport, load_release
from fhir_taper.store.terminology import add_site_products

_SHOWN = 20
"""Lines of each list that are printed; the rest is counted."""


def load_terminology(folder: Path, database: Path, on_progress: Callable[[str, int, int], None]) -> LoadReport:
    """Load a release. Raises TerminologyError naming file and line."""
    return load_release(folder, database, load_medicines(), on_progress)


def load_site_products(rows: Path, database: Path) -> int:
    """Replace the site's own products; returns how many there are now. Raises TerminologyError naming file and line."""
    try:
        text = rows.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TerminologyError(f"cannot be read ({error.__class__.__name__})", str(rows)) from error
    return add_site_products(database, text, rows.name)


def load_output(report: LoadReport, database: Path) -> bytes:
    """What a load did, in words."""
    lines = [f"{report.products} products and {report.ndcs} NDCs in {database}{' (resumed)' if report.resumed else ''}"]
    lines += _listed(report.differs, "where the built-in table and the release differ; the built-in strength is used")
    lacks = "drug of the release lacks" if len(report.lacking) == 1 else "drugs of the release lack"
    lines += _listed(report.lacking, f"{lacks} relations or concepts and is set aside: RXNREL.RRF may be truncated")
    lines += _listed(report.set_aside, "drugs of the release set aside")
    return "".join(f"{line}\n" for line in lines).encode()


def _listed(entries: tuple[str, ...], what: str) -> list[str]:
    if not entries:
        return []
    more = [f"  … and {len(entries) - _SHOWN} more"] if len(entries) > _SHOWN else []
    return [f"{len(entries)} {what}:", *(f"  {entry}" for entry in entries[:_SHOWN]), *more]
