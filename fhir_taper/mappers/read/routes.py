"""Routes into a vein, a muscle, the skin or the spine: a dose by one of them is no oral or transdermal therapy (domain rule 10).

SNOMED CT codes of the US Core and FHIR value sets for routes, and the words that orders use. No clinical numbers.
"""

import re
from collections.abc import Sequence
from typing import Final

from fhir_taper.mappers.read.elements import Json
from fhir_taper.mappers.systems import SNOMED, codings, words_of

_PARENTERAL_CODES: Final = frozenset(
    {
        "47625008",  # intravenous
        "255560000",  # intravenous (qualifier)
        "78421000",  # intramuscular
        "34206005",  # subcutaneous
        "72607000",  # intrathecal
        "37737002",  # intraspinal
        "404820008",  # epidural
        "58100008",  # intra-arterial
        "38239002",  # intraperitoneal
        "417255000",  # intraosseous
        "372464004",  # intradermal
    }
)
_PARENTERAL_WORDS: Final = re.compile(
    r"\b(?:intravenous\w*|iv|ivp|ivpb|intramuscular\w*|im|subcutaneous\w*|subq|sq|sc|intrathecal\w*|epidural\w*|intraspinal|intraosseous|infusion|injection|pca)\b",
    re.IGNORECASE,
)
_PCA: Final = re.compile(r"\bpca\b|patient[- ]controlled analgesia", re.IGNORECASE)


def parenteral_route(dosages: Sequence[Json]) -> str:
    """The parenteral route of the first dosage that has one, in words; "" where none has."""
    for dosage in dosages:
        route = dosage.get("route")
        if route is not None:
            says = words_of(route)
            coded = any(coding.system == SNOMED and coding.code in _PARENTERAL_CODES for coding in codings(route))
            if coded or _PARENTERAL_WORDS.search(says):
                return says or "parenteral"
        text = dosage.get("text")
        if isinstance(text, str) and _PCA.search(text[:1000]):
            return "patient-controlled analgesia"
    return ""
