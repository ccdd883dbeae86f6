"""The FHIR server's process: what it says when it cannot be, or cannot take what it is given."""

import sys

import pytest

from fhir_taper.errors import SandboxError
from fhir_taper.sandbox.ehr import Ehr
from fhir_taper.sandbox.forwarding import send

BASE = "http://127.0.0.1:1/fhir"


@pytest.mark.parametrize("code", ["raise SystemExit('no room')", "print(1, flush=True); raise SystemExit('no room')"])
def test_a_process_that_ends_is_told_with_its_last_words(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ehr = Ehr(BASE)
    monkeypatch.setattr(ehr, "_command", [sys.executable, "-c", code])
    with pytest.raises(SandboxError, match="no room"), ehr:
        ehr.wait()


def test_a_server_that_is_not_begun_does_nothing() -> None:
    with Ehr(BASE) as ehr:
        ehr.stop()
        for ask in (ehr.wait, ehr.be_strict):
            with pytest.raises(SandboxError, match="not running"):
                ask()


def test_what_it_refuses_is_told_in_its_words_and_its_links_are_those_of_the_public_base() -> None:
    with Ehr(BASE) as ehr:
        ehr.wait()
        ehr.be_strict()
        with pytest.raises(SandboxError, match=r"refused the patients: 400 .*birthDate"):
            ehr.load([{"resourceType": "Patient", "id": "p", "birthDate": 7}])
        ehr.load([{"resourceType": "Patient", "id": "p"}])
        found = send("GET", f"{ehr.base}/Patient").json()
        assert found["entry"][0]["fullUrl"] == f"{BASE}/Patient/p"


def test_nothing_is_asked_of_another_machine() -> None:
    with pytest.raises(SandboxError, match="this machine alone"):
        send("GET", "http://192.0.2.1/fhir")
    with pytest.raises(SandboxError, match="no answer from port 1"):
        send("GET", BASE)
