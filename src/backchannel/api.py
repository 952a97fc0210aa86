"""The library's interface: analyse a file, or follow a live conversation."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from backchannel.config import load_settings
from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import Conversation
from backchannel.engine.worker import analyze_medium
from backchannel.media.decode import Decoders, read
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.perception.perceive import Carry, perceive
from backchannel.perception.transcript import Listening, Writing
from backchannel.perception.whisper import whisper_for_words
from backchannel.protocol.client_transcript import ClientTranscript, own_transcript
from backchannel.values import MediaLimits, Rules, Said, Segment, SegmentResult


def analyze(
    source: str | Path | bytes,
    limits: MediaLimits | None = None,
    rules: Rules | None = None,
    *,
    words: bool = False,
    language: str = "",
    said: Sequence[Said] | None = None,
) -> Iterator[SegmentResult]:
    """Analyse a whole file, window by window of 5 s.

    Parameters
    ----------
    source
        A path, or the file's bytes.
    limits
        Limits on the file; by default up to 30 minutes.
    rules
        How cues are interpreted. With ``Rules(policy="behaviour")``, no signal that is named after a state of
        mind is scored.
    words
        Also write down what is said, in the `transcript` of each result. The network for words is the one in
        the package, or the one in the folder that ``BACKCHANNEL_WORDS_MODEL`` names.
    language
        ISO 639-1 code of the language that is spoken; empty to detect it.
    said
        A transcript of your own: what was said from when to when, in seconds of the file. Speaker 0 is the
        person in view. Nobody listens for words then, whatever `words` says.

    Yields
    ------
    SegmentResult
        One for each window, in order.

    Raises
    ------
    OSError
        When the path cannot be read.
    backchannel.errors.Problem
        When the media cannot be used.
    backchannel.perception.networks.NetworkMissingError
        When there is no network for words.
    ValueError
        When the network does not know the language.

    See Also
    --------
    Session : Follows a live conversation.

    Examples
    --------
    >>> for result in analyze("talk.mp4"):                      # doctest: +SKIP
    ...     for signal in result.signals:
    ...         print(signal.type, signal.probability, signal.rationale)
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    given = None if said is None else own_transcript(said, language).whole
    writing = _writing(language) if words and given is None else None
    with read(Segment(data), limits or MediaLimits(max_duration_s=1800.0)) as medium:
        yield from analyze_medium(medium, rules=rules or Rules(), writing=writing, given=given)


class Session:
    """One live conversation, in this process.

    Pass each chunk from a recorder: complete files, or pieces of one running stream.

    Parameters
    ----------
    limits, rules
        As for `analyze`; by default up to a minute a chunk.
    words, language
        As for `analyze`. Each result has the words of its chunk.

    See Also
    --------
    analyze : Analyses a whole file.

    Examples
    --------
    >>> session = Session()
    >>> for chunk in camera:                                    # doctest: +SKIP
    ...     result = session.analyze(chunk)
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
        self._stream = StreamState()
        self._conversation = Conversation(rules=rules or Rules())
        self._carry = Carry()
        self._decoders = Decoders()
        self._writing = replace(_writing(language), rest="say") if words else None
        self._language = language
        self._own: ClientTranscript | None = None

    def analyze(self, chunk: bytes, said: Sequence[Said] | None = None) -> SegmentResult | None:
        """Analyse the next chunk. Returns None if it has no media yet, only a container's header.

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
        """
        if said is not None:
            newer = own_transcript(said, self._language)
            self._own = self._own.replaced(newer) if self._own else newer
            self._writing, self._carry = None, replace(self._carry, listening=Listening())
        self._stream, segment = continue_stream(self._stream, chunk)
        if segment is None:
            return None
        with read(segment, self._limits) as medium:
            tracks, self._carry = perceive(medium, self._carry, self._decoders, writing=self._writing)
        given = self._own.waiting if self._own else None
        self._conversation, changes = interpret(self._conversation, tracks, closes_window=True, given=given)
        if self._own:
            self._own = self._own.taken([phrase.span for phrase in changes.phrases])
        return changes.results[-1]


def _writing(language: str) -> Writing:
    return Writing(whisper_for_words(load_settings().words_model), language)
