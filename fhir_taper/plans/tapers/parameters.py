"""Parameters of a strategy: as typed on a command line or stated by a protocol, read into exact numbers or refused by name.

A parameter that cannot be meant (0 days, 120 %, a name that the strategy does not know) is WrongUsage; what can be meant but not be done
safely is Infeasible, elsewhere. Grammar of bands: `above:cut[%b|%c]:days[:hold]`, separated by commas; `%b` is percent of the baseline,
`%c` of the current dose.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import as_exact, plain
from fhir_taper.plans.medicines.plain_number import plain_fraction
from fhir_taper.plans.tables.limit_tables import BandRow

_OF_SUFFIX = {"%b": "baseline", "%c": "current"}
_SUFFIX_OF = {"baseline": "%b", "current": "%c", "mg": ""}
_WHOLE = frozenset({"interval_days", "steps", "stages", "days", "max_days"})
_BAND_FIELDS = (3, 4)
_HUNDRED = 100
_LONGEST = 40
_REMEMBERED = 256


class Parameters:
    """The parameters of one plan. Each getter remembers what it gave, so that `resolved` says every value the plan was made with."""

    def __init__(self, given: Iterable[tuple[str, str]], bands: tuple[BandRow, ...] = ()) -> None:
        self._given: dict[str, str] = {}
        for name, value in given:
            if name in self._given:
                raise WrongUsage(f"{name}: given twice")
            self._given[name] = value.strip()
        self._bands = bands
        self._resolved: dict[str, str] = {}

    @property
    def resolved(self) -> tuple[tuple[str, str], ...]:
        """Every value that was asked for, defaults included, in the order of asking."""
        return tuple(self._resolved.items())

    def refuse_unknown(self, known: Iterable[str], strategy: str) -> None:
        """Raise WrongUsage for the first name that is not known to the strategy."""
        names = sorted(known)
        for name in self._given:
            if name not in names:
                raise WrongUsage(f"{name}: {strategy} has no such parameter; it takes {', '.join(names)}")

    def refuse_nonsense(self) -> None:
        """Raise WrongUsage for the first value that cannot be meant, whether a strategy will come to ask for it or not."""
        for name in self._given:
            if name == "percent":
                self.percent(name)
            elif name == "bands":
                bands_from(self._given[name])
            elif name.endswith("_mg"):
                self.mg(name)
            elif name in _WHOLE:
                self.whole(name)
        self._resolved.clear()

    def has(self, name: str) -> bool:
        """True where a value was given."""
        return name in self._given

    def percent(self, name: str, default: Decimal | None = None) -> Fraction:
        """A percent above 0 and at most 100, as a fraction of 1."""
        value = self._number(name, default)
        if not 0 < value <= _HUNDRED:
            raise WrongUsage(f"{name}: {self._resolved[name]} is not above 0 and at most 100 percent")
        return value / _HUNDRED

    def mg(self, name: str, default: Fraction | Decimal | None = None) -> Fraction:
        """An amount above 0 mg."""
        value = self._number(name, default)
        if value <= 0:
            raise WrongUsage(f"{name}: {self._resolved[name]} mg is not above 0")
        return value

    def whole(self, name: str, default: int | None = None, least: int = 1, most: int | None = None) -> int:
        """A whole number within bounds, both inclusive."""
        value = self._number(name, None if default is None else Decimal(default))
        if value.denominator != 1 or value < least or (most is not None and value > most):
            bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
            raise WrongUsage(f"{name}: {self._resolved[name]} is not a whole number {bounds}")
        return int(value)

    def text(self, name: str, default: str | None = None) -> str:
        """A word or a sentence."""
        value = self._given.get(name) or default
        if not value:
            raise WrongUsage(f"{name}: is required")
        self._resolved[name] = value
        return value

    def bands(self, default: tuple[BandRow, ...], required: str) -> tuple[BandRow, ...]:
        """Bands as given, as the protocol states them, or the default, in the order as stated; WrongUsage with `required` without any."""
        found = bands_from(self._given["bands"]) if "bands" in self._given else self._bands or default
        if not found:
            raise WrongUsage(f"bands: {required}")
        self._resolved["bands"] = bands_as_text(found)
        return found

    def _number(self, name: str, default: Fraction | Decimal | None) -> Fraction:
        text = self._given.get(name)
        if text is None:
            if default is None:
                raise WrongUsage(f"{name}: is required")
            self._resolved[name] = plain(as_exact(default))
            return Fraction(default)
        value = number_from(name, text)
        self._resolved[name] = plain(as_exact(value)) if "/" not in text else text
        return value


@lru_cache(maxsize=_REMEMBERED)
def number_from(name: str, text: str) -> Fraction:
    """An exact number in plain notation: decimal, or a fraction such as 50/9."""
    try:
        number = plain_fraction(text)
    except ZeroDivisionError:
        raise WrongUsage(f"{name}: {text!r} divides by zero") from None
    if number is None:
        raise WrongUsage(f"{name}: {text[:_LONGEST]!r} is not a number in plain notation")
    return number


@lru_cache(maxsize=_REMEMBERED)
def bands_from(text: str) -> tuple[BandRow, ...]:
    """Bands as typed. Raises WrongUsage naming the band that cannot be meant."""
    return tuple(_band(part.strip()) for part in text.split(","))


def bands_as_text(bands: Iterable[BandRow]) -> str:
    """Bands in the grammar of `bands_from`."""
    return ",".join(
        f"{_text(band.above)}:{_text(band.cut)}{_SUFFIX_OF[band.of]}:{band.every_days}" + (f":{band.hold_days}" if band.hold_days else "")
        for band in bands
    )


def _band(text: str) -> BandRow:
    fields = text.split(":")
    if len(fields) not in _BAND_FIELDS:
        raise WrongUsage(f"bands: {text!r} is not above:cut:days or above:cut:days:hold")
    cut, of = fields[1], "mg"
    for suffix, meaning in _OF_SUFFIX.items():
        if cut.endswith(suffix):
            cut, of = cut.removesuffix(suffix), meaning
    above, size, days, *hold = (number_from("bands", field) for field in (fields[0], cut, *fields[2:]))
    wait = hold[0] if hold else Fraction(0)
    whole = days.denominator == 1 and wait.denominator == 1
    percent_too_high = of != "mg" and (size > _HUNDRED or above >= _HUNDRED)
    if not whole or days < 1 or wait < 0 or size <= 0 or above < 0 or percent_too_high:
        raise WrongUsage(f"bands: {text!r} has a cut, an interval or a hold that cannot be meant")
    return BandRow(above, size, of, int(days), int(wait))


def _text(amount: Fraction) -> str:
    exact = as_exact(amount)
    return plain(exact) if isinstance(exact, Decimal) else str(exact)
