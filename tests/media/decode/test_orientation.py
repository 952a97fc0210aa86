"""Display matrices: each of the eight upright orientations, on pixels."""

import numpy as np
import pytest

from backchannel.media.decode import decode_frames, probe
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make, picture_of

LIMITS = MediaLimits()
NUMBER = 0b0010_1101
PLAIN = picture_of(NUMBER, 192, 128)
# The matrix (a, b, c, d) as x' = ax + cy and y' = bx + dy, and the picture that a player shows.
SHOWN = {
    (1, 0, 0, 1): PLAIN,
    (-1, 0, 0, 1): PLAIN[:, ::-1],
    (1, 0, 0, -1): PLAIN[::-1],
    (-1, 0, 0, -1): PLAIN[::-1, ::-1],
    (0, 1, -1, 0): np.rot90(PLAIN, -1),
    (0, -1, 1, 0): np.rot90(PLAIN),
    (0, 1, 1, 0): PLAIN.T,
    (0, -1, -1, 0): PLAIN[::-1, ::-1].T,
}
_MATRIX_AT = 44  # after the type of a `tkhd` of version 0


def oriented(matrix: tuple[int, int, int, int]) -> bytes:
    """A file whose every picture is `PLAIN`, with a display matrix."""
    data = bytearray(make(Recipe(audio="", duration_s=(NUMBER + 1) / 25)))
    at = data.index(b"tkhd") + _MATRIX_AT
    a, b, c, d = matrix
    values = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, signed=True) for value in values)
    return bytes(data)


@pytest.mark.parametrize("matrix", SHOWN)
def test_a_picture_is_oriented_as_a_player_shows_it(matrix: tuple[int, int, int, int]) -> None:
    segment, expected = Segment(oriented(matrix)), SHOWN[matrix]
    *_, last = decode_frames(segment, LIMITS, rate_hz=float("inf"))

    assert last.image.shape[:2] == expected.shape
    assert np.abs(last.image.mean(axis=2) - expected).mean() < 6.0
    others = [other for other in SHOWN.values() if other is not expected and other.shape == expected.shape]
    assert min(np.abs(last.image.mean(axis=2) - other).mean() for other in others) > 12.0
    timing = probe(segment, LIMITS)
    assert (timing.height_px, timing.width_px) == expected.shape
