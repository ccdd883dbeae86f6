"""The items of a Questionnaire or a QuestionnaireResponse, however deep they stand, and what a form holds that may be of any shape."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Json = Mapping[str, Any]
_DEEPEST: Final = 12


def items_of(holder: Json, depth: int = 0) -> Iterator[Json]:
    """All items, those inside items and answers too."""
    for item in objects_in(holder, "item"):
        yield item
        if depth < _DEEPEST:
            yield from items_of(item, depth + 1)
            for answer in objects_in(item, "answer"):
                yield from items_of(answer, depth + 1)


def objects_in(holder: Json, name: str) -> list[Json]:
    """The objects of a list; none where there is no list."""
    listed = holder.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def text_in(holder: Json, name: str) -> str:
    """A text without what surrounds it; "" where there is none."""
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""
