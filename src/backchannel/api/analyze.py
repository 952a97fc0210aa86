"""Analyse a file."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Final

from backchannel.api.listening import writing_in
from backchannel.api.progress import OnProgress, progress_bar
from backchannel.api.report import Report
from backchannel.api.source import media_of
from backchannel.api.tracks import TrackLog
from backchannel.engine.worker import follow_medium
from backchannel.errors import Problem
from backchannel.media.decode import Medium, read
from backchannel.perception.transcript import Writing
from backchannel.protocol.client_transcript import own_transcript
from backchannel.values import GivenWords, MediaLimits, Rules, Said, Segment, SegmentResult

MAX_FILE_S: Final = 1800.0
"""Longest file, s (wire contract, section 8)."""


def analyze(
    source: str | Path | bytes | BinaryIO,
    limits: MediaLimits | None = None,
    rules: Rules | None = None,
    *,
    words: bool = False,
    language: str = "",
    said: Sequence[Said] | None = None,
    progress: bool | Callable[[float, float], None] = False,
) -> Report:
    """Analyse a whole file, in windows of 5 s.

    Parameters
    ----------
    source
        A path, the bytes of a file, or a file that is open for reading bytes.
    limits
        Limits on the file; by default up to 30 minutes.
    rules
        How cues are interpreted. With ``Rules(policy="behaviour")``, no signal that is named after a state of
        mind is scored.
    words
        Also write down what is said. The network for words is the one in the package, or the one in the
        folder that ``BACKCHANNEL_WORDS_MODEL`` names.
    language
        ISO 639-1 code of the language that is spoken; empty to detect it.
    said
        A transcript of your own: what was said from when to when, in seconds of the file. Speaker 0 is the
        person in view. Nobody listens for words then, whatever `words` says.
    progress
        True shows a bar on standard error if that is a terminal, and in a notebook. A function is called
        with the time reached and the duration of the file, s.

    Returns
    -------
    Report
        Iterating over it gives the result of each window, in order.

    Raises
    ------
    OSError
        When the path cannot be read.
    TypeError
        When `source` is none of the above. The message names what was passed.
    backchannel.errors.Problem
        When the media cannot be used. A note on the error names the source.
    backchannel.perception.networks.NetworkMissingError
        When there is no network for words.
    ValueError
        When `source` is a web address, or the network does not know the language.

    See Also
    --------
    Session : Follows a live conversation.

    Examples
    --------
    >>> report = analyze("talk.mp4", progress=True)             # doctest: +SKIP
    >>> for signal in report.signals:                           # doctest: +SKIP
    ...     print(signal.type, signal.probability, signal.rationale)
    >>> report.to_dataframe("cues")                             # doctest: +SKIP
    """
    name, data = media_of(source)
    given = None if said is None else own_transcript(said, language).whole
    writing = writing_in(language) if words and given is None else None
    shown = nullcontext(progress) if callable(progress) else progress_bar(shown=progress)
    try:
        with shown as report, read(Segment(data), limits or MediaLimits(max_duration_s=MAX_FILE_S)) as medium:
            return _report(name, medium, rules or Rules(), writing, given, report)
    except Problem as problem:
        problem.add_note(f"The source is {name}.")
        raise


def _report(
    name: str,
    medium: Medium,
    rules: Rules,
    writing: Writing | None,
    given: GivenWords | None,
    on_progress: OnProgress,
) -> Report:
    duration_s = medium.timing.duration_s
    on_progress(0.0, duration_s)
    log = TrackLog()
    windows: list[SegmentResult] = []

    def reached(time_s: float) -> None:
        on_progress(time_s, duration_s)

    for step in follow_medium(medium, reached, rules=rules, writing=writing, given=given):
        log.add(step.tracks, step.before, step.after)
        windows += step.changes.results
    on_progress(duration_s, duration_s)
    heard_words = writing is not None or given is not None
    return Report(name, tuple(windows), log.table(), heard_words=heard_words)
