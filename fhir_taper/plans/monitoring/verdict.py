"""Three answers to a question of a rule: so, not so, or not known because …; with what was looked at.

"Not known" is never "no": it goes through `every`, `some` and `no` as itself unless the others decide alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from fhir_taper.plans.medicines.dose import Exact


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a decision rests on: what it is of (a signal or quantity), its value in words, when, and the reference with version.

    `source` is "" for what the plan itself or the clock says. `reading`: which value of a signal it is (`Reading.identity`), "" for what
    was worked out. `is_reference`: a value is only compared with it.
    """

    of: str
    says: str
    at: datetime
    source: str = ""
    reading: str = ""
    is_reference: bool = False

    @property
    def identity(self) -> str:
        """What makes it another piece of evidence: the value itself, whatever copy or version of a record says it; of what was worked out
        the record behind it. "" where there is none, and of what a value is only compared with."""
        return "" if self.is_reference else self.reading or self.source


_NO_VALUES: Mapping[str, Exact | str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_so` None: not known, and `why` says why, each reason once. `values` are what a sentence may name."""

    is_so: bool | None
    evidence: tuple[Evidence, ...] = ()
    why: tuple[str, ...] = ()
    values: Mapping[str, Exact | str] = field(default_factory=lambda: _NO_VALUES, compare=False)


def known(evidence: Iterable[Evidence] = (), *, is_so: bool, **values: Exact | str) -> Verdict:
    """A known answer."""
    return Verdict(is_so, tuple(evidence), (), MappingProxyType(values) if values else _NO_VALUES)


def unknown(why: str) -> Verdict:
    """Not known, for a reason."""
    return Verdict(None, (), (why,))


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """So where all are; not so where one is not, whatever is unknown."""
    found = tuple(verdicts)
    denied = tuple(one for one in found if one.is_so is False)
    if denied:
        return _joined(denied, is_so=False)
    return _joined(found, is_so=None if any(one.is_so is None for one in found) else True)


def some(verdicts: Iterable[Verdict]) -> Verdict:
    """So where one is, whatever is unknown; not so where none is."""
    found = tuple(verdicts)
    met = tuple(one for one in found if one.is_so)
    if met:
        return _joined(met, is_so=True)
    return _joined(found, is_so=None if any(one.is_so is None for one in found) else False)


def no(verdict: Verdict) -> Verdict:
    """The opposite; not known stays not known."""
    return Verdict(None if verdict.is_so is None else not verdict.is_so, verdict.evidence, verdict.why, verdict.values)


def not_known(verdict: Verdict) -> Verdict:
    """So exactly where it is not known, with the reason as the value `unknown`; itself always known."""
    return known(is_so=False) if verdict.is_so is not None else known(is_so=True, unknown="; ".join(verdict.why))


def _joined(verdicts: tuple[Verdict, ...], *, is_so: bool | None) -> Verdict:
    evidence = tuple(dict.fromkeys(one for verdict in verdicts for one in verdict.evidence))
    why = () if is_so is not None else tuple(dict.fromkeys(one for verdict in verdicts for one in verdict.why))
    values = {name: value for verdict in verdicts for name, value in verdict.values.items()}
    return Verdict(is_so, evidence, why, MappingProxyType(values))
