"""The process of the third-party FHIR server (SEKMET): `python -m fhir_taper.sandbox.ehr_process PUBLIC_BASE [--extra-search]`.

A process of its own, because what it searches by, how it logs and where it writes are global to a process. It prints its port, takes
one word on standard input and repeats it when done (`strict`: from now on refuse resources that are no valid FHIR), and ends when
standard input ends: when its parent stops it, or is gone. Its data lie in a temporary folder that goes with it.
"""

import os
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

EXTRA_SEARCH_FLAG: Final = "--extra-search"
STRICT: Final = "strict"

_OF_A_SUBJECT: Final = ("subject:reference:subject", "patient:reference:subject:Patient", "identifier:token:identifier")
_OF_A_PATIENT: Final = ("patient:reference:patient:Patient", "identifier:token:identifier")
# Search parameters of FHIR R4 that the server lacks as it ships, in its own notation: name, kind, path, target.
_EXTRA: Final = {
    "CareTeam": (*_OF_A_SUBJECT, "status:token:status", "category:token:category", "participant:reference:participant.member"),
    "DetectedIssue": (*_OF_A_PATIENT, "code:token:code", "identified:date:identifiedDateTime|identifiedPeriod"),
    "Goal": (*_OF_A_SUBJECT, "lifecycle-status:token:lifecycleStatus", "target-date:date:target.dueDate"),
    "Questionnaire": ("identifier:token:identifier", "url:uri:url", "status:token:status"),
    "QuestionnaireResponse": (
        *_OF_A_SUBJECT,
        "status:token:status",
        "authored:date:authored",
        "questionnaire:uri:questionnaire",
        "based-on:reference:basedOn",
    ),
    "RequestGroup": (*_OF_A_SUBJECT, "status:token:status", "intent:token:intent"),
    "RiskAssessment": (*_OF_A_SUBJECT, "status:token:status", "date:date:occurrenceDateTime|occurrencePeriod"),
}


def main(public_base: str, *flags: str) -> None:
    """Serve until standard input ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(listener.getsockname()[1], flush=True)  # noqa: T201 what the parent waits for; answers come once the app is there
    with tempfile.TemporaryDirectory(prefix="fhir-taper-ehr-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)  # the server writes beside itself unless told otherwise
        if EXTRA_SEARCH_FLAG in flags:
            _add_search_parameters()
        _serve(public_base, Path(folder), listener)


def _add_search_parameters() -> None:
    from sekmet.fhir import search_params  # noqa: PLC0415 a second of import, once the port is told

    for kind, lines in _EXTRA.items():
        search_params._DEFS.setdefault(kind, "\n".join(lines))  # it has no other way to add one
    parsed = search_params._parse()
    search_params.PARAMS.clear()
    search_params.PARAMS.update(parsed)


def _serve(public_base: str, folder: Path, listener: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415
    from sekmet.config import Settings, SimulatorSettings, ValidationSettings  # noqa: PLC0415
    from sekmet.main import create_app  # noqa: PLC0415 after the search parameters are in place

    settings = Settings(
        base_url=public_base,  # every link and Location that it writes is one of the public base
        host="127.0.0.1",
        port=listener.getsockname()[1],
        data_dir=str(folder),
        own_private_key_path=str(folder / "key.pem"),
        simulator=SimulatorSettings(enabled=False),
        validation=ValidationSettings(inbound="off"),
        log_inbound=False,
    )
    config = uvicorn.Config(create_app(settings), log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    def listen_to_parent() -> None:
        for line in sys.stdin:
            if line.strip() == STRICT:
                settings.validation.inbound = "strict"
                print(STRICT, flush=True)  # noqa: T201 the parent waits for it
        server.should_exit = True

    threading.Thread(target=listen_to_parent, daemon=True).start()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
