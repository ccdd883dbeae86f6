"""How wide a text will be in a picture, where no font can be asked: by DejaVu Sans, the widest of the usual sans-serif fonts.

A text that fits by these widths fits in every font that a viewer is likely to have.
"""

_FIRST = 32
_ASCII = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635,
    634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
"""Thousandths of the font's size, from the space to the tilde."""
_OTHER = 1000


def text_width(text: str, size: float) -> float:
    """Width of one line in the units of `size`; letters beyond ASCII count as the widest."""
    thousandths = sum(
        _ASCII[ord(letter) - _FIRST] if _FIRST <= ord(letter) < _FIRST + len(_ASCII) else _OTHER for letter in text
    )  # fmt: skip
    return thousandths * size / 1000


def lines_within(text: str, width: float, size: float) -> list[str]:
    """The text in lines that are no wider than `width`: broken between words, and a longer word within it."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return lines
