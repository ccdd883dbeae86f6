"""What a direction says that it is for ("for seizures", "as needed for pain", "indication: epilepsy"), in its own words.

Where such words begin and end is the grammar's (`sig_free_words`); here they are only collected, from texts that it reads and others.
"""

from collections.abc import Iterator
from itertools import dropwhile
from typing import Final

from fhir_taper.mappers.read.sig_free_words import reason_end
from fhir_taper.mappers.read.sig_timing import Phrases
from fhir_taper.mappers.read.sig_tokens import LONGEST_TEXT, tokens_of
from fhir_taper.mappers.read.sig_words import AS_NEEDED, REASON_STARTS

_AS_NEEDED: Final = Phrases((phrase, True) for phrase in AS_NEEDED)
_LEADS: Final = REASON_STARTS | {":", "to"}


def reasons_in(text: str) -> Iterator[str]:
    """The reasons that a direction names, in lower case, in their order."""
    tokens = tokens_of(text[:LONGEST_TEXT])
    place = 0
    while place < len(tokens):
        found = _AS_NEEDED.at(tokens, place)
        start = place if found is None else found[1]
        end = reason_end(tokens, start, is_after_as_needed=found is not None)
        if end is None:
            place = start if found is not None else place + 1
            continue
        said = " ".join(dropwhile(_LEADS.__contains__, (token.text for token in tokens[start:end])))
        if said:
            yield said
        place = end
