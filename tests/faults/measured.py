"""Runs one command and reports how it ended, how long it took and how much memory it held at most.

`python measured.py REPORT COMMAND…`. A process of its own, because the peak memory of a child is never reported below that of the process
that started it, and a test run is large.
"""

import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    report, *command = sys.argv[1:]
    started = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    kib_per_unit = 1024 if sys.platform == "darwin" else 1  # ru_maxrss: bytes there, KiB elsewhere
    measured = {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - started,
        "peak_mb": usage.ru_maxrss / kib_per_unit / 1024,
    }
    Path(report).write_text(json.dumps(measured))
