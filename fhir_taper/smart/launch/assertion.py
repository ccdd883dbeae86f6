"""The signed one-time proof that a confidential client gives instead of a secret. SMART 2.2, RFC 7523.

Values and bounds: expires 240 s ahead (the standard allows 300), issued 5 s ago, so that a clock a little fast
or slow is no trouble; no nbf.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from fhir_taper.records import Secret
from fhir_taper.smart.keys import SigningKey

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE: Final = timedelta(seconds=240)
_ISSUED_BEFORE: Final = timedelta(seconds=5)


def client_assertion(client_id: str, token_endpoint: str, key: SigningKey, now: datetime) -> Secret:
    """A new assertion for one request to `token_endpoint`, at `now` by the server's clock."""
    return key.sign(
        {
            "iss": client_id,
            "sub": client_id,
            "aud": token_endpoint,
            "exp": int((now + LIFE).timestamp()),
            "iat": int((now - _ISSUED_BEFORE).timestamp()),
            "jti": secrets.token_urlsafe(24),
        }
    )
