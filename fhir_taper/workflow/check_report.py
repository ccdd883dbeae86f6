"""What was seen of one EHR, as values and words: how each thing stands, the reads that are promised, the way that each output takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from fhir_taper.exact_json import encode
from fhir_taper.records import Json, Tenant
from fhir_taper.render.printable import printable
from fhir_taper.writeback.ladder import Choice


class State(StrEnum):
    """How one thing stands: as it should, worth knowing, or in the way of a launch."""

    OK = "ok"
    NOTE = "note"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at."""

    area: str
    state: State
    says: str


@dataclass(slots=True)
class TenantReport:
    """Everything about one tenant. `reads` says per resource type what its search promises; `outputs` which way each output takes; `asked`
    is every request that was made for this, `granted` the scopes of the program's own token, where one was asked for."""

    tenant: Tenant
    seen: list[Seen] = field(default_factory=list)
    scopes: str = ""
    reads: dict[str, str] = field(default_factory=dict)
    outputs: tuple[Choice, ...] = ()
    asked: list[str] = field(default_factory=list)
    granted: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether a launch can succeed, as far as it shows from outside."""
        return not any(one.state is State.FAILS for one in self.seen)


def report_output(reports: Iterable[TenantReport], *, json: bool) -> bytes:
    """The reports for a person, or as JSON. What an EHR said of itself moves no cursor."""
    if json:
        return encode({"schema": 1, "tenants": [_document(one) for one in reports]}, indent=2) + b"\n"
    return "\n\n".join("\n".join(printable(line) for line in _lines(one)) for one in reports).encode() + b"\n"


def _document(report: TenantReport) -> Json:
    return {
        "tenant": report.tenant.id,
        "issuer": report.tenant.issuer,
        "usable": report.is_usable,
        "seen": [{"area": one.area, "state": one.state.value, "says": one.says} for one in report.seen],
        "asked": report.asked,
        "scopes": report.scopes.split(),
        "granted_to_program": report.granted.split(),
        "reads": report.reads,
        "outputs": [
            {
                "output": choice.output.value,
                "rung": choice.rung.name,
                "says": choice.rung.says,
                "skipped": [{"rung": name, "why": why} for name, why in choice.skipped],
            }
            for choice in report.outputs
        ],
    }


def _lines(report: TenantReport) -> Iterator[str]:
    """The report for a person."""
    yield f"{report.tenant.id}  {report.tenant.issuer}"
    width = max((len(one.area) for one in report.seen), default=0)
    for one in report.seen:
        yield f"  {'FAILS' if one.state is State.FAILS else one.state.value:<6}{one.area:<{width}}  {one.says}"
    if report.scopes:
        yield f"  a launch asks for: {report.scopes}"
    if report.granted:
        yield f"  granted to the program itself: {report.granted}"
    if report.reads:
        yield "  reads"
        yield from (f"    {kind}: {says}" for kind, says in report.reads.items())
    if report.outputs:
        yield "  sends, if all of it is granted"
    for choice in report.outputs:
        yield f"    {choice.output.value}: {choice.rung.name} – {choice.rung.says}"
        yield from (f"      not {name}: {why}" for name, why in choice.skipped)
    yield "  nothing was asked" if not report.asked else "  asked for this"
    yield from (f"    {one}" for one in report.asked)
    yield (
        "  a launch can succeed, as far as it shows from outside"
        if report.is_usable
        else "  NO LAUNCH CAN SUCCEED until what fails is mended"
    )
