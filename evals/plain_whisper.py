"""The network as most people run it: 30 s at once, no voice activity, the limits of its authors."""

from __future__ import annotations

import zlib
from typing import Any

import ctranslate2
import numpy as np

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.mel import HOP, log_mel
from backchannel.perception.tokens import pieces_of
from backchannel.perception.whisper import TOKEN_S, Token, Whisper
from backchannel.values import Span, Word

FRAMES = 3000
MAX_NO_SPEECH, MIN_LOG_PROBABILITY, MAX_COMPRESSION = 0.6, -1.0, 2.4
"""Radford et al. 2022, section 4.5. Instead of trying again at random, this gives up."""
START = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>"]


def plain_words(whisper: Whisper, samples: FloatArray) -> list[Word]:
    """Write a sound in stretches of 30 s."""
    words: list[Word] = []
    for first in range(0, samples.size, FRAMES * HOP):
        part, start_s = samples[first : first + FRAMES * HOP], first / SAMPLE_RATE_HZ
        for token_word in _stretch(whisper, part):
            span = Span(token_word.span.start_s + start_s, token_word.span.end_s + start_s)
            words.append(Word(token_word.text, span, token_word.confidence))
    return words


def _stretch(whisper: Whisper, samples: FloatArray) -> list[Word]:
    mel = log_mel(samples, FRAMES, whisper.model.n_mels)
    encoded = whisper.model.encode(ctranslate2.StorageView.from_array(mel[np.newaxis]))
    result: Any = whisper.model.generate(
        encoded, [[*START, "<|notimestamps|>"]], beam_size=1, return_scores=True, return_no_speech_prob=True
    )[0]
    ids = result.sequences_ids[0]
    text = "".join(result.sequences[0]).encode()
    loops = len(text) > MAX_COMPRESSION * len(zlib.compress(text))
    if not ids or loops or result.scores[0] < MIN_LOG_PROBABILITY or result.no_speech_prob > MAX_NO_SPEECH:
        return []
    start_ids = [whisper.ids[name] for name in START]
    aligned: Any = whisper.model.align(encoded, start_ids, [ids], samples.size // HOP)[0]
    first: dict[int, float] = {}
    for token, step in aligned.alignments:
        first.setdefault(token, step * TOKEN_S)
    end_s = samples.size / SAMPLE_RATE_HZ
    tokens = [
        Token(text, first.get(index, end_s), first.get(index + 1, end_s), probability)
        for index, (text, probability) in enumerate(
            zip(result.sequences[0], aligned.text_token_probs, strict=True)
        )
    ]
    return [piece.word for piece in pieces_of(tokens, "en")]
