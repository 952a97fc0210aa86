"""interpret(conversation, tracks) -> (conversation, changes): the light, ordered, pure half of the analysis.

v0 segments, v2 chunks and files all come through here. Media arrives in pieces of any length and is placed
on the session clock. A v2 stream has windows of 5 s. A v0 segment is a piece that closes its window, and a
file is a stream of such pieces. An open window is analysed each time media arrives, and a last time when it
is full. So the final results do not depend on how the media was cut.

Where media is missing between two pieces, the open window ends early and the next one begins after the gap.
Nothing is invented for missing media.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from backchannel.constants import FULL_RATE_HZ, MAX_PAUSE_S, MIN_GAP_S, WINDOW_S
from backchannel.conversation.changes import end_all, end_quiet, report_window
from backchannel.conversation.people import follow_person
from backchannel.conversation.state import Conversation, PictureWatch
from backchannel.conversation.view import view_of
from backchannel.conversation.windows import MIN_OPEN_S, MIN_WINDOW_S, look_at_window
from backchannel.cues.lookback import Lookback
from backchannel.cues.voice_rows import voice_rows
from backchannel.cues.words.find import word_cues
from backchannel.cues.words.given import SETTLED_S, given_phrases, spoken
from backchannel.errors import Problem
from backchannel.tracks import FaceTracks, PictureTracks, Tracks
from backchannel.updates import Change, Changes, WindowClosed
from backchannel.values import Clock, GivenWords, Phrase, Span

MAX_PICTURE_GAP_S: Final = 1.0
"""A longer time without a frame is a gap in the picture (judgement: slower than any camera)."""
GIVEN_PAST_END_S: Final = 1.0
"""A client's last phrase may end so much after the media: its clock is not ours (judgement)."""


def interpret(
    conversation: Conversation,
    tracks: Tracks,
    *,
    closes_window: bool = False,
    sound_only: bool = False,
    picture_only: bool = False,
    given: GivenWords | None = None,
) -> tuple[Conversation, Changes]:
    """Add the next piece of media to a conversation.

    Parameters
    ----------
    conversation
        As the piece before left it; ``Conversation()`` at first.
    tracks
        What was measured in the piece.
    closes_window
        The open window ends with this piece, whatever its length, as on v0 and in files. Otherwise windows
        are `WINDOW_S` long.
    sound_only, picture_only
        Reject media while the session has never had any sound, or any picture.
    given
        The client's own words. Those that are over when the piece ends are taken in.

    Returns
    -------
    conversation
        The conversation to pass with the next piece.
    changes
        What to report.

    Raises
    ------
    backchannel.errors.Problem
        ``ih5001`` with `sound_only`, when there has never been any sound; with `picture_only`, any picture.

    See Also
    --------
    skip : For media that arrives but is not analysed.
    finish : For the end of the media.

    Examples
    --------
    >>> from backchannel.conversation.state import Conversation
    >>> from backchannel.tracks import Tracks
    >>> silence = Tracks(duration_s=3.0, stream_start_s=None, picture=None, voice=None)
    >>> conversation, changes = interpret(Conversation(), silence, closes_window=True)
    >>> changes.reached_s, changes.results[0].coverage.notes[0]
    (3.0, 'There was no picture.')
    """
    if sound_only and tracks.voice is None and not conversation.heard:
        raise Problem("ih5001", "The media has no sound, and this session's model only listens.")
    if picture_only and tracks.picture is None and not conversation.watch.pictured:
        raise Problem("ih5001", "The media has no picture, and this session only looks.")
    conversation, start_s = _placed(conversation, tracks, sound_only=sound_only)
    conversation, missed, dropped = _over_gap(conversation, tracks, start_s)
    conversation, degraded = _watch_picture(conversation, tracks, start_s)
    conversation, face = _take_in(conversation, tracks, start_s)
    until_s = conversation.clock.reached_s - (0.0 if closes_window else SETTLED_S)
    heard = tuple(phrase.shifted(start_s) for phrase in tracks.words or ())
    written = given_phrases(given, until_s, conversation.language)
    phrases = (*heard, *written)
    conversation = _take_in_words(conversation, (*heard, *_spoken(conversation, written)))
    conversation, news = _answer(conversation, closes_window=closes_window)
    if closes_window:
        news = tuple(_with_transcript(change, phrases) for change in news)
    view = view_of(tracks, face, start_s)
    changes = Changes(conversation.clock.reached_s, (*missed, *news), dropped, degraded, view, phrases)
    return conversation, changes


def skip(
    conversation: Conversation, stream_start_s: float | None, duration_s: float
) -> tuple[Conversation, Changes]:
    """Skip media: its time passes, as if it had never arrived.

    Parameters
    ----------
    stream_start_s, duration_s
        Where the media begins on its stream's clock (None for a complete file), and how long it is.
    """
    start_s, stream_offset_s = conversation.clock.place(stream_start_s)
    end_s = max(conversation.clock.reached_s, start_s + duration_s)
    gap = Span(_answered_until_s(conversation), end_s)
    conversation, news = _begin_window(conversation, end_s)
    conversation = replace(conversation, clock=Clock(end_s, stream_offset_s))
    return conversation, Changes(end_s, news, (gap,))


def finish(
    conversation: Conversation, phrases: Sequence[Phrase] = (), given: GivenWords | None = None
) -> tuple[Conversation, Changes]:
    """Close the open window and end every signal: no more media will come.

    Parameters
    ----------
    phrases
        What was said last, in session time, and became known with the end.
    given
        The client's own words that were not taken in yet.
    """
    last = given_phrases(given, conversation.clock.reached_s + GIVEN_PAST_END_S, conversation.language)
    conversation = _take_in_words(conversation, (*phrases, *_spoken(conversation, last)))
    phrases = (*phrases, *last)
    reached_s, news = conversation.clock.reached_s, tuple[Change, ...]()
    if _is_worth_closing(conversation):
        conversation, news = _close_window(conversation, reached_s)
    activity = conversation.main.activity
    if reached_s > conversation.window_start_s:
        # Too short for its own window, but a signal may continue in it.
        activity, _ = report_window(activity, look_at_window(conversation, reached_s)[1], closed=False)
    activity, ends = end_all(activity)
    conversation = conversation.with_main(replace(conversation.main, activity=activity))
    return conversation, Changes(reached_s, (*news, *ends), phrases=tuple(phrases))


# --- the clock -------------------------------------------------------------------------------------


def _placed(conversation: Conversation, tracks: Tracks, *, sound_only: bool) -> tuple[Conversation, float]:
    """Find a piece's place on the session clock."""
    start_s, stream_offset_s = conversation.clock.place(tracks.stream_start_s)
    same = stream_offset_s is not None and stream_offset_s == conversation.clock.stream_offset_s
    if not (same or tracks.unbroken):
        # A new recording may have no picture, whatever the one before had.
        conversation = replace(
            conversation,
            watch=replace(conversation.watch, pictured=False, until_s=start_s, blind=False),
            heard=conversation.heard and not sound_only,
        )
    clock = Clock(conversation.clock.reached_s, stream_offset_s)
    return replace(conversation, clock=clock), start_s


def _over_gap(
    conversation: Conversation, tracks: Tracks, start_s: float
) -> tuple[Conversation, tuple[Change, ...], tuple[Span, ...]]:
    """Where media never arrived, end the open window before the gap and begin one after it."""
    if start_s - conversation.clock.reached_s < (MAX_PAUSE_S if tracks.unbroken else MIN_GAP_S):
        return conversation, (), ()
    gap = Span(_answered_until_s(conversation), start_s)
    conversation, news = _begin_window(conversation, start_s)
    return conversation, news, (gap,)


def _begin_window(conversation: Conversation, start_s: float) -> tuple[Conversation, tuple[Change, ...]]:
    news: tuple[Change, ...] = ()
    if _is_worth_closing(conversation):
        conversation, news = _close_window(conversation, conversation.clock.reached_s)
    conversation = replace(
        conversation,
        clock=replace(conversation.clock, reached_s=start_s),
        window_start_s=start_s,
        analysis_rate_hz=FULL_RATE_HZ,
        watch=replace(conversation.watch, until_s=start_s, blind=False, holes=()),
        company_s=(),
    )
    return conversation.with_main(replace(conversation.main, window=Lookback())), news


def _answered_until_s(conversation: Conversation) -> float:
    """Session time up to which there will be a result if the open window ends now."""
    reached_s = conversation.clock.reached_s
    return reached_s if _is_worth_closing(conversation) else conversation.window_start_s


def _is_worth_closing(conversation: Conversation) -> bool:
    return conversation.clock.reached_s - conversation.window_start_s >= MIN_WINDOW_S


# --- the media -------------------------------------------------------------------------------------


def _watch_picture(
    conversation: Conversation, tracks: Tracks, start_s: float
) -> tuple[Conversation, tuple[Span, ...]]:
    """Find the stretches without a picture in a stream that has had one."""
    watch, end_s = conversation.watch, start_s + tracks.duration_s
    times = () if tracks.picture is None else tuple((tracks.picture.time_s + start_s).tolist())
    if not (watch.pictured or times):
        return conversation, ()
    gaps: list[Span] = []
    until_s, blind = watch.until_s, watch.blind
    for time_s in times:
        if time_s - until_s > (0.0 if blind else MAX_PICTURE_GAP_S):
            gaps.append(Span(until_s, time_s))
        until_s, blind = max(until_s, time_s), False
    if end_s - until_s > (0.0 if blind else MAX_PICTURE_GAP_S):
        gaps.append(Span(until_s, end_s))
        until_s, blind = end_s, True
    watch = PictureWatch(True, until_s, blind, (*watch.holes, *gaps))
    return replace(conversation, watch=watch), tuple(gaps)


def _take_in(
    conversation: Conversation, tracks: Tracks, start_s: float
) -> tuple[Conversation, FaceTracks | None]:
    """Add a piece's rows to the open window; returns the person's face in it, too."""
    person, face, seen = conversation.main, None, None
    if tracks.picture is not None and tracks.picture.time_s.size:
        following, seen, face = follow_person(person.following, tracks.picture, start_s)
        person = replace(person, following=following)
    heard = None if tracks.voice is None else voice_rows(tracks.voice, start_s)
    person = replace(person, window=person.window.joined(Lookback(seen, heard)))
    conversation = replace(
        conversation,
        clock=replace(
            conversation.clock, reached_s=max(conversation.clock.reached_s, start_s + tracks.duration_s)
        ),
        analysis_rate_hz=min(conversation.analysis_rate_hz, tracks.analysis_rate_hz),
        heard=conversation.heard or tracks.voice is not None,
        company_s=(*conversation.company_s, *_company_s(tracks.picture, start_s)),
        sound_tracks=tracks.sound_tracks,
        truncated=tracks.truncated,
    )
    return conversation.with_main(person), face


def _take_in_words(conversation: Conversation, phrases: Sequence[Phrase]) -> Conversation:
    """Add the cues in a piece's words to the open window. What may still change is no cue."""
    said = tuple(cue for phrase in phrases for cue in word_cues(phrase))
    languages = [phrase.language for phrase in phrases if phrase.final and phrase.words]
    person = conversation.main
    person = replace(person, window=person.window.joined(Lookback(said=said)))
    return replace(conversation, language=(languages or [conversation.language])[-1]).with_main(person)


def _spoken(conversation: Conversation, written: Sequence[Phrase]) -> Sequence[Phrase]:
    """Leave out a client's phrases during which nobody spoke."""
    person = conversation.main
    return spoken(written, person.cues.lookback.joined(person.window).voice) if written else ()


def _with_transcript(change: Change, phrases: tuple[Phrase, ...]) -> Change:
    if not isinstance(change, WindowClosed):
        return change
    return WindowClosed(replace(change.result, transcript=phrases))


def _company_s(picture: PictureTracks | None, start_s: float) -> Sequence[float]:
    """Session times of the frames with more than one face."""
    if picture is None or len(picture.faces) < 2:
        return ()
    count = sum(face.valid.astype(int) for face in picture.faces)
    times: Sequence[float] = (picture.time_s[count > 1] + start_s).tolist()
    return times


# --- the answer ------------------------------------------------------------------------------------


def _answer(conversation: Conversation, *, closes_window: bool) -> tuple[Conversation, tuple[Change, ...]]:
    """Close every full window, analyse the open one, and end signals without recent evidence."""
    news: list[Change] = []
    reached_s, rate_hz = conversation.clock.reached_s, conversation.analysis_rate_hz
    for until_s in _ends(conversation, closes_window=closes_window):
        conversation, closed = _close_window(conversation, until_s)
        conversation = replace(conversation, analysis_rate_hz=rate_hz)
        news += closed
    activity = conversation.main.activity
    if reached_s - conversation.window_start_s >= MIN_OPEN_S:
        _, result = look_at_window(conversation, reached_s)
        activity, shown = report_window(activity, result, closed=False)
        news += shown
    activity, ended = end_quiet(activity, reached_s)
    conversation = conversation.with_main(replace(conversation.main, activity=activity))
    return conversation, (*news, *ended)


def _ends(conversation: Conversation, *, closes_window: bool) -> Sequence[float]:
    """Times at which windows end, up to the media that has arrived."""
    reached_s = conversation.clock.reached_s
    if closes_window:
        return (reached_s,)
    full = int((reached_s - conversation.window_start_s) / WINDOW_S)
    return [conversation.window_start_s + WINDOW_S * (number + 1) for number in range(full)]


def _close_window(conversation: Conversation, until_s: float) -> tuple[Conversation, tuple[Change, ...]]:
    conversation, result = look_at_window(conversation, until_s)
    activity, news = report_window(conversation.main.activity, result, closed=True)
    return conversation.with_main(replace(conversation.main, activity=activity)), news
