"""The end of a command: its bytes to standard output, whole or not at all, and its status."""

import os
import sys

import typer

from fhir_taper.errors import CannotWrite

NO_SAFE_ANSWER = 4
READER_GONE = 141
"""What a shell reports of a program whose reader closed the pipe (128 + SIGPIPE): no error of anybody."""


def must_be_open() -> None:
    """Raises CannotWrite where the program was started without a standard output: nothing that it finds could be told."""
    if sys.stdout is None:
        raise CannotWrite("standard output is closed")


def write(data: bytes) -> None:
    """To standard output. Raises CannotWrite where it cannot be written to, and ends quietly where its reader has gone."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _forget_output()
        raise typer.Exit(READER_GONE) from None
    except OSError as error:
        _forget_output()
        raise CannotWrite(f"standard output cannot be written: {error.strerror or error}") from error


def end(*, answered: bool) -> None:
    """Status 4 where there is no safe answer."""
    if not answered:
        raise typer.Exit(NO_SAFE_ANSWER)


def _forget_output() -> None:
    """What is still in the buffer goes nowhere, so that Python does not try again, and complain, when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
