"""The networks, a real portrait, and one synthetic sentence."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly
from skimage.data import astronaut

from backchannel.arrays import FloatArray, ImageArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.networks import Networks, load_networks
from backchannel.perception.whisper import Whisper, built_in_whisper, load_whisper
from synthesis.voice import SAMPLE_RATE_HZ as SENTENCE_RATE_HZ
from synthesis.voice import sentence


@pytest.fixture(scope="session")
def networks() -> Networks:
    return load_networks()


@pytest.fixture(scope="session")
def whisper_folder() -> Path:
    folder = built_in_whisper()
    if folder is None:
        pytest.skip("needs the network for words, which this build does not have")
    return folder


@pytest.fixture(scope="session")
def whisper(whisper_folder: Path) -> Whisper:
    return load_whisper(whisper_folder)


@pytest.fixture(scope="session")
def portrait() -> ImageArray:
    """(512, 512, 3): one face about 94 px wide, almost frontal, smiling, its centre near (225, 123)."""
    return np.asarray(astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def speech() -> FloatArray:
    """(n,) 16 kHz: 0.5 s of a quiet room, a sentence, 0.75 s, the sentence again, 0.5 s."""
    spoken = _spoken("They are better than we expected.")
    return _in_a_room(_still(0.5), spoken, _still(0.75), spoken, _still(0.5))


@pytest.fixture(scope="session")
def long_sentence() -> FloatArray:
    """(n,) 16 kHz: a sentence of nearly 5 s without a pause, with 0.5 s of a quiet room around it."""
    text = "The numbers of this month are much better than we expected, and the people in the office know it."
    return _in_a_room(_still(0.5), _spoken(text), _still(0.5))


def _spoken(text: str) -> FloatArray:
    spoken = resample_poly(sentence(text), 1, SENTENCE_RATE_HZ // SAMPLE_RATE_HZ)
    return np.asarray(spoken * (0.3 / np.abs(spoken).max()))


def _still(length_s: float) -> FloatArray:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ))


def _in_a_room(*parts: FloatArray) -> FloatArray:
    sound = np.concatenate(parts)
    return np.asarray(sound + np.random.default_rng(0).normal(0, 3e-4, sound.size), dtype=np.float32)
