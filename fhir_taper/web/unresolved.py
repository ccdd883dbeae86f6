"""A write of which nobody knows whether it was done, as a page shows it: what to look for in the EHR, and what was found so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import LedgerRow
from fhir_taper.render.pages import title_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.recover_writes import is_young

_NOT_LOOKED: Final = "No answer came."
_NOT_FOUND_OUT: Final = "not looked for yet"


@dataclass(frozen=True, slots=True)
class SentResource:
    """One resource of the write; `known_by` is how a person finds it."""

    kind: str
    doing: str
    known_by: str
    found: str


@dataclass(frozen=True, slots=True)
class UnresolvedWrite:
    """One row of the ledger, in words."""

    id: str
    title: str
    rung: str
    at: str
    says: str
    is_young: bool
    resources: tuple[SentResource, ...]


def unresolved_write(chart: OpenChart, row: LedgerRow, now: datetime, plan: TaperPlan | None) -> UnresolvedWrite:
    """A ledger row that is pending or unknown. `now`: by the ledger's clock; `plan`: whose it is, None where that is not kept here."""
    looked = {one["write"]: one for one in row.detail.get("resources", ())}
    words = str(row.detail.get("looked", ""))
    return UnresolvedWrite(
        row.id,
        f"{title_of(plan) if plan else 'A plan'}, version {row.plan_version}",
        row.rung,
        f"{chart.local(row.opened):%Y-%m-%d %H:%M}",
        f"{words[:1].upper()}{words[1:]}." if words else _NOT_LOOKED,
        is_young(row, now),
        tuple(
            SentResource(
                one["resource_type"],
                one["doing"],
                one.get("reference") or f"identifier {one['write_identifier']}",
                str(looked.get(one["write_identifier"], {}).get("place") or _NOT_FOUND_OUT),
            )
            for one in row.detail.get("sent", ())
        ),
    )
