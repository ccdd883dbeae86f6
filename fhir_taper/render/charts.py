"""The step chart as SVG: daily dose over time, one line per plan, drawn in Python without a chart library.

Nothing by colour alone: each line has its own dash and, where there are several, its own letter at the point that it reaches; a legend
below the plot says which is which. Every step has a title with date and dose; the chart has a title and a description, and a table stands
beside it wherever it is shown. Alone it has a head that says what it is, whose it
is and that it is a draft (`plan_chart`). Colours hold 4.5:1 on white and follow forced colours. No text leaves the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from string import ascii_uppercase
from xml.sax.saxutils import escape

from fhir_taper.plans.medicines.dose import Exact, brief, dose_for_people, shown
from fhir_taper.render.printable import printable
from fhir_taper.render.series import Level, Series, span, ticks
from fhir_taper.render.text_width import lines_within, text_width

WIDTH = 760
"""Narrow, so that its letters can still be read where a page is 640 pixels wide."""
HEIGHT = 360
"""Of the plot with its axes; a head comes on top, the legend below."""
FONT = 13
_RIGHT, _TOP, _BOTTOM = 28, 24, 50
_LEAST_LEFT, _BESIDE_AXIS = 44, 8
_SAMPLE, _MARGIN = 36, 8
"""From a line's sample to its label. From a label to the edge of the picture."""
_MARK_AWAY, _MARK_LINE = 6, 14
"""Of a letter from its point; of letters that would meet from each other."""
_HEAD_LINE, _HEAD_INDENT = 19, 16
_SIZES, _BOLD = {"title": 16}, 0.85
"""Font sizes of a head; bold letters are wider than those that are counted."""
_STROKES = ("#0b5394", "#7a3e00", "#38761d", "#741b47", "#444444", "#005f5f")
_DASHES = ("", "9 4", "2 4", "12 4 2 4", "5 3", "1 3")
_LABEL_GAP, _LABEL_LINE = 5, 15
STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1b1b1b}"
    ".title{font-size:16px;font-weight:bold}.state{font-weight:bold;fill:#8a1c1c}.letter{font-weight:bold}"
    ".axis{stroke:#767676;stroke-width:1}.grid{stroke:#dedede;stroke-width:1}"
    ".line{fill:none;stroke-width:2.25;stroke-linejoin:round}.pause{fill:#fff3cd}"
    "@media (forced-colors:active){text{fill:CanvasText}.axis,.grid,.line{stroke:CanvasText}"
    ".pause{fill:none;stroke:CanvasText}}"
)
"""Rules for the classes of a chart: in the picture, and in the style sheet of a page that holds one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A level that means something by itself: a threshold, with the words that stand at its line."""

    value: Exact
    label: str


class _Plane:
    """Days and milligrams to points of the picture, below a head of `top` units."""

    def __init__(self, series: Sequence[Series], top: float, marks: Sequence[Mark] = ()) -> None:
        self.first, self.last = span(series)
        self.values = ticks(max((*(one.highest for one in series), *(mark.value for mark in marks)), key=shown))
        self.left = max(_LEAST_LEFT, *(text_width(brief(value), FONT) + 2 * _BESIDE_AXIS for value in self.values))
        self.top, self.bottom = top + _TOP, top + HEIGHT - _BOTTOM
        self._days = max(1, (self.last - self.first).days)

    def x(self, day: date) -> float:
        return round(self.left + (WIDTH - self.left - _RIGHT) * (day - self.first).days / self._days, 1)

    def y(self, mg: Exact) -> float:
        return round(self.bottom - (self.bottom - self.top) * float(shown(mg)) / float(self.values[-1]), 1)


def step_chart(
    series: Sequence[Series],
    title: str,
    unit: str = "mg per day",
    head: Sequence[tuple[str, str]] = (),
    *,
    is_styled: bool = True,
    marks: Sequence[Mark] = (),
    name: str = "chart",
    by_month: bool = False,
) -> str:
    """An SVG document. `head` are lines of text above the plot, each with a class of the style ("title", "state", "").

    Not `is_styled`: without its own style sheet, for a page whose policy allows none inside it and whose own has these classes. `marks` are
    thresholds across the plot; `name` tells the charts of one page apart. `by_month`: the axis shows firsts of months.
    Raises ValueError without a series: an empty chart would look like a taper to nothing.
    """
    if not series:
        raise ValueError("a chart needs at least one series")
    room = (WIDTH - 2 * _HEAD_INDENT) * _BOLD
    over = [(line, look) for text, look in head for line in lines_within(printable(text), room, _SIZES.get(look, FONT))]
    plane = _Plane(series, len(over) * _HEAD_LINE + (_MARGIN if over else 0), marks)
    legend, height = _legend(plane, series)
    described = [*(_in_words(one, unit) for one in series), *(f"A line marks {mark.label}." for mark in marks)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{_escaped(title)}</title>',
        f'<desc id="{name}-desc">{_escaped(" ".join(described))}</desc>',
        *([f"<style>{STYLE}</style>"] if is_styled else []),
        *(
            f'<text class="{look}" x="{_HEAD_INDENT}" y="{(number + 1) * _HEAD_LINE}">{_escaped(line)}</text>'
            for number, (line, look) in enumerate(over)
        ),
        *_pauses(plane, series),
        *_axes(plane, unit, _months(plane.first, plane.last) if by_month else _weeks(plane.first, plane.last)),
        *(line for mark in marks for line in _threshold(plane, mark)),
        *(line for index, one in enumerate(series) for line in _line(plane, one, index, unit)),
        *(_letters(plane, series) if len(series) > 1 else ()),
        *legend,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return escape(printable(text))


def _in_words(one: Series, unit: str) -> str:
    first, last = one.levels[0], one.levels[-1]
    start, end = f"{dose_for_people(first.mg)} {unit} on {first.start:%Y-%m-%d}", f"{dose_for_people(last.mg)} on {last.start:%Y-%m-%d}"
    return f"{one.label}: from {start} to {end} in {len(one.levels) - 1} changes."


def _threshold(plane: _Plane, mark: Mark) -> list[str]:
    """A threshold: a dashed line over the whole plot, its words above its left end."""
    y = plane.y(mark.value)
    return [
        f'<line class="axis" stroke-dasharray="1 4" x1="{plane.left}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>',
        f'<text x="{plane.left + _SAMPLE}" y="{y - 4}">{_escaped(mark.label)}</text>',
    ]


def _stroke(index: int) -> str:
    """Colour and dash of a line: two ways to tell it from the others."""
    dash = _DASHES[index % len(_DASHES)]
    return f'stroke="{_STROKES[index % len(_STROKES)]}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _axes(plane: _Plane, unit: str, days: Sequence[date]) -> list[str]:
    right = WIDTH - _RIGHT
    parts = [f'<text x="{plane.left}" y="{plane.top - 9}">{_escaped(unit)}</text>']
    for value in plane.values:
        y = plane.y(value)
        parts.append(f'<line class="grid" x1="{plane.left}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{plane.left - _BESIDE_AXIS}" y="{y + 4}" text-anchor="end">{brief(value)}</text>')
    base = plane.y(Decimal(0))
    parts.append(f'<line class="axis" x1="{plane.left}" x2="{right}" y1="{base}" y2="{base}"/>')
    before = 0
    for day in days:
        x = plane.x(day)
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{base}" y2="{base + 5}"/>')
        parts.append(f'<text x="{x}" y="{base + 20}" text-anchor="middle">{day.day} {day:%b}</text>')
        if day.year != before:
            parts.append(f'<text x="{x}" y="{base + 36}" text-anchor="middle">{day:%Y}</text>')
        before = day.year
    return parts


def _months(first: date, last: date, wanted: int = 7) -> list[date]:
    """The first days of months, so many that about `wanted` stand below the axis."""
    count = (last.year - first.year) * 12 + last.month - first.month
    every = max(1, -(-count // wanted))
    months = (first.year * 12 + first.month - 1 + number for number in range(1, count + 1, every))
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _weeks(first: date, last: date, wanted: int = 7) -> list[date]:
    weeks = max(1, -(-(last - first).days // 7))
    every = max(1, -(-weeks // wanted))
    return [first + timedelta(weeks=week) for week in range(0, weeks + 1, every) if first + timedelta(weeks=week) <= last]


def _pauses(plane: _Plane, series: Sequence[Series]) -> list[str]:
    top, base = plane.y(plane.values[-1]), plane.y(Decimal(0))
    parts = []
    for one in series:
        ends = [level.start for level in one.levels[1:]] + [one.end]
        for level, end in zip(one.levels, ends, strict=True):
            if level.is_pause:
                x = plane.x(level.start)
                parts.append(
                    f'<rect class="pause" x="{x}" y="{top}" width="{round(plane.x(end) - x, 1)}" height="{round(base - top, 1)}">'
                    f"<title>Reductions paused: keep taking {dose_for_people(level.mg)} mg a day</title></rect>"
                )
    return parts


def _line(plane: _Plane, one: Series, index: int, unit: str) -> list[str]:
    path = [f"M{plane.x(one.levels[0].start)} {plane.y(one.levels[0].mg)}"]
    path += [f"H{plane.x(level.start)}V{plane.y(level.mg)}" for level in one.levels[1:]]
    path.append(f"H{plane.x(one.end)}")
    return [f'<path class="line" {_stroke(index)} d="{"".join(path)}"/>', *(_mark(plane, one, level, index, unit) for level in one.levels)]


def _mark(plane: _Plane, one: Series, level: Level, index: int, unit: str) -> str:
    says = f"{one.label}: {dose_for_people(level.mg)} {unit} from {level.start:%Y-%m-%d}"
    circle = f'<circle cx="{plane.x(level.start)}" cy="{plane.y(level.mg)}" r="3" fill="{_STROKES[index % len(_STROKES)]}">'
    return f"{circle}<title>{_escaped(says)}</title></circle>"


def _letters(plane: _Plane, series: Sequence[Series]) -> list[str]:
    """The letter of each line at the point that it reaches; where points lie together, one above the other."""
    ends = sorted((plane.x(one.levels[-1].start), plane.y(one.levels[-1].mg), index) for index, one in enumerate(series))
    parts, placed = [], list[tuple[float, float]]()
    for x, end, index in ends:
        y = end - _MARK_AWAY
        while any(abs(x - beside) < FONT and abs(y - above) < _MARK_LINE for beside, above in placed):
            y -= _MARK_LINE
        placed.append((x, y))
        parts.append(f'<text class="letter" x="{round(x + _MARK_AWAY, 1)}" y="{round(y, 1)}">{_letter(index)}</text>')
    return parts


def _letter(index: int) -> str:
    return ascii_uppercase[index % len(ascii_uppercase)]


def _legend(plane: _Plane, series: Sequence[Series]) -> tuple[list[str], int]:
    """A sample of each line, its letter and its label, below the plot; and where the picture ends."""
    parts, y = [], plane.bottom + _BOTTOM + _LABEL_GAP
    start = plane.left + _SAMPLE
    for index, one in enumerate(series):
        lines = lines_within(printable(f"{_letter(index)}  {one.label}" if len(series) > 1 else one.label), WIDTH - start - _MARGIN, FONT)
        parts.append(f'<path class="line" {_stroke(index)} d="M{plane.left} {round(y, 1)}H{plane.left + _SAMPLE - _MARGIN}"/>')
        for number, line in enumerate(lines):
            parts.append(f'<text x="{start}" y="{round(y + 4 + number * _LABEL_LINE, 1)}">{escape(line)}</text>')
        y += len(lines) * _LABEL_LINE + _LABEL_GAP
    return parts, round(y)
