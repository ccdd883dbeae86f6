"""Open what the caller names (a file, a folder, standard input) and read one patient's chart from it.

The only place of the program that opens charts; what the bytes mean is `mappers.bundle`. A folder is read whole: every *.json and *.ndjson
in it, in the order of their names. What else lies there is not read, and the chart says so.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from fhir_taper.errors import BadInput, NotJson
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.documents import FILE_LIMIT
from fhir_taper.plans.medicines.regimen import Issue

STANDARD_INPUT: Final = "-"
_SUFFIXES: Final = frozenset({".json", ".ndjson"})
FOLDER_LIMIT: Final = 3 * FILE_LIMIT // 2
"""Bytes of all files of one folder together: what can be decoded within a gigabyte of memory."""


def read_chart(path: str) -> Chart:
    """The chart in a file or folder, or in standard input for "-". Raises BadInput naming what cannot be opened or read."""
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise BadInput("is closed", "standard input")
        return read_chart_bytes(_limited(sys.stdin.buffer, "standard input"), "standard input")
    place = Path(path)
    try:
        if place.is_dir():
            return _read_folder(place)
        return decode_chart([(path, _read_file(place, path))])
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", path) from error
    except ValueError as error:  # a path that no operating system takes, such as one with a NUL
        raise BadInput(f"is not a path: {error}", repr(path)) from error


def read_chart_bytes(data: bytes, name: str) -> Chart:
    """The chart in bytes that the caller holds. `name` stands for the place in every message."""
    return decode_chart([(name, data)])


def _read_folder(folder: Path) -> Chart:
    inside = sorted(folder.iterdir(), key=lambda path: path.name)
    charts = [path for path in inside if path.suffix.lower() in _SUFFIXES and not path.is_dir()]
    if not charts:
        raise BadInput("no *.json or *.ndjson in this folder", str(folder))
    if sum(path.stat().st_size for path in charts) > FOLDER_LIMIT:
        limit = f"{FOLDER_LIMIT // (1024 * 1024)} MB"
        raise NotJson(f"its files are larger than {limit} together: that is more than one patient's chart", str(folder))
    chart = decode_chart(_parts(charts))
    others = [path.name for path in inside if path not in charts]
    return chart if not others else replace(chart, issues=(*chart.issues, _not_read(others, folder)))


def _parts(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    """One file at a time, so that the bytes of one are let go before the next is opened."""
    for path in paths:
        yield path.name, _read_file(path, str(path))


def _read_file(path: Path, name: str) -> bytes:
    with path.open("rb") as file:
        return _limited(file, name)


def _limited(file: BinaryIO, name: str) -> bytes:
    data = file.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise NotJson(f"larger than {FILE_LIMIT // (1024 * 1024)} MB; split it into several files of one folder", name)
    return data


def _not_read(names: list[str], folder: Path) -> Issue:
    named = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004 — enough to recognise them
    return Issue("information", "not-read", f"only *.json and *.ndjson of a folder are read, not {named}", str(folder))
