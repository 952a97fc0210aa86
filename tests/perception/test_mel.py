"""The spectrogram is the one that the network was trained with."""

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.mel import HOP, log_mel


@pytest.fixture(scope="module")
def sweep() -> FloatArray:
    """2 s: half a second of silence, then a tone that rises from 1.7 kHz to 6.2 kHz."""
    time_s = np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = 0.3 * np.sin(2 * np.pi * (200 + 1500 * time_s) * time_s)
    return np.asarray(tone * (time_s > 0.5), np.float32)


GOLDEN = [
    (0, 0, -0.7064),
    (40, 50, 1.174),
    (38, 50, 0.9396),
    (44, 60, 1.2782),
    (42, 60, 0.5747),
    (56, 100, 1.2351),
    (54, 100, -0.0712),
    (66, 150, 1.1999),
    (64, 150, -0.2377),
    (72, 190, 1.1826),
    (70, 190, -0.3644),
    (73, 199, 1.1608),
    (71, 199, 0.0103),
    (0, 300, -0.7064),
    (-2, 300, -0.7064),
]
"""Band, frame, and the number that faster-whisper 1.2.1 computes there, as the network's authors do."""


@pytest.mark.parametrize(("band", "frame", "level"), GOLDEN)
def test_numbers_are_those_of_others(sweep: FloatArray, band: int, frame: int, level: float) -> None:
    assert log_mel(sweep, 400)[band, frame] == pytest.approx(level, abs=2e-4)


def test_silence_behind_the_sound_fills_the_frames(sweep: FloatArray) -> None:
    mel = log_mel(sweep, 1000)
    assert mel.shape == (80, 1000)
    assert (mel[:, 203:] == mel.min()).all()


def test_a_sound_that_ends_earlier_is_the_same_up_to_there(sweep: FloatArray) -> None:
    np.testing.assert_array_equal(log_mel(sweep, 400)[:, :198], log_mel(sweep, 1000)[:, :198])


def test_it_does_not_depend_on_the_level(sweep: FloatArray) -> None:
    loud, quiet = log_mel(sweep, 300), log_mel(sweep * 0.1, 300)
    np.testing.assert_allclose(loud - loud.max(), quiet - quiet.max(), atol=1e-3)


def test_digital_silence_is_even() -> None:
    assert np.ptp(log_mel(np.zeros(HOP * 50, np.float32), 100)) == 0


def test_larger_networks_have_more_bands(sweep: FloatArray) -> None:
    assert log_mel(sweep, 300, bands=128).shape == (128, 300)
