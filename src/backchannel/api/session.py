"""One live conversation, in this process."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from backchannel.api.accepted import mono_of, rate_of, rgb_of, time_of
from backchannel.api.frames import Intake, Piece, measure
from backchannel.api.listening import writing_in
from backchannel.api.report import Report
from backchannel.api.tracks import TrackLog
from backchannel.arrays import ImageArray
from backchannel.conversation.interpret import finish, interpret
from backchannel.conversation.state import Conversation
from backchannel.media.decode import Decoders, read
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.perception.perceive import Carry, perceive
from backchannel.perception.picture import Seeing
from backchannel.perception.transcript import Listening
from backchannel.perception.voice import Hearing
from backchannel.protocol.client_transcript import ClientTranscript, own_transcript
from backchannel.tracks import Tracks
from backchannel.updates import Change, Changes
from backchannel.values import GivenWords, MediaLimits, Rules, Said, SegmentResult


class Session:
    """One live conversation, in this process.

    Pass either the chunks of a recorder (`analyze`), or pictures and sound as arrays (`add_frame` and
    `add_audio`). `events` returns what has changed, and `report` everything so far.

    Parameters
    ----------
    limits, rules
        As for `backchannel.analyze`; by default up to a minute a chunk.
    words, language
        As for `backchannel.analyze`. Each result has the words of its chunk. Sound as arrays has no words.

    See Also
    --------
    backchannel.analyze : Analyses a whole file.

    Examples
    --------
    >>> session = Session()
    >>> for chunk in recorder:                                  # doctest: +SKIP
    ...     result = session.analyze(chunk)

    >>> session = Session()
    >>> for image, samples, time_s in camera:                   # doctest: +SKIP
    ...     session.add_frame(image, time_s)
    ...     session.add_audio(samples, 48_000, time_s)
    ...     for event in session.events():
    ...         print(event)
    >>> session.finish()                                        # doctest: +SKIP
    >>> session.report().to_dataframe("cues")                   # doctest: +SKIP
    """

    def __init__(
        self,
        limits: MediaLimits | None = None,
        rules: Rules | None = None,
        *,
        words: bool = False,
        language: str = "",
    ) -> None:
        self._limits = limits or MediaLimits()
        self._conversation = Conversation(rules=rules or Rules())
        self._log = TrackLog()
        self._windows: list[SegmentResult] = []
        # Changes that `events` has not returned yet.
        self._news: list[Change] = []
        # What the session is made of, once the first of it has arrived.
        self._kind: Literal["", "chunks", "frames"] = ""
        self._finished = False
        # For chunks.
        self._stream = StreamState()
        self._carry = Carry()
        self._decoders = Decoders()
        self._writing = replace(writing_in(language), rest="say") if words else None
        self._language = language
        self._own: ClientTranscript | None = None
        # For pictures and sound.
        self._intake = Intake(self._limits.analysis_rate_hz)
        self._seeing, self._hearing = Seeing(), Hearing()

    # --- chunks of a recorder ----------------------------------------------------------------------

    def analyze(self, chunk: bytes, said: Sequence[Said] | None = None) -> SegmentResult | None:
        """Analyse the next chunk: a complete file, or a piece of one running stream.

        Returns None if it has no media yet, only a container's header.

        Parameters
        ----------
        chunk
            From a recorder.
        said
            A transcript of your own, all of it so far, in session time. It replaces the one before, and
            nobody listens for words from then on. None leaves everything as it is.

        Raises
        ------
        backchannel.errors.Problem
            When the chunk cannot be used. The session goes on.
        TypeError
            When it is not bytes.
        ValueError
            When the session has frames or sound as arrays, or is finished.
        """
        self._require("chunks")
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise TypeError(f"A chunk must be bytes, and not {type(chunk).__name__}.")
        if said is not None:
            newer = own_transcript(said, self._language)
            self._own = self._own.replaced(newer) if self._own else newer
            self._writing, self._carry = None, replace(self._carry, listening=Listening())
        self._stream, segment = continue_stream(self._stream, bytes(chunk))
        if segment is None:
            return None
        with read(segment, self._limits) as medium:
            tracks, self._carry = perceive(medium, self._carry, self._decoders, writing=self._writing)
        given = self._own.waiting if self._own else None
        changes = self._interpret(tracks, closes_window=True, given=given)
        if self._own:
            self._own = self._own.taken([phrase.span for phrase in changes.phrases])
        return changes.results[-1]

    # --- pictures and sound as arrays --------------------------------------------------------------

    def add_frame(self, rgb: ImageArray, time_s: float) -> None:
        """Add a picture. It is analysed with the next call of `events`.

        Parameters
        ----------
        rgb
            (height, width, 3) uint8, upright. The session keeps its own copy.
        time_s
            When it was taken, s from the start of the session. Each picture is later than the one before.

        Raises
        ------
        TypeError, ValueError
            When the picture or its time cannot be used. The message names what was passed.
        """
        self._require("frames")
        self._intake.add_frame(rgb_of(rgb), time_of(time_s))

    def add_audio(self, pcm: Any, rate_hz: int, time_s: float) -> None:
        """Add sound. It is analysed with the next call of `events`.

        Gaps are filled with silence, and overlaps are cut. Add the sound of a moment before you call `events`
        for it: sound that arrives too late is an error or is cut.

        Parameters
        ----------
        pcm
            (n,) or (n, channels) array of int16, or of floats from -1 to 1. Channels become their mean.
        rate_hz
            Samples per second and channel.
        time_s
            When the first sample was heard, s from the start of the session.

        Raises
        ------
        TypeError, ValueError
            When the sound, its rate or its time cannot be used. The message names what was passed.
        """
        self._require("frames")
        self._intake.add_sound(mono_of(pcm), rate_of(rate_hz), time_of(time_s))

    # --- answers -----------------------------------------------------------------------------------

    def events(self) -> tuple[Change, ...]:
        """Analyse what has been added, and return everything that changed since the last call.

        Call it often, for example after each frame: added pictures wait in memory until then. Events are
        `SignalBegan`, `SignalChanged`, `SignalOver`, `EngagementChanged`, `CueOver` and `WindowClosed` of
        `backchannel.updates`. Once there has been sound, pictures wait for it, and the other way round.
        """
        while (piece := self._intake.ready()) is not None:
            self._analyze_piece(piece)
        news, self._news = tuple(self._news), []
        return news

    def finish(self) -> tuple[Change, ...]:
        """Analyse the rest, end every signal, and return the last events. Nothing can be added after it."""
        if not self._finished:
            while (piece := self._intake.ready() or self._intake.rest()) is not None:
                self._analyze_piece(piece)
                if piece.last:
                    break
            self._finished = True
            self._conversation, changes = finish(self._conversation)
            self._keep(changes)
        return self.events()

    def report(self, source: str = "live") -> Report:
        """Return everything so far, with the windows that are complete.

        Parameters
        ----------
        source
            The name to show.
        """
        heard_words = self._writing is not None or self._own is not None
        return Report(source, tuple(self._windows), self._log.table(), heard_words=heard_words)

    # --- inside ------------------------------------------------------------------------------------

    def _require(self, kind: Literal["chunks", "frames"]) -> None:
        if self._finished:
            raise ValueError("The session is finished. Make another one.")
        if self._kind not in ("", kind):
            raise ValueError(f"This session has {self._kind} already. Use another one for {kind}.")
        self._kind = kind

    def _analyze_piece(self, piece: Piece) -> None:
        rate_hz = self._limits.analysis_rate_hz
        tracks, self._seeing, self._hearing = measure(piece, self._seeing, self._hearing, rate_hz)
        self._interpret(tracks, closes_window=piece.last)

    def _interpret(self, tracks: Tracks, *, closes_window: bool, given: GivenWords | None = None) -> Changes:
        before = self._conversation
        self._conversation, changes = interpret(before, tracks, closes_window=closes_window, given=given)
        self._log.add(tracks, before, self._conversation)
        self._keep(changes)
        return changes

    def _keep(self, changes: Changes) -> None:
        self._windows += changes.results
        self._news += changes.news
