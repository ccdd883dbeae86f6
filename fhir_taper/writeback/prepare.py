"""Everything up to the button: by which rungs, in what form, what stands in the EHR now, and what would change. It writes nothing.

The preview is made from what this returns, and the same value is executed: what a person saw is what leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from fhir_taper.mappers.write.namespace import Json
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import LedgerRow
from fhir_taper.writeback.ask import Ask
from fhir_taper.writeback.changes import Change, asks_of, changes
from fhir_taper.writeback.ladder import Choice, Output, choose
from fhir_taper.writeback.names import known_references
from fhir_taper.writeback.negotiate import Allowed
from fhir_taper.writeback.notes import notes_of
from fhir_taper.writeback.ours import Ours
from fhir_taper.writeback.ports import Reader
from fhir_taper.writeback.preview import Preview, preview
from fhir_taper.writeback.recorded import PlanIds, recorded
from fhir_taper.writeback.shape import for_target
from fhir_taper.writeback.standing import find_standing


@dataclass(frozen=True, slots=True)
class Prepared:
    """One write, ready to be seen and then sent. `known`: fullUrl with us → "Type/id" of what stands."""

    plan: Choice
    proposals: Choice
    allowed: Allowed
    changes: tuple[Change, ...] = ()
    known: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    """What a person must accept before this is written."""
    ours: Ours = field(default_factory=Ours)
    """What in the EHR is of this plan."""

    @property
    def is_by_hand(self) -> bool:
        """Whether nothing goes to the EHR: a person passes the plan on."""
        return not self.plan.rung.needs

    def preview(self) -> Preview:
        """The cards to show."""
        return preview(self.changes, (self.plan, self.proposals), self.notes, self.asks)


def prepare(
    bundle: Json,
    plan: TaperPlan,
    *,
    patient_id: str,
    allowed: Allowed,
    reader: Reader,
    as_of: date,
    base: Json | None = None,
    rows: Iterable[LedgerRow] = (),
    ids: PlanIds | None = None,
) -> Prepared:
    """What writing this plan would do. `bundle` is `to_bundle` of the plan; `base` that of the version that was written before, if known;
    `rows` are the ledger's rows of this patient, oldest first; `ids` what is kept here of the patient's plans.

    Raises WriteRefused where what stands cannot be known or is in the way, EhrError where the EHR cannot be read.
    """
    by, proposals = choose(Output.PLAN, allowed), choose(Output.DOSE_PROPOSAL, allowed)
    if not by.rung.needs:
        return Prepared(by, proposals, allowed, notes=("Nothing is written to this EHR: print the plan, or hand it over as a PDF.",))
    shaped, degraded = for_target(bundle, plan, proposals, allowed, as_of)
    if base is not None:  # in the form in which it was written here
        base, _ = for_target(base, plan, proposals, allowed, as_of)
    known = recorded(rows, ids)
    standing = find_standing(shaped, patient_id, reader, allowed.searchable, known, ids)
    changed = changes(shaped, standing, allowed.overlay, base, degraded, known)
    return Prepared(
        by,
        proposals,
        allowed,
        changed,
        known_references((one.urn for one in changed if not one.reference), standing, known),
        notes_of(standing, changed, as_of),
        asks_of(changed, standing),
        standing.ours,
    )
