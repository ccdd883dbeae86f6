"""A very small RxNorm release, written for these tests in the file format of the RxNorm technical documentation.

The drugs are real, the release is not.
"""

from pathlib import Path

CONCEPTS = (
    ("6470", "IN", "lorazepam"),
    ("197901", "SCD", "lorazepam 1 MG Oral Tablet"),
    ("330765", "SCDC", "lorazepam 1 MG"),
    ("317541", "DF", "Oral Tablet"),
    ("213269", "SBD", "lorazepam 1 MG Oral Tablet [Ativan]"),
    ("202479", "BN", "Ativan"),
    ("161", "IN", "acetaminophen"),
    ("7804", "IN", "oxycodone"),
    ("82063", "PIN", "oxycodone hydrochloride"),
    ("9900001", "SCD", "acetaminophen 300 MG / oxycodone hydrochloride 7.25 MG Oral Tablet"),
    ("9900002", "SCDC", "oxycodone hydrochloride 7.25 MG"),
    ("9900003", "SCDC", "acetaminophen 300 MG"),
    ("4337", "IN", "fentanyl"),
    ("577057", "SCD", "72 HR fentanyl 0.012 MG/HR Transdermal System"),
    ("577056", "SCDC", "fentanyl 0.012 MG/HR"),
    ("316987", "DF", "Transdermal System"),
    ("5224", "IN", "heparin"),
    ("9900004", "SCD", "heparin sodium, porcine 1000 UNT/ML Injectable Solution"),
    ("9900005", "SCDC", "heparin sodium, porcine 1000 UNT/ML"),
    ("316949", "DF", "Injectable Solution"),
)
RELATIONS = (
    ("197901", "consists_of", "330765"),
    ("330765", "has_ingredient", "6470"),
    ("197901", "has_dose_form", "317541"),
    ("213269", "tradename_of", "197901"),
    ("9900001", "consists_of", "9900002"),
    ("9900001", "consists_of", "9900003"),
    ("9900002", "has_ingredient", "7804"),
    ("9900003", "has_ingredient", "161"),
    ("9900001", "has_dose_form", "317541"),
    ("577057", "consists_of", "577056"),
    ("577056", "has_ingredient", "4337"),
    ("577057", "has_dose_form", "316987"),
    ("9900004", "consists_of", "9900005"),
    ("9900005", "has_ingredient", "5224"),
    ("9900004", "has_dose_form", "316949"),
)
NDCS = (("197901", "00591024001"), ("9900001", "99999-0001-01"))


def write_release(folder: Path) -> Path:
    """The three files, with a few lines that a reader must pass over (another source, suppressed, an atom relation)."""
    concepts = [conso(*one) for one in CONCEPTS]
    concepts += [
        _conso("197901", "MTHSPL", "DP", "Lorazepam 1 mg tablet", "N"),
        _conso("8888", "RXNORM", "SCD", "withdrawn 1 MG Oral Tablet", "O"),
    ]
    relations = [rel(*one) for one in RELATIONS]
    relations += [_rel("197901", "has_dose_form", "9", "MTHSPL"), "|12|AUI|SY||13|AUI|permuted_term_of|1||RXNORM|RXNORM|||N||"]
    sat = [_sat(rxcui, "NDC", "RXNORM", ndc) for rxcui, ndc in NDCS] + [_sat("197901", "RXN_AVAILABLE_STRENGTH", "RXNORM", "1 MG")]
    for name, lines in (("RXNCONSO.RRF", concepts), ("RXNREL.RRF", relations), ("RXNSAT.RRF", sat)):
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def conso(rxcui: str, tty: str, name: str) -> str:
    """A line of RXNCONSO.RRF."""
    return _conso(rxcui, "RXNORM", tty, name, "N")


def rel(subject: str, rela: str, target: str) -> str:
    """A line of RXNREL.RRF."""
    return _rel(subject, rela, target, "RXNORM")


def _conso(rxcui: str, sab: str, tty: str, name: str, suppress: str) -> str:
    return _line(rxcui, "ENG", "", "", "", "", "", "1", "", "", "", sab, tty, rxcui, name, "", suppress, "4096")


def _rel(subject: str, rela: str, target: str, sab: str) -> str:
    return _line(target, "", "CUI", "RO", subject, "", "CUI", rela, "1", "", sab, sab, "", "", "N", "4096")


def _sat(rxcui: str, name: str, sab: str, value: str) -> str:
    return _line(rxcui, "", "", "1", "AUI", rxcui, "", "", name, sab, value, "N", "4096")


def _line(*fields: str) -> str:
    return "|".join(fields) + "|"
