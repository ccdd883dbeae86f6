"""A medicine by its name alone, as RxNorm, labels and EHRs write names.

For example "oxyCODONE-acetaminophen 5-325 mg per tablet", "72 HR Fentanyl 0.025 MG/HR Transdermal System", "OXYCODONE 5 MG TABLET".

The catalogue says which ingredients a text names and which products they have; a product is taken only where the text states its strength
and contradicts nothing of it (`product_names.disagreement`). Where no product fits, a standard name gives ingredient and strength by
itself. What a text does not say is not guessed: without a strength there is none, and what names no known ingredient stays unknown. "12
HR" is how long a product releases, never an interval.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from fhir_taper.mappers.read.medicine import Medicine, of_product
from fhir_taper.plans.medicines.codes import SOLID_FORMS, DrugClass, Form, Release, Use
from fhir_taper.plans.medicines.product_names import disagreement, stated_strengths, with_points
from fhir_taper.plans.medicines.products import Companion, Ingredient, Product, ProductCatalogue
from fhir_taper.plans.medicines.regimen import Reason

_OURS: Final = (DrugClass.OPIOID, DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG, DrugClass.GABAPENTINOID)
_STRENGTH: Final = re.compile(r"\d ?(?:mg|mcg|ug|µg|g\b|microgram)|\d+(?:\.\d+)?[-/]\d+(?:\.\d+)?", re.IGNORECASE)
_PER_VOLUME: Final = re.compile(r"\bml\b|/ ?ml")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_FORM_WORDS: Final[tuple[tuple[str, Form], ...]] = (
    ("transdermal", Form.PATCH), ("patch", Form.PATCH), ("disintegrating", Form.ODT), ("odt", Form.ODT), ("film", Form.FILM),
    ("lozenge", Form.LOZENGE), ("suppositor", Form.SUPPOSITORY), ("nasal spray", Form.SPRAY), ("mucosal spray", Form.SPRAY),
    ("suspension", Form.SUSPENSION), ("solution", Form.SOLUTION), ("syrup", Form.SOLUTION), ("elixir", Form.SOLUTION),
    ("concentrate", Form.SOLUTION), ("implant", Form.IMPLANT), ("capsule", Form.CAPSULE), ("cap", Form.CAPSULE), ("tablet", Form.TABLET),
    ("tab", Form.TABLET),
)  # fmt: skip
_PARENTERAL: Final = re.compile(
    r"\b(?:inject\w*|syringe|vial|ampul\w*|cartridge|auto-injector|infusion|intrathecal|epidural|intravenous|iv|pca)\b"
)
_DEPOT: Final = re.compile(r"\b(?:implant|sublocade|brixadi|probuphine|depot)\b")
_RESCUE: Final = re.compile(r"\b(?:rectal|nasal|buccal)\b")
_EXTENDED: Final = re.compile(r"\b(?:extended|sustained|controlled|prolonged)[ -]release\b|\b(?:er|xr|sr|cr|xl)\b|\b(?:12|24|72) ?hr\b")
_WORD: Final = re.compile(r"[a-z]+")
_PARTS: Final = re.compile(r" / |/(?=[a-z]{3})|\+|&| and | with |-(?=[a-z]{4})")
_FILLER: Final = frozenset(
    """oral tablet tablets capsule capsules solution suspension extended release immediate sustained controlled delayed transdermal system
    patch film sublingual buccal nasal spray rectal injection injectable prefilled syringe cartridge hydrochloride sulfate phosphate
    tartrate bitartrate sodium potassium maleate citrate acid concentrate syrup elixir lozenge coated count pack product substance form
    disintegrating chewable effervescent powder cream ointment topical ophthalmic drops hour each milligram milligrams microgram
    micrograms delivery matrix abuse deterrent metered dose actuat inhaler inhalation mesylate besylate auto injector autoinjector
    prefilled unit dose succinate fumarate acetate carbonate chloride monohydrate anhydrous hydrate vial pill pills
    """.split()
)
_NOT_IN_DIRECTIONS: Final = _FILLER | frozenset({"daily", "pain", "white", "take", "morning", "night", "evening"})
_LEAST_WORD: Final = 4


def by_name(text: str, catalogue: ProductCatalogue) -> Medicine:
    """The medicine that a text names. `reason` is unknown-medication where it names nothing known, or something unknown beside it."""
    text = with_points(text)
    lower = " ".join(text.lower().split())
    named = catalogue.ingredients_in(text)
    ours = [ingredient for ingredient in named if ingredient.drug_class in _OURS]
    words = name_words([text], named)
    if len({ingredient.name for ingredient in ours}) > 1:
        both = " and ".join(ingredient.name for ingredient in ours)
        return Medicine(text, drug_class=ours[0].drug_class, reason=Reason.PRODUCT_CONFLICT, says=f"“{text}” names {both}")
    if ours:
        return _ours(text, lower, ours[0], named, catalogue, words)
    if not named or _names_something_unknown(lower, catalogue):
        says = f"“{text}” names no medicine that is known here" if not named else f"“{text}” names {named[0].name} and something unknown"
        return Medicine(text, reason=Reason.UNKNOWN_MEDICATION, says=says)
    return _other(text, lower, named[0], words)


def name_words(texts: Iterable[str], named: Iterable[Ingredient] = ()) -> frozenset[str]:
    """The words of a medicine's names that directions may repeat: no numbers, forms or words that could be an instruction."""
    found = {word for text in texts for word in _WORD.findall(text.lower())}
    found |= {word for ingredient in named for name in (ingredient.name, *ingredient.names) for word in _WORD.findall(name)}
    return frozenset(word for word in found if len(word) >= _LEAST_WORD and word not in _NOT_IN_DIRECTIONS)


def printed_rates(name: str) -> tuple[Decimal, ...]:
    """The rates in mg/h that a name prints: the "12" patch prints 0.012."""
    return tuple(part.amount for part in stated_strengths(name) if part.unit == "MG/HR")


def _ours(
    text: str, lower: str, ingredient: Ingredient, named: Sequence[Ingredient], catalogue: ProductCatalogue, words: frozenset[str]
) -> Medicine:
    fitting = _fitting(text, lower, ingredient, catalogue) if _STRENGTH.search(text) else []
    strengths = {(product.mg, product.companions) for product in fitting}
    if len(strengths) == 1:
        best = _best(fitting, lower)
        is_sure = len({(product.form in SOLID_FORMS, product.release, product.use) for product in fitting}) == 1
        if is_sure:
            return of_product(best, words, printed_rates(best.name))
    named_so = _by_standard_name(text, lower, ingredient, named, words)
    is_counted = any(product.form in SOLID_FORMS for product in fitting) and not _PER_VOLUME.search(lower)
    if named_so.mg is None and len(strengths) == 1 and is_counted:
        # a brand of several releases or forms: "Xanax 0.5 mg" is read as "alprazolam 0.5 mg" is
        return replace(named_so, mg=fitting[0].mg, companions=fitting[0].companions)
    return named_so


def _fitting(text: str, lower: str, ingredient: Ingredient, catalogue: ProductCatalogue) -> list[Product]:
    """Products of the ingredient that the text states and does not contradict; where it names a brand, only that brand's."""
    possible = _numbers(lower)
    products = [
        product
        for product in catalogue.products_of(ingredient.name)
        if (product.mg in possible or product.is_patch) and not disagreement(product, text, catalogue.ingredients_in)
    ]
    companions = {part.name for part in catalogue.ingredients_in(text)} - {ingredient.name}
    products = [product for product in products if {part.ingredient for part in product.companions} >= companions]
    branded = [product for product in products if product.brand and product.brand.lower() in lower]
    fitting = branded or [product for product in products if not product.brand] or products
    exact = [product for product in fitting if _says_form(lower) in (None, product.form)]
    return exact or fitting


def _numbers(lower: str) -> set[Decimal]:
    """Every strength in mg that the numbers of a name could mean: as they stand, in micrograms, per volume. Only a quick sieve."""
    numbers = [Decimal(number) for number in _NUMBER.findall(lower)]
    plain = set(numbers) | {number / 1000 for number in numbers}
    return plain | {over / under for over in plain for under in numbers if under}


def _best(products: list[Product], lower: str) -> Product:
    form = _says_form(lower)
    return min(products, key=lambda product: (product.form is not form, product.form is not Form.TABLET, bool(product.brand)))


def _by_standard_name(text: str, lower: str, ingredient: Ingredient, named: Sequence[Ingredient], words: frozenset[str]) -> Medicine:
    """Ingredient and strength from the name itself, as RxNorm writes names; without a strength, the ingredient alone."""
    form = _says_form(lower)
    parts = stated_strengths(text)
    mine = [part for part in parts if part.words.startswith(ingredient.name) or ingredient.name in part.words.split()]
    others = [part for part in parts if part not in mine]
    mg = sum((part.amount for part in mine), Decimal(0)) if mine and {part.unit for part in mine} <= _units_for(form) else None
    if mg is not None and form is Form.PATCH:
        mg *= 24
    companions = tuple(Companion(part.words, part.amount) for part in others)
    if not parts:
        companions = tuple(Companion(other.name, Decimal(0)) for other in named if other is not ingredient)
    return Medicine(
        text, ingredient.name, ingredient.drug_class, ingredient.rxcui or None, None, mg, form,
        Release.EXTENDED if _EXTENDED.search(lower) or form is Form.PATCH else Release.IMMEDIATE,
        use_by_words(lower, ingredient.drug_class), "", companions, printed_rates(text), words,
    )  # fmt: skip


def use_by_words(lower: str, drug_class: DrugClass) -> Use:
    """What a product that is in no table is for, as far as its name says so."""
    if _DEPOT.search(lower):
        return Use.DEPOT
    if _PARENTERAL.search(lower):
        return Use.PARENTERAL
    if drug_class is DrugClass.BENZODIAZEPINE and _RESCUE.search(lower):
        return Use.RESCUE
    return Use.ORDINARY


def _units_for(form: Form | None) -> frozenset[str]:
    if form is Form.PATCH:
        return frozenset({"MG/HR"})
    if form in (Form.SOLUTION, Form.SUSPENSION):
        return frozenset({"MG/ML"})
    return frozenset({"MG/ACTUAT"}) if form is Form.SPRAY else frozenset({"MG"})


def _other(text: str, lower: str, ingredient: Ingredient, words: frozenset[str]) -> Medicine:
    """A medicine that is none of ours; its strength is kept where the name states a single one."""
    form = _says_form(lower)
    parts = stated_strengths(text)
    mg = parts[0].amount if len(parts) == 1 and parts[0].unit in _units_for(form) and form is not Form.PATCH else None
    companions = tuple(Companion(part.words, part.amount) for part in parts[1:])
    return Medicine(
        text, ingredient.name, ingredient.drug_class, ingredient.rxcui or None, None, mg, form, companions=companions, words=words
    )


def _names_something_unknown(lower: str, catalogue: ProductCatalogue) -> bool:
    """Whether a part of the name ("… / newdrug 5 MG") is neither a known ingredient nor a word of forms and salts."""
    for part in _PARTS.split(lower):
        if not catalogue.ingredients_in(part) and any(len(word) >= _LEAST_WORD and word not in _FILLER for word in _WORD.findall(part)):
            return True
    return False


def _says_form(lower: str) -> Form | None:
    return next((form for word, form in _FORM_WORDS if re.search(rf"\b{word}", lower)), None)
