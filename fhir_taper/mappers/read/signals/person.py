"""Whether the patient died, as an event. When it was may be known to the year only, or not at all: it must not be lost for that."""

from typing import Final

from fhir_taper.mappers.read.signals.gathered import Gathered

DEATH: Final = "death"


def read_death(gathered: Gathered) -> None:
    """Put down that the patient died: from the first to the last instant that the date may mean, and by `as_of` where there is none.

    A date that is still to come is a typing error, or of another zone: nobody is alive for it.
    """
    for entry in gathered.chart.of("Patient"):
        written = entry.resource.get("deceasedDateTime")
        if written is None and entry.resource.get("deceasedBoolean") is not True:
            continue
        first = min(gathered.clock.earliest(written) or gathered.as_of, gathered.as_of)
        last = gathered.clock.latest(written) or gathered.as_of
        is_exact = not isinstance(gathered.clock.read(written), str) and first < gathered.as_of
        gathered.happened(DEATH, (first, last if is_exact else min(last, gathered.as_of)), entry)
