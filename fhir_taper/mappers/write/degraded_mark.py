"""The mark on a CarePlan that carries its steps in a lesser form, because the server it is for cannot store a RequestGroup."""

from dataclasses import dataclass
from typing import Final

from fhir_taper.mappers.write.extensions import Published
from fhir_taper.mappers.write.shapes import Shape, code
from fhir_taper.mappers.write.vocabularies import DegradedForm


@dataclass(frozen=True, slots=True)
class DegradedMark:
    """Which lesser form it is."""

    form: DegradedForm


DEGRADED: Final = Published(
    "taper-degraded-form",
    Shape(DegradedMark, (code("form", DegradedForm, "degraded-form", "How the steps are kept instead of in a RequestGroup."),)),
    "How the steps of a plan are kept where a server cannot store a RequestGroup",
)
