"""What a version of a plan was made from, kept with it: the labels of its inputs, and the intake as it was then.

Chart and intake change. How a version must be labelled, and what its paper says was known, is what was there when a person decided. A
version of before this was kept has nothing of it, which is said wherever it counts (`made_from_of` is None).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fhir_taper.errors import BadInput
from fhir_taper.exact_json import decode, encode
from fhir_taper.mappers.write.labels import Label, united
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow import assessment_document
from fhir_taper.workflow.assessment import Assessment

_SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """`labels` are those of everything that this version, or one that it comes from, was made from; at least normal.

    `intake` None: none of this installation's, the version was taken over from the EHR. `is_whole` False: of a version that this one comes
    from no labels were kept.
    """

    labels: tuple[Label, ...]
    intake: Assessment | None
    is_whole: bool = True


def made_from(labels: Iterable[Label], intake: Assessment | None, before: PlanVersion | None) -> MadeFrom:
    """Of a version that is made now, by inputs with these labels, and comes from the version `before` (None: it is the first)."""
    earlier = made_from_of(before) if before else None
    is_whole = before is None or (earlier is not None and earlier.is_whole)
    return MadeFrom(united(labels, earlier.labels if earlier else ()), intake, is_whole)


def made_from_of(version: PlanVersion) -> MadeFrom | None:
    """What was kept with a version; None where it was kept before that was done. Raises BadInput for what this program did not write."""
    if version.inputs is None:
        return None
    document = decode(version.inputs)
    if document.get("schema") != _SCHEMA:
        raise BadInput("are of another schema than this program writes", "the inputs of a version")
    intake = document["intake"]
    return MadeFrom(
        tuple(Label(one["system"], one["code"]) for one in document["labels"]),
        None if intake is None else assessment_document.from_document(intake),
        document["is_whole"],
    )


def to_bytes(kept: MadeFrom) -> bytes:
    """As the store keeps it."""
    return encode(
        {
            "schema": _SCHEMA,
            "labels": [{"system": one.system, "code": one.code} for one in kept.labels],
            "intake": None if kept.intake is None else assessment_document.to_document(kept.intake),
            "is_whole": kept.is_whole,
        }
    )
