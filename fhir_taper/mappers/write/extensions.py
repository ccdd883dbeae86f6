"""The extensions that we publish: the name of each, what it holds of a plan, and where it may stand.

One small extension per idea, not one block of JSON: a reader that knows only `taper-baseline` can read the baseline. The list is the single
source of the published StructureDefinitions. Reading raises BadInput naming the extension and the part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.write import plan_shapes as shapes
from fhir_taper.mappers.write.namespace import Json, structure_definition
from fhir_taper.mappers.write.shapes import Shape, from_parts, to_parts
from fhir_taper.mappers.write.step_shapes import STEP
from fhir_taper.plans.tapers.plan import Contingency, Step, TaperPlan


@dataclass(frozen=True, slots=True)
class Published:
    """One extension of ours. `attribute` is the field of TaperPlan that it holds; `absent` makes what a missing one means."""

    name: str
    shape: Shape[Any]
    title: str
    attribute: str = ""
    repeats: bool = False
    is_required: bool = False
    contexts: tuple[str, ...] = ("CarePlan",)
    absent: Callable[[], object] = lambda: None
    url: str = field(init=False)
    """The canonical address."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", structure_definition(self.name))

    def written(self, value: object) -> Json:
        """The extension that holds this value."""
        return {"url": self.url, "extension": to_parts(value, self.shape)}


TAPER: Final = Published("taper", shapes.CORE, "The taper that a CarePlan is the plan of", is_required=True)

FIELDS: Final = (
    Published("taper-baseline", shapes.BASELINE, "The intake that the taper starts from", "baseline", is_required=True),
    Published("taper-limits", shapes.LIMITS, "The safety envelope that the plan keeps", "limits", is_required=True),
    Published("taper-product", shapes.PRODUCT, "A product that the plan may use", "products", repeats=True),
    Published("taper-equivalent", shapes.EQUIVALENT, "A factor of equivalence", "equivalents", repeats=True),
    Published("taper-table", shapes.TABLE_EDITION, "A table of clinical numbers that the plan used", "tables", repeats=True),
    Published("taper-tier-factor", shapes.TIER_FACTOR, "A reason for the risk tier", "tier_factors", repeats=True),
    Published("taper-review-gate", shapes.REVIEW_GATE, "A review that a reduction waits for", "gates", repeats=True),
    Published("taper-milestone", shapes.MILESTONE, "A milestone", "milestones", repeats=True),
    Published("taper-contingency", shapes.CONTINGENCY, "What to do when things go wrong", "contingency", absent=Contingency),
    Published("taper-agreement", shapes.AGREEMENT, "The patient's agreement", "agreement"),
    Published("taper-pharmacist-review", shapes.PHARMACIST_REVIEW, "The pharmacist's review", "pharmacist_review"),
    Published("taper-finding", shapes.FINDING, "What a person must know before approval", "findings", repeats=True),
    Published("taper-acknowledgement", shapes.ACKNOWLEDGEMENT, "A finding that a person accepted", "acknowledgements", repeats=True),
    Published("taper-revision", shapes.REVISION, "What a version of the plan changed", "revisions", repeats=True),
)
"""The extensions of a CarePlan that hold one field of the plan each."""

TAPER_STEP: Final = Published(
    "taper-step", STEP, "The exact doses of one step", is_required=True, contexts=("RequestGroup.action", "CarePlan.activity.detail")
)

NOTED: Final = ("schema", "state", "digest", "step_count", "written_by")
"""What `taper` holds beside the plan: what a reader compares the plan with."""

ALL: Final = (TAPER, *FIELDS, TAPER_STEP)


def plan_extensions(plan: TaperPlan) -> list[Json]:
    """Every extension of the plan's CarePlan; what the plan does not have is not written."""
    return [TAPER.written(plan), *(item for field in FIELDS for item in _field_extensions(field, getattr(plan, field.attribute)))]


def step_extension(step: Step) -> Json:
    """The extension of one step's action."""
    return TAPER_STEP.written(step)


def read_core(care_plan: Mapping[str, Any]) -> dict[str, Any]:
    """What `taper` holds, by attribute, and besides the plan's own what we noted when we wrote it (`NOTED`)."""
    core: dict[str, Any] = _single(given(care_plan, TAPER), TAPER, "CarePlan")
    if core["schema"] != shapes.SCHEMA:
        raise BadInput(
            f"is version {core['schema']} of these extensions, and this program reads {shapes.SCHEMA}",
            _place("CarePlan", TAPER),
        )
    return core


def read_fields(care_plan: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the plan that stand in extensions of their own, by attribute."""
    by_url: dict[str, list[Mapping[str, Any]]] = {}
    for item in _extensions(care_plan):
        by_url.setdefault(item["url"], []).append(item)
    found = ((extension, by_url.get(extension.url, [])) for extension in FIELDS)
    return {of.attribute: _many(items, of) if of.repeats else _single(items, of, "CarePlan") for of, items in found}


def read_step(action: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What `taper-step` holds, by attribute."""
    step: dict[str, Any] = _single(given(action, TAPER_STEP), TAPER_STEP, place)
    return step


def given(element: Mapping[str, Any], extension: Published) -> list[Mapping[str, Any]]:
    """The extensions with this address on an element; none where there is no list of extensions."""
    return [item for item in _extensions(element) if item["url"] == extension.url]


def _extensions(element: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that have an address at all."""
    items = element.get("extension")
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("url"), str)] if isinstance(items, list) else []


def _field_extensions(field: Published, value: Any) -> list[Json]:
    if field.repeats:
        return [field.written(item) for item in value]
    return [] if value == field.absent() else [field.written(value)]


def _single(items: list[Mapping[str, Any]], extension: Published, place: str) -> Any:
    if len(items) > 1:
        raise BadInput("is given twice", _place(place, extension))
    if items:
        return from_parts(items[0].get("extension"), extension.shape, _place(place, extension))
    if extension.is_required:
        raise BadInput("is missing", _place(place, extension))
    return extension.absent()


def _many(items: list[Mapping[str, Any]], extension: Published) -> tuple[Any, ...]:
    place = _place("CarePlan", extension)
    return tuple(from_parts(item.get("extension"), extension.shape, f"{place}[{index}]") for index, item in enumerate(items))


def _place(place: str, extension: Published) -> str:
    return f"{place}.extension({extension.name})"
