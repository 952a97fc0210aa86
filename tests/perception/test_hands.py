"""A hand in front of a face: what it covers, and what is no hand."""

from itertools import islice

import numpy as np
import pytest

from backchannel.arrays import FloatArray, ImageArray
from backchannel.media.decode import frames_of, read
from backchannel.perception.detection import detect_faces
from backchannel.perception.hands import Covering, covering, look_for_hand
from backchannel.perception.mesh import MESH_SHAPE, fit_mesh, region_of_detection, region_of_mesh
from backchannel.perception.networks import Networks
from backchannel.perception.picture import Seeing, see
from backchannel.tracks import PictureTracks
from backchannel.values import MediaLimits, Segment
from tests.conftest import SHARED

CLIP = SHARED / "clips" / "woman-distressed-then-joyful.mp4"
"""Her hand comes to the mouth at 2.4 s, to nose and eye at 4.0, to the cheek at 6.0, and leaves at 9.5."""


def face() -> FloatArray:
    """A face 100 px wide between the eyes' corners, all other points in its middle."""
    placed = np.zeros(MESH_SHAPE, np.float32)
    placed[:, :2] = (200, 240)
    for point, place in {
        33: (150, 200), 133: (180, 200), 362: (220, 200), 263: (250, 200), 159: (165, 195), 386: (235, 195),
        105: (160, 180), 334: (240, 180), 168: (200, 200), 6: (200, 205),
        61: (175, 270), 291: (225, 270), 0: (200, 262), 17: (200, 280),
    }.items():  # fmt: skip
        placed[point, :2] = place
    return placed


def hand(left: float, top: float, width: float = 60.0, height: float = 90.0) -> FloatArray:
    """A hand's points, spread over a rectangle."""
    x, y = np.meshgrid(np.linspace(left, left + width, 7), np.linspace(top, top + height, 3))
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        pytest.param(hand(170, 255), Covering(mouth=True), id="before the mouth"),
        pytest.param(hand(140, 150, 60, 70), Covering(eyes=True), id="before an eye"),
        pytest.param(hand(185, 190, 30, 110), Covering(eyes=True, mouth=True), id="before nose and mouth"),
        pytest.param(hand(170, 310), Covering(), id="at the chin"),
        pytest.param(hand(300, 180), Covering(), id="beside the face"),
    ],
)
def test_a_hand_covers_what_lies_within_its_outline(placed: FloatArray, expected: Covering) -> None:
    assert covering(placed, face()) == expected


def test_a_face_is_no_hand(networks: Networks, portrait: ImageArray) -> None:
    rough = fit_mesh(networks, portrait, region_of_detection(detect_faces(networks, portrait)[0]))
    mesh = fit_mesh(networks, portrait, region_of_mesh(rough.points_px))
    assert look_for_hand(networks, portrait, mesh.points_px) is None


@pytest.fixture(scope="module")
def wiped(networks: Networks) -> PictureTracks:
    """The first 11 s of a clip in which a woman wipes her face."""
    if not CLIP.is_file():
        pytest.skip(f"needs {CLIP}")
    limits = MediaLimits(max_duration_s=60.0)
    with read(Segment(CLIP.read_bytes()), limits) as medium:
        frames = frames_of(medium, rate_hz=limits.analysis_rate_hz, max_side_px=640)
        timed = ((frame.time_s, frame.image) for frame in islice(frames, 165))
        return see(networks, timed, 0.0, Seeing())[0]


@pytest.mark.parametrize(
    ("part", "start_s", "end_s", "least", "most"),
    [
        ("hand_over_mouth", 0.0, 2.2, 0.0, 0.0),
        ("hand_over_mouth", 3.3, 9.4, 0.95, 1.0),
        ("hand_over_mouth", 10.5, 11.0, 0.0, 0.0),
        ("hand_over_eyes", 0.0, 3.8, 0.0, 0.0),
        ("hand_over_eyes", 4.5, 5.8, 0.9, 1.0),
        ("hand_over_eyes", 6.9, 11.0, 0.0, 0.0),
    ],
)
def test_a_real_hand_is_found(
    wiped: PictureTracks, part: str, start_s: float, end_s: float, least: float, most: float
) -> None:
    inside = (wiped.time_s >= start_s) & (wiped.time_s < end_s)
    assert least <= float(getattr(wiped.faces[0], part)[inside].mean()) <= most
