"""The words of a narrative: what a person reads in it, without its markup. A server may lay it out otherwise, or write its escapes anew."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

_MARKUP: Final = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def narrative_words(text: object) -> tuple[str, ...]:
    """The words of a Narrative element (`text`), in their order; none where there is no narrative."""
    div = text.get("div") if isinstance(text, Mapping) else None
    return tuple(unescape(_MARKUP.sub(" ", div)).split()) if isinstance(div, str) else ()
