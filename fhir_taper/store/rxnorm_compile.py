"""From the concepts and relations of an RxNorm release to products in the shape of tables/products.csv.

SCD consists_of SCDC, SCDC has_ingredient IN, SCD has_dose_form DF, SBD tradename_of SCD (RxNorm technical documentation). The strength is
the end of the SCDC's name; of a patch whose label says another rate than its name ("12" is 12.5 mcg/h) it is the built-in table's, for
every code of that rate. RxNorm does not know what may be split: parts stay whole. A drug whose strength is not in mg, or whose dose form
we do not know, is set aside and named, never guessed. So is one that lacks a relation or has fewer components than its name: a
combination without its opioid would be read as no opioid at all.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass, Form
from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.medicines.product_names import stated_mg
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables.dose_forms import DoseForm, load_dose_forms
from fhir_taper.plans.tables.medicine_rows import product_of
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.store import terminology_schema as schema

HOURS_PER_DAY = 24
_STRENGTH = re.compile(r" (?P<amount>\d+(?:\.\d+)?) (?P<unit>MG|MCG)(?P<per>/ML|/HR|/ACTUAT)?$")
_BRAND = re.compile(r" \[(?P<brand>[^\[\]]+)\]$")
_BETWEEN_COMPONENTS = " / "
_WEAR = re.compile(r"^(?P<hours>\d+) HR ")


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rows for the product table, and what a person should look at. `lacking` are drugs that no whole release describes so."""

    rows: list[dict[str, str]]
    set_aside: tuple[str, ...]
    lacking: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Release:
    """The release as dictionaries: names by type, relations by (rela, subject)."""

    names: dict[str, dict[str, str]]
    related: dict[tuple[str, str], list[str]]

    def name(self, tty: str, rxcui: str) -> str:
        return self.names[tty].get(rxcui, "")


@dataclass(frozen=True, slots=True)
class _Component:
    ingredient_rxcui: str
    ingredient: str
    amount: Decimal
    per: str


@dataclass(frozen=True, slots=True)
class _No:
    """Why there is no row. `is_lacking`: the release itself is not whole there, whatever this program knows."""

    why: str
    is_lacking: bool = False


def compile_products(connection: Connection, builtin: MedicineTables) -> Compiled:
    """Every SCD and SBD of the release as a product row.

    `differs` names those on which the built-in table has another strength, by their code or by the rate of a patch: the built-in one wins.
    """
    release, dose_forms = _read(connection), load_dose_forms()
    rows: list[dict[str, str]] = []
    refused: list[tuple[str, _No]] = []
    differs: list[str] = []
    for rxcui, name, drug in _drugs(release):
        row = _checked_row(release, builtin, dose_forms, rxcui, name, drug)
        if isinstance(row, _No):
            refused.append((f"{rxcui} {name}: {row.why}", row))
            continue
        known, printed = builtin.product(rxcui) or _by_its_label(row, builtin), row["mg"]
        if known is not None and known.mg != Decimal(printed):
            differs.append(f"{rxcui} {name}: {printed} mg in the release, {known.mg} mg in the built-in table ({known.source.name})")
        rows.append(_as_labelled(row, builtin))
    set_aside, lacking = ([says for says, no in refused if no.is_lacking is wanted] for wanted in (False, True))
    return Compiled(rows, tuple(set_aside), tuple(lacking), tuple(differs))


def _as_labelled(row: dict[str, str], builtin: MedicineTables) -> dict[str, str]:
    """The row; of a patch with the strength that the built-in table has for its printed rate, and with the reason."""
    known = _by_its_label(row, builtin)
    if known is None or known.mg == Decimal(row["mg"]):
        return row
    return row | {"mg": format(canonical(known.mg), "f"), "note": f"as RxNorm {known.rxcui} in the built-in table: {known.source.name}"}


def _by_its_label(row: Mapping[str, str], builtin: MedicineTables) -> Product | None:
    """The built-in patch of the same ingredient whose name prints the same rate."""
    if row["form"] != Form.PATCH:
        return None
    printed = stated_mg(row["name"], row["ingredient"], Form.PATCH)
    same = (
        one for one in builtin.products_of(row["ingredient"]) if one.is_patch and stated_mg(one.name, one.ingredient, one.form) == printed
    )
    return next(same, None)


def _read(connection: Connection) -> _Release:
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for rxcui, tty, name in connection.execute(select(schema.concept.c.rxcui, schema.concept.c.tty, schema.concept.c.name)):
        names[tty][rxcui] = name
    related: dict[tuple[str, str], list[str]] = defaultdict(list)
    rows = connection.execute(
        select(schema.relation.c.rela, schema.relation.c.subject, schema.relation.c.object).order_by(schema.relation.c.object)
    )
    for rela, subject, target in rows:
        related[rela, subject].append(target)
    return _Release(names, related)


def _drugs(release: _Release) -> Iterator[tuple[str, str, str]]:
    """(rxcui, name, rxcui of the unbranded drug) of each SCD and each SBD."""
    for rxcui, name in sorted(release.names["SCD"].items()):
        yield rxcui, name, rxcui
    for rxcui, name in sorted(release.names["SBD"].items()):
        unbranded = [drug for drug in release.related["tradename_of", rxcui] if drug in release.names["SCD"]]
        yield rxcui, name, unbranded[0] if unbranded else ""


def _checked_row(
    release: _Release, builtin: MedicineTables, dose_forms: Mapping[str, DoseForm], rxcui: str, name: str, drug: str
) -> dict[str, str] | _No:
    """The product row as the catalogue will read it, or why there is none."""
    row = _row(release, builtin, dose_forms, rxcui, name, drug)
    if isinstance(row, dict):
        try:
            product_of(rxcui, row)
        except TableError as error:
            return _No(str(error))
    return row


def _row(
    release: _Release, builtin: MedicineTables, dose_forms: Mapping[str, DoseForm], rxcui: str, name: str, drug: str
) -> dict[str, str] | _No:
    if not drug:
        return _No("a branded drug whose unbranded drug is not in the release", is_lacking=True)
    forms = [said for form in release.related["has_dose_form", drug] if (said := release.name("DF", form))]
    if not forms:
        return _No("no dose form in the release", is_lacking=True)
    dose_form = dose_forms.get(forms[0]) if len(forms) == 1 else None
    if dose_form is None:
        return _No(f"dose form {', '.join(forms)} is not one that this program knows")
    components = _components(release, drug)
    if isinstance(components, _No):
        return components
    main, others = _controlled_first(components, builtin)
    known = builtin.ingredient_named(main.ingredient)
    mg = _mg(main, dose_form.form)
    if mg is None:
        return _No(f"strength {main.amount} mg{main.per.lower()} does not fit the dose form {forms[0]}")
    wear = _WEAR.match(name) if dose_form.form is Form.PATCH else None
    brand = _BRAND.search(name)
    return {
        "rxcui": rxcui,
        "name": name,
        "ingredient_rxcui": main.ingredient_rxcui,
        "ingredient": main.ingredient.lower(),
        "class": known.drug_class if known else DrugClass.UNKNOWN,
        "form": dose_form.form,
        "release": dose_form.release,
        "route": dose_form.route,
        "mg": format(canonical(mg), "f"),
        "brand": brand["brand"] if brand else "",
        "use": dose_form.use,
        "parts": "whole",
        "parts_source": "",
        "parts_state": "",
        "smallest_ml": "",
        "wear_h": wear["hours"] if wear else "",
        "note": "",
        "companions": ";".join(f"{other.ingredient.lower()}:{format(other.amount, 'f')}" for other in others),
        "source": "RxNorm release loaded by this site",
        "edition": "Current Prescribable Content",
        "year": "as loaded",
        "state": "read",
    }


def _components(release: _Release, drug: str) -> list[_Component] | _No:
    """What a drug consists of: as many components as its name has."""
    parts, named = release.related["consists_of", drug], release.name("SCD", drug).count(_BETWEEN_COMPONENTS) + 1
    if len(parts) != named:
        return _No(f"its name has {named} component{'s' if named > 1 else ''}, the release {len(parts)}", is_lacking=True)
    found: list[_Component] = []
    for part in parts:
        name = release.name("SCDC", part)
        ingredients = [one for one in release.related["has_ingredient", part] if one in release.names["IN"]]
        strength = _STRENGTH.search(name)
        if not name or len(ingredients) != 1:
            return _No(
                f"component {part} {name!r} has {len(ingredients)} ingredients in the release", is_lacking=not (name and ingredients)
            )
        if strength is None:
            return _No(f"strength of {name!r} is not in mg")
        amount = Decimal(strength["amount"]) / (1000 if strength["unit"] == "MCG" else 1)
        found.append(_Component(ingredients[0], release.name("IN", ingredients[0]), amount, strength["per"] or ""))
    return found


def _controlled_first(components: list[_Component], builtin: MedicineTables) -> tuple[_Component, list[_Component]]:
    """The ingredient that a taper is about, and its companions."""

    def is_controlled(component: _Component) -> bool:
        known = builtin.ingredient_named(component.ingredient)
        return known is not None and known.drug_class in TAPERED_CLASSES

    ordered = sorted(components, key=lambda component: not is_controlled(component))
    return ordered[0], ordered[1:]


def _mg(component: _Component, form: Form) -> Decimal | None:
    """mg per unit in the sense of Product.mg, or None where unit and form do not go together."""
    if form is Form.PATCH:
        return component.amount * HOURS_PER_DAY if component.per == "/HR" else None
    return None if component.per == "/HR" else component.amount
