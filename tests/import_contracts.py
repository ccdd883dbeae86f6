"""Two kinds of import contract that import-linter does not bring, used by the contracts in pyproject.toml.

`only`: a package imports nothing but the standard library and what is named (a list of what is forbidden would let the next
dependency slip through). `one_door`: a third party is imported by the named modules alone. What it must not do: name a
module of ours; the contracts themselves stand in pyproject.toml, and tests/test_house.py breaks each of them.
"""

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """`package` imports itself, `allowed_modules` and the standard library without `refused_modules`."""

    type_name = "only"

    package = fields.StringField()
    allowed_modules = fields.SetField(subfield=fields.StringField(), required=False)
    refused_modules = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Judge every direct import out of the package."""
        del verbose
        allowed = (set(sys.stdlib_module_names) | self.allowed_modules_set()) - _names(self.refused_modules)
        package = str(self.package)
        wrong = [
            (importer, imported)
            for importer in sorted(_within(graph, package))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not _is_inside(imported, package) and imported not in allowed
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def allowed_modules_set(self) -> set[str]:
        """Return the names allowed beside the standard library."""
        return _names(self.allowed_modules)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that is not allowed."""
        _print_wrong(check)


class OneDoorContract(Contract):
    """`target`, a third party or a package, is imported by `doors` (modules, or packages with all inside) and by nothing else."""

    type_name = "one_door"

    target = fields.StringField()
    doors = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Judge every direct import of the target."""
        del verbose
        doors = _names(self.doors)
        wrong = [
            (importer, module)
            for module in sorted(_within(graph, str(self.target)))
            for importer in sorted(graph.find_modules_that_directly_import(module))
            if not any(_is_inside(importer, door) for door in doors)
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each importer that is no door."""
        _print_wrong(check)


def _names(values: Any) -> set[str]:
    return {str(value) for value in values or ()}


def _within(graph: ImportGraph, package: str) -> set[str]:
    return {module for module in graph.modules if _is_inside(module, package)}


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _print_wrong(check: ContractCheck) -> None:
    for importer, imported in check.metadata["wrong"]:
        output.print_error(f"{importer} imports {imported}", bold=False)
