"""The demo's EHR answering otherwise than it would: what a test puts between the app and the server, for the length of a block.

Paths are those under the FHIR base, as patterns: `CarePlan` is a search, `CarePlan/*` each read of one, `*` everything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import reduce

from fhir_taper.exact_json import encode
from fhir_taper.records import Json
from fhir_taper.sandbox.demo import Demo
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.sandbox.resource_server import Forward, Intercept

FHIR = {"content-type": "application/fhir+json"}
RESTRICTED = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
"""The meta of a resource that is labelled restricted."""


@contextmanager
def between(demo: Demo, intercept: Intercept) -> Iterator[None]:
    """Every request that the token lets through goes by this way."""
    demo.resources.intercept = intercept
    try:
        yield
    finally:
        demo.resources.intercept = None


def refusing(status: int = 403, at: str = "*", body: bytes = b"{}") -> Intercept:
    """Requests for these paths end so, and never come to the server."""

    def intercept(_: str, path: str, forward: Forward) -> Answer:
        return Answer(status, FHIR, body) if fnmatchcase(path, at) else forward()

    return intercept


def changing(at: str, change: Callable[[Json], Json]) -> Intercept:
    """What the server answers at these paths is handed on as `change` makes it."""

    def intercept(_: str, path: str, forward: Forward) -> Answer:
        answer = forward()
        return Answer(answer.status, answer.headers, encode(change(answer.json()))) if fnmatchcase(path, at) else answer

    return intercept


def all_of(*intercepts: Intercept) -> Intercept:
    """One after the other, the first closest to the server."""

    def then(inner: Intercept, outer: Intercept) -> Intercept:
        return lambda method, path, forward: outer(method, path, lambda: inner(method, path, forward))

    return reduce(then, intercepts)


def each(change: Callable[[Json], object]) -> Callable[[Json], Json]:
    """For a search: every resource that was found, changed in place."""

    def changed(bundle: Json) -> Json:
        for entry in bundle["entry"]:
            change(entry["resource"])
        return bundle

    return changed


def with_more(resource: Json) -> Callable[[Json], Json]:
    """For a search: one resource more than were found."""
    return lambda bundle: bundle | {"entry": [*bundle.get("entry", []), {"resource": resource, "search": {"mode": "match"}}]}
