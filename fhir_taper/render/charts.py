"""The step chart as SVG: daily dose over time, one line per plan, drawn in Python without a chart library.

Nothing by colour alone: each line has its own dash, its own end mark and its label at the line's end; every step has a title with date
and dose; the
chart has a title and a description, and a table stands beside it wherever it is shown. Colours hold 4.5:1 on white and follow forced
colours.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from xml.sax.saxutils import escape

from fhir_taper.plans.medicines.dose import Exact, canonical, plain, shown
from fhir_taper.render.series import Level, Series, span, ticks

WIDTH = 960
HEIGHT = 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 24, 56
_STROKES = ("#0b5394", "#7a3e00", "#38761d", "#741b47", "#444444", "#005f5f")
_DASHES = ("", "9 4", "2 4", "12 4 2 4", "5 3", "1 3")
_LABEL_GAP = 17
_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1b1b1b}"
    ".axis{stroke:#767676;stroke-width:1}.grid{stroke:#dedede;stroke-width:1}"
    ".line{fill:none;stroke-width:2.25;stroke-linejoin:round}.pause{fill:#fff3cd}"
    "@media (forced-colors:active){text{fill:CanvasText}.axis,.grid,.line{stroke:CanvasText}"
    ".pause{fill:none;stroke:CanvasText}}"
)


class _Plane:
    """Days and milligrams to points of the picture."""

    def __init__(self, series: Sequence[Series]) -> None:
        self.first, self.last = span(series)
        self.values = ticks(max((one.highest for one in series), key=shown))
        self._days = max(1, (self.last - self.first).days)

    def x(self, day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (day - self.first).days / self._days, 1)

    def y(self, mg: Exact) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * float(shown(mg)) / float(self.values[-1]), 1)


def step_chart(series: Sequence[Series], title: str, unit: str = "mg per day") -> str:
    """An SVG document. Raises ValueError without a series: an empty chart would look like a taper to nothing."""
    if not series:
        raise ValueError("a chart needs at least one series")
    plane = _Plane(series)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="chart-title chart-desc">',
        f'<title id="chart-title">{escape(title)}</title>',
        f'<desc id="chart-desc">{escape(" ".join(_in_words(one, unit) for one in series))}</desc>',
        f"<style>{_STYLE}</style>",
        *_pauses(plane, series),
        *_axes(plane, unit),
        *(line for index, one in enumerate(series) for line in _line(plane, one, index, unit)),
        *_labels(plane, series),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _in_words(one: Series, unit: str) -> str:
    first, last = one.levels[0], one.levels[-1]
    start, end = f"{plain(first.mg)} {unit} on {first.start:%Y-%m-%d}", f"{plain(last.mg)} on {last.start:%Y-%m-%d}"
    return f"{one.label}: from {start} to {end} in {len(one.levels) - 1} changes."


def _stroke(index: int) -> str:
    """Colour and dash of a line: two ways to tell it from the others."""
    dash = _DASHES[index % len(_DASHES)]
    return f'stroke="{_STROKES[index % len(_STROKES)]}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _axes(plane: _Plane, unit: str) -> list[str]:
    right = WIDTH - _RIGHT
    parts = [f'<text x="{_LEFT}" y="{_TOP - 9}">{escape(unit)}</text>']
    for value in plane.values:
        y = plane.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{plain(canonical(value))}</text>')
    base = plane.y(Decimal(0))
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{base}" y2="{base}"/>')
    for day in _date_ticks(plane.first, plane.last):
        x = plane.x(day)
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{base}" y2="{base + 5}"/>')
        parts.append(f'<text x="{x}" y="{base + 20}" text-anchor="middle">{day:%d %b}</text>')
        parts.append(f'<text x="{x}" y="{base + 36}" text-anchor="middle">{day:%Y}</text>')
    return parts


def _date_ticks(first: date, last: date, wanted: int = 7) -> list[date]:
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
                    f"<title>Reductions paused: keep taking {plain(level.mg)}</title></rect>"
                )
    return parts


def _line(plane: _Plane, one: Series, index: int, unit: str) -> list[str]:
    path = [f"M{plane.x(one.levels[0].start)} {plane.y(one.levels[0].mg)}"]
    path += [f"H{plane.x(level.start)}V{plane.y(level.mg)}" for level in one.levels[1:]]
    path.append(f"H{plane.x(one.end)}")
    return [f'<path class="line" {_stroke(index)} d="{"".join(path)}"/>', *(_mark(plane, one, level, index, unit) for level in one.levels)]


def _mark(plane: _Plane, one: Series, level: Level, index: int, unit: str) -> str:
    says = f"{one.label}: {plain(level.mg)} {unit} from {level.start:%Y-%m-%d}"
    circle = f'<circle cx="{plane.x(level.start)}" cy="{plane.y(level.mg)}" r="3" fill="{_STROKES[index % len(_STROKES)]}">'
    return f"{circle}<title>{escape(says)}</title></circle>"


def _labels(plane: _Plane, series: Sequence[Series]) -> list[str]:
    """Labels right of the plot, each at its line's end as far as the others leave room, with a leader to it."""
    wanted = sorted((plane.y(one.levels[-1].mg), index) for index, one in enumerate(series))
    lowest = HEIGHT - 8.0
    placed: list[tuple[int, float, float]] = []
    for y, index in reversed(wanted):
        at = min(y, lowest)
        placed.append((index, y, at))
        lowest = at - _LABEL_GAP
    parts = []
    right = WIDTH - _RIGHT
    for index, y, at in placed:
        one = series[index]
        end = plane.x(one.end)
        if end < right - 4 or abs(at - y) > 1:
            parts.append(f'<path d="M{end} {y}L{right + 4} {round(at, 1)}" stroke="#b0b0b0" fill="none"/>')
        parts.append(f'<path class="line" {_stroke(index)} d="M{right + 6} {round(at, 1)}H{right + 30}"/>')
        parts.append(f'<text x="{right + 36}" y="{round(at + 4, 1)}">{escape(one.label)}</text>')
    return parts
