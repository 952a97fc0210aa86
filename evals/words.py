"""How well are words heard, and how many are made up? ``python -m evals.words [CLIPS] [--minutes 10]``.

Three parts: the labelled clips, with a plain run of the same network beside ours; sentences of a synthetic
voice in noise; and sound in which nobody speaks. Needs the network for words in the package. ``--results``
keeps the result.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.cues.words.lists import plain
from backchannel.explain.labels import LabelledSpan, Labels, labelled_clips
from backchannel.media.decode import read, sound_of
from backchannel.perception.networks import load_networks, stay_on_one_thread
from backchannel.perception.transcript import Listening, Writing, listen
from backchannel.perception.voice import Hearing, hear
from backchannel.perception.whisper import built_in_whisper, load_whisper
from backchannel.values import MediaLimits, Phrase, Segment, Word
from evals.floor import CLIPS
from evals.non_speech import KINDS, LENGTH_S
from evals.plain_whisper import plain_words
from evals.results import commit_now, machine
from synthesis.voice import SAMPLE_RATE_HZ as VOICE_RATE_HZ
from synthesis.voice import sentence

RESULTS = Path(__file__).with_name("WORDS.md")
NEAR_S = 0.3
"""A word belongs to labelled speech that is so near, as exact as its times are."""
SENTENCES = (
    "They are better than we expected.",
    "I am not sure that this is the right answer.",
    "What do you mean by that?",
    "Yes, I agree with everything you said.",
    "The meeting begins at nine in the morning.",
    "We should wait until the numbers are here.",
)
NOISE_DB = (None, 20.0, 10.0, 5.0)
"""Level of the voice over the noise, dB; None without noise."""


@dataclass(frozen=True, slots=True)
class ClipWords:
    """Words of one clip: ours, and those of a plain run of the same network."""

    name: str
    ours_in: int
    ours_out: int
    plain_in: int
    plain_out: int
    phrases: int
    sound_s: float
    cpu_s: float


def heard(writing: Writing, samples: FloatArray) -> tuple[list[Phrase], float]:
    """Listen to a sound as in a file, window by window: phrases, and CPU time for words, s."""
    networks, hearing, listening = load_networks(), Hearing(), Listening()
    phrases: list[Phrase] = []
    cpu_s, step = 0.0, 5 * SAMPLE_RATE_HZ
    for first in range(0, samples.size, step):
        piece, start_s = samples[first : first + step], first / SAMPLE_RATE_HZ
        voice, hearing = hear(networks, piece, start_s, hearing)
        last = first + step >= samples.size
        begun_s = time.process_time()
        now, listening = listen(
            Writing(writing.whisper, writing.language, "end" if last else "keep"),
            piece,
            start_s,
            voice,
            listening,
        )
        cpu_s += time.process_time() - begun_s
        phrases += now
    return phrases, cpu_s


def clip_words(writing: Writing, clip: Path, labels: Labels) -> ClipWords | None:
    """Measure a clip; None if it has no sound."""
    with read(Segment(clip.read_bytes()), MediaLimits(max_duration_s=600.0)) as medium:
        sound = sound_of(medium)
    if sound is None:
        return None
    phrases, cpu_s = heard(writing, sound.samples)
    ours = [word for phrase in phrases for word in phrase.words]
    others = plain_words(writing.whisper, sound.samples)
    ours_in, plain_in = (_in_speech(words, labels.speech) for words in (ours, others))
    return ClipWords(
        clip.name, ours_in, len(ours) - ours_in, plain_in, len(others) - plain_in,
        len(phrases), sound.samples.size / SAMPLE_RATE_HZ, cpu_s,
    )  # fmt: skip


def _in_speech(words: Iterable[Word], speech: Sequence[LabelledSpan]) -> int:
    """How many words have their middle in labelled speech, or near it."""
    middles_s = [(word.span.start_s + word.span.end_s) / 2 for word in words]
    return sum(any(span.start - NEAR_S <= at_s < span.end + NEAR_S for span in speech) for at_s in middles_s)


def word_errors(said: str, written: str) -> tuple[int, int]:
    """Words that are wrong, missing or too many (least edits), and words that were said."""
    wanted, got = ([plain(word) for word in text.split()] for text in (said, written))
    row = list(range(len(got) + 1))
    for index, word in enumerate(wanted, start=1):
        before, row[0] = row[0], index
        for column, other in enumerate(got, start=1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (word != other)),
            )
    return row[-1], len(wanted)


def sentence_errors(writing: Writing, noise_db: float | None) -> tuple[int, int]:
    """Errors in the sentences of the synthetic voice, and words that were said."""
    wrong = said = 0
    for index, text in enumerate(SENTENCES):
        spoken = resample_poly(sentence(text), 1, VOICE_RATE_HZ // SAMPLE_RATE_HZ)
        sound = np.pad(spoken * (0.3 / np.abs(spoken).max()), SAMPLE_RATE_HZ)
        level = 3e-4 if noise_db is None else float(np.sqrt(np.mean(spoken**2))) * 10 ** (-noise_db / 20)
        sound = sound + np.random.default_rng(index).normal(0, level, sound.size)
        phrases, _ = heard(writing, np.asarray(sound, np.float32))
        errors, count = word_errors(text, " ".join(phrase.text for phrase in phrases))
        wrong, said = wrong + errors, said + count
    return wrong, said


def made_up(writing: Writing, minutes: float) -> dict[str, tuple[int, float]]:
    """Words in sound without speech, and its length, s, by kind."""
    found: dict[str, tuple[int, float]] = {}
    rounds = max(1, round(minutes * 60 / LENGTH_S / len(KINDS)))
    for kind, make in KINDS.items():
        words = sum(
            len(phrase.words)
            for seed in range(rounds)
            for phrase in heard(writing, make(seed, (0.02, 0.2, 0.7)[seed % 3]))[0]
        )
        found[kind] = words, rounds * LENGTH_S
    return found


def as_markdown(
    clips: Sequence[ClipWords], sentences: dict[str, tuple[int, int]], silent: dict[str, tuple[int, float]]
) -> str:
    """Write the tables."""
    lines = ["## Labelled clips", ""]
    lines += ["| Clip | Plain run, in speech | outside | Ours, in speech | outside | Phrases | CPU, s |"]
    lines += ["|---|---|---|---|---|---|---|"]
    total = ClipWords(
        "all", *(sum(getattr(clip, name) for clip in clips) for name in ClipWords.__slots__[1:])
    )
    for clip in (*clips, total):
        cells = (clip.name, clip.plain_in, clip.plain_out, clip.ours_in, clip.ours_out, clip.phrases)
        lines.append(f"| {' | '.join(map(str, cells))} | {clip.cpu_s:.1f} |")
    if total.plain_in and total.phrases:
        share, each_s = total.ours_in / total.plain_in, total.cpu_s / total.phrases
        lines += [
            "",
            f"Of the words of the plain run in labelled speech, ours has {share:.0%}.",
        ]
        lines += [
            f"A phrase takes {each_s:.2f} s of CPU; {total.sound_s:.0f} s of sound take {total.cpu_s:.1f} s."
        ]
    lines += [
        "",
        "## Sentences of a synthetic voice",
        "",
        "| Voice over noise | Words | Wrong |",
        "|---|---|---|",
    ]
    lines += [
        f"| {name} | {said} | {wrong} ({wrong / said:.0%}) |" for name, (wrong, said) in sentences.items()
    ]
    lines += ["", "## Sound without speech", "", "| Kind | Length, s | Words |", "|---|---|---|"]
    lines += [f"| {kind} | {length_s:.0f} | {words} |" for kind, (words, length_s) in silent.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the command; it fails when a word is made up."""
    parser = argparse.ArgumentParser(prog="python -m evals.words", description="How well are words heard?")
    parser.add_argument("clips", type=Path, nargs="?", default=CLIPS, metavar="CLIPS")
    parser.add_argument("--minutes", type=float, default=10.0, help="sound without speech")
    parser.add_argument("--results", action="store_true", help="keep the result as evals/WORDS.md")
    asked = parser.parse_args()
    folder = built_in_whisper()
    if folder is None:
        print("evals.words: skipped, this build has no network for words")
        return 0
    stay_on_one_thread()  # as in a worker
    writing = Writing(load_whisper(folder))
    found = labelled_clips(asked.clips) if asked.clips.is_dir() else ()
    clips = [words for clip, labels in found if (words := clip_words(writing, clip, labels)) is not None]
    names = ["no noise" if level is None else f"{level:.0f} dB" for level in NOISE_DB]
    sentences = {name: sentence_errors(writing, level) for name, level in zip(names, NOISE_DB, strict=True)}
    silent = made_up(writing, asked.minutes)
    table = as_markdown(clips, sentences, silent)
    if asked.results:
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        heading = (
            "# Words\n\nWritten by `python -m evals.words --results`. The plain run gives the whole clip\n"
            "to the same network, padded to 30 s, with its authors' limits.\n\n"
            f"- Date: {date}\n- Commit: {commit_now()}\n- Machine: {machine()}\n\n"
        )
        RESULTS.write_text(heading + table, encoding="utf-8")
    print(table)
    return 1 if sum(clip.ours_out for clip in clips) + sum(words for words, _ in silent.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
