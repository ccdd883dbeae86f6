"""The invariants of FHIR R4 that matter for what we write, in plain Python, keyed by the place where they hold.

What it is: the complement of pyfhircheck, which evaluates the invariants of resources and their own elements but not
those of datatypes at depth (tim-2 inside a dosage). What it must not do: repeat cardinality or bindings. Source: the
constraint of the same key in the FHIR 4.0.1 definitions; each message starts with that key.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
XHTML = "{http://www.w3.org/1999/xhtml}"
# The elements of HTML 4 that a narrative may use (txt-1).
NARRATIVE_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "ul",
        "var",
    ]
)
NARRATIVE_ATTRIBUTES = frozenset(
    [
        "abbr",
        "accesskey",
        "align",
        "alt",
        "axis",
        "bgcolor",
        "border",
        "cellhalign",
        "cellpadding",
        "cellspacing",
        "cellvalign",
        "char",
        "charoff",
        "charset",
        "cite",
        "class",
        "colspan",
        "compact",
        "coords",
        "dir",
        "frame",
        "headers",
        "height",
        "href",
        "hreflang",
        "hspace",
        "id",
        "lang",
        "longdesc",
        "name",
        "nowrap",
        "rel",
        "rev",
        "rowspan",
        "rules",
        "scope",
        "shape",
        "span",
        "src",
        "start",
        "style",
        "summary",
        "tabindex",
        "title",
        "type",
        "valign",
        "value",
        "vspace",
        "width",
    ]
)
MEALS_WITHOUT_OFFSET = {"C", "CM", "CD", "CV"}


def extension(node: Json) -> Iterator[str]:
    """ext-1: an extension has either extensions or a value."""
    has_value = any(key.startswith(("value", "_value")) for key in node)
    if has_value == ("extension" in node):
        yield "ext-1: an extension has either extensions or a value"


def period(node: Json) -> Iterator[str]:
    """per-1, compared at the precision that both ends share."""
    start, end = str(node.get("start", "")), str(node.get("end", ""))
    shared = min(len(start), len(end), len("2026-01-01"))
    if start and end and start[:shared] > end[:shared]:
        yield "per-1: start lies after end"


def quantity(node: Json) -> Iterator[str]:
    """qty-3: a coded unit names its system."""
    if "code" in node and "system" not in node:
        yield "qty-3: a unit code without a system"


def duration(node: Json) -> Iterator[str]:
    """drt-1: a duration is a UCUM quantity."""
    yield from quantity(node)
    if "code" in node and (node.get("system") != UCUM or "value" not in node):
        yield "drt-1: a duration has a value and a UCUM unit"


def ratio(node: Json) -> Iterator[str]:
    """rat-1: both parts or an extension alone."""
    if ("numerator" in node) != ("denominator" in node) or ("numerator" not in node and "extension" not in node):
        yield "rat-1: a ratio has both a numerator and a denominator"


def value_range(node: Json) -> Iterator[str]:
    """rng-2: low is not above high."""
    low, high = node.get("low", {}).get("value"), node.get("high", {}).get("value")
    if low is not None and high is not None and low > high:
        yield "rng-2: low is above high"


def attachment(node: Json) -> Iterator[str]:
    """att-1: data say what they are."""
    if "data" in node and "contentType" not in node:
        yield "att-1: data without a content type"


def contact_point(node: Json) -> Iterator[str]:
    """cpt-2: a value says by which system."""
    if "value" in node and "system" not in node:
        yield "cpt-2: a contact point without a system"


def timing_repeat(node: Json) -> Iterator[str]:
    """tim-1 to tim-10."""
    needs = {
        "tim-1": ("duration", "durationUnit"),
        "tim-2": ("period", "periodUnit"),
        "tim-6": ("periodMax", "period"),
        "tim-7": ("durationMax", "duration"),
        "tim-8": ("countMax", "count"),
        "tim-9": ("offset", "when"),
    }
    for key, (given, needed) in needs.items():
        if given in node and needed not in node:
            yield f"{key}: {given} without {needed}"
    for key, name in (("tim-4", "duration"), ("tim-5", "period")):
        if _number(node.get(name)) < 0:
            yield f"{key}: {name} is negative"
    if "offset" in node and MEALS_WITHOUT_OFFSET & set(node.get("when", [])):
        yield "tim-9: an offset from a meal itself"
    if "timeOfDay" in node and "when" in node:
        yield "tim-10: timeOfDay and when exclude each other"


def dose_and_rate(node: Json) -> Iterator[str]:
    """sqt-1: simple quantities have no comparator."""
    yield from _no_comparator(node, "doseQuantity", "rateQuantity")


def dispense_request(node: Json) -> Iterator[str]:
    """sqt-1 for the quantity to dispense."""
    yield from _no_comparator(node, "quantity")


def narrative(node: Json) -> Iterator[str]:
    """txt-1 and txt-2: well-formed XHTML, formatting elements and attributes only, not empty."""
    div = node.get("div")
    if not isinstance(div, str):
        return
    try:
        root = ET.fromstring(div)  # noqa: S314 (our own output, bounded by the test that made it)
    except ET.ParseError as problem:
        yield f"txt-1: not well-formed XHTML ({problem})"
        return
    if root.tag != f"{XHTML}div":
        yield "txt-1: the root is not a div in the XHTML namespace"
    for element in root.iter():
        if element.tag.removeprefix(XHTML) not in NARRATIVE_ELEMENTS:
            yield f"txt-1: element {element.tag.removeprefix(XHTML)} is not allowed"
        for attribute in set(element.attrib) - NARRATIVE_ATTRIBUTES:
            if not attribute.startswith("{http://www.w3.org/XML/1998/namespace}"):
                yield f"txt-1: attribute {attribute} is not allowed"
    if not "".join(root.itertext()).strip() and root.find(f".//{XHTML}img") is None:
        yield "txt-2: the narrative says nothing"


def care_plan_activity(node: Json) -> Iterator[str]:
    """cpl-3: an activity is a reference or a detail."""
    if "detail" in node and "reference" in node:
        yield "cpl-3: both detail and reference"


def request_group_action(node: Json) -> Iterator[str]:
    """rqg-1: an action has either a resource or actions."""
    if ("resource" in node) == ("action" in node):
        yield "rqg-1: an action has either a resource or actions"


def goal_target(node: Json) -> Iterator[str]:
    """gol-1: a target's detail says what is measured."""
    if any(key.startswith("detail") for key in node) and "measure" not in node:
        yield "gol-1: a target with a detail and no measure"


def observation(node: Json) -> Iterator[str]:
    """obs-6: no reason for absence beside a value."""
    if "dataAbsentReason" in node and any(key.startswith("value") for key in node):
        yield "obs-6: a value and a reason for its absence"


def bundle(node: Json) -> Iterator[str]:
    """bdl-1 to bdl-8 as far as they concern bundles that we write."""
    kind, entries = node.get("type"), node.get("entry", [])
    if "total" in node and kind not in {"searchset", "history"}:
        yield "bdl-1: a total outside a search or a history"
    for number, entry in enumerate(entries):
        if "search" in entry and kind != "searchset":
            yield f"bdl-2: entry {number} has search outside a searchset"
        if ("request" in entry) != (kind in {"batch", "transaction", "history"}):
            yield f"bdl-3: entry {number} has a request if and only if the bundle is a batch, a transaction or a history"
        if not {"resource", "request", "response"} & set(entry):
            yield f"bdl-5: entry {number} is empty"
        if "/_history/" in entry.get("fullUrl", ""):
            yield f"bdl-8: entry {number} has a fullUrl of a version"
    urls = [(e.get("fullUrl"), e.get("resource", {}).get("meta", {}).get("versionId")) for e in entries if "fullUrl" in e]
    if len(urls) != len(set(urls)) and kind != "history":
        yield "bdl-7: one fullUrl twice"


def contained(resource: Json) -> Iterator[str]:
    """dom-2 to dom-5 and ref-1, on a whole resource."""
    inside = {f"#{c.get('id')}": c for c in resource.get("contained", [])}
    used = set(_local_references(resource))
    for name, item in inside.items():
        if "contained" in item:
            yield f"dom-2: {name} contains a resource"
        if name not in used and "#" not in set(_local_references(item)):
            yield f"dom-3: {name} is never referenced"
        if {"versionId", "lastUpdated"} & set(item.get("meta", {})):
            yield f"dom-4: {name} has a version of its own"
        if "security" in item.get("meta", {}):
            yield f"dom-5: {name} has security labels of its own"
    for name in sorted(used - set(inside) - {"#"}):
        yield f"ref-1: {name} is not contained"


def _local_references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "reference" and isinstance(value, str) and value.startswith("#"):
                yield value
            yield from _local_references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _local_references(item)


def _no_comparator(node: Json, *names: str) -> Iterator[str]:
    for name in names:
        if "comparator" in node.get(name, {}):
            yield f"sqt-1: {name} has a comparator"


def _number(value: object) -> float:
    return float(value) if re.fullmatch(r"-?[0-9.]+(E-?[0-9]+)?", str(value)) else 0.0  # type: ignore[arg-type]


INVARIANTS: dict[str, Callable[[Json], Iterable[str]]] = {
    "Attachment": attachment,
    "Bundle": bundle,
    "CarePlan.activity": care_plan_activity,
    "ContactPoint": contact_point,
    "Dosage.doseAndRate": dose_and_rate,
    "Duration": duration,
    "Extension": extension,
    "Goal.target": goal_target,
    "MedicationRequest.dispenseRequest": dispense_request,
    "Narrative": narrative,
    "Observation": observation,
    "Period": period,
    "Quantity": quantity,
    "Range": value_range,
    "Ratio": ratio,
    "RequestGroup.action": request_group_action,
    "Timing.repeat": timing_repeat,
}
