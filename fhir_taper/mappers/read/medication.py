"""Which medicine an order is for: by codeable concept, by reference (contained or in the chart), by name; and what stands in the way.

Several codings may stand for one drug: the most specific RxNorm product is taken, and every other coding and name is held against it.
Codings that name two drugs or strengths, and a code beside the name of something else, are a conflict, never a choice (domain rule 1).
Unknown is never "not an opioid". The strength in Medication.ingredient is not used: one vendor's samples have numerator = denominator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, Protocol, runtime_checkable

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.drug_name import by_name, name_words, printed_rates
from fhir_taper.mappers.read.medicine import Medicine, of_product
from fhir_taper.mappers.references import resolve
from fhir_taper.mappers.systems import NDC, RXNORM, Coding, codings
from fhir_taper.plans.medicines.codes import DrugClass, RxNormCode, Use
from fhir_taper.plans.medicines.product_names import disagreement
from fhir_taper.plans.medicines.products import Ingredient, Product, ProductCatalogue
from fhir_taper.plans.medicines.regimen import Reason

_NAMELESS: Final = "unknown medication"


class _Recognised(Protocol):
    ingredient: str
    drug_class: DrugClass
    use: Use
    why: str


@runtime_checkable
class _KnowsPacks(Protocol):
    """A catalogue that knows codes whose class is certain although they have no strength per unit."""

    def recognised(self, rxcui: str) -> _Recognised | None: ...


class Identifier:
    """Finds medicines for one chart and one catalogue; what was found once is remembered by its codings and names."""

    def __init__(self, chart: Chart, catalogue: ProductCatalogue) -> None:
        self._chart = chart
        self._catalogue = catalogue
        self._known: dict[tuple[tuple[Coding, ...], str], Medicine] = {}

    def of(self, entry: Entry) -> Medicine:
        """The medicine of a MedicationRequest, MedicationStatement or MedicationDispense.

        Never raises: hostile shapes are unknown medicines.
        """
        concept = entry.resource.get("medicationCodeableConcept")
        if concept is not None:
            return self._concept(concept)
        reference = entry.resource.get("medicationReference")
        if reference is None:
            return _unknown("", "the order names no medication")
        return self._referenced(entry, reference)

    def named(self, text: str) -> Medicine:
        """The medicine that a text alone names."""
        return self._remembered((), text)

    def _referenced(self, entry: Entry, reference: object) -> Medicine:
        shown = _text(reference, "display")
        found = resolve(self._chart, entry, reference)
        if found is None or found.resource_type != "Medication":
            address = _text(reference, "reference") or "without an address"
            unread = f"the medication reference could not be read: {address}"
            by_display = self.named(shown) if shown else None
            if by_display is not None and by_display.reason is None:
                return replace(by_display, notes=(*by_display.notes, f"{unread}; taken from its display “{shown}”"))
            return _unknown(shown, unread)
        if found.resource.get("status") == "entered-in-error":
            return _unknown(shown, f"{found.reference} is entered in error")
        return self._medication(found.resource, shown)

    def _medication(self, resource: Mapping[str, Any], shown: str) -> Medicine:
        concept = resource.get("code")
        medicine = self._concept(concept if concept is not None else {"text": shown})
        if medicine.ingredient or medicine.reason is Reason.PRODUCT_CONFLICT:
            return medicine
        listed = resource.get("ingredient")
        inside = (
            [self._concept(item.get("itemCodeableConcept")) for item in listed if isinstance(item, dict)]
            if isinstance(listed, list)
            else []
        )
        ours = [part for part in inside if part.drug_class not in (DrugClass.OTHER, DrugClass.UNKNOWN)]
        name = shown or ("" if medicine.name == _NAMELESS else medicine.name)
        if len(ours) == 1:  # the ingredient is certain; its strength is not taken from here
            return replace(ours[0], mg=None, product=None, rxcui=None, name=name or ours[0].name)
        if inside and not ours and all(part.drug_class is DrugClass.OTHER for part in inside):
            return replace(inside[0], mg=None, name=name or inside[0].name)
        return medicine

    def _concept(self, concept: object) -> Medicine:
        if not isinstance(concept, dict):
            return Medicine("", reason=Reason.UNREADABLE, says="the medication is not an object")
        return self._remembered(tuple(codings(concept)), _text(concept, "text"))

    def _remembered(self, listed: tuple[Coding, ...], text: str) -> Medicine:
        key = (listed, text)
        medicine = self._known.get(key)
        if medicine is None:
            medicine = self._known[key] = identify(listed, text, self._catalogue)
        return medicine


def identify(listed: Sequence[Coding], text: str, catalogue: ProductCatalogue) -> Medicine:
    """The medicine of these codings and this text."""
    names = list(dict.fromkeys(name for name in (*(coding.display for coding in listed), text) if name))
    codes = [coding.code.lstrip("0") for coding in listed if coding.system == RXNORM]
    products = [product for code in codes if (product := catalogue.product(code)) is not None]
    products += [product for coding in listed if coding.system == NDC and (product := catalogue.product_by_ndc(coding.code)) is not None]
    if products:
        found = _by_product(products, [code for code in codes if catalogue.product(code) is None], names, catalogue)
    else:
        found = _by_names(codes, names, catalogue)
    return replace(found, called=_called(found, catalogue)) if found.companions else found


def _called(medicine: Medicine, catalogue: ProductCatalogue) -> tuple[tuple[str, str], ...]:
    """The names by which directions speak of the companions: a cap may be in mg of "tylenol"."""
    known = [(part, catalogue.ingredient_named(part.ingredient)) for part in medicine.companions]
    return tuple((name, part.ingredient) for part, ingredient in known if ingredient is not None for name in ingredient.names)


def _by_product(products: list[Product], other_codes: list[str], names: list[str], catalogue: ProductCatalogue) -> Medicine:
    first = min(products, key=lambda product: not product.brand)
    for product in products:
        if _identity(product) != _identity(first):
            says = f"coded as {first.name} ({first.rxcui}) and as {product.name} ({product.rxcui})"
            return _conflict(first, says)
    for ingredient in filter(None, map(catalogue.ingredient, other_codes)):
        if ingredient.name not in _ingredients(first):
            return _conflict(first, f"coded as {first.name} ({first.rxcui}) and as {ingredient.name} ({ingredient.rxcui})")
    notes = []
    for name in names:
        said = disagreement(first, name, catalogue.ingredients_in)
        if said and _says_less(said, catalogue.ingredients_in(name)):
            notes.append(f"the name “{name}” {said}; the code {first.rxcui} is {first.name}")
        elif said:
            return _conflict(first, f"the code {first.rxcui} is {first.name}; its name “{name}” {said}")
    words = name_words([first.name, first.brand, *names], catalogue.ingredients_in(first.name))
    return of_product(first, words, printed_rates(first.name), tuple(notes))


def _says_less(said: str, named: Sequence[Ingredient]) -> bool:
    """A name that leaves something out, or names nothing known, does not name another drug."""
    return not named or said.startswith("does not")


def _by_names(codes: list[str], names: list[str], catalogue: ProductCatalogue) -> Medicine:
    coded = [ingredient for code in codes if (ingredient := catalogue.ingredient(code)) is not None]
    pack = next(filter(None, (_pack(code, names, catalogue) for code in codes)), None)
    found = [
        medicine
        for medicine in (by_name(name, catalogue) for name in names)
        if medicine.ingredient or medicine.reason is Reason.PRODUCT_CONFLICT
    ]
    conflict = _contradiction(coded, found) or _beside_another(found, catalogue)
    if conflict is not None:
        return conflict
    if pack is not None:
        return pack
    named = _most_telling(found)
    if named is not None:
        code = next((code for code in codes if catalogue.ingredient(code) is None), None)
        return replace(named, rxcui=named.rxcui if named.product else code or named.rxcui)
    if coded:
        return Medicine(coded[0].name, coded[0].name, coded[0].drug_class, coded[0].rxcui, words=name_words([], coded[:1]))
    shown = names[-1] if names else ""
    return _unknown(shown, _why_unknown(codes, names))


def _contradiction(coded: Sequence[Ingredient], found: Sequence[Medicine]) -> Medicine | None:
    """Codes and names of one order that mean different ingredients or strengths."""
    for medicine in found:
        if medicine.reason is Reason.PRODUCT_CONFLICT:
            return medicine
    ours = [medicine for medicine in found if medicine.drug_class not in (DrugClass.OTHER, DrugClass.UNKNOWN)]
    for first, second in pairwise(ours):
        if first.ingredient != second.ingredient or (first.mg is not None and second.mg is not None and first.mg != second.mg):
            return replace(
                first, mg=None, product=None, reason=Reason.PRODUCT_CONFLICT, says=f"named as “{first.name}” and as “{second.name}”"
            )
    for ingredient in coded:
        for medicine in found:
            if ingredient.name != medicine.ingredient and ingredient.name not in {part.ingredient for part in medicine.companions}:
                known = medicine if medicine.drug_class is not DrugClass.OTHER else replace(medicine, drug_class=ingredient.drug_class)
                says = f"the code {ingredient.rxcui} is {ingredient.name}; its name is “{medicine.name}”"
                return replace(known, mg=None, product=None, reason=Reason.PRODUCT_CONFLICT, says=says)
    return None


def _beside_another(found: Sequence[Medicine], catalogue: ProductCatalogue) -> Medicine | None:
    """A name of ours beside the name of a medicine of another kind that is no part of it."""
    ours = [medicine for medicine in found if medicine.drug_class not in (DrugClass.OTHER, DrugClass.UNKNOWN)]
    parts = {one.name for medicine in ours for one in catalogue.ingredients_in(medicine.name)}
    parts |= {part.ingredient for medicine in ours for part in medicine.companions}
    for other in found:
        if ours and other.drug_class is DrugClass.OTHER and other.ingredient not in parts:
            says = f"named as “{ours[0].name}” and as “{other.name}”"
            return replace(ours[0], mg=None, product=None, reason=Reason.PRODUCT_CONFLICT, says=says)
    return None


def _most_telling(found: Sequence[Medicine]) -> Medicine | None:
    """Of several names of one drug the one that says most: ours before others, with a product, with a strength."""
    ranked = sorted(found, key=lambda one: (one.drug_class is DrugClass.OTHER, one.product is None, one.mg is None))
    return ranked[0] if ranked else None


def _pack(code: str, names: list[str], catalogue: ProductCatalogue) -> Medicine | None:
    known = catalogue.recognised(code) if isinstance(catalogue, _KnowsPacks) else None
    if known is None:
        return None
    name = names[0] if names else known.ingredient
    return Medicine(name, known.ingredient, known.drug_class, RxNormCode(code), use=known.use, words=name_words(names), notes=(known.why,))


def _identity(product: Product) -> tuple[object, ...]:
    return product.ingredient, product.mg, product.is_liquid, product.is_patch, product.release, product.companions, product.use


def _ingredients(product: Product) -> set[str]:
    return {product.ingredient, *(companion.ingredient for companion in product.companions)}


def _conflict(product: Product, says: str) -> Medicine:
    return Medicine(product.name, product.ingredient, product.drug_class, product.rxcui, reason=Reason.PRODUCT_CONFLICT, says=says)


def _unknown(name: str, says: str) -> Medicine:
    return Medicine(name or _NAMELESS, reason=Reason.UNKNOWN_MEDICATION, says=says)


def _why_unknown(codes: Sequence[str], names: Sequence[str]) -> str:
    if names:
        return f"“{names[-1]}” is not a medicine that is known here"
    return f"the code {codes[0]} is not known here and has no name" if codes else "neither a known code nor a name"


def _text(element: object, name: str) -> str:
    value = element.get(name) if isinstance(element, dict) else None
    return value.strip() if isinstance(value, str) else ""
