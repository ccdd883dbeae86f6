"""The closed sets of words of the medicines room, and the types of codes. Words are the field's own: docs/glossary.md.

Contains no clinical numbers.
"""

from enum import StrEnum
from typing import NewType

RxNormCode = NewType("RxNormCode", str)
"""A concept id of RxNorm (RxCUI), as text without leading zeros."""


class DrugClass(StrEnum):
    """What totals and limits go by. `unknown` is a medicine that could not be identified: never "not an opioid"."""

    OPIOID = "opioid"
    BENZODIAZEPINE = "benzodiazepine"
    Z_DRUG = "z-drug"
    GABAPENTINOID = "gabapentinoid"
    OTHER = "other"
    UNKNOWN = "unknown"


TAPERED_CLASSES = frozenset({DrugClass.OPIOID, DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})
"""Classes whose doses this program computes. An item of these that is not computable makes `regimen` end with status 4."""


class Form(StrEnum):
    """Dose forms, as far as dose arithmetic and dispensing need them apart."""

    TABLET = "tablet"
    CAPSULE = "capsule"
    ODT = "odt"
    SOLUTION = "solution"
    SUSPENSION = "suspension"
    FILM = "film"
    PATCH = "patch"
    LOZENGE = "lozenge"
    SPRAY = "spray"
    SUPPOSITORY = "suppository"
    GEL = "gel"
    INJECTION = "injection"
    IMPLANT = "implant"
    OTHER = "other"


LIQUID_FORMS = frozenset({Form.SOLUTION, Form.SUSPENSION})
SOLID_FORMS = frozenset({Form.TABLET, Form.CAPSULE, Form.ODT, Form.FILM, Form.LOZENGE, Form.SUPPOSITORY})


class Release(StrEnum):
    """How the dose leaves the product: extended-release products are never split."""

    IMMEDIATE = "immediate"
    EXTENDED = "extended"


class Slot(StrEnum):
    """The times of day at which a dose is taken, in the order of the day.

    `when` codes and clock times are read into morning, noon, evening and night; a medicine that is taken five or six times a day has the
    other two as well, so that no time has to hold two of its doses.
    """

    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"
    OVERNIGHT = "overnight"


class Use(StrEnum):
    """What a product is for, as far as it decides whether it is counted or tapered (domain rule 10)."""

    ORDINARY = "ordinary"
    ANTITUSSIVE = "antitussive"  # counted, not a taper candidate
    RESCUE = "rescue"  # rectal, nasal, buccal rescue: excluded
    PARENTERAL = "parenteral"  # injection, PCA, intrathecal: excluded, totals "at least"
    DEPOT = "depot"  # implant, depot injection: excluded, totals "at least"


class SourceState(StrEnum):
    """How a number of ours is known. `knowledge` and `default` wait for a clinician's sign-off."""

    READ = "read"
    SECONDARY = "secondary"
    KNOWLEDGE = "knowledge"
    DEFAULT = "default"
    MEASURED = "measured"


AWAITS_SIGN_OFF = frozenset({SourceState.KNOWLEDGE, SourceState.DEFAULT})
