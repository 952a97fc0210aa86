"""F0 in windows: the windows' places change nothing, and only wanted frames are measured."""

import numpy as np
import pytest

from backchannel.arrays import BoolArray, FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.networks import F0_HOP, PITCH_FRAMES, Networks
from backchannel.perception.pitch import F0_AHEAD, measure_f0

GLIDE_S = 6.0


def glide() -> FloatArray:
    """Harmonics on an F0 that rises and falls between 110 and 190 Hz."""
    time_s = np.arange(round(GLIDE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(2 * np.pi * time_s / 3)) / SAMPLE_RATE_HZ
    return np.asarray(0.1 * sum(np.sin(order * phase) / order for order in range(1, 15)), np.float32)


def everywhere(sound: FloatArray) -> BoolArray:
    return np.ones(sound.size // F0_HOP, np.bool_)


def assert_same_f0(one_hz: FloatArray, other_hz: FloatArray) -> None:
    assert np.array_equal(np.isnan(one_hz), np.isnan(other_hz))
    assert np.nanmax(np.abs(12 * np.log2(one_hz / other_hz))) < 0.02


@pytest.mark.parametrize("first", [1, 40, PITCH_FRAMES, 200])
def test_the_places_of_the_windows_change_nothing(networks: Networks, first: int) -> None:
    sound = glide()
    whole_hz = measure_f0(networks, sound, everywhere(sound))
    wanted = everywhere(sound)
    wanted[:first] = False
    later_hz = measure_f0(networks, sound, wanted)
    assert np.isnan(later_hz[:first]).all()
    assert np.isfinite(later_hz[first:]).mean() > 0.98
    assert_same_f0(later_hz[first:], whole_hz[first:])


def test_what_follows_changes_only_the_last_frames(networks: Networks) -> None:
    sound = glide()
    part = sound[: 300 * F0_HOP]
    part_hz = measure_f0(networks, part, everywhere(part))[:-F0_AHEAD]
    assert_same_f0(part_hz, measure_f0(networks, sound, everywhere(sound))[: part_hz.size])


@pytest.mark.parametrize("frames", [0, 1, 5, PITCH_FRAMES - 1])
def test_a_sound_shorter_than_a_window_is_measured_too(networks: Networks, frames: int) -> None:
    sound = glide()[: frames * F0_HOP + 7]
    assert measure_f0(networks, sound, everywhere(sound)).shape == (frames,)


def test_nothing_is_measured_where_nothing_is_wanted(networks: Networks) -> None:
    sound = glide()
    assert np.isnan(measure_f0(networks, sound, ~everywhere(sound))).all()
