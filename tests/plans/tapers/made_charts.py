"""Regimens and facts made by hand for the tests of findings, tier and programme. Products are the package's own."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import Intake, ItemState, Regimen, RegimenItem
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.chart_facts import ChartFacts, Fact

TODAY = date(2026, 1, 5)
TABLES = load()
DIAZEPAM_5, LORAZEPAM_1, ZOLPIDEM_10 = "197591", "197901", "854873"
OXYCODONE_5, OXYCODONE_ER_10, OXYCODONE_APAP_5 = "1049621", "1049502", "1049221"
METHADONE_10, BUPRENORPHINE_SL_8, BUPRENORPHINE_PATCH_10 = "864706", "351265", "904870"


def item(rxcui: str, mg: str, **changes: Any) -> RegimenItem:
    """Build a computed item of a product of the tables, scheduled and maximum alike unless `max_mg` is given."""
    product = TABLES.medicines.product(rxcui)
    assert product is not None
    made = RegimenItem(
        drug=product.name,
        ingredient=product.ingredient,
        drug_class=product.drug_class,
        state=ItemState.COMPUTED,
        sources=(f"MedicationRequest/{rxcui}",),
        rxcui=rxcui,
        product=product,
        scheduled_mg=Decimal(mg),
        max_mg=Decimal(mg),
        taper_candidate=True,
    )
    return replace(made, **changes)


def other(ingredient: str, **changes: Any) -> RegimenItem:
    """Build a medicine of no class of ours."""
    made = RegimenItem(ingredient, ingredient, DrugClass.OTHER, ItemState.COMPUTED, (f"MedicationRequest/{ingredient}",))
    return replace(made, **changes)


def intakes(many: int) -> tuple[Intake, ...]:
    """Build so many intakes of one unit a day."""
    return tuple(Intake(None, Decimal(1)) for _ in range(many))


def regimen(*items: RegimenItem, **changes: Any) -> Regimen:
    """Build a regimen that was read in full today."""
    return replace(Regimen("p1", TODAY, items), **changes)


def fact(concept: str, value: str | None = None, on: date | None = date(2026, 1, 2), **changes: Any) -> Fact:
    """Build a fact, dated three days ago unless said otherwise."""
    made = Fact(concept, f"Condition/{concept}", concept, on=on, value=None if value is None else Decimal(value))
    return replace(made, **changes)


def facts(*found: Fact, **changes: Any) -> ChartFacts:
    """Build the facts of a person of 45 with fresh measures and naloxone at home, so that only what a test adds is found."""
    usual = (
        fact("phq9", "4"),
        fact("gad7", "4"),
        fact("sleep-hours", "7", unit="h"),
        fact("peg", "4"),
        fact("egfr", "90", unit="mL/min/{1.73_m2}"),
        fact("medicine:naloxone"),
    )
    named = {one.concept for one in found}
    kept = tuple(one for one in usual if one.concept not in named)
    return replace(ChartFacts("p1", birth_date=date(1980, 6, 1), facts=(*kept, *found)), **changes)
