"""What may be written: the one value that the write methods of the client take, and that the write guard alone constructs.

No logic: who may construct it is held by a test on the syntax tree of the package.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from fhir_taper.records import Json

Leaving = Callable[[], None]
"""Asked when nothing stands between a request and the wire any more: its token is there, its turn has come. Raises where it may not go."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """One request that the guard let through. `path` is relative to the FHIR base: "" (transaction), "Type" or "Type/id"."""

    method: str
    path: str
    body: Json = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    """If-Match, If-None-Exist, Prefer; never Authorization."""
