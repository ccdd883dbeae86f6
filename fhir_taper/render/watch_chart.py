"""A taper that is watched, as SVG: two panels on one time axis, the dose above a score, and below them what happened, line by line.

The planned dose is thin, the ordered one thick; the score lies over the severity bands of its source, whose words stand beside them. Each
mark has a shape of its own and a title, a line says which day is today, and nothing is told by colour alone. A table with the same data
stands beside it wherever it is shown. Styled like the step chart (`charts`), by the style sheet of the page.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from fhir_taper.plans.medicines.dose import Exact, brief, dose_for_people, shown
from fhir_taper.plans.tables.scale_tables import Band
from fhir_taper.render.charts import FONT, WIDTH
from fhir_taper.render.printable import printable
from fhir_taper.render.series import Series, ticks
from fhir_taper.render.text_width import text_width
from fhir_taper.render.watch_marks import LANES, Happened, Mark, shape

_DAY: Final = timedelta(days=1)
_LEFT, _RIGHT, _EDGE = 84, 18, 8
_TOP, _PANEL, _BETWEEN, _LANE, _AXIS = 40, 150, 36, 22, 42
_LEGEND_LINE, _LEGEND_GAP = 22, 18
_WANTED_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """A dose that was ordered on each day from `start` to `end`, both included."""

    start: date
    end: date
    mg: Exact


@dataclass(frozen=True, slots=True)
class Point:
    """One value on a day; `says` is it in words."""

    on: date
    value: Exact
    says: str


@dataclass(frozen=True, slots=True)
class Panel:
    """The score that was chosen: its values from `low` to `high`, and its bands where its source has any."""

    title: str
    low: Exact
    high: Exact
    points: tuple[Point, ...]
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """What is drawn, from `first` to `last` day. `holds` are days of pauses, both included; `unit` is that of the dose."""

    title: str
    first: date
    last: date
    today: date
    planned: Series
    ordered: tuple[Stretch, ...] = ()
    holds: tuple[tuple[date, date], ...] = ()
    panel: Panel | None = None
    marks: tuple[Mark, ...] = ()
    unit: str = "mg per day"


class _Plane:
    """Days to the right, values upwards in one panel between `top` and `bottom`."""

    def __init__(self, seen: Watched, right: float, top: float, low: Exact, high: Exact) -> None:
        self.first, self.right = seen.first, right
        self.days = max(1, (seen.last - seen.first).days)
        self.top, self.bottom, self.low, self.high = top, top + _PANEL, float(low), float(high)

    def x(self, day: date) -> float:
        """Where a day begins; one outside stands at the edge."""
        return round(_LEFT + (self.right - _LEFT) * min(max((day - self.first).days, 0), self.days) / self.days, 1)

    def y(self, value: Exact) -> float:
        share = (float(shown(value)) - self.low) / (self.high - self.low)
        return round(self.bottom - (self.bottom - self.top) * share, 1)


def watch_chart(seen: Watched, name: str = "watch") -> str:
    """The chart as SVG for a page that has its style. `name` tells the charts of one page apart."""
    bands = seen.panel.bands if seen.panel else ()
    right = WIDTH - max([_RIGHT, *(text_width(band.words, FONT) + 2 * _EDGE for band in bands)])
    doses = ticks(max([seen.planned.highest, *(one.mg for one in seen.ordered)], key=shown), 4)
    dose = _Plane(seen, right, _TOP, doses[0], doses[-1])
    parts = [*_pauses(seen, dose), *_scale(dose, doses), f'<text x="{_LEFT}" y="{_TOP - _EDGE}">Dose, {escape(seen.unit)}</text>']
    bottom = dose.bottom
    if seen.panel is not None:
        score, values = _score_plane(seen, seen.panel, right, bottom + _BETWEEN)
        parts += [*_bands(seen.panel, score), *_scale(score, values), *_points(seen.panel, score)]
        parts.append(f'<text x="{_LEFT}" y="{score.top - _EDGE}">{_text(seen.panel.title)}</text>')
        bottom = score.bottom
    drawn = {mark.kind for mark in seen.marks}
    lanes = [(title, kinds) for title, kinds in LANES if drawn & set(kinds)]
    parts += [*_ordered(seen, dose), _planned(seen, dose), *_lanes(seen, lanes, dose, bottom + _LANE)]
    bottom += len(lanes) * _LANE + _EDGE
    parts += [*_days(seen, dose, bottom), *_today(seen, dose, bottom)]
    legend, height = _legend(drawn, bool(seen.ordered), bool(seen.holds), bottom + _AXIS + _LEGEND_GAP)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {round(height)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
    )
    said = f'<title id="{name}-title">{_text(seen.title)}</title>\n<desc id="{name}-desc">{_text(" ".join(_in_words(seen)))}</desc>'
    return "\n".join([head, said, *parts, *legend, "</svg>"]) + "\n"


def _text(words: str) -> str:
    return escape(printable(words))


def _in_words(seen: Watched) -> Iterator[str]:
    """What a person hears who does not see it: where the dose and the score stand, and how often something happened."""
    yield f"Planned: {dose_for_people(seen.planned.mg_on(seen.today))} {seen.unit} on {seen.today.isoformat()}."
    ordered = next((one for one in seen.ordered if one.start <= seen.today <= one.end), None)
    yield f"Ordered: {dose_for_people(ordered.mg)} {seen.unit}." if ordered else "What is ordered today is not known."
    if seen.panel is not None:
        points = seen.panel.points
        last = f", the last of {points[-1].on.isoformat()}: {points[-1].says}" if points else ""
        yield f"{seen.panel.title}: {len(points)} {'value' if len(points) == 1 else 'values'}{last}."
    for kind in Happened:
        if many := sum(mark.kind is kind for mark in seen.marks):
            yield f"{kind.value.capitalize()}: {many}."


def _score_plane(seen: Watched, panel: Panel, right: float, top: float) -> tuple[_Plane, tuple[Decimal, ...]]:
    """The plane of the score and the values at its axis: the edges of its bands, where it has any."""
    edges = tuple(band.low for band in panel.bands)
    if edges:
        return _Plane(seen, right, top, panel.low, panel.high), (*edges, shown(panel.high))
    values = tuple(shown(panel.low) + one for one in ticks(shown(panel.high) - shown(panel.low), 4))
    return _Plane(seen, right, top, values[0], values[-1]), values


def _scale(plane: _Plane, values: Iterable[Decimal]) -> Iterator[str]:
    placed: list[float] = []
    for value in values:
        y = plane.y(value)
        yield f'<line class="grid" x1="{_LEFT}" x2="{plane.right}" y1="{y}" y2="{y}"/>'
        if all(abs(y - other) >= FONT for other in placed):
            yield f'<text x="{_LEFT - _EDGE}" y="{round(y + 4, 1)}" text-anchor="end">{brief(value)}</text>'
            placed.append(y)
    yield f'<line class="axis" x1="{_LEFT}" x2="{plane.right}" y1="{plane.bottom}" y2="{plane.bottom}"/>'


def _bands(panel: Panel, plane: _Plane) -> Iterator[str]:
    """The bands of a score, every second one shaded, each with its word at its right end."""
    for number, band in enumerate(panel.bands):
        above = panel.bands[number + 1].low if number + 1 < len(panel.bands) else panel.high
        top, bottom = plane.y(above), plane.y(band.low)
        look = "band" if number % 2 else "band even"
        yield f'<rect class="{look}" x="{_LEFT}" y="{top}" width="{round(plane.right - _LEFT, 1)}" height="{round(bottom - top, 1)}"/>'
        yield f'<text x="{round(plane.right + _EDGE, 1)}" y="{round((top + bottom) / 2 + 4, 1)}">{_text(band.words)}</text>'


def _points(panel: Panel, plane: _Plane) -> Iterator[str]:
    places = [(plane.x(one.on), plane.y(one.value), one) for one in panel.points]
    if len(places) > 1:
        path = "L".join(f"{x} {y}" for x, y, _ in places)
        yield f'<path class="line joined" stroke="#0b5394" d="M{path}"/>'
    for x, y, one in places:
        yield f'<circle class="mark" cx="{x}" cy="{y}" r="3.5"><title>{_text(f"{one.on.isoformat()}: {one.says}")}</title></circle>'


def _pauses(seen: Watched, plane: _Plane) -> Iterator[str]:
    for start, end in seen.holds:
        x = plane.x(start)
        title = f"Reductions paused from {start.isoformat()} to {end.isoformat()}"
        yield (
            f'<rect class="pause" x="{x}" y="{plane.top}" width="{round(max(plane.x(end + _DAY) - x, 1), 1)}" height="{_PANEL}">'
            f"<title>{title}</title></rect>"
        )


def _planned(seen: Watched, plane: _Plane) -> str:
    line, first = seen.planned, seen.first
    path = [f"M{plane.x(max(line.levels[0].start, first))} {plane.y(line.mg_on(max(first, line.levels[0].start)))}"]
    later = (level for level in line.levels[1:] if first < level.start <= seen.last)
    path += [f"H{plane.x(level.start)}V{plane.y(level.mg)}" for level in later]
    path.append(f"H{plane.x(min(line.end, seen.last))}")
    title = f"Planned: {line.label}"
    return f'<path class="line thin" stroke="#1b1b1b" d="{"".join(path)}"><title>{_text(title)}</title></path>'


def _ordered(seen: Watched, plane: _Plane) -> Iterator[str]:
    """Thick, one piece for each dose; where nothing is known there is none."""
    for one in seen.ordered:
        if one.end >= seen.first and one.start <= seen.last:
            y, start, end = plane.y(one.mg), plane.x(one.start), plane.x(min(one.end, seen.last) + _DAY)
            says = f"Ordered: {dose_for_people(one.mg)} {seen.unit} from {one.start.isoformat()} to {one.end.isoformat()}"
            yield f'<path class="line thick" stroke="#0b5394" d="M{start} {y}H{end}"><title>{_text(says)}</title></path>'


def _lanes(seen: Watched, lanes: Sequence[tuple[str, tuple[Happened, ...]]], plane: _Plane, y: float) -> Iterator[str]:
    for title, kinds in lanes:
        yield f'<text x="{_LEFT - _EDGE}" y="{round(y + 4, 1)}" text-anchor="end">{title}</text>'
        yield f'<line class="grid" x1="{_LEFT}" x2="{plane.right}" y1="{y}" y2="{y}"/>'
        for mark in seen.marks:
            if mark.kind in kinds and seen.first <= mark.on <= seen.last:
                yield shape(mark.kind, plane.x(mark.on), y, _text(f"{mark.on.isoformat()}: {mark.says}"))
        y += _LANE


def _days(seen: Watched, plane: _Plane, y: float) -> Iterator[str]:
    """The time axis: firsts of months where the time is long enough, else weeks; the year where it changes."""
    yield f'<line class="axis" x1="{_LEFT}" x2="{plane.right}" y1="{y}" y2="{y}"/>'
    before = 0
    for day in _ticks_of_time(seen.first, seen.last):
        x = plane.x(day)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{y}" y2="{y + 5}"/>'
        yield f'<text x="{x}" y="{y + 19}" text-anchor="middle">{day.day} {day:%b}</text>'
        if day.year != before:
            yield f'<text x="{x}" y="{y + 35}" text-anchor="middle">{day.year}</text>'
        before = day.year


def _ticks_of_time(first: date, last: date) -> list[date]:
    weeks = max(1, -(-(last - first).days // 7))
    every = max(1, -(-weeks // _WANTED_DAYS))
    return [day for week in range(0, weeks + 1, every) if (day := first + week * 7 * _DAY) <= last]


def _today(seen: Watched, plane: _Plane, bottom: float) -> Iterator[str]:
    if seen.first <= seen.today <= seen.last:
        x = plane.x(seen.today)
        yield f'<line class="today" x1="{x}" x2="{x}" y1="{_TOP - 2}" y2="{bottom}"/>'
        anchor = "end" if x > plane.right - text_width("today", FONT) else "middle"
        yield f'<text class="letter" x="{x}" y="{FONT}" text-anchor="{anchor}">today</text>'


def _legend(drawn: set[Happened], is_ordered: bool, is_held: bool, y: float) -> tuple[list[str], float]:
    """A sample of each line and mark with its words, in lines; and where the picture ends."""
    entries = [('<path class="line thin" stroke="#1b1b1b" d="M{x} {y}h24"/>', "planned")]
    if is_ordered:
        entries.append(('<path class="line thick" stroke="#0b5394" d="M{x} {y}h24"/>', "ordered"))
    if is_held:
        entries.append(('<rect class="pause" x="{x}" y="{up}" width="24" height="12"/>', "reductions paused"))
    entries += [("", kind.value) for kind in Happened if kind in drawn]
    parts, x = [], float(_LEFT)
    for sample, words in entries:
        room = 32 if sample else 16
        if x > _LEFT and x + room + text_width(words, FONT) > WIDTH - _EDGE:
            x, y = float(_LEFT), y + _LEGEND_LINE
        parts.append(sample.format(x=x, y=y, up=y - 6) if sample else shape(Happened(words), x + 6, y, words))
        parts.append(f'<text x="{round(x + room, 1)}" y="{y + 4}">{words}</text>')
        x = round(x + room + text_width(words, FONT) + _LEGEND_GAP, 1)
    return parts, y + _LEGEND_LINE
