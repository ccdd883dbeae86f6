"""Spellings of units: UCUM codes, orderable drug forms, and what people write, each with the unit that it means and the factor to it.

Mass becomes mg, volume mL; a teaspoon is 5 mL and says so (domain rule 4). What is not listed is an unknown unit, never a tablet.
Sources: UCUM 2.1 (curly braces are annotations), HL7 v3 orderableDrugForm, and the unit texts of EHR exports.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from fhir_taper.mappers.read.clause import Unit

_ONE = Decimal(1)
_MICRO = Decimal("0.001")

_SPELLINGS: Final[tuple[tuple[Unit, Decimal, str], ...]] = (
    (Unit.MG, _ONE, "mg mgs milligram milligrams milligramme milligrammes"),
    (Unit.MG, _MICRO, "mcg mcgs ug µg μg microgram micrograms microgramme microgrammes"),
    (Unit.MG, Decimal(1000), "g gm gms gram grams gramme grammes"),
    (Unit.MG_PER_H, _ONE, "mg/h mg/hr mg/hour"),
    (
        Unit.MG_PER_H,
        _MICRO,
        "ug/h ug/hr ug/hour mcg/h mcg/hr mcg/hour µg/h µg/hr µg/hour μg/h microgram/hour micrograms/hour micrograms/hr micrograms/h",
    ),
    (Unit.MG_PER_KG, _ONE, "mg/kg"),
    (Unit.MG_PER_KG, _MICRO, "ug/kg mcg/kg µg/kg micrograms/kg"),
    (Unit.ML, _ONE, "ml mls cc ccs milliliter milliliters millilitre millilitres"),
    (Unit.ML, Decimal(5), "tsp tsps teaspoon teaspoons teaspoonful teaspoonfuls teaspoonsful [tsp_us] [tsp_m]"),
    (Unit.DROP, _ONE, "drop drops gtt gtts drp [drp]"),
    (Unit.TABLET, _ONE, "tbl tbls tablet tablets tab tabs tabl tablett caplet caplets"),
    (
        Unit.TABLET,
        _ONE,
        "ortab buctab chewtab cptab disintab drtab ectab erectab ertab ertab12 ertab24 sltab flexptab effervtab sr12htab sr24htab",
    ),
    (Unit.CAPSULE, _ONE, "cap caps capsule capsules orcap entcap erentcap ercap ercap12 ercap24 gelcap gelcaps"),
    (Unit.FILM, _ONE, "film films strip strips orstrip"),
    (Unit.LOZENGE, _ONE, "lozenge lozenges troche troches lozoraldosfrm trochoraldosfrm ortroche lollipop lollipops"),
    (Unit.SUPPOSITORY, _ONE, "suppository suppositories supp supps recsupp"),
    (Unit.PIECE, _ONE, "piece pieces pill pills each ea"),
    (Unit.PATCH, _ONE, "patch patches tpatch tpath16 tpath24 tpath2wk tpath72 tpathwk transdermal-patch"),
    (Unit.SPRAY, _ONE, "spray sprays puff puffs actuation actuations actuat actuats"),
    (Unit.DOSE, _ONE, "dose doses"),
)
UNITS: Final[Mapping[str, tuple[Unit, Decimal]]] = MappingProxyType(
    {word: (unit, factor) for unit, factor, words in _SPELLINGS for word in words.split()} | {"1": (Unit.UNSTATED, _ONE)}
)
TEASPOONS: Final = frozenset(word for unit, factor, words in _SPELLINGS if unit is Unit.ML and factor != 1 for word in words.split())

PLURALS: Final = {
    Unit.TABLET: "tablets", Unit.CAPSULE: "capsules", Unit.FILM: "films", Unit.LOZENGE: "lozenges", Unit.SUPPOSITORY: "suppositories",
    Unit.PIECE: "pieces", Unit.PATCH: "patches", Unit.SPRAY: "sprays", Unit.DOSE: "doses", Unit.DROP: "drops",
}  # fmt: skip


def unit_of(text: str) -> tuple[Unit, Decimal] | None:
    """The unit of a UCUM code or a word, with the factor to it; None where it is not known. Braces, case and "(s)" do not matter."""
    known = UNITS.get(text)
    if known is not None:
        return known
    plain = text.strip().lower().replace("(s)", "s").replace("(es)", "es")
    if plain.startswith("{") and plain.endswith("}"):
        plain = plain[1:-1]
    elif plain.startswith("1{"):
        plain = plain[2:].rstrip("}")
    plain = plain.replace("micrograms per hour", "ug/h").replace("mcg per hour", "ug/h").replace("transdermal patch", "patch")
    plain = plain.replace("oral tablet", "tablet").replace("oral capsule", "capsule").removesuffix(".")
    return UNITS.get(plain.strip()) or UNITS.get(plain.replace(" ", ""))
