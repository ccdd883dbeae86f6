"""Reading what stands in the EHR one resource at a time: what is gone is nothing, every other refusal is an error. It reads only."""

from collections.abc import Collection, Iterator
from typing import Final

from fhir_taper.errors import EhrAnswered
from fhir_taper.mappers.references import address
from fhir_taper.records import Fetched
from fhir_taper.writeback.element_references import references
from fhir_taper.writeback.ports import Reader

GONE: Final = frozenset({404, 410})
"""The statuses by which a server says that a resource is not there, or is there no more."""


def read_if_there(reader: Reader, reference: str) -> Fetched | None:
    """What a reference ("Goal/7") points to; None where it is gone. Raises EhrAnswered for every other refusal."""
    kind, _, known_as = reference.partition("/")
    try:
        return reader.read(kind, known_as)
    except EhrAnswered as refusal:
        if refusal.status in GONE:
            return None
        raise


def referred_to(reader: Reader, plan: Fetched, kinds: Collection[str], gone: set[str] | None = None) -> Iterator[Fetched]:
    """What a care plan of ours refers to of these kinds, itself or through its RequestGroup, each read once. Raises as `read_if_there`.

    References to what is not there are added to `gone`.
    """
    waiting, seen = [plan], set[str]()
    while waiting:
        for reference in references(waiting.pop().resource):
            target = address(reference)
            if target.resource_type not in (*kinds, "RequestGroup") or not target.key or target.key in seen:
                continue
            seen.add(target.key)
            fetched = read_if_there(reader, target.key)
            if fetched is None:
                if gone is not None:
                    gone.add(target.key)
                continue
            if target.resource_type in kinds:
                yield fetched
            if target.resource_type == "RequestGroup":
                waiting.append(fetched)
