"""Running gain: quiet voices are raised, loud ones never lowered, steady noise is left as it is."""

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.constants import SILENT_DBFS
from backchannel.perception.gain import MAX_GAIN_DB, MEMORY_S, TARGET_LEVEL_DBFS, Levels


def talking(loud_dbfs: float, seconds: float = 10.0, quiet_db: float = 40.0) -> FloatArray:
    """(n,) dBFS: a voice half of the time, its pauses far below."""
    rows = np.arange(round(seconds * 100))
    return np.where(rows % 100 < 50, loud_dbfs, loud_dbfs - quiet_db).astype(np.float32)


def gain_db(levels: Levels) -> float:
    return float(20 * np.log10(levels.gain()))


@pytest.mark.parametrize("loud_dbfs", [-60.0, -45.0, -32.0])
def test_a_quiet_voice_is_raised_to_the_level_the_networks_know(loud_dbfs: float) -> None:
    levels = Levels().after(talking(loud_dbfs))
    assert loud_dbfs + gain_db(levels) == pytest.approx(TARGET_LEVEL_DBFS, abs=0.5)


@pytest.mark.parametrize("loud_dbfs", [-26.0, -20.0, -3.0])
def test_a_loud_voice_is_never_lowered(loud_dbfs: float) -> None:
    assert Levels().after(talking(loud_dbfs)).gain() == 1.0


def test_no_voice_is_raised_without_bound() -> None:
    levels = Levels().after(talking(-85.0, quiet_db=14.0))
    assert gain_db(levels) == pytest.approx(MAX_GAIN_DB)


@pytest.mark.parametrize("level_dbfs", [-90.0, -60.0, -30.0])
def test_steady_noise_keeps_its_level(level_dbfs: float) -> None:
    wavering = np.random.default_rng(0).normal(level_dbfs, 2.0, 3000).astype(np.float32)
    assert Levels().after(wavering).gain() == 1.0


def test_silence_and_nothing_keep_their_level() -> None:
    assert Levels().gain() == 1.0
    assert Levels().after(np.full(500, SILENT_DBFS, np.float32)).gain() == 1.0
    assert Levels().after(np.zeros(0, np.float32)).gain() == 1.0


def test_the_past_fades() -> None:
    loud = Levels().after(talking(-20.0, 60.0))
    assert loud.gain() == 1.0
    assert loud.after(talking(-50.0, 0.5 * MEMORY_S)).gain() == 1.0, "a moment is not enough"
    for _ in range(20):
        loud = loud.after(talking(-50.0, MEMORY_S / 4))
    assert -50.0 + gain_db(loud) == pytest.approx(TARGET_LEVEL_DBFS, abs=0.5)


def test_percentiles_are_those_of_the_sound() -> None:
    levels = Levels().after(np.linspace(-80, -20, 6001, dtype=np.float32))
    for percent in (10, 50, 95):
        assert levels.percentile(percent) == pytest.approx(-80 + 0.6 * percent, abs=0.6)
    assert Levels().percentile(50) == SILENT_DBFS


def test_more_sound_gives_another_value_and_leaves_the_old_one_as_it_was() -> None:
    levels = Levels().after(talking(-40.0))
    before = levels.counts.copy()
    levels.after(talking(-20.0))
    np.testing.assert_array_equal(levels.counts, before)
