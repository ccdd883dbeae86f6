"""From the bytes of one file to JSON documents that claim to be FHIR: a resource, a JSON list of resources, or NDJSON.

Here a file is refused as a whole (errors.NotJson, errors.NotFhir) with its name and line. What a resource says is not looked at.
Limits exist so that hostile or mistaken input ends soon and in little memory: a file of 64 MB with FHIR's usual density decodes in well
under 1 GB, one that is all brackets would not. FHIR JSON (R4, json.html) wants UTF-8, unique names and no NaN.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from fhir_taper import exact_json
from fhir_taper.errors import NotFhir, NotJson
from fhir_taper.mappers.chart import SetAside

FILE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one file. A chart of a thousand resources is one or two megabytes."""
VALUE_LIMIT: Final = 5_000_000
"""Objects, lists and further members of one file: bounds the memory of what decodes."""
RESOURCE_LIMIT: Final = 250_000
"""Resources of one file: bounds the time. Of FHIR's usual size they would be hundreds of megabytes."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NAME = re.compile(rb'"\s*:')


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON object with a resourceType, and where it stood."""

    resource: dict[str, Any]
    place: str


def read_documents(name: str, data: bytes) -> tuple[list[Document], list[SetAside]]:
    """The documents of one file, and the lines or list members that had to be set aside.

    Raises NotJson for bytes that are not JSON (empty, too large, too deep, UTF-16, NaN, a name twice in one object), NotFhir where nothing
    in the file has a resourceType.
    """
    _refuse_hopeless(name, data)
    try:
        value = _decoded(data, name)
    except NotJson as error:
        lines = _by_line(name, data) if b"\n" in data.strip() else None
        if lines is None:
            raise _as_text_error(error, data, name) from error
        return lines
    return _documents_of(value, name)


def refuse_too_many(count: int, place: str) -> None:
    """Raises NotJson for more resources in one list than a chart can have."""
    if count > RESOURCE_LIMIT:
        raise NotJson(f"a list of {count:,}; more than {RESOURCE_LIMIT:,} resources are not one patient's chart", place)


def has_type(value: object) -> bool:
    """Whether this is a JSON object with a resourceType that is a word."""
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str) and bool(value["resourceType"].strip())


def _refuse_hopeless(name: str, data: bytes) -> None:
    if len(data) > FILE_LIMIT:
        raise NotJson(f"larger than {FILE_LIMIT // (1024 * 1024)} MB; split it into several files of one folder", name)
    if data.startswith(_UTF_16) or b"\0" in data[:2]:
        raise NotJson("UTF-16 text; FHIR JSON is UTF-8: save it as UTF-8", name)
    if len(data) > VALUE_LIMIT and data.count(b",") + data.count(b"{") + data.count(b"[") > VALUE_LIMIT:
        raise NotJson(f"more than {VALUE_LIMIT:,} values; split it into several files of one folder", name)


def _decoded(data: bytes, place: str) -> Any:
    try:
        value = exact_json.decode(data, place)
    except ArithmeticError:
        raise NotJson("a number beyond any sensible size", place) from None
    _refuse_duplicate_names(data, value, place)
    return value


def _refuse_duplicate_names(data: bytes, value: Any, place: str) -> None:
    """The decoder keeps the last of two equal names without a word: fewer come out than went in. Only then is the text looked at."""
    kept = msgspec.json.encode(value)
    if data.count(b'":') != kept.count(b'":') and len(_NAME.findall(data)) != len(_NAME.findall(kept)):
        json.loads(
            data.removeprefix(_BYTE_ORDER_MARK), object_pairs_hook=lambda pairs: _unique(pairs, place), parse_float=str, parse_int=str
        )


def _unique(pairs: list[tuple[str, Any]], place: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f'the name "{twice}" stands twice in one object: which value is meant cannot be known', place)
    return found


def _by_line(name: str, data: bytes) -> tuple[list[Document], list[SetAside]] | None:
    """NDJSON, or None where this is not NDJSON: most lines must be resources of their own."""
    if data.count(b"\n") > RESOURCE_LIMIT:
        return None
    documents: list[Document] = []
    set_aside: list[SetAside] = []
    for number, line in _lines(data):
        place = f"{name} line {number}"
        try:
            value: Any = _decoded(line, place) if line.startswith(b"{") else None
        except NotJson as error:
            set_aside.append(SetAside(error.message, place))
            continue
        if has_type(value):
            documents.append(Document(value, place))
        else:
            set_aside.append(SetAside("no resourceType", place))
    return (documents, set_aside) if documents and len(documents) >= len(set_aside) else None


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(data.removeprefix(_BYTE_ORDER_MARK).splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def _documents_of(value: Any, name: str) -> tuple[list[Document], list[SetAside]]:
    if isinstance(value, list):
        return _list_of_resources(value, name)
    if not has_type(value):
        raise NotFhir(f"JSON, but no resourceType in it: {_kind(value)}", name)
    return [Document(value, name)], []


def _list_of_resources(value: list[Any], name: str) -> tuple[list[Document], list[SetAside]]:
    refuse_too_many(len(value), name)
    if not any(has_type(item) for item in value):
        raise NotFhir(f"a JSON list of {len(value)} in which nothing has a resourceType", name)
    documents = [Document(item, f"{name} [{index}]") for index, item in enumerate(value) if has_type(item)]
    set_aside = [SetAside(f"no resourceType: {_kind(item)}", f"{name} [{index}]") for index, item in enumerate(value) if not has_type(item)]
    return documents, set_aside


def _kind(value: object) -> str:
    if isinstance(value, dict):
        names = ", ".join(str(key)[:40] for key in list(value)[:3])
        return f"an object with {names}" if names else "an empty object"
    if value is None:
        return "null"
    words = {list: "a list", str: "a text", bool: "true or false"}
    return next((word for kind, word in words.items() if isinstance(value, kind)), "a number")


def _as_text_error(error: NotJson, data: bytes, name: str) -> NotJson:
    """The decoder names a byte; a person who looks for it needs the line."""
    found = re.search(r"\(byte (\d+)\)", error.message)
    if not found or b"\n" not in data:
        return error
    line = data.count(b"\n", 0, int(found[1])) + 1
    return NotJson(f"{error.message}, line {line}", name)
