"""What the screens of write-back show beside the cards: the patient's other plans, a resource as JSON, what came of a write."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from fhir_taper.exact_json import encode
from fhir_taper.records import WriteReceipt
from fhir_taper.render.pages import title_of
from fhir_taper.workflow.write_choice import Writable


@dataclass(frozen=True, slots=True)
class OtherPlan:
    """One plan that is not the one on the screen. `in_ehr` is the version that stands there, None where none was seen."""

    id: str
    title: str
    number: int
    state: str
    in_ehr: int | None
    needs_writing: bool


def other_plans_shown(others: Iterable[Writable]) -> tuple[OtherPlan, ...]:
    """The patient's other plans in words."""
    return tuple(
        OtherPlan(one.version.id, title_of(one.plan), one.plan.version, one.plan.state.value, one.in_ehr, one.needs_writing)
        for one in others
    )


def json_lines(resource: Mapping[str, Any]) -> Markup:
    """A resource as JSON, an element (of a list: an item) a line; a quotation mark in the text of a page needs no escape."""
    text = "{\n" + ",\n".join(_elements(resource)) + "\n}"
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704 (escaped here)


def said_in_words(receipt: WriteReceipt) -> str:
    """What came of a write, as one sentence."""
    says = receipt.says or receipt.state.value
    return f"{says[:1].upper()}{says[1:]}{'' if says.endswith('.') else '.'}"


def _elements(resource: Mapping[str, Any]) -> Iterator[str]:
    for name, value in resource.items():
        if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            items = ",\n  ".join(encode(item).decode() for item in value)
            yield f"{encode(name).decode()}:[\n  {items}]"
        else:
            yield f"{encode(name).decode()}:{encode(value).decode()}"
