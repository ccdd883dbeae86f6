"""What a person asked of a plan as a document, and back without loss: a draft keeps the question beside the answer."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.records import Json
from fhir_taper.workflow.assessed_document import assessed_from_document, assessed_to_document
from fhir_taper.workflow.plan_options import PlanOptions

_NAMES: Final = frozenset(one.name for one in fields(PlanOptions))
_LATER: Final = frozenset({"assessed", "baseline_in_intake", "site_zone"})
"""What options had no field for once: a draft from then is read as one in which it was not said."""


def options_to_document(options: PlanOptions) -> Json:
    """Plain values; amounts as text, so that 0.50 stays 0.50."""
    document: Json = {name: getattr(options, name) for name in _NAMES}
    return document | {
        "start": options.start.isoformat(),
        "target_mg": str(options.target_mg),
        "baseline_mg": None if options.baseline_mg is None else str(options.baseline_mg),
        "params": [list(pair) for pair in options.params],
        "taken": [[one.rxcui, one.slot, str(one.units)] for one in options.taken],
        "confirmed": list(options.confirmed),
        "products": list(options.products),
        "assessed": assessed_to_document(options.assessed),
    }


def options_from_document(document: Mapping[str, Any]) -> PlanOptions:
    """The options of a document. Raises BadInput for one that this program did not write."""
    if not _NAMES - _LATER <= set(document) <= _NAMES:
        raise BadInput("has other fields than what is asked of a plan", "options")
    baseline = document["baseline_mg"]
    return PlanOptions(
        **{
            **document,
            "start": date.fromisoformat(document["start"]),
            "target_mg": Decimal(document["target_mg"]),
            "baseline_mg": None if baseline is None else Decimal(baseline),
            "params": tuple((name, value) for name, value in document["params"]),
            "taken": tuple(Taken(rxcui, Slot(slot) if slot else None, Decimal(units)) for rxcui, slot, units in document["taken"]),
            "confirmed": tuple(document["confirmed"]),
            "products": tuple(document["products"]),
            "assessed": assessed_from_document(document.get("assessed", {})),
        }
    )
