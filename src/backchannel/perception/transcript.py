"""Write down what was said: sound and voice activity in, phrases of words out.

Only phrases that voice activity found reach the network, and only text that passes every gate
(`perception.gates`) is a result: no word that was not heard. Sound arrives in pieces of any length. What the
next piece needs, the sound of the phrase that is still growing, is one small frozen value.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from backchannel.arrays import BoolArray, FloatArray
from backchannel.constants import SAMPLE_RATE_HZ, VOICE_ROW_S
from backchannel.perception.gates import (
    MIN_MEAN_LOG_PROBABILITY,
    comes_thrice,
    has_too_many_syllables,
    in_voice,
    repeats_itself,
)
from backchannel.perception.languages import (
    Languages,
    is_known,
    less_probable,
    most_probable,
    with_a_phrase,
)
from backchannel.perception.phrases import (
    LONGEST,
    MIN_SPEECH,
    SHORTEST_S,
    Cut,
    Rest,
    first_phrase,
    growing_phrase,
    halved,
)
from backchannel.perception.tokens import Piece, pieces_of
from backchannel.perception.whisper import FRAMES, MORE_FRAMES, Encoded, Whisper
from backchannel.tracks import VoiceTracks
from backchannel.values import Phrase, Span, Word

ROW: Final = round(VOICE_ROW_S * SAMPLE_RATE_HZ)
BEFORE: Final = round(0.2 / VOICE_ROW_S)
BEHIND: Final = round(0.3 / VOICE_ROW_S)
"""Rows of sound around a phrase that the network gets too, if nobody speaks in them (as measured)."""
OLD: Final = round(3.0 / VOICE_ROW_S)
"""Rows after which a growing phrase is shown for the first time, and again (judgement: each time costs
as much as the whole phrase)."""
CUT_OFF_S: Final = 0.3
"""A word that ends so near to a cut in running speech may be part of one (times of words are as exact)."""
MAX_FILLED: Final = round(5.0 / VOICE_ROW_S)
"""A longer gap in the sound ends the phrase before it, as for the voice (`perception.voice`)."""
CLEAR: Final = 0.55
"""A phrase of less confidence is written again with more input, and the more confident text counts (measured:
one of two such phrases had lost its first sentence with less input)."""
BAD_PHRASES: Final = 2
"""After so many phrases in a row that were not heard, the language is detected again (judgement)."""


def _no_rows() -> BoolArray:
    return np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True)
class Listening:
    """State of the words from piece to piece. Begins as ``Listening()``.

    Attributes
    ----------
    first_row
        Where the sound that is kept begins: a row of 10 ms on the clock of the pieces.
    sound
        That sound, as float16, `ROW` samples a row: at most a phrase and a second.
    speaking
        (n,) bool. Somebody speaks in these rows, and it is not written yet.
    written_row
        Speech before this row is written.
    tried
        Rows of the growing phrase that were already written as an interim phrase.
    shown
        An interim phrase of it was heard, so a final one must follow.
    languages
        Seconds of speech for each language, by probability.
    refused
        Phrases in a row that were not heard.
    """

    first_row: int = 0
    sound: bytes = b""
    speaking: BoolArray = field(default_factory=_no_rows)
    written_row: int = 0
    tried: int = 0
    shown: bool = False
    languages: Languages = ()
    refused: int = 0

    @property
    def end_row(self) -> int:
        """One past the last row."""
        return self.first_row + self.speaking.size

    @property
    def language(self) -> str:
        """The most probable language so far; empty before the first phrase."""
        return most_probable(self.languages)


@dataclass(frozen=True, slots=True)
class Writing:
    """How words are written.

    Attributes
    ----------
    whisper
        The network.
    language
        ISO 639-1 code of the language; empty to detect it.
    rest
        What happens to a phrase that is not over at the end of a piece (`perception.phrases.Rest`).

    Raises
    ------
    ValueError
        When the network does not know the given language.
    """

    whisper: Whisper
    language: str = ""
    rest: Rest = "keep"

    def __post_init__(self) -> None:
        if self.language and not self.whisper.knows(self.language):
            raise ValueError(f"the network does not know the language {self.language!r}")


def listen(
    writing: Writing, samples: FloatArray, start_s: float, voice: VoiceTracks | None, listening: Listening
) -> tuple[tuple[Phrase, ...], Listening]:
    """Write the phrases that end in the next piece of sound.

    Parameters
    ----------
    samples
        (n,) mono, `SAMPLE_RATE_HZ`, full scale ±1; empty if the piece has no sound.
    start_s
        Time of the first sample, s, on the same clock for every piece.
    voice
        The rows of this piece, on that clock (`perception.voice.hear`); None if it has no sound.
    listening
        The state after the piece before; ``Listening()`` at first.

    Returns
    -------
    phrases
        In order. Some may lie before this piece, because a phrase ends with the pause behind it.
    listening
        The state to pass with the next piece.
    """
    row = round(start_s / VOICE_ROW_S)
    phrases: list[Phrase] = []
    if listening.speaking.size and not -MAX_FILLED <= row - listening.end_row <= MAX_FILLED:
        before, listening = _written(replace(writing, rest="end"), listening)
        phrases += before
        listening = replace(listening, speaking=_no_rows(), sound=b"", tried=0, shown=False)
    listening = _taken_in(listening, samples, row, voice)
    now, listening = _written(writing, listening)
    return (*phrases, *now), _trimmed(listening)


# --- sound -----------------------------------------------------------------------------------------


def _taken_in(listening: Listening, samples: FloatArray, row: int, voice: VoiceTracks | None) -> Listening:
    """Append sound and voice activity on an even grid; what is missing in between is silence."""
    first = listening.first_row if listening.speaking.size else row
    rows = max(row - first + -(-samples.size // ROW), listening.speaking.size)
    sound, speaking = np.zeros(rows * ROW, np.float16), np.zeros(rows, np.bool_)
    kept = np.frombuffer(listening.sound, np.float16)
    sound[: kept.size] = kept
    speaking[: listening.speaking.size] = listening.speaking
    # An overlap with the piece before is the same sound again.
    at = max(row, listening.end_row if kept.size else row) - first
    new = samples[(at - (row - first)) * ROW :]
    sound[at * ROW : at * ROW + new.size] = new
    if voice is not None:
        heard_row = np.round(voice.time_s / VOICE_ROW_S).astype(np.intp) - first
        inside = (heard_row >= at) & (heard_row < rows)
        speaking[heard_row[inside]] = voice.speech_probability[inside] >= MIN_SPEECH
    return replace(listening, first_row=first, sound=sound.tobytes(), speaking=speaking)


def _trimmed(listening: Listening) -> Listening:
    """Forget what no later phrase needs."""
    speaking = np.flatnonzero(listening.speaking)
    needed = int(speaking[0]) if speaking.size else listening.speaking.size
    first = max(0, needed - BEFORE)
    return replace(
        listening,
        first_row=listening.first_row + first,
        sound=listening.sound[first * ROW * 2 :],
        speaking=listening.speaking[first:],
    )


def _samples_of(listening: Listening, cut: Cut) -> tuple[FloatArray, int]:
    """Sound of a phrase with a little around it, and the row of its first sample."""
    speaking = listening.speaking
    later = np.flatnonzero(speaking[cut.end :])
    behind = int(later[0]) if later.size else speaking.size - cut.end
    first = max(cut.start - BEFORE, listening.written_row - listening.first_row, 0)
    last = cut.end + min(BEHIND, behind)
    sound = np.frombuffer(listening.sound, np.float16)
    return sound[first * ROW : last * ROW].astype(np.float32), first


# --- words -----------------------------------------------------------------------------------------


def _written(writing: Writing, listening: Listening) -> tuple[list[Phrase], Listening]:
    phrases: list[Phrase] = []
    while (cut := first_phrase(listening.speaking, writing.rest)) is not None:
        phrase, waits, listening = _write_final(writing, listening, cut)
        phrases += [] if phrase is None else [phrase]
        if writing.rest == "say" and waits:
            break
    if writing.rest == "show":
        interim, listening = _interim(writing, listening)
        phrases += interim
    return phrases, listening


def _write_final(writing: Writing, listening: Listening, cut: Cut) -> tuple[Phrase | None, bool, Listening]:
    """Write a phrase, and forget its speech.

    Returns the phrase, whether a word at the end of the sound waits for its other half, and the state.
    """
    phrase, written, listening = _write(writing, listening, cut)
    done = written.end
    if phrase is not None and not written.complete:
        phrase, done = _without_cut_off(phrase, listening, written)
    speaking = listening.speaking.copy()
    speaking[:done] = False
    # Speech that was not heard may help the network to get into the phrase behind it.
    written_row = listening.written_row if phrase is None else listening.first_row + done
    after = replace(listening, speaking=speaking, written_row=written_row, tried=0, shown=False)
    if phrase is None and listening.shown:
        phrase = _withdrawn(listening, cut)
    return phrase, done < written.end == cut.end and cut.end - cut.start <= LONGEST, after


def _interim(writing: Writing, listening: Listening) -> tuple[list[Phrase], Listening]:
    """Write a phrase that has grown old, without its last word."""
    cut = growing_phrase(listening.speaking)
    if cut is None or cut.end - cut.start - listening.tried < OLD:
        return [], listening
    phrase, written, after = _write(writing, listening, cut)
    # Only a phrase that is over tells something about the language.
    languages = listening.languages or after.languages
    listening = replace(listening, tried=cut.end - cut.start, languages=languages)
    if phrase is None:
        return [], listening
    phrase, _ = _without_cut_off(phrase, listening, written)
    return [replace(phrase, final=False)], replace(listening, shown=True)


def _withdrawn(listening: Listening, cut: Cut) -> Phrase:
    """Replace what was shown of a phrase that was not heard after all: no words."""
    return Phrase(_span(listening, cut), "", (), listening.language, 0.0)


def _without_cut_off(phrase: Phrase, listening: Listening, cut: Cut) -> tuple[Phrase, int]:
    """Leave the last word of a cut in running speech to the next phrase, and say where that begins."""
    last, cut_s = phrase.words[-1], (listening.first_row + cut.end) * VOICE_ROW_S
    start = round(last.span.start_s / VOICE_ROW_S) - listening.first_row
    if last.span.end_s < cut_s - CUT_OFF_S or len(phrase.words) == 1 or start <= cut.start:
        return phrase, cut.end
    text = phrase.text[: phrase.text.rindex(last.text)].rstrip()
    span = Span(phrase.span.start_s, max(phrase.span.start_s, last.span.start_s))
    return replace(phrase, span=span, text=text, words=phrase.words[:-1]), start


def _write(
    writing: Writing, listening: Listening, cut: Cut, *, thoroughly: bool = False
) -> tuple[Phrase | None, Cut, Listening]:
    """Write one phrase, or its first half: the phrase, what it was cut to, and the state.

    There is no phrase if no word of it was heard.
    """
    voiced_s = float(listening.speaking[cut.start : cut.end].sum()) * VOICE_ROW_S
    if voiced_s < SHORTEST_S:
        return None, cut, listening
    tries = _Sound(writing, listening, cut, voiced_s).attempts(thoroughly=thoroughly)
    best = max(tries, key=lambda attempt: attempt.confidence)
    if best.phrase is not None:
        return best.phrase, cut, replace(listening, languages=best.languages, refused=0)
    loops = any(attempt.loops for attempt in tries)
    if loops and (half := halved(listening.speaking, cut)) is not None:
        return _write(writing, listening, half, thoroughly=True)
    return None, cut, replace(listening, refused=listening.refused + 1)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A phrase, if it was heard; the languages with it; and whether the network repeated itself."""

    phrase: Phrase | None
    languages: Languages
    loops: bool

    @property
    def confidence(self) -> float:
        """That of the phrase; 0 if it was not heard."""
        return 0.0 if self.phrase is None else self.phrase.confidence


@dataclass(frozen=True, slots=True)
class _Sound:
    """The sound of one phrase, with a voice in it for `voiced_s`."""

    writing: Writing
    listening: Listening
    cut: Cut
    voiced_s: float

    def attempts(self, *, thoroughly: bool) -> tuple[_Attempt, ...]:
        """Write the phrase; again with more input, thoroughly or if there is a doubt."""
        tries = self._in_its_languages(self._encoded(FRAMES))
        doubtful = tries[0].loops or len(tries) > 1 or 0 < tries[0].confidence < CLEAR
        if thoroughly or doubtful:
            tries += self._in_its_languages(self._encoded(MORE_FRAMES))
        return tries

    def _in_its_languages(self, encoded: Encoded) -> tuple[_Attempt, ...]:
        """Write it in the most probable language and, in doubt, in the next one."""
        languages = self._languages(encoded)
        first = self._attempt(encoded, languages)
        others = () if self.writing.language or first.phrase is not None else less_probable(languages)
        return (first, self._attempt(encoded, others)) if others else (first,)

    def _encoded(self, frames: int) -> Encoded:
        samples, _ = _samples_of(self.listening, self.cut)
        return self.writing.whisper.encode(samples, frames)

    def _languages(self, encoded: Encoded) -> Languages:
        """Seconds of speech for each language, including this phrase if they do not decide yet."""
        known, doubted = self.listening.languages, self.listening.refused >= BAD_PHRASES
        if self.writing.language or (is_known(known) and not doubted):
            return known
        return with_a_phrase(known, self.writing.whisper.languages(encoded), self.voiced_s, doubted=doubted)

    def _attempt(self, encoded: Encoded, languages: Languages) -> _Attempt:
        """Write the phrase, and refuse what was not heard."""
        listening, voiced_s = self.listening, self.voiced_s
        language = self.writing.language or most_probable(languages)
        written = self.writing.whisper.write(encoded, language)
        pieces = self._on_the_clock(pieces_of(written.tokens, language))
        row_s = listening.first_row * VOICE_ROW_S
        heard = [piece for piece in pieces if in_voice(piece, listening.speaking, row_s)]
        text = "".join(piece.text for piece in heard).strip()
        every = [piece.word for piece in pieces]
        confidence = round(float(np.exp(written.mean_log_probability)), 3)
        loops = repeats_itself(every, voiced_s) or (confidence < CLEAR and comes_thrice(every))
        guessed = written.mean_log_probability <= MIN_MEAN_LOG_PROBABILITY
        if not heard or guessed or loops or has_too_many_syllables(text, voiced_s):
            return _Attempt(None, languages, loops)
        span = _span(listening, self.cut)
        # Voice activity knows better than the alignment where a phrase begins and ends.
        words = tuple(replace(piece.word, span=piece.word.span.clip(span)) for piece in heard)
        return _Attempt(Phrase(span, text, words, language, confidence), languages, loops)

    def _on_the_clock(self, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """Shift words, whose times count from the beginning of the sound."""
        _, first = _samples_of(self.listening, self.cut)
        return tuple(_moved(piece, (self.listening.first_row + first) * VOICE_ROW_S) for piece in pieces)


def _span(listening: Listening, cut: Cut) -> Span:
    start_s, end_s = (round((listening.first_row + edge) * VOICE_ROW_S, 2) for edge in (cut.start, cut.end))
    return Span(start_s, end_s)


def _moved(piece: Piece, by_s: float) -> Piece:
    span = Span(*(round(edge_s + by_s, 2) for edge_s in (piece.word.span.start_s, piece.word.span.end_s)))
    return Piece(piece.text, Word(piece.word.text, span, piece.word.confidence))
