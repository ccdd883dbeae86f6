"""Writes the table of element names from the FHIR models: `python -m tests.mappers.publish_element_table`.

Run it after an update of fhir.resources. A test holds that the table is what the models say.
"""

import pkgutil
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from fhir_taper.mappers.fhir import model_of

TABLE = Path(__file__).resolve().parents[2] / "fhir_taper" / "mappers" / "element_table.py"
ABSTRACT = frozenset({"Resource", "DomainResource"})
WIDTH = 136
_HEAD = '''"""Elements of every resource type of FHIR R4B, so that a name can be looked up without the models.

Written by `python -m tests.mappers.publish_element_table` from fhir.resources; not edited by hand. One type a line, continued under
it; `_` before a name marks a primitive, which may have its extension beside it. Data only: `element_names` reads it.
"""

OF_EVERY_RESOURCE = "{resource}"
OF_EVERY_DOMAIN_RESOURCE = "{domain}"

RESOURCES = """
{resources}
"""

DOMAIN_RESOURCES = """
{domains}
"""
'''


def resource_types() -> Iterator[str]:
    """Every resource type that can stand in a chart, in the order of their names."""
    package = import_module("fhir.resources.R4B")
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        names = vars(import_module(f"fhir.resources.R4B.{module}")) if module != "tests" else {}
        yield from (name for name in names if name.lower() == module and name not in ABSTRACT and _is_resource(name))


def names_in_model(resource_type: str) -> list[str]:
    """Element names in the model's order, each primitive with `_` before it."""
    model = model_of(resource_type)
    written = {field.alias for field in model.model_fields.values()}
    return [f"_{name}" if f"_{name}" in written else name for name in _sequence(model)]


def table() -> str:
    """The text of the module."""
    resource, domain = (names_in_model(name) for name in ("Resource", "DomainResource"))
    lines: dict[bool, list[str]] = {True: [], False: []}
    for name in resource_types():
        names = names_in_model(name)
        is_domain = set(domain) <= set(names)
        own = [one for one in names if one not in (domain if is_domain else resource)]
        lines[is_domain] += textwrap.wrap(" ".join([name, *own]), WIDTH, subsequent_indent="  ")
    return _HEAD.format(
        resource=" ".join(resource), domain=" ".join(domain), resources="\n".join(lines[False]), domains="\n".join(lines[True])
    )


def _is_resource(name: str) -> bool:
    try:
        model_of(name)
    except KeyError:
        return False
    return True


def _sequence(model: type[BaseModel]) -> list[str]:
    names: list[str] = model.elements_sequence()  # type: ignore[attr-defined]
    return names


def main() -> None:
    """Write the table."""
    TABLE.write_text(table())


if __name__ == "__main__":
    main()
