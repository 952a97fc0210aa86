"""The library's interface: analyse a file, or follow a live conversation."""

from collections.abc import Iterator
from pathlib import Path

from backchannel.config import load_settings
from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import Conversation
from backchannel.engine.worker import analyze_medium
from backchannel.media.decode import Decoders, read
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.perception.perceive import Carry, perceive
from backchannel.perception.transcript import Writing
from backchannel.perception.whisper import whisper_for_words
from backchannel.values import MediaLimits, Rules, Segment, SegmentResult


def analyze(
    source: str | Path | bytes,
    limits: MediaLimits | None = None,
    rules: Rules | None = None,
    *,
    words: bool = False,
    language: str = "",
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
    writing = Writing(whisper_for_words(load_settings().words_model), language) if words else None
    with read(Segment(data), limits or MediaLimits(max_duration_s=1800.0)) as medium:
        yield from analyze_medium(medium, rules=rules or Rules(), writing=writing)


class Session:
    """One live conversation, in this process.

    Pass each chunk from a recorder: complete files, or pieces of one running stream.

    Parameters
    ----------
    limits, rules
        As for `analyze`; by default up to a minute a chunk.

    See Also
    --------
    analyze : Analyses a whole file.

    Examples
    --------
    >>> session = Session()
    >>> for chunk in camera:                                    # doctest: +SKIP
    ...     result = session.analyze(chunk)
    """

    def __init__(self, limits: MediaLimits | None = None, rules: Rules | None = None) -> None:
        self._limits = limits or MediaLimits()
        self._stream = StreamState()
        self._conversation = Conversation(rules=rules or Rules())
        self._carry = Carry()
        self._decoders = Decoders()

    def analyze(self, chunk: bytes) -> SegmentResult | None:
        """Analyse the next chunk. Returns None if it has no media yet, only a container's header.

        Raises
        ------
        backchannel.errors.Problem
            When the chunk cannot be used. The session goes on.
        """
        self._stream, segment = continue_stream(self._stream, chunk)
        if segment is None:
            return None
        with read(segment, self._limits) as medium:
            tracks, self._carry = perceive(medium, self._carry, self._decoders)
        self._conversation, changes = interpret(self._conversation, tracks, closes_window=True)
        return changes.results[-1]
