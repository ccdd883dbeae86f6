"""A write that may leave: the only thing that the write methods of `smart.client` accept.

What it must not do: be constructed anywhere but in `writeback.guard` (a test over the syntax tree of the package holds it).
"""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Permitted:
    """One request: method, path relative to the FHIR base ("" for a transaction, else "Type" or "Type/id"), body, headers of the write."""

    method: str
    path: str
    body: Json
    headers: tuple[tuple[str, str], ...] = ()
