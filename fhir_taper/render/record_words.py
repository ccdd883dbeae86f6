"""What people decided of a plan, in words: the patient's agreement, what was acknowledged and why, the pharmacist's word, every version.

A printed plan is a record: who agreed and who approved stand on it.
"""

from collections.abc import Iterator

from fhir_taper.plans.tapers.plan import TaperPlan


def record_words(plan: TaperPlan) -> tuple[tuple[str, str], ...]:
    """Label and sentence of every decision, in the order of the work; empty where nobody decided anything yet."""
    return tuple(_told(plan))


def _told(plan: TaperPlan) -> Iterator[tuple[str, str]]:
    if (agreed := plan.agreement) is not None:
        yield "The patient's agreement", f"{agreed.who}, {agreed.on.isoformat()}{f': {agreed.what}' if agreed.what else ''}"
    for one in plan.acknowledgements:
        yield "Acknowledged", f"{one.message} Reason: {one.reason} ({one.by}, {one.on.isoformat()})"
    if (review := plan.pharmacist_review) is not None:
        yield "The pharmacist's review", f"{review.verdict} ({review.by}, {review.on.isoformat()})"
    for version in plan.revisions:
        why = f" Reason: {version.reason}" if version.reason else ""
        yield f"Version {version.version}", f"{version.says[:1].upper()}{version.says[1:]}. {version.on.isoformat()}, {version.by}.{why}"
