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
