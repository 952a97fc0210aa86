"""The networks, a real portrait, and one synthetic sentence."""

import numpy as np
import pytest
from scipy.signal import resample_poly
from skimage.data import astronaut

from backchannel.arrays import FloatArray, ImageArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.networks import Networks, load_networks
from synthesis.voice import SAMPLE_RATE_HZ as SENTENCE_RATE_HZ
from synthesis.voice import sentence


@pytest.fixture(scope="session")
def networks() -> Networks:
    return load_networks()


@pytest.fixture(scope="session")
def portrait() -> ImageArray:
    """(512, 512, 3): one face about 94 px wide, almost frontal, smiling, its centre near (225, 123)."""
    return np.asarray(astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def speech() -> FloatArray:
    """(n,) 16 kHz: 0.5 s of a quiet room, a sentence, 0.75 s, the sentence again, 0.5 s."""
    spoken = resample_poly(
        sentence("They are better than we expected."), 1, SENTENCE_RATE_HZ // SAMPLE_RATE_HZ
    )
    spoken *= 0.3 / np.abs(spoken).max()
    still = [np.zeros(round(length_s * SAMPLE_RATE_HZ)) for length_s in (0.5, 0.75, 0.5)]
    sound = np.concatenate([still[0], spoken, still[1], spoken, still[2]])
    return np.asarray(sound + np.random.default_rng(0).normal(0, 3e-4, sound.size), dtype=np.float32)
