"""pyfhircheck 0.2.0 without work that it does again and again: the same verdicts in less time.

What it is: three patches of its insides, each with what it saves. What it must not do: change a verdict; `test_gate` holds that every
planted error is still caught and that right examples of the specification pass.
"""

import contextlib
import importlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from pyfhircheck.core import definitions, fhirpath
from pyfhircheck.profiles import package

Json = dict[str, Any]


@contextlib.contextmanager
def files_read_once() -> Iterator[None]:
    """While a validator is built: it reads four thousand files four times, each time for resources of other types."""

    @cache
    def content(path: Path) -> Json | None:
        try:
            found: Json = json.loads(path.read_bytes())
        except ValueError:
            return None
        return found

    def iterate(path: Path, resource_types: set[str] | None = None) -> Iterator[Json]:
        found = content(path)
        if found is not None and package._resource_type_matches(found, resource_types):
            yield found

    with mock.patch.object(package, "_iter_file", iterate):
        yield


class Models:
    """The models of fhir.resources by name, each imported when it is asked for: all of them take five seconds."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def keys(self) -> frozenset[str]:
        return self._names

    def get(self, name: str) -> type | None:
        try:
            module = importlib.import_module(f"fhir.resources.R4B.{name.lower()}")
        except ImportError:
            return None
        model: type | None = getattr(module, name, None)
        return model


def import_models_when_asked(resource_types: Iterable[str]) -> None:
    """For all validators of this process."""
    models = Models(resource_types)
    vars(definitions)["_discover_r4b_models"] = lambda: models


@contextlib.contextmanager
def prepared_once() -> Iterator[None]:
    """Let pyfhircheck 0.2.0 prepare each node for FHIRPath once per verdict, not once per invariant and node.

    Without it a plan of a hundred steps takes seconds, because the whole resource is copied for each of a thousand evaluations.
    The nodes of one verdict stay alive and unchanged, so their identity is a safe key.
    """
    prepare, annotate = fhirpath._augment_choice_types, fhirpath._annotate_resolved_references
    prepared: dict[int, tuple[object, object]] = {}
    annotated: dict[int, object] = {}

    def prepare_once(node: object) -> object:
        if not isinstance(node, dict | list):
            return node
        if id(node) not in prepared:
            prepared[id(node)] = (node, prepare(node))
        return prepared[id(node)][1]

    def annotate_once(root: object) -> None:
        if id(root) not in annotated:
            annotated[id(root)] = root
            annotate(root)

    with (
        mock.patch.object(fhirpath, "_augment_choice_types", prepare_once),
        mock.patch.object(fhirpath, "_annotate_resolved_references", annotate_once),
    ):
        yield
