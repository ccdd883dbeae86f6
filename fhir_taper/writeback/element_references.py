"""References inside a resource, at any depth: found, and replaced, without changing the resource that was given."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Replace = Callable[[str], str | None]
"""The new text of a reference, or None to leave it as it is."""


def references(value: object) -> Iterator[Mapping[str, Any]]:
    """Every Reference element inside a value: an object with a text `reference`, or with a `type` and an `identifier`."""
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str) or ("type" in value and isinstance(value.get("identifier"), Mapping)):
            yield value
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def with_references(value: Any, replace: Replace) -> Any:
    """The same value with the text of each reference replaced."""
    if isinstance(value, Mapping):
        made = {key: with_references(item, replace) for key, item in value.items()}
        text = value.get("reference")
        new = replace(text) if isinstance(text, str) else None
        return made | {"reference": new} if new is not None else made
    return [with_references(item, replace) for item in value] if isinstance(value, list) else value


def identifier_value(resource: Mapping[str, Any], system: str) -> str:
    """The value of the resource's identifier in one system; "" where it has none."""
    listed = resource.get("identifier")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping) and item.get("system") == system and isinstance(item.get("value"), str):
            return str(item["value"])
    return ""
