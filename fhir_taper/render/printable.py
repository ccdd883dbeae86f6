"""Text from a chart as it may be printed: a medicine's name must not move a cursor, ring a bell or break a line."""

import unicodedata

_REPLACEMENT = "�"
_DANGEROUS = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """The same text with every control, format and line character as `�`; a no-break or thin space stays."""
    if text.isprintable():
        return text
    return "".join(_REPLACEMENT if unicodedata.category(letter) in _DANGEROUS else letter for letter in text)
