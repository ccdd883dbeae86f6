"""RxNorm dose form names as this program needs them apart (dose_forms.csv): form, release, route and use. No clinical numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import Form, Release, Use
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, source_of

DOSE_FORMS = "dose_forms.csv"


@dataclass(frozen=True, slots=True)
class DoseForm:
    """What an RxNorm dose form means here."""

    form: Form
    release: Release
    route: str
    use: Use
    source: Source


def load_dose_forms(text: str | None = None) -> Mapping[str, DoseForm]:
    """Dose forms by their RxNorm name. Raises TableError naming the row that is not acceptable."""
    return {row["dose_form"]: _dose_form(place, row) for place, row in csv_rows(DOSE_FORMS, text)}


def _dose_form(place: str, row: Mapping[str, str]) -> DoseForm:
    try:
        return DoseForm(Form(row["form"]), Release(row["release"]), row["route"], Use(row["use"]), source_of(place, row))
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
