"""The three RRF files of an RxNorm release that we read, line by line, each line checked.

Source: RxNorm technical documentation, "Rich Release Format": fields end with `|`; RXNREL says "RXCUI2 RELA RXCUI1". Only atoms and
relations of
SAB = RXNORM that are not suppressed are kept. A byte order mark that an editor left before the first line is passed over. Nothing is
written here.
"""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fhir_taper.errors import TerminologyError

KEPT_TYPES = frozenset({"IN", "PIN", "BN", "SCD", "SBD", "SCDC", "DF"})
KEPT_RELATIONS = frozenset({"consists_of", "has_ingredient", "has_dose_form", "tradename_of"})
_END = 64 * 1024


@dataclass(frozen=True, slots=True)
class RrfFile:
    """Name and number of fields of one file of the release."""

    name: str
    fields: int


RXNCONSO = RrfFile("RXNCONSO.RRF", 18)
RXNREL = RrfFile("RXNREL.RRF", 16)
RXNSAT = RrfFile("RXNSAT.RRF", 13)
RELEASE_FILES = (RXNCONSO, RXNREL, RXNSAT)


def find_file(folder: Path, kind: RrfFile) -> Path:
    """The file in `folder` or its `rrf` folder (as NLM packs it). Raises TerminologyError naming what is absent."""
    for candidate in (folder / kind.name, folder / "rrf" / kind.name):
        if candidate.is_file():
            return candidate
    raise TerminologyError(
        f"{kind.name} is not in this folder: expected RXNCONSO.RRF, RXNREL.RRF and RXNSAT.RRF of an RxNorm release", str(folder)
    )


def check_ends(path: Path, kind: RrfFile) -> None:
    """Refuse an empty file, another format, and a file whose last line was cut off: the three usual faults of a download."""
    size = path.stat().st_size
    if size == 0:
        raise TerminologyError("the file is empty", path.name)
    with path.open("rb") as file:
        first = file.readline()
        file.seek(max(0, size - _END))
        tail = file.read()
    _fields(first.removeprefix(codecs.BOM_UTF8), kind, f"{path.name}:1")
    last = tail.rstrip(b"\r\n").rpartition(b"\n")[2]
    if not tail.endswith(b"\n") or last.count(b"|") != kind.fields:
        raise TerminologyError("the last line is cut off: the file is truncated", path.name)


def fingerprint(path: Path) -> str:
    """SHA-256 of the whole file: tells a resumed load that it still reads the same release."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lines_from(path: Path, kind: RrfFile, offset: int, line: int) -> Iterator[tuple[list[str], int, int]]:
    """Lines after byte `offset` (which ends line number `line`) as (fields, new offset, new line number)."""
    with path.open("rb") as file:
        file.seek(offset)
        for raw in file:
            text = raw if offset else raw.removeprefix(codecs.BOM_UTF8)
            line += 1
            offset += len(raw)
            yield _fields(text, kind, f"{path.name}:{line}"), offset, line


def concept_of(fields: list[str]) -> dict[str, str] | None:
    """A kept concept, or None.

    RXNCONSO: RXCUI|LAT|TS|LUI|STT|SUI|ISPREF|RXAUI|SAUI|SCUI|SDUI|SAB|TTY|CODE|STR|SRL|SUPPRESS|CVF|
    """
    rxcui, sab, tty, name, suppress = fields[0], fields[11], fields[12], fields[14], fields[16]
    if sab != "RXNORM" or tty not in KEPT_TYPES or suppress not in ("N", ""):
        return None
    return {"rxcui": rxcui, "tty": tty, "name": name}


def relation_of(fields: list[str]) -> dict[str, str] | None:
    """A kept relation, or None.

    RXNREL: RXCUI1|RXAUI1|STYPE1|REL|RXCUI2|RXAUI2|STYPE2|RELA|RUI|SRUI|SAB|SL|DIR|RG|SUPPRESS|CVF|
    """
    object_, subject, rela, sab, suppress = fields[0], fields[4], fields[7], fields[10], fields[14]
    if sab != "RXNORM" or rela not in KEPT_RELATIONS or not subject or not object_ or suppress not in ("N", ""):
        return None
    return {"subject": subject, "rela": rela, "object": object_}


def ndc_of(fields: list[str]) -> dict[str, str] | None:
    """An NDC that RxNorm itself vouches for, or None.

    RXNSAT: RXCUI|LUI|SUI|RXAUI|STYPE|CODE|ATUI|SATUI|ATN|SAB|ATV|SUPPRESS|CVF|
    """
    rxcui, name, sab, value, suppress = fields[0], fields[8], fields[9], fields[10], fields[11]
    if name != "NDC" or sab != "RXNORM" or suppress not in ("N", ""):
        return None
    return {"ndc": value.replace("-", ""), "rxcui": rxcui}


def _fields(raw: bytes, kind: RrfFile, place: str) -> list[str]:
    try:
        fields = raw.decode("utf-8").rstrip("\r\n").split("|")
    except UnicodeDecodeError:
        raise TerminologyError("not UTF-8 text", place) from None
    if len(fields) != kind.fields + 1 or fields[-1]:
        raise TerminologyError(f"{len(fields) - 1} fields where {kind.name} has {kind.fields}", place)
    return fields
