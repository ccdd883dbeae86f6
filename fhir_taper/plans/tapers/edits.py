"""What a person may change of a draft, step by step, before it is approved: frozen values, each with who decided it and when.

An edit names a step by its number in the plan as it is when the edit is made; edits are applied one after another (`editing`), so a draft
is its base and a list of edits, and the list without its last one is the draft before. Values and words only: nothing is judged here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_taper.errors import BadInput
from fhir_taper.plans.document_values import expect_fields, from_plain, inside, record, the_object, to_plain
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.tapers.finding import Acknowledgement
from fhir_taper.plans.tapers.plan import Agreement, PharmacistReview, TaperPlan


@dataclass(frozen=True, slots=True)
class Hold:
    """Pause reductions after a step for `days`, keep taking its dose; everything later moves by as much."""

    step: int
    days: int


@dataclass(frozen=True, slots=True)
class Lengthen:
    """A step lasts `days` more; with `to_later` each later one too, but for the last, which has no end."""

    step: int
    days: int
    to_later: bool = False


@dataclass(frozen=True, slots=True)
class Insert:
    """After a step another one of `mg` a day for `days`; everything later moves by as much."""

    step: int
    mg: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class Delete:
    """Leave a step out. A pause gives its days back; of any other step the one before lasts until the next one starts."""

    step: int


@dataclass(frozen=True, slots=True)
class SetDose:
    """A step is `mg` a day; with `to_later` the plan goes on by the same cut, at the step's own interval, to its target."""

    step: int
    mg: Decimal
    to_later: bool = False


Edit = Hold | Lengthen | Insert | Delete | SetDose
_KINDS: Mapping[str, type[Edit]] = {
    "hold": Hold,
    "lengthen": Lengthen,
    "insert": Insert,
    "delete": Delete,
    "set-dose": SetDose,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What people had said to a draft: an edit makes it another draft, and taking the edit back brings this back."""

    acknowledgements: tuple[Acknowledgement, ...] = ()
    agreement: Agreement | None = None
    pharmacist_review: PharmacistReview | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """One edit, by whom and when (the patient's day), and what had been said to the draft before it."""

    edit: Edit
    by: str
    on: date
    accepted: Accepted = Accepted()


def accepted_of(plan: TaperPlan) -> Accepted:
    """What people have said to a draft so far."""
    return Accepted(plan.acknowledgements, plan.agreement, plan.pharmacist_review)


def in_words(edit: Edit) -> str:
    """What an edit does, for the list of edits and for what undo takes back: "step 3 paused for 14 days"."""
    match edit:
        case Hold():
            return f"step {edit.step} paused for {counted(edit.days)}"
        case Lengthen():
            return f"step {edit.step}{' and each later one' if edit.to_later else ''} made {counted(edit.days)} longer"
        case Insert():
            return f"a step of {daily(edit.mg, is_patch=False)} for {counted(edit.days)} put in after step {edit.step}"
        case Delete():
            return f"step {edit.step} left out"
        case SetDose():
            later = ", the same cut at every later step" if edit.to_later else ""
            return f"step {edit.step} set to {daily(edit.mg, is_patch=False)}{later}"


def counted(days: int) -> str:
    """Days in words."""
    return f"{days} day{'' if days == 1 else 's'}"


def edited_to_document(one: Edited) -> dict[str, Any]:
    """Plain values, amounts with their digits."""
    edit = {"edit": _NAMES[type(one.edit)], **to_plain(one.edit)}
    return {"edit": edit, "by": one.by, "on": one.on.isoformat(), "accepted": to_plain(one.accepted)}


def edited_from_document(value: Any, path: str) -> Edited:
    """The edit of a document. Raises BadInput naming the place."""
    there = the_object(value, path)
    expect_fields(there, frozenset(field.name for field in fields(Edited)), path)
    here = inside(path, "edit")
    edit = dict(the_object(there["edit"], here))
    kind = _KINDS.get(edit.pop("edit", ""))
    if kind is None:
        raise BadInput("is no edit that is known", here)
    return Edited(
        record(kind, edit, here),
        from_plain(str, there["by"], inside(path, "by")),
        from_plain(date, there["on"], inside(path, "on")),
        record(Accepted, there["accepted"], inside(path, "accepted")),
    )
