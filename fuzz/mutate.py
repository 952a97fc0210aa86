"""Change inputs, the way damage and attackers do."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Final

MAX_BYTES: Final = 128 * 1024
"""Longer inputs find nothing new and are slow."""
_MOST_CHANGES: Final = 8
_NUMBERS: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 2**63 - 1, 2**64 - 1)
_LENGTHS: Final = (1, 2, 4, 8)


def mutate(seeds: Sequence[bytes], chance: Random) -> bytes:
    """Return one of the seeds with a few changes.

    Parameters
    ----------
    seeds
        Valid inputs, at least one.
    chance
        Decides everything, so the same state gives the same input.
    """
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        _change(data, seeds, chance)
    return bytes(data[:MAX_BYTES])


def _change(data: bytearray, seeds: Sequence[bytes], chance: Random) -> None:
    at = chance.randint(0, len(data))
    length = min(chance.choice((1, 2, 4, 8, 64, 1024)), len(data))
    match chance.randrange(9):
        case 0 if data:
            data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
        case 1:
            data[at : at + length] = chance.randbytes(length)
        case 2:
            del data[at : at + length]
        case 3:
            data[at:at] = data[at : at + length] * chance.randint(1, 4)
        case 4:
            number, size = chance.choice(_NUMBERS), chance.choice(_LENGTHS)
            order = chance.choice(("big", "little"))
            data[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, order)  # type: ignore[arg-type]
        case 5:
            del data[at:]
        case 6:
            other = chance.choice(seeds)
            begin = chance.randint(0, len(other))
            data[at:at] = other[begin : begin + chance.choice((8, 64, 1024, len(other)))]
        case 7:
            begin = chance.randint(0, len(data))
            data[at:at] = data[begin : begin + length]
        case _:
            data[at:at] = bytes(length)


def pieces(data: bytes, chance: Random, most: int = 6) -> list[bytes]:
    """Cut an input anywhere, as messages."""
    cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randrange(most)))
    edges = [0, *cuts, len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
