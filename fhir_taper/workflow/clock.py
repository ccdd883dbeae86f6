"""What time it is: the only clock of the program, and how to stop it.

With SOURCE_DATE_EPOCH in the environment (seconds since 1970-01-01 UTC; reproducible-builds.org) that is the time, so that the same chart
and options give the same bytes whenever they are run.
"""

import os
from datetime import UTC, date, datetime

from fhir_taper.errors import WrongUsage

EPOCH = "SOURCE_DATE_EPOCH"


def now() -> datetime:
    """This instant in UTC, to the second where it was set. Raises WrongUsage for a SOURCE_DATE_EPOCH that is no number of seconds."""
    said = os.environ.get(EPOCH)
    if said is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(said), UTC)
    except (ValueError, OverflowError, OSError):
        raise WrongUsage(f"{EPOCH}={said!r} is not a number of seconds since 1970") from None


def today() -> date:
    """This day in UTC."""
    return now().date()
