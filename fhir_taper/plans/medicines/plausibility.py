"""Orders of more units a day than anybody takes: a number that was written in the wrong unit, refused and not counted.

The bound is a row of tables/chart_reading.toml; this module contains no numbers.
"""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from fhir_taper.plans.medicines.codes import SOLID_FORMS, Form
from fhir_taper.plans.medicines.dose import as_exact, brief
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem

_COUNTED_FORMS = SOLID_FORMS | {Form.PATCH}


def refuse_implausible(items: Iterable[RegimenItem], most_units: int) -> tuple[RegimenItem, ...]:
    """The same items; one of more than `most_units` tablets, capsules, films or patches a day becomes not computable and says why."""
    return tuple(_judged(item, most_units) for item in items)


def _judged(item: RegimenItem, most_units: int) -> RegimenItem:
    product, amounts = item.product, [amount for amount in (item.scheduled_mg, item.max_mg) if amount is not None]
    if item.state is not ItemState.COMPUTED or product is None or product.form not in _COUNTED_FORMS or not amounts:
        return item
    units = max(Fraction(amount) for amount in amounts) / Fraction(product.mg)
    if units <= most_units:
        return item
    says = f"{brief(as_exact(units))} of {product.name} a day is more than {most_units}: a mistake in the order? Read as {item.how}"
    return replace(
        item,
        state=ItemState.NOT_COMPUTABLE,
        reason=Reason.IMPLAUSIBLE,
        how=says,
        scheduled_mg=None,
        max_mg=None,
        peak_day_mg=None,
        max_reason=None,
        intakes=(),
        ordered=(),
        taper_candidate=False,
    )
