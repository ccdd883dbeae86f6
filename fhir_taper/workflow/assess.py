"""What the rules say of a plan and a chart: `fhir-taper assess`. Reads plan, chart, history and the site's policy, and asks the core."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhir_taper.errors import BadInput, NotJson, WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.assessment_document import assessment_to_document, history_from_document, history_to_document
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, History
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY, Policy, policy_of
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.read_chart import read_chart
from fhir_taper.workflow.timeline import timeline_of_chart

_MOST_BYTES: Final = 64 * 1024 * 1024


def assess_files(
    plan_path: str, chart_path: str, as_of: datetime | None = None, history_path: Path | None = None, policy_path: Path | None = None
) -> tuple[Assessment, History]:
    """The assessment of a plan (JSON of `plan`) against a chart, and the history with it.

    `as_of` None is now; without an offset it is the plan's own zone. Raises BadInput naming file and place, and WrongUsage for a policy
    that is not allowed.
    """
    plan = read_plan(plan_path)
    chart = read_chart(chart_path)
    at = in_zone(as_of or now(), plan.zone)
    timeline = timeline_of_chart(chart, plan, at).value
    history = read_history(history_path, plan) if history_path else NOTHING_BEFORE
    policy = read_policy(policy_path) if policy_path else DEFAULT_POLICY
    found = assess(plan, timeline, policy, history, at)
    return found, remember(history, found)


def in_zone(at: datetime, zone: str) -> datetime:
    """An instant with the fixed offset that a zone has then; without an offset it is meant there. Raises WrongUsage for no zone."""
    try:
        place = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongUsage(f"{zone!r} is no time zone") from None
    there = at.replace(tzinfo=place) if at.utcoffset() is None else at.astimezone(place)
    offset = there.utcoffset() or timedelta(0)
    return there.replace(tzinfo=UTC if not offset else timezone(offset))


def read_plan(path: str) -> TaperPlan:
    """The plan in a file. Raises BadInput naming the file, and the place in it."""
    document = _read(Path(path))
    try:
        return from_document(document)
    except BadInput as error:
        raise BadInput(error.message, f"{path}: {error.place}" if error.place else path) from error


def read_history(path: Path, plan: TaperPlan) -> History:
    """The history in a file: alone, or inside an assessment that was printed, of this version of the plan or the one before.

    Raises BadInput naming the file, and the place in it; of another plan or patient: its answers would silence what stands here.
    """
    document = _read(path)
    of = document.get("plan")
    if document.get("patient", plan.patient) != plan.patient or (of is not None and of not in (plan.id, plan.replaces)):
        raise BadInput(f"it is the history of another plan ({of}), not of {plan.id} or of the version before it", str(path))
    within = document.get("history", document)
    try:
        return history_from_document(within)
    except BadInput as error:
        raise BadInput(error.message, f"{path}: {error.place}" if error.place else str(path)) from error


def read_policy(path: Path) -> Policy:
    """The site's policy in a TOML or JSON file. Raises BadInput where it cannot be read, WrongUsage where it is not allowed."""
    if path.suffix.lower() != ".toml":
        return policy_of(_read(path))
    try:
        return policy_of(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", str(path)) from error


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {error}", str(path)) from error
    if len(data) > _MOST_BYTES:
        raise NotJson("larger than any plan or history", str(path))
    found = decode(data, str(path))
    if not isinstance(found, Mapping):
        raise BadInput("an object is expected", str(path))
    return found


def assessment_output(assessment: Assessment, history: History, form: str) -> bytes:
    """The answer of `fhir-taper assess` as a table for people, or as JSON (schema 1) with the history for the next time."""
    if form == "json":
        return encode({**assessment_to_document(assessment), "history": history_to_document(history)}, indent=2) + b"\n"
    from fhir_taper.render.terminal_assessment import assessment_text

    return assessment_text(assessment).encode()
