"""The launch context that comes beside the token: which patient, which encounter, how the page should look. SMART 2.2.

Values from outside: each is judged before it is used, and what makes no sense is left out; only the patient is indispensable.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.errors import EhrError, LaunchRefused
from fhir_taper.records import Json
from fhir_taper.smart.launch.token_endpoint import TokenAnswer
from fhir_taper.smart.origins import resolved
from fhir_taper.smart.transport import Transport

_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,256}")
_COLOUR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_COLOURS: Final = ("color_background", "color_error", "color_highlight", "color_modal_backdrop", "color_success", "color_text")
_LONGEST: Final = 200
_MOST: Final = 50
DEFAULT_ROLE: Final = "launch"
"""What an entry of fhirContext without a role means."""


@dataclass(frozen=True, slots=True)
class LaunchContextValues:
    """What the EHR said about where it launched us from. Ids are plain; `fhir_context` entries have a `role` each."""

    patient_id: str
    encounter_id: str | None = None
    intent: str | None = None
    tenant: str | None = None
    need_patient_banner: bool = True
    """True also where the EHR does not say: two banners are a nuisance, none is a hazard."""
    style_url: str | None = None
    fhir_context: tuple[Json, ...] = field(default=(), repr=False)


def context_of(answer: TokenAnswer) -> LaunchContextValues:
    """The context beside the token. Raises LaunchRefused ("no-patient") where no patient is in it."""
    beside = answer.beside
    patient = _id(beside.get("patient"), "Patient")
    if patient is None:
        raise LaunchRefused("no-patient", "The EHR did not say which patient is open. Open a chart, then launch again from there.")
    return LaunchContextValues(
        patient,
        _id(beside.get("encounter"), "Encounter"),
        _text(beside.get("intent")),
        _text(beside.get("tenant")),
        beside.get("need_patient_banner") is not False,
        _text(beside.get("smart_style_url"), 2000),
        _fhir_context(beside.get("fhirContext")),
    )


def style_of(values: LaunchContextValues, transport: Transport) -> Mapping[str, str]:
    """The EHR's colours (#rgb or #rrggbb) by their SMART names. {} where there are none to be had: looks only."""
    if values.style_url is None:
        return {}
    try:
        url = resolved(transport.tenant.issuer, values.style_url)
        answer = transport.send("GET", url, headers={"Accept": "application/json"}, timeout=3)
        document = answer.json() if answer.is_success else None
    except EhrError:
        return {}
    named = document if isinstance(document, dict) else {}
    return {name: named[name] for name in _COLOURS if isinstance(named.get(name), str) and _COLOUR.fullmatch(named[name])}


def _id(value: object, resource_type: str) -> str | None:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    text = text.removeprefix(f"{resource_type}/")
    usable = _ID.fullmatch(text) and text not in (".", "..") and text.lower() not in ("none", "null", "undefined")
    return text if usable else None


def _text(value: object, longest: int = _LONGEST) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable() else None


def _fhir_context(value: object) -> tuple[Json, ...]:
    entries = value if isinstance(value, list) else []
    return tuple(entry for one in entries[:_MOST] if (entry := _context_entry(one)) is not None)


def _context_entry(one: Any) -> Json | None:
    """An entry with its role; older servers sent the bare reference."""
    if isinstance(one, str):
        return {"reference": one, "role": DEFAULT_ROLE}
    if not isinstance(one, dict) or not any(key in one for key in ("reference", "canonical", "identifier")):
        return None
    role = one.get("role")
    return {**one, "role": role if isinstance(role, str) and role else DEFAULT_ROLE}
