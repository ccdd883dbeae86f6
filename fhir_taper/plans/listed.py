"""Several words in one sentence. No numbers, and nothing that is about medicines."""

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """Words of which there is at least one: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
