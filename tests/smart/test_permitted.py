import ast
from pathlib import Path

from fhir_taper.smart.permitted import Permitted

PACKAGE = Path(__file__).resolve().parents[2] / "fhir_taper"
GUARD = PACKAGE / "writeback" / "guard.py"


def constructions(source: str) -> list[str]:
    """Return what in a module makes a `Permitted`: a call of it, a copy with changes, or getting around its constructor."""
    found = []
    tree = ast.parse(source)
    names = {"Permitted"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("smart.permitted"):
            names |= {one.asname for one in node.names if one.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            made = called.rpartition(".")[2] in names
            around = called.endswith(("__new__", "__setattr__", "type")) and any(name in ast.unparse(node) for name in names)
            if made or around:
                found.append(ast.unparse(node))
        if isinstance(node, ast.Assign) and ast.unparse(node.value).rpartition(".")[2] in names:
            found.append(ast.unparse(node))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).rpartition(".")[2] in names for base in node.bases):
            found.append(node.name)
    return found


def test_only_the_write_guard_constructs_what_may_be_written() -> None:
    makers = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path != GUARD and constructions(path.read_text())}
    assert makers == set()


def test_a_module_that_constructs_it_is_found_however_it_does() -> None:
    planted = [
        "Permitted('POST', '', {})",
        "from fhir_taper.smart.permitted import Permitted as P\nP('POST', '', {})",
        "from fhir_taper.smart import permitted\npermitted.Permitted('POST', '', {})",
        "import fhir_taper.smart.permitted as p\nmake = p.Permitted",
        "class Mine(Permitted): ...",
        "object.__new__(Permitted)",
        "object.__setattr__(Permitted, 'path', '')",
    ]
    assert all(constructions(source) for source in planted)
    assert constructions("def create(permitted: Permitted) -> None: return send(permitted)") == []


def test_its_content_does_not_show() -> None:
    assert "secret" not in repr(Permitted("POST", "Goal", {"note": "secret"}))
