"""The house holds: each import contract breaks when it is broken, and each rule, table and page check finds what it is for."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests import features, generated_docs, house, postgresql, sbom

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {c["id"]: c for c in PYPROJECT["tool"]["importlinter"]["contracts"]}
IMPORT_LINTER = Path(sys.executable).with_name("lint-imports")

# One import that each contract exists to refuse: (module it is planted in, line).
FORBIDDEN = {
    "layers": ("plans/planted.py", "import fhir_taper.workflow"),
    "plans-only": ("plans/planted.py", "import msgspec"),
    "mappers-pure": ("mappers/planted.py", "import tempfile"),
    "render-pure": ("render/planted.py", "import socket"),
    "door-mappers": ("cli/planted.py", "import fhir_taper.mappers.mapped"),
    "door-store": ("cli/planted.py", "import fhir_taper.store"),
    "door-fhir-resources": ("mappers/read/planted.py", "from fhir.resources.R4B.patient import Patient"),
    "door-sqlalchemy": ("workflow/planted.py", "import sqlalchemy"),
    "door-alembic": ("workflow/planted.py", "import alembic"),
    "door-psycopg": ("workflow/planted.py", "import psycopg"),
    "door-cryptography": ("workflow/planted.py", "import cryptography"),
    "door-weasyprint": ("workflow/planted.py", "import weasyprint"),
    "door-jinja2": ("mappers/planted.py", "import jinja2"),
    "door-msgspec": ("store/planted.py", "import msgspec"),
    "door-typer": ("workflow/planted.py", "import typer"),
    "door-rich": ("workflow/planted.py", "import rich"),
    "door-fastapi": ("workflow/planted.py", "import fastapi"),
    "door-requests": ("workflow/planted.py", "import requests"),
    "door-tenacity": ("workflow/planted.py", "import tenacity"),
    "door-authlib": ("workflow/planted.py", "import authlib"),
    "door-joserfc": ("store/planted.py", "import joserfc"),
    "door-smart": ("cli/planted.py", "import fhir_taper.smart.transport"),
    "door-structlog": ("web/planted.py", "import structlog"),
    "door-prometheus": ("store/planted.py", "import prometheus_client"),
    "door-dbos": ("store/planted.py", "import dbos"),
}
# More that the layers and the purity of plans must refuse.
MORE = [
    ("layers", "mappers/planted.py", "import fhir_taper.store"),
    ("layers", "store/planted.py", "import fhir_taper.render"),
    ("layers", "render/planted.py", "import fhir_taper.mappers"),
    ("layers", "workflow/planted.py", "import fhir_taper.cli"),
    ("layers", "exact_json.py", "import fhir_taper.plans"),
    ("layers", "errors.py", "import fhir_taper.exact_json"),
    ("layers", "unplaced.py", "import json"),
    ("plans-only", "plans/tapers/planted.py", "import random"),
    ("plans-only", "plans/planted.py", "from urllib.request import urlopen"),
    ("plans-only", "plans/planted.py", "import fhir_taper.exact_json"),
]


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "fhir_taper", tmp_path / "fhir_taper", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "import_contracts.py", tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken_contracts(house_root: Path, *only: str) -> list[str]:
    """Return the names of the contracts that import-linter reports as broken."""
    chosen = [word for contract in only for word in ("--contract", contract)]
    finished = subprocess.run(
        [str(IMPORT_LINTER), "--no-logo", "--no-cache", *chosen], cwd=house_root, capture_output=True, text=True, check=False
    )
    # Output is wrapped at the width of a terminal; names are compared without line breaks.
    said = " ".join(finished.stdout.split())
    assert "Contracts: " in said, finished.stdout + finished.stderr
    broken = [c["name"] for c in CONTRACTS.values() if f"{c['name']} BROKEN" in said]
    assert (finished.returncode != 0) == bool(broken)
    return broken


def plant(house_root: Path, module: str, line: str) -> None:
    """Add a line to a module, new or not; a room that is one file (cli.py) takes the line itself."""
    path = house_root / "fhir_taper" / module
    one_file = path.parent.with_suffix(".py")
    if one_file.exists():
        path = one_file
    elif "/" in module:
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")


def test_the_house_as_it_stands_breaks_no_contract() -> None:
    assert broken_contracts(ROOT) == []


def test_every_contract_has_a_planted_import() -> None:
    assert set(FORBIDDEN) == set(CONTRACTS)


@pytest.mark.parametrize(("contract", "module", "line"), [(c, *planted) for c, planted in FORBIDDEN.items()] + MORE)
def test_a_planted_import_breaks_its_contract(copy_of_the_house: Path, contract: str, module: str, line: str) -> None:
    plant(copy_of_the_house, module, line)
    assert broken_contracts(copy_of_the_house, contract) == [CONTRACTS[contract]["name"]]


def test_help_starts_without_the_heavy_libraries() -> None:
    """A clinician who asks for help does not wait for FHIR models, a web framework or a database."""
    code = (
        "import sys\n"
        "sys.argv = ['fhir-taper', '--help']\n"
        "from fhir_taper.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'fhir', 'fastapi', 'sqlalchemy', 'weasyprint', 'pydantic'} & set(sys.modules)), file=sys.stderr)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stderr.strip() == "[]"
    assert "regimen" in finished.stdout


def test_all_benchmarks_are_run_together_and_no_server_that_one_of_them_starts() -> None:
    said = subprocess.run(["make", "-n", "bench"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert re.findall(r"benchmarks/(\w+)\.py", said) == ["chart", "editor", "launch", "plans", "startup", "watching"]


def test_the_rules_of_the_house_are_kept() -> None:
    assert house.breaches() == []


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"fhir_taper/a.py": "x = 1\n" * (house.LONGEST + 1)}, "fhir_taper/a.py: 301 non-empty lines, at most 300"),
        ({"fhir_taper/plans/helpers.py": ""}, "fhir_taper/plans/helpers.py: the name says nothing"),
        ({"fhir_taper/plans/a.py": "", "tests/plans/test_b.py": ""}, "tests/plans/test_b.py: no module plans/b in the package"),
        ({"fhir_taper/plans/a.py": "def f(): ...\n"}, "fhir_taper/plans: no test in tests/plans"),
        ({"fhir_taper/a.py": "def f(): ...\n"}, "fhir_taper/a.py: no tests/test_a.py"),
    ],
)
def test_a_breach_of_a_house_rule_is_named(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert house.breaches(tmp_path) == [complaint]


def test_a_machine_path_in_a_tracked_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"see {house.TRACES[0]}notes")
    for command in (["git", "init", "--quiet"], ["git", "add", "page.md"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    assert list(house.traces(tmp_path)) == [f"page.md: names {house.TRACES[0]}"]


def test_the_capability_table_has_a_hundred_rows_in_order() -> None:
    assert [row.id for row in features.read_features()] == [f"F{n:02}" for n in range(1, 101)]


def test_a_claimed_capability_without_a_test_is_named() -> None:
    rows = [features.Feature("F01", "B", "core", "one"), features.Feature("F02", "B", "launch", "two")]
    assert features.problems(rows, {}) == ["F01 is claimed by core and has no test"]
    assert features.problems(rows, {"F01": ["test_a"]}) == []


def test_a_marker_that_names_no_capability_is_named() -> None:
    rows = [features.Feature("F02", "B", "launch", "two")]
    assert features.problems(rows, {"F999": ["test_a"]}) == ["F999 is no capability: test_a"]


def test_a_page_that_its_generator_would_write_otherwise_is_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs" / "generate").mkdir(parents=True)
    (tmp_path / "docs" / "page.md").write_text("old")
    (tmp_path / "docs" / "generate" / "page.py").write_text("open('docs/page.md', 'w').write('new')")
    assert generated_docs.main(["--check"], tmp_path) == 1
    assert "docs/page.md" in capfd.readouterr().out
    assert generated_docs.main(["--check"], tmp_path) == 0


def test_a_generator_that_fails_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "docs" / "generate").mkdir(parents=True)
    (tmp_path / "docs" / "generate" / "page.py").write_text("raise SystemExit(3)")
    assert generated_docs.main([], tmp_path) == 1


def run_tests_beside(folder: Path, *, data_are_there: bool, body: str) -> subprocess.CompletedProcess[str]:
    """Run one test under our conftest in a checkout of its own, with or without the external data beside it."""
    checkout = folder / "checkout"
    (checkout / "tests").mkdir(parents=True)
    if data_are_there:
        (folder / "shared").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", checkout / "tests")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    (checkout / "tests" / "test_one.py").write_text(f"import pytest\n\n{body}\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def test_a_test_of_external_data_is_skipped_with_the_reason_where_they_are_absent(tmp_path: Path) -> None:
    finished = run_tests_beside(tmp_path, data_are_there=False, body="@pytest.mark.shared\ndef test_a(): assert False")
    assert finished.returncode == 0, finished.stdout
    assert "1 skipped" in finished.stdout
    assert "is absent" in finished.stdout


def test_a_test_of_external_data_runs_where_they_are(tmp_path: Path) -> None:
    body = "@pytest.mark.shared\ndef test_a(shared_data): assert shared_data.is_dir()"
    finished = run_tests_beside(tmp_path, data_are_there=True, body=body)
    assert finished.returncode == 0, finished.stdout
    assert "1 passed" in finished.stdout


def test_a_skip_for_want_of_external_data_fails_the_run_where_they_are(tmp_path: Path) -> None:
    body = "def test_a(): pytest.skip('the folder shared is absent')"
    finished = run_tests_beside(tmp_path, data_are_there=True, body=body)
    assert finished.returncode == 1, finished.stdout
    assert "SKIPPED IN VAIN" in finished.stdout


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_postgresql_the_tests_of_it_fail_in_ci_and_say_why_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setattr(postgresql, "binaries", lambda: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install postgresql"):
        postgresql.running_server().__enter__()


def test_a_warning_fails_a_test(tmp_path: Path) -> None:
    finished = run_tests_beside(tmp_path, data_are_there=False, body="def test_a():\n    import warnings\n    warnings.warn('x')")
    assert finished.returncode == 1, finished.stdout


def test_the_lock_names_every_dependency_with_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    groups = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    wanted = {re.split(r"[<>=\[]", name)[0].lower().replace(".", "-") for name in groups}
    locked = {line.split("==")[0] for line in lock.splitlines() if re.match(r"[a-z0-9]", line)}
    assert wanted <= locked
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|--index-url|--find-links [^-\s]|^-e |file:", lock, re.MULTILINE)


def test_the_npm_lock_has_no_addresses() -> None:
    locks = [p for p in (ROOT / "tests").rglob("package-lock.json") if "node_modules" not in p.parts]
    assert locks != []
    assert [lock.name for lock in locks if "resolved" in lock.read_text()] == []


def rows_of(page: str, mark: str) -> dict[str, list[str]]:
    """The cells of each row of a page's table, by the id in its first."""
    rows = [line.split("|") for line in (ROOT / "docs" / page).read_text().splitlines() if line.startswith(f"| {mark}")]
    return {row[1].strip(): [cell.strip() for cell in row[2:-1]] for row in rows}


HAZARDS, SECURITY = rows_of("hazards.md", "H"), rows_of("security.md", "S")
CITED = {name: [one.strip() for one in cells[-1].split(",")] for name, cells in (HAZARDS | SECURITY).items()}


@pytest.fixture(scope="module")
def collected() -> frozenset[str]:
    """The id of every test that pytest finds in the files that are cited, as it writes it."""
    files = sorted(
        {path for path in (one.strip("`").partition("::")[0] for cited in CITED.values() for one in cited) if (ROOT / path).is_file()}
    )
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", "-n", "0", *files]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return frozenset(line for line in said.splitlines() if "::" in line)


def test_every_hazard_and_every_promise_of_security_cites_tests_and_nothing_else() -> None:
    form = re.compile(r"`tests/[a-z0-9_/]+\.py::test_[a-z0-9_]+(\[[a-z0-9_]+\])?`")
    assert len(HAZARDS) >= 25
    assert {name.partition(".")[0] for name in SECURITY} == {f"S{number}" for number in range(1, 10)}
    assert [(name, one) for name, cited in CITED.items() for one in cited if not form.fullmatch(one)] == []


def test_every_hazard_and_every_promise_of_security_cites_tests_that_are_collected(collected: frozenset[str]) -> None:
    assert [(name, one) for name, cited in CITED.items() for one in cited if not is_collected(one.strip("`"), collected)] == []


def test_every_module_that_is_said_to_hold_a_promise_exists() -> None:
    held = sorted({one.strip(" `") for cells in SECURITY.values() for one in cells[1].split(",")})
    assert [one for one in held if not (ROOT / one).is_file()] == []


@pytest.mark.parametrize(
    "cited",
    [
        "tests/test_nowhere.py::test_the_feature_table_is_plain_csv",
        "tests/test_house.py::test_that_nobody_wrote",
        "tests/test_house.py::rows_of",
        "tests/test_house.py",
        "",
        "tests/invariants/test_invariants.py::test_every_case_keeps_the_invariant[i99_nothing]",
    ],
)
def test_a_citation_of_what_is_no_test_that_is_collected_is_found(cited: str, collected: frozenset[str]) -> None:
    assert not is_collected(cited, collected)


def is_collected(cited: str, collected: frozenset[str]) -> bool:
    """Whether a test is among the collected ones, as it stands or in any of its cases; what stands in brackets is a part of a case's id."""
    name, _, case = cited.rstrip("]").partition("[")
    cases = (one.removeprefix(name) for one in collected if one.startswith(name))
    return any(case in re.split(r"[\[\]-]", one) if case else one == "" or one.startswith("[") for one in cases) and "::" in name


def test_the_bill_of_materials_names_every_pinned_part_of_the_program_with_its_licence(tmp_path: Path) -> None:
    assert sbom.main(tmp_path) == 0
    bill = json.loads((tmp_path / "sbom.cdx.json").read_text())
    named = {one["name"]: one for one in bill["components"]}
    needed = [re.split(r"[\[<>=~!]", line)[0].replace(".", "-") for line in PYPROJECT["project"]["dependencies"]]
    assert set(needed) <= set(named)
    assert "pytest" not in named
    assert all(one["hashes"] and one["licenses"][0]["license"]["name"] for one in named.values())
    assert len((tmp_path / "licences.csv").read_text().splitlines()) == len(named) + 1


def test_a_part_that_is_not_the_pinned_one_is_found() -> None:
    listed = sbom.parts()
    other = replace(listed[0], version="0.0.0")
    assert sbom.unpinned([other, *listed[1:]]) == [f"{other.name} 0.0.0"]


def test_the_feature_table_is_plain_csv() -> None:
    text = "".join(line for line in features.TABLE.read_text().splitlines(keepends=True) if not line.startswith("#"))
    assert {len(row) for row in csv.reader(io.StringIO(text))} == {4}
