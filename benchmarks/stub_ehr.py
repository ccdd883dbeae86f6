"""An EHR with one generated chart, each answer after a fixed time: `python -m benchmarks.stub_ehr MILLISECONDS RESOURCES`.

Prints its port. Answers are made beforehand, so that its own time is the time that was asked for. `/log` gives the requests since the last
`/log`, for the floor that makes the same ones. A code is the nonce that the identity must carry: nobody signs in here.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.chart_sample import sample_chart
from fhir_taper.smart.keys import ES384, new_key, signing_key

PAGE = 100
CLIENT = "fhir-taper"


class StubEhr(ThreadingHTTPServer):
    """The server and its answers, by path and query."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, seconds: float, resources: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seconds, self.log, self.lock = seconds, list[tuple[str, str, str]](), Lock()
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self.base = f"{self.origin}/fhir"
        self.key = signing_key(new_key(ES384))
        entries: list[dict[str, Any]] = [one["resource"] for one in json.loads(sample_chart(resources))["entry"]]
        self.by_type: dict[str, list[dict[str, Any]]] = {}
        for one in entries:
            self.by_type.setdefault(one["resourceType"], []).append(one)
        person = {"resourceType": "Practitioner", "id": "dr1", "name": [{"family": "Example", "given": ["Dr"]}]}
        statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": []}
        self.answers: dict[str, bytes] = {
            "/fhir/.well-known/smart-configuration": json.dumps(self._configuration()).encode(),
            "/keys": json.dumps({"keys": [self.key.public]}).encode(),
            "/fhir/Practitioner/dr1": json.dumps(person).encode(),
            "/fhir/metadata": json.dumps(statement).encode(),
            "/fhir/Patient/p1": json.dumps(entries[0]).encode(),
        }

    def page(self, kind: str, number: int) -> bytes:
        """One page of a search, kept once it was made."""
        key = f"{kind}#{number}"
        if key not in self.answers:
            listed = self.by_type.get(kind, [])
            shown = listed[number * PAGE : (number + 1) * PAGE]
            entry = [{"fullUrl": f"{self.base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in shown]
            bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(listed), "entry": entry}
            if (number + 1) * PAGE < len(listed):
                bundle["link"] = [{"relation": "next", "url": f"{self.base}/{kind}?patient=p1&page={number + 1}"}]
            self.answers[key] = json.dumps(bundle).encode()
        return self.answers[key]

    def token(self, code: str) -> bytes:
        """Tokens and an identity for a code."""
        now = int(time.time())
        claims = {
            "iss": self.origin,
            "sub": "dr1",
            "aud": CLIENT,
            "exp": now + 600,
            "iat": now,
            "nonce": code,
            "fhirUser": "Practitioner/dr1",
        }
        scope = "launch openid fhirUser patient/*.cruds"
        given = {"access_token": f"a{now}", "token_type": "Bearer", "expires_in": 3600, "scope": scope, "patient": "p1"}
        return json.dumps(given | {"id_token": self.key.sign(claims).reveal()}).encode()

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/keys",
            "capabilities": ["launch-ehr", "client-public", "permission-v2"],
            "code_challenge_methods_supported": ["S256"],
        }


class Handler(BaseHTTPRequestHandler):
    """One answer, when its time has come."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    server: StubEhr

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""
        del args

    def do_GET(self) -> None:
        """A document, a search page, or the log."""
        parts = urlsplit(self.path)
        if parts.path == "/log":
            with self.server.lock:
                body, self.server.log[:] = json.dumps(self.server.log).encode(), []
            self._answer(body)
            return
        kind = parts.path.rpartition("/")[2]
        number = int(parse_qs(parts.query).get("page", ["0"])[0])
        self._note("")
        self._answer(self.server.answers.get(parts.path) or self.server.page(kind, number), self.server.seconds)

    def do_POST(self) -> None:
        """A token."""
        form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._note(form)
        self._answer(self.server.token(parse_qs(form).get("code", [""])[0]), self.server.seconds)

    def _note(self, body: str) -> None:
        with self.server.lock:
            self.server.log.append((self.command, self.path, body))

    def _answer(self, body: bytes, seconds: float = 0) -> None:
        time.sleep(seconds)
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = StubEhr(float(sys.argv[1]) / 1000, int(sys.argv[2]))
    print(server.server_address[1], flush=True)
    server.serve_forever(poll_interval=0.1)
