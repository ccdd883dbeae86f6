"""A process with threads that all want a fresh token at once: `python -m … ORIGIN FOLDER THREADS`.

It says "ready", waits for a line, and prints the tokens that its threads got.
"""

import fcntl
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fhir_taper.records import Secret, Tenant, TokenSet
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.refresh import Session
from fhir_taper.smart.transport import Transport


class FileGrants:
    """Tokens in one file, the lock in another: what the store does with rows."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "tokens"
        self.lock = folder / "lock"

    @contextmanager
    def exclusive(self, grant_id: str) -> Iterator[None]:
        del grant_id
        with self.lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def get(self, grant_id: str) -> TokenSet:
        del grant_id
        access, expires, renewable = json.loads(self.file.read_text())
        return TokenSet(Secret(access), datetime.fromisoformat(expires), "", Secret(renewable))

    def replace(self, grant_id: str, spent: TokenSet, tokens: TokenSet) -> TokenSet:
        assert self.get(grant_id).access_token == spent.access_token
        assert tokens.refresh_token is not None
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps([tokens.access_token.reveal(), tokens.expires.isoformat(), tokens.refresh_token.reveal()]))
        new.replace(self.file)
        return tokens

    def drop_refresh_token(self, grant_id: str, refused: Secret | None = None) -> None:
        raise AssertionError(grant_id, refused)


def print_tokens(session: Session, threads: int) -> None:
    """Say "ready", wait for a line, ask for a token in so many threads at once, and print what they got."""
    print("ready", flush=True)
    sys.stdin.readline()
    got: list[str] = []
    running = [threading.Thread(target=lambda: got.append(session.token().reveal())) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    print(*got, flush=True)


def main() -> None:
    """Run the threads."""
    origin, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    tenant = Tenant("clinic", f"{origin}/fhir", "taper", "UTC", insecure_loopback=True)
    transport = Transport(tenant, clock=lambda: datetime.now(UTC))
    configuration = SmartConfiguration(f"{origin}/auth", f"{origin}/token")
    session = Session(FileGrants(folder), "g1", tenant, transport, lambda: configuration)
    print_tokens(session, threads)


if __name__ == "__main__":
    main()
