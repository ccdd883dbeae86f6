"""The same step lines for a terminal: letters on a grid, legend beside.

For people without a picture; numbers stand in the table next to it.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from textwrap import wrap

from fhir_taper.plans.medicines.dose import canonical, plain, shown
from fhir_taper.render.series import Series, span, ticks

LETTERS = "abcdefghijklmnop"
"""Of the lines, in their order."""
_OVERLAP = "*"


def terminal_chart(series: Sequence[Series], width: int = 72, height: int = 14) -> str:
    """Rows of text at most `width` columns wide. Where lines meet stands `*`."""
    first, last = span(series)
    values = ticks(max((one.highest for one in series), key=shown))
    top = values[-1]
    margin = max(len(plain(canonical(value))) for value in values) + 1
    columns = width - margin - 2
    days = max(1, (last - first).days)
    grid = [[" "] * columns for _ in range(height + 1)]
    for letter, one in zip(LETTERS, series, strict=False):
        for column in range(columns):
            day = first + timedelta(days=round(days * column / (columns - 1)))
            if day > one.end:
                break
            row = height - int((shown(one.mg_on(day)) / top * height).to_integral_value())
            grid[row][column] = letter if grid[row][column] in (" ", letter) else _OVERLAP
    names = {height - int((value / top * height).to_integral_value()): plain(canonical(value)) for value in values}
    lines = [f"{names.get(row, ''):>{margin}} │{''.join(cells).rstrip()}" for row, cells in enumerate(grid)]
    axis = f"{'':>{margin}} └{'─' * columns}"
    dates = f"{'':>{margin}}  {first:%Y-%m-%d}{f'{last:%Y-%m-%d}':>{max(1, columns - 10)}}"
    legend = [line for letter, one in zip(LETTERS, series, strict=False) for line in _labelled(letter, one.label, margin + 2, width)]
    return "\n".join([f"{'mg/d':>{margin}}", *lines, axis, dates, *legend]) if top > Decimal(0) else ""


def _labelled(letter: str, label: str, indent: int, width: int) -> list[str]:
    """A letter and what it stands for; what has no room in one line goes on below."""
    first, *rest = wrap(label, max(1, width - indent - 3)) or [""]
    return [f"{'':>{indent}}{letter}  {first}", *(f"{'':>{indent}}   {line}" for line in rest)]
