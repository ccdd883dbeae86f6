"""The third-party FHIR server of the demo, started and stopped: a child process on loopback, nothing left behind.

`extra_search` gives it search parameters of FHIR R4 that it lacks. Without them it is as it ships: several types have no search by
patient, and a parameter that it does not know is ignored, so that the answer holds other patients' resources.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Final, Self

from fhir_taper.errors import SandboxError
from fhir_taper.exact_json import encode
from fhir_taper.records import Json
from fhir_taper.sandbox import ehr_process
from fhir_taper.sandbox.forwarding import send

_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 5
_LAST_WORDS: Final = 600
_MODULE: Final = ehr_process.__name__
_OK: Final = 300


class Ehr:
    """One FHIR server with empty data: begun by `with`, usable after `wait`.

    `public_base` is the FHIR base that its links shall name: that of what stands in front of it.
    """

    def __init__(self, public_base: str, *, extra_search: bool = False) -> None:
        self._command = [sys.executable, "-m", _MODULE, public_base, *([ehr_process.EXTRA_SEARCH_FLAG] if extra_search else [])]
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed by stop
        self._process: subprocess.Popen[bytes] | None = None
        self.base = ""
        """Where it answers itself, without any check of who asks. Known once it has started."""

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def begin(self) -> None:
        """Start the process and return at once: it takes seconds, and there is other work meanwhile."""
        # In a session of its own: Ctrl-C is for us, and we end it.
        self._process = subprocess.Popen(  # noqa: S603 our own module
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, start_new_session=True
        )

    def wait(self) -> None:
        """Return once it answers. Raises SandboxError with its last words where it does not."""
        if self._process is None:
            raise SandboxError("the FHIR server is not running")
        port = self._process.stdout.readline().strip() if self._process.stdout else b""
        if not port.isdigit():
            raise self._failed("did not start")
        self.base = f"http://127.0.0.1:{int(port)}/fhir"
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                send("GET", f"{self.base}/metadata")
            except SandboxError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise self._failed("does not answer") from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it; its data go with it. Harmless when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._log.close()

    def load(self, resources: Iterable[Json]) -> None:
        """Put resources in under their own ids, in one transaction. Raises SandboxError with the server's words where it refuses."""
        entries = [
            {"fullUrl": f"{self.base}/{key}", "resource": one, "request": {"method": "PUT", "url": key}}
            for one in resources
            for key in [f"{one['resourceType']}/{one['id']}"]
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = send("POST", self.base, {"Content-Type": "application/fhir+json"}, encode(bundle))
        if answer.status >= _OK:
            words = answer.body[:_LAST_WORDS].decode(errors="replace")
            raise SandboxError(f"the FHIR server refused the patients: {answer.status} {words}")

    def be_strict(self) -> None:
        """From now on refuse what is no valid FHIR, as it ships. Charts with old sins are loaded before."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise SandboxError("the FHIR server is not running")
        self._process.stdin.write(f"{ehr_process.STRICT}\n".encode())
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != ehr_process.STRICT.encode():
            raise self._failed("did not become strict")

    def _failed(self, what: str) -> SandboxError:
        self._log.seek(0)
        words = self._log.read().decode(errors="replace")[-_LAST_WORDS:]
        self.stop()
        return SandboxError(f"the FHIR server {what}: {words.strip() or 'it said nothing'}")
