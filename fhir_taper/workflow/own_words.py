"""A clinician's own words for when things go wrong, as they were typed for one taper: values, and the draft with them.

They belong to the draft that they were typed for and go with it: kept in its document, joined to its plan however often that is made again,
and never joined to a plan of another medicine. Nothing here is saved, and no dose changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Tenant

_LONGEST: Final = 1000
_MOST_CONTACTS: Final = 10


@dataclass(frozen=True, slots=True)
class Words:
    """What a clinician says: for breakthrough, for comfort, whom to call (one a line); by whom, when, and of which ingredient's taper."""

    breakthrough: str = ""
    comfort_plan: str = ""
    contacts: tuple[str, ...] = ()
    by: str = ""
    on: date | None = None
    ingredient: str = ""


def typed_words(breakthrough: str, comfort_plan: str, contacts: str) -> Words:
    """Words as they were typed. Raises WrongUsage for more than a plan should hold."""
    listed = tuple(line.strip() for line in contacts.splitlines() if line.strip())
    if max(map(len, (breakthrough, comfort_plan, *listed))) > _LONGEST or len(listed) > _MOST_CONTACTS:
        raise WrongUsage(f"at most {_LONGEST} characters each, and {_MOST_CONTACTS} lines of whom to call")
    return Words(breakthrough.strip(), comfort_plan.strip(), listed)


def said_of(plan: TaperPlan, words: Words, by: str, on: date) -> Words:
    """Typed words as those of a person for the taper of a plan."""
    return replace(words, by=by, on=on, ingredient=plan.ingredient)


def are_of(words: Words | None, plan: TaperPlan) -> bool:
    """Whether there are words, and they were typed for a taper of this medicine."""
    return words is not None and words.ingredient == plan.ingredient


def joined(plan: TaperPlan, words: Words | None) -> TaperPlan:
    """A draft with the words that were typed for it; the advice of the tables stays. Words of another taper are not joined."""
    if words is None or not are_of(words, plan):
        return plan
    said = replace(
        plan.contingency,
        breakthrough=words.breakthrough,
        comfort_plan=words.comfort_plan,
        emergency_contacts=words.contacts,
        said_by=words.by,
        said_on=words.on,
    )
    return replace(plan, contingency=said)


def with_crisis_lines(tenant: Tenant, plan: TaperPlan) -> TaperPlan:
    """A draft as it would be approved: where nobody says whom to call, the site's own crisis lines stand there."""
    contacts = plan.contingency.emergency_contacts or tuple(f"Crisis line {line}" for line in tenant.crisis_lines)
    return replace(plan, contingency=replace(plan.contingency, emergency_contacts=contacts))


def words_to_document(words: Words | None) -> dict[str, Any] | None:
    """Plain values."""
    if words is None:
        return None
    return {
        "breakthrough": words.breakthrough,
        "comfort_plan": words.comfort_plan,
        "contacts": list(words.contacts),
        "by": words.by,
        "on": words.on.isoformat() if words.on else "",
        "ingredient": words.ingredient,
    }


def words_from_document(document: Mapping[str, Any]) -> Words | None:
    """The words of a draft; one from before they were kept with it has none."""
    kept = document.get("words")
    if kept is None:
        return None
    on = date.fromisoformat(kept["on"]) if kept["on"] else None
    return Words(kept["breakthrough"], kept["comfort_plan"], tuple(kept["contacts"]), kept["by"], on, kept["ingredient"])
