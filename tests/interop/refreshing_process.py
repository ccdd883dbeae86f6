"""A process whose threads all want a fresh token from the real store at once: `python -m … ISSUER DATABASE THREADS`.

It says "ready", waits for a line, and prints the tokens that its threads got.
"""

import base64
import sys
from datetime import UTC, datetime
from functools import partial

from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.launch.discovery import discover
from fhir_taper.smart.launch.refresh import Session
from fhir_taper.smart.transport import Transport
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.tokens import TokenStore
from tests.smart.launch.refreshing_process import print_tokens

TENANT_ID = "clinic"
KEYS = KeyRing.of([("test", Secret(base64.b64encode(bytes(range(32))).decode()))])


def main() -> None:
    """Run the threads."""
    issuer, url, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    tenant = Tenant(TENANT_ID, issuer, "public", "UTC", insecure_loopback=True)
    transport = Transport(tenant, clock=lambda: datetime.now(UTC))
    database = Database.open(url)
    session = Session(TokenStore(database, KEYS, TENANT_ID), "g1", tenant, transport, partial(discover, tenant, transport))
    print_tokens(session, threads)
    database.close()


if __name__ == "__main__":
    main()
