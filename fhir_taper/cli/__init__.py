"""The command line: options in, one use case, one rendering out. No logic and no clinical word of its own.

    __init__       runs a command and turns our errors into an exit status
    commands       regimen, strategies, plan
    terminology    terminology load, terminology site
    server         serve, db upgrade, demo                              serving     the app as a process, with what runs beside it
    check          what an EHR offers, and what this program will do there
    audit          audit verify, heads, export                         keys        keys rotate, list, new
    demo           the demo EHR and the app in it          demo_walk   a person's way through it, for demo --check
    asked          the options that strategies and plan share
    options        what an option takes, and how its words are read
    output         bytes to standard output, and the status of a command

Exit status: 0 done; 1 the machine lacks something; 2 wrong usage; 3 bad input (one line on standard error, nothing on standard output); 4
no safe answer (the output says why). Everything heavy is imported inside the command that needs it: `--help` loads neither FHIR models
nor a database.
"""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from fhir_taper.cli.commands import app
from fhir_taper.cli.output import must_be_open
from fhir_taper.errors import BadInput, SettingsError, TaperError, WrongUsage
from fhir_taper.render.printable import printable

_STATUS = ((WrongUsage, 2), (SettingsError, 2), (BadInput, 3), (TaperError, 1))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status; an error of ours is one line on standard error."""
    sys.exit(_status_of(lambda: app(arguments)))


def _status_of(run: Callable[[], Any]) -> int:
    try:
        must_be_open()
        run()
    except TaperError as error:
        print(f"fhir-taper: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return next(status for kind, status in _STATUS if isinstance(error, kind))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0
