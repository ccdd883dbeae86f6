"""`audit verify` finds what was changed, removed or cut off; `audit heads` is what makes the last show; `audit export` is FHIR."""

import json
from pathlib import Path
from sqlite3 import Connection, connect

import pytest

from tests.cli.conftest import Run
from tests.cli.installation import Installation


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation with six lines of audit."""
    made = Installation(tmp_path, "http://127.0.0.1:9/fhir", "app").write().upgraded()
    made.audited(6)
    return made


def changed(here: Installation, *statements: str) -> None:
    """What somebody does who has the database and not the key: even the triggers go."""
    database: Connection = connect(here.database)
    with database:
        triggers = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for statement in (*(f"DROP TRIGGER {name}" for name in triggers), *statements):
            database.execute(statement)
    database.close()


def test_a_chain_that_nobody_touched_is_whole(here: Installation, run: Run) -> None:
    assert run("audit", "verify", "--config", here.config) == (0, "hospital: 6 lines, whole\n", "")


@pytest.mark.parametrize(
    ("statement", "kind", "line"),
    [
        ("UPDATE audit_entry SET actor = 'Practitioner/other' WHERE sequence = 3", "changed", 3),
        ("DELETE FROM audit_entry WHERE sequence = 4", "missing", 4),
        ("DELETE FROM audit_entry WHERE sequence > 4", "truncated", 5),
    ],
)
def test_what_was_changed_or_removed_is_named_and_the_status_is_4(
    here: Installation, run: Run, statement: str, kind: str, line: int
) -> None:
    changed(here, statement)
    status, out, err = run("audit", "verify", "hospital", "--config", here.config, "--json")
    (chain,) = json.loads(out)["chains"]
    assert (status, err, chain["whole"]) == (4, "", False)
    assert (chain["breaks"][0]["kind"], chain["breaks"][0]["line"]) == (kind, line)
    status, out, _ = run("audit", "verify", "--config", here.config)
    assert status == 4
    assert f"line {line}: {kind}:" in out


def test_lines_cut_off_together_with_an_older_head_put_back_show_by_the_heads_kept_elsewhere(
    here: Installation, run: Run, tmp_path: Path
) -> None:
    older = connect(here.database)
    head = older.execute("SELECT * FROM audit_head").fetchone()
    older.close()
    here.audited(3)
    status, lines, _ = run("audit", "heads", "--config", here.config)
    assert status == 0
    (tmp_path / "heads").write_text(lines)
    columns = ("tenant_id", "sequence", "mac", "signature")
    put_back = ", ".join(f"{name} = '{value}'" for name, value in zip(columns, head, strict=True))
    changed(here, "DELETE FROM audit_entry WHERE sequence > 6", f"UPDATE audit_head SET {put_back}")  # noqa: S608 (a test's own words)
    assert run("audit", "verify", "--config", here.config)[0] == 0
    status, out, _ = run("audit", "verify", "--config", here.config, "--heads", str(tmp_path / "heads"))
    assert status == 4
    assert "line 7: truncated: the chain ended with row 9" in out


def test_a_tenant_whose_every_line_was_removed_is_missed_by_its_head(here: Installation, run: Run, tmp_path: Path) -> None:
    (tmp_path / "heads").write_text(run("audit", "heads", "--config", here.config)[1])
    changed(here, "DELETE FROM audit_entry", "DELETE FROM audit_head")
    status, out, _ = run("audit", "verify", "--config", here.config, "--heads", str(tmp_path / "heads"))
    assert status == 4
    assert "hospital: 0 lines, NOT WHOLE" in out


@pytest.mark.parametrize("text", ["", "no head\n", '{"tenant": 1}\n'])
def test_a_file_that_holds_no_heads_is_bad_input(here: Installation, run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "heads").write_text(text)
    status, out, err = run("audit", "verify", "--config", here.config, "--heads", str(tmp_path / "heads"))
    assert (status, out) == (3, "")
    assert "heads" in err


def test_a_tenant_without_an_audit_is_wrong_usage(here: Installation, run: Run) -> None:
    for command in ("verify", "export"):
        status, out, err = run("audit", command, "elsewhere", "--config", here.config)
        assert (status, out) == (2, "")
        assert "there is hospital" in err


def test_an_export_is_one_event_a_line_in_order(here: Installation, run: Run) -> None:
    status, out, err = run("audit", "export", "hospital", "--config", here.config, "--after", "2")
    assert (status, err) == (0, "")
    events = [json.loads(line) for line in out.splitlines()]
    numbers = [detail["valueString"] for one in events for detail in one["entity"][-1]["detail"] if detail["type"] == "sequence"]
    assert numbers == ["3", "4", "5", "6"]
    assert events[0]["agent"][0]["who"] == {"reference": "Practitioner/pr1"}
    assert len({event["id"] for event in events}) == 4


def test_an_export_may_be_of_one_patient(here: Installation, run: Run) -> None:
    assert len(run("audit", "export", "hospital", "--config", here.config, "--patient", "p1")[1].splitlines()) == 6
    assert run("audit", "export", "hospital", "--config", here.config, "--patient", "p2") == (0, "", "")
