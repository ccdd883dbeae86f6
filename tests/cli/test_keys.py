"""Keys by their ids, new ones in files of their owner alone, and a rotation that can be stopped and goes on."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fhir_taper.errors import StoreError
from fhir_taper.records import Secret
from fhir_taper.settings import load_settings
from fhir_taper.smart.keys import published_keys
from fhir_taper.store import rotation
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.database import Database
from fhir_taper.workflow.rotate_keys import rotate_data
from tests.cli.conftest import Run
from tests.cli.installation import Installation


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation with seven sealed rows."""
    made = Installation(tmp_path, "http://127.0.0.1:9/fhir", "app").write().upgraded()
    made.drafts(7)
    return made


def with_keys(here: Installation, *names: str) -> Installation:
    here.encryption = names
    return here.write()


def listed(run: Run, here: Installation) -> list[tuple[str, int, bool, bool]]:
    status, out, err = run("keys", "list", "--config", here.config, "--json")
    assert (status, err) == (0, "")
    return [(one["id"], one["rows"], one["current"], one["configured"]) for one in json.loads(out)["encryption"]]


def test_keys_are_listed_by_id_with_what_they_seal_and_never_shown(here: Installation, run: Run) -> None:
    assert listed(run, here) == [("old", 7, True, True)]
    text = run("keys", "list", "--config", here.config)[1]
    assert "old: 7 rows, current" in text
    assert (here.folder / "old.key").read_text().partition(":")[2].strip() not in text


def test_a_rotation_seals_everything_with_the_new_key_and_says_that_the_old_one_may_go(here: Installation, run: Run) -> None:
    with_keys(here, "new", "old")
    assert listed(run, here) == [("new", 0, True, True), ("old", 7, False, True)]
    status, out, err = run("keys", "rotate", "--config", here.config)
    assert (status, err) == (0, "")
    assert "7 rows sealed again" in out
    assert "old: 0 rows, no longer needed: take it out of encryption_keys" in out
    with_keys(here, "new")
    assert listed(run, here) == [("new", 7, True, True)]
    assert run("keys", "rotate", "--config", here.config)[1].startswith("0 rows sealed again")


def audited(here: Installation) -> list[tuple[str, str, str | None, object]]:
    """What stands of rotations in the chain of every tenant."""
    settings = load_settings(Path(here.config))
    database = Database.open(settings.database_url)
    log = AuditLog(database, settings.audit_key)
    lines = [one.entry for tenant in settings.tenants for one in log.entries(tenant.id)]
    assert {one.tenant_id for one in lines} == {tenant.id for tenant in settings.tenants}
    database.close()
    return [(one.actor, one.outcome, one.detail.get("key"), one.detail.get("rows")) for one in lines if one.action == "keys-rotate"]


def test_a_rotation_is_audited_when_it_begins_and_when_it_ends(here: Installation, run: Run) -> None:
    with_keys(here, "new", "old")
    run("keys", "rotate", "--config", here.config)
    assert audited(here) == [("fhir-taper", "begun", "new", 7), ("fhir-taper", "done", "new", 7)]


def test_a_rotation_that_fails_or_is_stopped_is_audited(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with_keys(here, "new")
    with pytest.raises(StoreError):
        rotate_data(load_settings(Path(here.config)), lambda *_: None)
    with_keys(here, "new", "old")
    monkeypatch.setattr("fhir_taper.workflow.rotate_keys.rotate", stopped)
    with pytest.raises(KeyboardInterrupt):
        rotate_data(load_settings(Path(here.config)), lambda *_: None)
    assert [outcome for _, outcome, _, _ in audited(here)] == ["failed", "begun", "failed"]


def test_a_rotation_that_cannot_be_audited_does_not_begin(here: Installation) -> None:
    with_keys(here, "new", "old")
    settings = load_settings(Path(here.config))
    rotate_data(settings, lambda *_: None)
    with_keys(here, "old", "new")
    other_key = replace(load_settings(Path(here.config)), audit_key=Secret("a key that the chain was not written with"))
    with pytest.raises(StoreError, match="audit chain"):
        rotate_data(other_key, lambda *_: None)
    assert audited(here)[-1] == ("fhir-taper", "done", "new", 7)


def test_a_rotation_that_was_stopped_goes_on_where_it_was(here: Installation, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with_keys(here, "new", "old")
    batch: Callable[..., int] = rotation.rotate
    monkeypatch.setattr("fhir_taper.workflow.rotate_keys.rotate", lambda *given, on_batch: batch(*given, 2, on_batch))
    heard: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        heard.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_data(load_settings(Path(here.config)), stop)
    assert heard == [(2, 7), (4, 7)]
    assert listed(run, here) == [("new", 4, True, True), ("old", 3, False, True)]
    assert rotate_data(load_settings(Path(here.config)), lambda *_: None) == 3


def test_rows_under_a_key_that_was_taken_out_too_early_are_named_and_nothing_is_changed(here: Installation, run: Run) -> None:
    with_keys(here, "new")
    assert listed(run, here) == [("new", 0, True, True), ("old", 7, False, False)]
    assert "old: 7 rows, MISSING" in run("keys", "list", "--config", here.config)[1]
    status, out, err = run("keys", "rotate", "--config", here.config)
    assert (status, out) == (1, "")
    assert "a key that is not configured: old" in err
    with pytest.raises(StoreError):
        rotate_data(load_settings(Path(here.config)), lambda *_: None)


def test_a_new_encryption_key_takes_its_place_in_the_configuration(here: Installation, run: Run) -> None:
    (here.folder / "new.key").unlink()
    status, out, err = run("keys", "new", "encryption", str(here.folder / "k2.key"), "--id", "k2")
    assert (status, err) == (0, "")
    assert "encryption_keys = [" in out
    held = (here.folder / "k2.key").read_text().strip()
    assert held.partition(":")[2] not in out
    assert stat.S_IMODE((here.folder / "k2.key").stat().st_mode) == 0o600
    (here.folder / "fhir-taper.toml").write_text(Path(here.config).read_text().replace('"file:old.key"', '"file:k2.key", "file:old.key"'))
    assert run("keys", "rotate", "--config", here.config)[0] == 0
    assert listed(run, here) == [("k2", 7, True, True), ("old", 0, False, True)]


@pytest.mark.parametrize(("kind", "algorithm"), [("es384", "ES384"), ("rs384", "RS384")])
def test_a_new_signing_key_is_published_before_it_signs(here: Installation, run: Run, kind: str, algorithm: str) -> None:
    for name in ("sign0.pem", "sign1.pem"):
        assert run("keys", "new", kind, str(here.folder / name))[0] == 0
    here.signing_keys = tuple((here.folder / f"sign{number}.pem").read_text() for number in range(2))
    here.write()
    _, out, _ = run("keys", "list", "--config", here.config, "--json")
    signing = json.loads(out)["signing"]
    assert [(one["alg"], one["signs"]) for one in signing] == [(algorithm, True), (algorithm, False)]
    jwks = published_keys(load_settings(Path(here.config)).tenants)
    assert [one["kid"] for one in jwks["keys"]] == [one["kid"] for one in signing]


def test_an_audit_key_is_long_enough(here: Installation, run: Run) -> None:
    assert run("keys", "new", "audit", str(here.folder / "a.key"))[0] == 0
    assert len((here.folder / "a.key").read_text().strip()) >= 48


def test_a_file_that_exists_is_never_written_over(here: Installation, run: Run) -> None:
    before = (here.folder / "old.key").read_text()
    status, out, err = run("keys", "new", "audit", str(here.folder / "old.key"))
    assert (status, out) == (1, "")
    assert "old.key" in err
    assert (here.folder / "old.key").read_text() == before


@pytest.mark.parametrize(
    "arguments", [("encryption", "k"), ("audit", "k", "--id", "x"), ("encryption", "k", "--id", "a:b"), ("rot13", "k")]
)
def test_what_a_new_key_needs_is_said(run: Run, arguments: tuple[str, ...]) -> None:
    status, out, err = run("keys", "new", *arguments)
    assert (status, out) == (2, "")
    assert err
