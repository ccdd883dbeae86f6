"""Looking things up in a set of whole numbers that is kept as the bits of one integer: the next member below and above, and all in a range.

Sets are made by shifting whole integers, which is fast; asking a large integer for one bit copies it, which is not. Here the bits lie in
bytes, so that a question costs what the gap to the answer costs, however large the set. Contains no clinical number.
"""

from collections.abc import Iterator

_BYTE = 8
_MEMBERS = tuple(tuple(bit for bit in range(_BYTE) if byte >> bit & 1) for byte in range(256))


class Lookup:
    """A set of whole numbers from zero on: bit i of `bits` is member i."""

    def __init__(self, bits: int) -> None:
        self._octets = bits.to_bytes(bits.bit_length() // _BYTE + 1, "little")

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return 0 <= place < len(self._octets) and self._octets[place] >> (number & 7) & 1 == 1

    def at_most(self, number: int) -> int | None:
        """The highest member that is not above a number of at least zero; None where there is none."""
        place = number >> 3
        if place >= len(self._octets):
            place, octet = len(self._octets) - 1, self._octets[-1]
        else:
            octet = self._octets[place] & ((2 << (number & 7)) - 1)
        while not octet:
            if not place:
                return None
            place -= 1
            octet = self._octets[place]
        return place * _BYTE + octet.bit_length() - 1

    def at_least(self, number: int) -> int | None:
        """The lowest member that is not below a number of at least zero; None where there is none."""
        place = number >> 3
        if place >= len(self._octets):
            return None
        octet = self._octets[place] >> (number & 7) << (number & 7)
        while not octet:
            place += 1
            if place == len(self._octets):
                return None
            octet = self._octets[place]
        return place * _BYTE + _MEMBERS[octet][0]


def members(bits: int, low: int, high: int) -> Iterator[int]:
    """Members of a set from `low` to `high`, both inclusive, rising."""
    if high < low:
        return
    within = (bits >> low) & ((1 << (high - low + 1)) - 1)
    for place, octet in enumerate(within.to_bytes(within.bit_length() // _BYTE + 1, "little")):
        if octet:
            first = low + place * _BYTE
            for bit in _MEMBERS[octet]:
                yield first + bit


def sums(bits: int, others: int, step: int, mask: int) -> int:
    """Every member of one set plus every member of the other, within the mask: what both can be together.

    The other set is taken apart into runs of equal steps, each of which is added by doubling: a run costs what two members do, however long
    it is. A step of one, or of a liquid's smallest volume, makes few runs of sets that have very many members.
    """
    starts, ends = (sorted(_ends(others, step, first=first), key=lambda n: (n % step, n)) for first in (True, False))
    doubled = [bits]
    found = 0
    for start, end in zip(starts, ends, strict=True):
        count = (end - start) // step + 1
        power = count.bit_length() - 1
        while len(doubled) <= power:
            doubled.append((doubled[-1] | doubled[-1] << (step << (len(doubled) - 1))) & mask)
        run = doubled[power]
        found |= (run | run << ((count - (1 << power)) * step)) << start
    return found & mask


def _ends(bits: int, step: int, *, first: bool) -> Iterator[int]:
    """The first members of all runs of equal steps, or the last ones."""
    return members(bits & ~(bits << step if first else bits >> step), 0, bits.bit_length())


def runs(bits: int, step: int) -> int:
    """How many runs of equal steps a set has."""
    return (bits & ~(bits << step)).bit_count()
