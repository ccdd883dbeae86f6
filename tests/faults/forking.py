"""Runs the command line many times, each time as a process of its own, and loads the program once for all of them.

`python -m tests.faults.forking` reads a line of JSON for each run (the arguments, and the files that are its three standard streams), and
answers with a line: status, seconds of processor time and peak memory in MB. Each run is a fork of the loaded program, and ends as any
process of Python ends. The peak memory of a child is never reported below that of the process that it comes from: this one is small, a
test run is large.
"""

import contextlib
import gc
import io
import json
import os
import runpy
import sys
import tempfile
from pathlib import Path

from tests.faults.charts import chart, order

AS_OF = "2026-01-05"


def serve() -> None:
    """Answer every line of standard input; in a child, go on as the command line."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    _load()
    for line in requests:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked["arguments"], asked["streams"])
        _, status, usage = os.wait4(child, 0)
        kib_per_unit = 1024 if sys.platform == "darwin" else 1  # ru_maxrss: bytes there, KiB elsewhere
        measured = {
            "status": os.waitstatus_to_exitcode(status),
            "seconds": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / kib_per_unit / 1024,
        }
        print(json.dumps(measured), file=answers, flush=True)


def _become(arguments: list[str], streams: list[str]) -> None:
    """Run `fhir-taper` on these streams; ends with SystemExit."""
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(path, flags), number)
    sys.argv = ["fhir-taper", *arguments]
    runpy.run_module("fhir_taper", run_name="__main__", alter_sys=True)


def _load() -> None:
    """What a run imports and reads, once: a chart with a good order and one that the whole model of FHIR has to look at; a plan."""
    from fhir_taper.cli import main

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chart.json"
        path.write_bytes(chart(order(), order("m2", dosageInstruction="twice")))
        plan = ("plan", str(path), "--drug", "oxycodone", "--strategy", "linear", "--start", AS_OF, "--format", "json")
        for arguments in (("regimen", str(path), "--as-of", AS_OF), plan):
            with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())), contextlib.suppress(SystemExit):
                main(list(arguments))
    gc.freeze()


if __name__ == "__main__":
    serve()
