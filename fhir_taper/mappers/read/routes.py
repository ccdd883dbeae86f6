"""Routes that a product is not made for: a dose by one of them is no oral or transdermal therapy (domain rule 10).

Into a vein, a muscle, the skin or the spine whatever the product is; into the rectum, the nose, an eye, an ear or the vagina unless it is a
product for that place.

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
_PLACES: Final = (  # SNOMED CT codes, the words of orders, and the route of products for that place
    ("37161004", re.compile(r"\b(?:rectal\w*|rectum)\b", re.IGNORECASE), "rectal"),
    ("46713006", re.compile(r"\b(?:nasal\w*|intranasal\w*|nose|nostrils?)\b", re.IGNORECASE), "nasal"),
    ("54485002", re.compile(r"\b(?:ophthalmic|ocular|eyes?)\b", re.IGNORECASE), "ophthalmic"),
    ("10547007", re.compile(r"\b(?:otic|auricular|ears?)\b", re.IGNORECASE), "otic"),
    ("16857009", re.compile(r"\b(?:vaginal\w*|vagina)\b", re.IGNORECASE), "vaginal"),
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


def other_route(dosages: Sequence[Json], made_for: str) -> str:
    """The first route, in words, into a place that a product of the route `made_for` is not made for; "" where there is none.

    Where the product's own route is not known, nothing is said.
    """
    for route in (dosage["route"] for dosage in dosages if made_for and dosage.get("route") is not None):
        says = words_of(route)
        coded = {coding.code for coding in codings(route) if coding.system == SNOMED}
        for code, words, place in _PLACES:
            if place != made_for and (code in coded or words.search(says)):
                return says if words.search(says) else place
    return ""
