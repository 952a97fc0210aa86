"""The result of an analysis, as a library returns it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, overload

import msgspec

from backchannel.api.frame_library import FrameLibrary, as_data_frame
from backchannel.api.notebook import shown_in_notebook
from backchannel.api.tables import TableName, columns_of
from backchannel.api.tracks import TrackTable
from backchannel.cues.merge import cue_log
from backchannel.protocol.include import Include
from backchannel.protocol.results import analysis_body, whole_coverage
from backchannel.signals.merge import merge_signals
from backchannel.summary.story import Story
from backchannel.summary.summarize import Summary, summarize
from backchannel.values import (
    Coverage,
    Cue,
    EngagementSpan,
    Phrase,
    Quality,
    SegmentResult,
    Signal,
    Span,
    Word,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


@dataclass(frozen=True, eq=False, repr=False)
class Report(Sequence[SegmentResult]):
    """Everything that an analysis found. As a sequence, it has the result of each window, in order.

    Attributes
    ----------
    source
        Name of the file, or what else was analysed.
    windows
        The result of each window of 5 s, in order.
    tracks
        Every measurement over time, as numpy arrays by name.
    heard_words
        Whether anybody listened for words.

    See Also
    --------
    backchannel.analyze : Analyses a file.
    backchannel.Session : Follows a live conversation.

    Examples
    --------
    >>> report = analyze("talk.mp4", words=True)                # doctest: +SKIP
    >>> [cue.name for cue in report.cues]                       # doctest: +SKIP
    >>> report.tracks["head_yaw_deg"].shape                     # doctest: +SKIP
    >>> report.to_dataframe("signals")                          # doctest: +SKIP
    """

    source: str
    windows: tuple[SegmentResult, ...]
    tracks: TrackTable = field(default_factory=TrackTable)
    heard_words: bool = True

    # --- what was found ----------------------------------------------------------------------------

    @property
    def duration_s(self) -> float:
        """Length of what was analysed, s."""
        return self.windows[-1].span.end_s if self.windows else 0.0

    @property
    def signals(self) -> tuple[Signal, ...]:
        """All signals, by start. One that continues across windows is one signal."""
        return tuple(sorted(merge_signals(self.windows), key=lambda signal: signal.span.start_s))

    @property
    def cues(self) -> tuple[Cue, ...]:
        """All cues, by start. One that continues across windows is one cue."""
        return cue_log(self.windows)

    @property
    def engagement(self) -> tuple[EngagementSpan, ...]:
        """Engagement from start to end; neighbours have different states."""
        joined: list[EngagementSpan] = []
        for part in (part for window in self.windows for part in window.engagement):
            if joined and joined[-1].state == part.state and joined[-1].span.end_s == part.span.start_s:
                joined[-1] = replace(part, span=Span(joined[-1].span.start_s, part.span.end_s))
            else:
                joined.append(part)
        return tuple(joined)

    @property
    def quality(self) -> Quality | None:
        """Quality of the whole conversation; None if nothing was analysed."""
        return self.windows[-1].quality_overall if self.windows else None

    @property
    def transcript(self) -> tuple[Phrase, ...]:
        """What was said, phrase by phrase; empty if nobody listened for words."""
        phrases = (phrase for window in self.windows for phrase in window.transcript)
        return tuple(
            sorted((one for one in phrases if one.final and one.words), key=lambda phrase: phrase.span)
        )

    @property
    def words(self) -> tuple[Word, ...]:
        """What was said, word by word."""
        return tuple(word for phrase in self.transcript for word in phrase.words)

    @property
    def coverage(self) -> Coverage:
        """What could be measured; shares are means over the windows."""
        return whole_coverage([(window.coverage, window.span.duration_s) for window in self.windows])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was missing or left out, in plain sentences."""
        return self.coverage.notes if self.windows else ()

    @property
    def summary(self) -> Summary:
        """The whole in a few figures, moments and sentences; `summary.lines` has it in four lines."""
        return summarize(Story(self.duration_s, self.cues, self.signals, self.coverage))

    # --- the sequence of windows -------------------------------------------------------------------

    @overload
    def __getitem__(self, place: int) -> SegmentResult: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[SegmentResult, ...]: ...
    def __getitem__(self, place: int | slice) -> SegmentResult | tuple[SegmentResult, ...]:
        return self.windows[place]

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[SegmentResult]:
        return iter(self.windows)

    def __repr__(self) -> str:
        found = f"{len(self.signals)} signals, {len(self.cues)} cues"
        return f"<Report on {self.source}: {self.duration_s:.1f} s, {found}>"

    # --- other forms -------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: what ``backchannel analyze --json`` prints if every section is included."""
        sections = Include(
            quality_overall=True, quality_timeline=True, evidence=True, transcript=self.heard_words
        )
        body: dict[str, Any] = msgspec.to_builtins(analysis_body(self.windows, sections))
        return body

    def columns(self, table: TableName) -> Mapping[str, Sequence[Any]]:
        """Return a table as a column for each name; see `to_dataframe`.

        Raises
        ------
        ValueError
            There is no such table.
        """
        return columns_of(self, table)

    @overload
    def to_dataframe(self, table: TableName, library: Literal["polars"]) -> "pl.DataFrame": ...
    @overload
    def to_dataframe(self, table: TableName, library: Literal["pandas"] | None = None) -> "pd.DataFrame": ...
    def to_dataframe(self, table: TableName, library: FrameLibrary | None = None) -> Any:
        """Return a table as a data frame.

        Parameters
        ----------
        table
            ``signals``, ``evidence``, ``cues``, ``engagement``, ``quality`` (a row for each window),
            ``words``, ``picture`` (a row for each analysed frame) or ``voice`` (a row every 10 ms). Times are
            in seconds.
        library
            ``pandas`` or ``polars``; by default pandas if it is installed, and else polars.

        Raises
        ------
        ImportError
            The library is not installed.
        ValueError
            There is no such table or library.

        Examples
        --------
        >>> report.to_dataframe("cues").groupby("name")["duration_s"].sum()    # doctest: +SKIP
        """
        return as_data_frame(self.columns(table), library)

    def _repr_html_(self) -> str:
        return shown_in_notebook(self)
