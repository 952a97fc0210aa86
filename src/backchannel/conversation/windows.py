"""Analyse the open window of a conversation: so far, or as a whole when it closes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from backchannel.constants import CONTEXT_S, MIN_GAP_S
from backchannel.conversation.state import Conversation, Person
from backchannel.cues.detect import Observed, observe
from backchannel.cues.lookback import Lookback
from backchannel.cues.words.lists import languages
from backchannel.signals.engagement import follow_engagement
from backchannel.signals.quality import accumulate, judge
from backchannel.signals.score import score_signals
from backchannel.values import Coverage, Cue, SegmentResult, Span

MIN_WINDOW_S: Final = 0.25
"""A shorter window is not analysed. It is too short for a movement or a word (judgement)."""
MIN_OPEN_S: Final = 0.5
"""The open window is not analysed before it is this long. Most of what it shows was in the window that has
just closed (judgement)."""
LATE_S: Final = 0.6
"""Some cues are only detected after what follows them (the rest after a nod, the word after a pause). A cue
that ended up to this long before a window may still be reported in it."""
LATE_WORDS_S: Final = 9.0
"""The same for words: a phrase of up to 8 s is known after the pause behind it (`perception.phrases`)."""
_VOICES: Final = frozenset({"speaking", "other_voice"})
"""Cues of speech, no matter whose: coverage is about the sound."""
MAX_FROZEN_SHARE: Final = 0.35
"""A picture is frozen if no more than this share of its frames differs from the frame before. An encoded
still measured 0.26, the stillest of fourteen real clips over 0.9."""

MIN_COMPANY_FRAMES: Final = 3
MIN_COMPANY_SHARE: Final = 0.1
"""Another face is reported if it is in at least so many frames of a window, and in this share of them. Fewer
are a mistake of the detector, or a passer-by (judgement)."""


def look_at_window(conversation: Conversation, until_s: float) -> tuple[Conversation, SegmentResult]:
    """Analyse the open window as if it ended at a time, and return the conversation after it.

    To see what the window shows so far, ignore the conversation that this returns.
    """
    person, window = conversation.main, Span(conversation.window_start_s, until_s)
    rows = person.window.cut(float("-inf"), until_s)
    cue_state, observed = observe(person.cues, rows, window.start_s)
    rules = conversation.rules
    coverage = _coverage(rows, observed, window, conversation)
    observed = _without_frozen(observed, coverage)
    cues = tuple(cue for cue in observed.cues if _belongs(cue, window, person.reported))
    news = tuple(cue for cue in cues if _is_news(cue, window, person.reported))
    known = _known(cues, person.reported)
    signals = score_signals(known, news, window, coverage, rules)
    engagement_state, engagement = follow_engagement(
        person.engagement,
        window,
        observed.face,
        observed.voice,
        observed.cues,
        known=person.following.face_id is not None,
        policy=rules.policy,
    )
    quality = judge(window, signals, engagement, cues, rules.policy)
    quality_state, overall = accumulate(conversation.quality, window, quality)
    after = Person(
        following=person.following,
        window=person.window.cut(until_s),
        # The next window looks back no further; a v0 segment may be a minute long.
        cues=replace(cue_state, lookback=cue_state.lookback.cut(until_s - CONTEXT_S)),
        reported=tuple(cue for cue in known if cue.span.end_s >= window.end_s - CONTEXT_S),
        engagement=engagement_state,
        activity=person.activity,
    )
    result = SegmentResult(window, cues, signals, engagement, quality, overall, coverage)
    watch = conversation.watch
    closed = replace(
        conversation,
        window_start_s=until_s,
        quality=quality_state,
        watch=replace(watch, holes=tuple(hole for hole in watch.holes if hole.end_s > until_s)),
        company_s=tuple(time_s for time_s in conversation.company_s if time_s >= until_s),
    )
    return closed.with_main(after), result


def _known(cues: Sequence[Cue], reported: Sequence[Cue]) -> tuple[Cue, ...]:
    """Cues that may be evidence: the window's own, and older ones as they were reported.

    A new analysis may measure an older cue differently, or find one that was never reported. A rationale must
    not name a cue that is in no result.
    """
    older = (cue for cue in reported if not _was_reported(cue, cues))
    return (*older, *cues)


def _belongs(cue: Cue, window: Span, reported: Sequence[Cue]) -> bool:
    """Whether a cue belongs to this window's result: it overlaps it, or could not be reported earlier."""
    if cue.span.start_s >= window.end_s:
        return False
    late_s = LATE_WORDS_S if cue.modality == "text" else LATE_S
    return cue.span.end_s > window.start_s or (
        cue.span.end_s >= window.start_s - late_s and not _was_reported(cue, reported)
    )


def _is_news(cue: Cue, window: Span, reported: Sequence[Cue]) -> bool:
    """Whether a signal may begin with a cue here. The end of a cue that was reported before is old news."""
    least_s = min(0.3, 0.3 * cue.span.duration_s)
    return not _was_reported(cue, reported) or cue.span.overlap_s(window) >= least_s


def _was_reported(cue: Cue, reported: Sequence[Cue]) -> bool:
    return any(other.name == cue.name and other.span.overlap_s(cue.span) > 0 for other in reported)


def _without_frozen(observed: Observed, coverage: Coverage) -> Observed:
    """Leave out visual cues from a frozen picture: a still of a smile is no held smile."""
    if not coverage.frozen:
        return observed
    kept = (cue for cue in observed.cues if cue.modality != "visual" or cue.name == "face_absent")
    return replace(observed, cues=tuple(kept))


def _coverage(rows: Lookback, observed: Observed, window: Span, conversation: Conversation) -> Coverage:
    face, voice = rows.face, rows.voice
    face_share = speech_share = None
    frozen = company = False
    if face is not None:
        together = sum(time_s < window.end_s for time_s in conversation.company_s)
        company = together >= max(MIN_COMPANY_FRAMES, MIN_COMPANY_SHARE * len(face))
        face_share = float(face.measured.mean())
        # An encoder keeps refining a frozen picture for seconds. A camera's frames nearly all differ.
        frozen = len(face) > 1 and float(face.moving[1:].mean()) < MAX_FROZEN_SHARE
    if voice is not None and window.duration_s > 0:
        spoken_s = sum(cue.span.overlap_s(window) for cue in observed.cues if cue.name in _VOICES)
        speech_share = spoken_s / window.duration_s
    return Coverage(
        picture=face is not None,
        sound=voice is not None,
        face_share=face_share,
        speech_share=speech_share,
        frozen=frozen,
        analysis_rate_hz=None if face is None else conversation.analysis_rate_hz,
        without_picture=tuple(
            Span(hole.start_s, min(hole.end_s, window.end_s))
            for hole in conversation.watch.holes
            if min(hole.end_s, window.end_s) - hole.start_s >= MIN_GAP_S
        ),
        company=company,
        sound_tracks=conversation.sound_tracks if voice is not None else 1,
        truncated=conversation.truncated,
        policy=conversation.rules.policy,
        unlisted_language="" if conversation.language in ("", *languages()) else conversation.language,
    )
