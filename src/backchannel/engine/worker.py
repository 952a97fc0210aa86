"""The work itself: run(job) -> reply. Carriers call this in the process that holds the networks.

A worker keeps warm networks, running decoders and the last states. All are caches: no reply depends on them.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from backchannel.constants import MIN_GAP_S, SAMPLE_RATE_HZ, WINDOW_S
from backchannel.conversation.codec import pack_conversation, unpack_conversation
from backchannel.conversation.interpret import finish, interpret, skip
from backchannel.conversation.state import Conversation
from backchannel.conversation.windows import MIN_WINDOW_S
from backchannel.cues.thresholds import cue_table
from backchannel.cues.words.given import given_phrases
from backchannel.cues.words.lists import languages, word_list
from backchannel.engine.jobs import (
    PACKAGED,
    FileDone,
    FileJob,
    Job,
    LiveState,
    PieceDone,
    PieceJob,
    Reply,
    TooLong,
)
from backchannel.errors import Problem
from backchannel.media.decode import Decoders, Medium, read
from backchannel.packing import pack_value, unpack_value
from backchannel.perception.geometry import canonical_face
from backchannel.perception.networks import load_networks, stay_on_one_thread
from backchannel.perception.perceive import Carry, last_words, perceive, perceive_windows
from backchannel.perception.transcript import Listening, Writing
from backchannel.perception.whisper import FRAMES, Whisper, whisper_for_words
from backchannel.signals.weights import signal_table
from backchannel.tracks import Tracks
from backchannel.updates import Changes
from backchannel.values import Clock, GivenWords, MediaLimits, Rules, Segment, SegmentResult, Span

MOST_STATES: Final = 16
"""Number of states to keep unpacked, some 200 KB each. The next piece often comes to the same worker."""

Begin = Callable[[float], None]
"""Called with the media's duration, s, once it is open."""


def make_worker(words: str = "") -> "MediaWorker":
    """Make a warm worker for a process that does nothing else.

    Parameters
    ----------
    words
        The network for words: a folder, or `PACKAGED`; empty to never listen for words.
    """
    stay_on_one_thread()
    load_networks()
    _read_tables()
    if not words:
        return MediaWorker()
    whisper = whisper_for_words(None if words == PACKAGED else Path(words))
    whisper.write(whisper.encode(np.zeros(SAMPLE_RATE_HZ, np.float32), FRAMES), "en")
    return MediaWorker(whisper)


def _read_tables() -> None:
    """Read every file of the package that an analysis needs: a worker in its sandbox reads none."""
    canonical_face()
    cue_table()
    signal_table()
    for language in languages():
        word_list(language)


class MediaWorker:
    """Analyses pieces of live sessions, and files.

    Parameters
    ----------
    whisper
        The network for words; None to never listen for words.
    """

    def __init__(self, whisper: Whisper | None = None) -> None:
        self._whisper = whisper
        self._decoders = Decoders()
        self._states: OrderedDict[LiveState, tuple[Conversation, Carry]] = OrderedDict()

    def run(self, job: Job, begin: Begin) -> Reply:
        """Do a job.

        Raises
        ------
        Problem
            The media is bad.
        """
        if isinstance(job, FileJob):
            return FileDone(tuple(_file(job, begin, self._writing(job))))
        return self._piece(job, begin)

    def _piece(self, job: PieceJob, begin: Begin) -> Reply:
        kept = self._states.pop(job.state) if job.state in self._states else None
        conversation, carry = kept or _unpacked(job.state, job.rules)
        writing = self._writing(job)
        if writing is None:
            # Nobody listens any more, so no sound is kept for it.
            carry = replace(carry, listening=Listening())
        given = job.given
        parts: list[Changes] = []
        for segment in job.skipped:
            conversation, carry, changes = _skipped(conversation, carry, segment, job.limits)
            parts.append(changes)
        if job.segment is not None:
            with read(job.segment, job.limits) as medium:
                if medium.timing.duration_s > job.longest_s:
                    return TooLong(medium.timing.duration_s)
                begin(medium.timing.duration_s)
                tracks, carry = perceive(medium, carry, self._decoders, writing=writing)
            conversation, changes = interpret(
                conversation,
                tracks,
                closes_window=job.closes_window,
                sound_only=job.segment.sound_only,
                picture_only=job.segment.picture_only,
                given=given,
            )
            given = given and given.without(changes.phrases)
            parts.append(changes)
        if job.ends:
            phrases, carry = last_words(carry, writing)
            conversation, changes = finish(conversation, phrases, given)
            parts.append(changes)
        state = LiveState(pack_conversation(conversation), pack_value(carry))
        self._states[state] = conversation, carry
        if len(self._states) > MOST_STATES:
            self._states.popitem(last=False)
        return PieceDone(state, _together(parts, conversation.clock.reached_s))

    def _writing(self, job: Job) -> Writing | None:
        if self._whisper is None or not job.words or job.given is not None:
            return None
        if isinstance(job, FileJob):
            return Writing(self._whisper)
        # A segment's answer has its words. On a stream, a phrase is written when it is over.
        return Writing(self._whisper, rest="say" if job.closes_window else "show")


def _unpacked(state: LiveState, rules: Rules) -> tuple[Conversation, Carry]:
    carry = unpack_value(state.carry, Carry) if state.carry else Carry()
    if not state.conversation:
        return Conversation(rules=rules), carry
    return unpack_conversation(state.conversation), carry


def analyze_medium(
    medium: Medium,
    on_progress: Callable[[float], None] | None = None,
    window_s: float = WINDOW_S,
    rules: Rules = Rules(),  # noqa: B008 -- a frozen value
    writing: Writing | None = None,
    given: GivenWords | None = None,
) -> Iterator[SegmentResult]:
    """Analyse a file; see `follow_medium`."""
    for step in follow_medium(medium, on_progress, window_s, rules, writing, given):
        yield from step.changes.results


class Step(NamedTuple):
    """One window of a file: its tracks, and the conversation before and after it."""

    tracks: Tracks
    before: Conversation
    after: Conversation
    changes: Changes


def follow_medium(
    medium: Medium,
    on_progress: Callable[[float], None] | None = None,
    window_s: float = WINDOW_S,
    rules: Rules = Rules(),  # noqa: B008 -- a frozen value
    writing: Writing | None = None,
    given: GivenWords | None = None,
) -> Iterator[Step]:
    """Analyse a file as its own conversation: a stream of pieces that close their windows.

    With `writing`, or with words that are `given`, words are cues too, and results have a transcript.
    """
    before = Conversation(rules=rules)
    windows = perceive_windows(medium, window_s, MIN_WINDOW_S, on_progress, writing)
    for tracks in windows if given is None else _given_windows(windows, given):
        after, changes = interpret(before, tracks, closes_window=True)
        yield Step(tracks, before, after, changes)
        before = after


def _given_windows(windows: Iterable[Tracks], given: GivenWords) -> Iterator[Tracks]:
    """Give each phrase of a client to the window of the file in which it begins."""
    phrases = given_phrases(given, math.inf, "")
    start_s = 0.0
    for tracks in windows:
        end_s = start_s + tracks.duration_s
        inside = (one for one in phrases if start_s <= one.span.start_s < end_s)
        yield replace(tracks, words=tuple(one.shifted(-start_s) for one in inside))
        start_s = end_s


def _file(job: FileJob, begin: Begin, writing: Writing | None) -> Iterator[SegmentResult]:
    with read(job.segment, job.limits) as medium:
        if job.needs_picture and not medium.timing.has_video:
            raise Problem(
                "ih5001", "The file has no picture. Send a video, or choose a model that only listens."
            )
        if job.needs_sound and not medium.timing.has_audio:
            raise Problem(
                "ih5008", "The file has no sound, which this model needs. Send one with a sound track."
            )
        begin(medium.timing.duration_s)
        if not job.inspect_only:
            yield from analyze_medium(medium, rules=job.rules, writing=writing, given=job.given)


def _skipped(
    conversation: Conversation, carry: Carry, segment: Segment, limits: MediaLimits
) -> tuple[Conversation, Carry, Changes]:
    """Skip a segment: only its time passes. Bytes that are not media take no time."""
    try:
        with read(segment, limits) as medium:
            timing = medium.timing
    except Problem:
        return conversation, carry, Changes(conversation.clock.reached_s)
    conversation, changes = skip(conversation, timing.stream_start_s, timing.duration_s)
    clock = Clock(conversation.clock.reached_s, conversation.clock.stream_offset_s)
    return conversation, carry.past(clock), changes


def _together(parts: Iterable[Changes], reached_s: float) -> Changes:
    """Join the changes of several steps."""
    parts = tuple(parts)
    return Changes(
        reached_s=reached_s,
        news=tuple(change for part in parts for change in part.news),
        dropped=_without_seams(gap for part in parts for gap in part.dropped),
        degraded=tuple(gap for part in parts for gap in part.degraded),
        view=next((part.view for part in reversed(parts) if part.view is not None), None),
        phrases=tuple(phrase for part in parts for phrase in part.phrases),
    )


def _without_seams(gaps: Iterable[Span]) -> tuple[Span, ...]:
    """Join gaps that lie next to each other."""
    joined: list[Span] = []
    for gap in gaps:
        if joined and gap.start_s - joined[-1].end_s < MIN_GAP_S:
            joined[-1] = Span(joined[-1].start_s, gap.end_s)
        else:
            joined.append(gap)
    return tuple(joined)
