"""Earlier tapers of a patient, from the CarePlans that we wrote: what the risk tier asks (an earlier taper that did not succeed).

One taper is one chain of versions: a version that a later one replaced is no attempt of its own. A completed taper succeeded, also
where it ended at a lower dose; a revoked one did not. Drafts and plans entered in error are no attempts. Tapers that other programs
documented are not seen here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_taper.mappers.mapped import Mapped
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan


@dataclass(frozen=True, slots=True)
class PriorTaper:
    """One earlier taper, by its last version. `sources` are the resources that say so."""

    plan: TaperPlan
    succeeded: bool
    sources: tuple[str, ...]


def prior_tapers(plans: Iterable[Mapped[TaperPlan]], ingredient: str | None = None) -> tuple[PriorTaper, ...]:
    """Tapers that have ended, oldest first; of one ingredient, or of all."""
    read = tuple(plans)
    replaced = {mapped.value.replaces for mapped in read}
    ended = (
        mapped for mapped in read if mapped.value.id not in replaced and mapped.value.state in {PlanState.COMPLETED, PlanState.REVOKED}
    )
    found = (
        PriorTaper(mapped.value, mapped.value.state is PlanState.COMPLETED, mapped.sources)
        for mapped in ended
        if ingredient is None or mapped.value.ingredient == ingredient
    )
    return tuple(sorted(found, key=lambda taper: (taper.plan.created, taper.plan.id)))


def failed_tapers(plans: Iterable[Mapped[TaperPlan]], ingredient: str | None = None) -> int:
    """How many earlier tapers did not succeed."""
    return sum(not taper.succeeded for taper in prior_tapers(plans, ingredient))
