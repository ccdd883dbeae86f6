"""Starts the demo as a person does, opens the address that it prints, and ends it; as a program, with `make demo`.

It needs nothing but Python, because a fresh clone has nothing else: `make demo` makes its own environment first.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

_ADDRESS: Final = re.compile(r"http://\S+")
_END_SECONDS: Final = 30


def opened(command: Sequence[str]) -> tuple[str, str, int]:
    """The line with the address, the page that stands there, and the status with which the program ends at an interrupt."""
    # A group of its own: the interrupt reaches the whole of it, as from a keyboard, and nothing else.
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert program.stdout is not None
    try:
        line = next((one for one in program.stdout if _ADDRESS.search(one)), "")
        page = _page(_ADDRESS.findall(line)[0]) if line else ""
    finally:
        os.killpg(program.pid, signal.SIGINT)
        try:
            program.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.communicate()
    return line, page, program.returncode


def _page(address: str) -> str:
    """As a browser asks for it: names under localhost are this machine."""
    parts = urlsplit(address)
    connection = HTTPConnection("127.0.0.1", parts.port or 80, timeout=_END_SECONDS)
    try:
        connection.request("GET", parts.path or "/", headers={"Host": parts.netloc})
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode()}"
    finally:
        connection.close()


if __name__ == "__main__":
    # Where this runs in the background the interrupt is ignored, and what it starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    told, shown, status = opened(sys.argv[1:] or ["make", "demo"])
    print(told, end="")
    if not (shown.startswith("200 ") and "Open fhir-taper" in shown):
        sys.exit(f"the demo showed no list of patients: {shown[:200] or 'it printed no address'}")
    print(f"its page shows the patients; interrupted, it ended with status {status}")
