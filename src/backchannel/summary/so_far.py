"""Collect the story of a live conversation from its changes."""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

from backchannel.cues.merge import with_cues_of
from backchannel.protocol.results import whole_coverage
from backchannel.signals.merge import merge_signals
from backchannel.summary.story import Story
from backchannel.updates import Changes, WindowClosed
from backchannel.values import Cue, SegmentResult, SignalType, Span

USED_CUES: Final = frozenset(
    {
        "speaking", "other_voice", "pause", "long_pause", "facing", "smile",
        "nod", "shake", "gaze_away", "brow_furrow",
    }
)  # fmt: skip
"""Cues that a summary can mention. Others are not kept."""


@dataclass(frozen=True, slots=True)
class StorySoFar:
    """What a live conversation has brought. Begins as ``StorySoFar()``.

    An hour of it has 720 windows, and a few thousand cues at most.

    Attributes
    ----------
    reached_s
        Session time up to which media has arrived.
    from_s
        Session time from which on it is known: a session that was resumed forgets what was before.
    cues
        Cues of the complete windows, joined.
    windows
        The complete windows, with only their signals and coverage.
    dropped
        Stretches that were not analysed.
    """

    reached_s: float = 0.0
    from_s: float = 0.0
    cues: tuple[Cue, ...] = ()
    windows: tuple[SegmentResult, ...] = ()
    dropped: tuple[Span, ...] = ()

    def after(self, changes: Changes) -> "StorySoFar":
        """Return the story with the next changes."""
        story = replace(self, reached_s=changes.reached_s, dropped=(*self.dropped, *changes.dropped))
        for change in changes.news:
            if isinstance(change, WindowClosed):
                story = _with_window(story, change.result)
        return story

    def story(self, types: Container[SignalType] | None = None) -> Story:
        """Return the story of all complete windows.

        Parameters
        ----------
        types
            Signals that are reported to the client; None for all.
        """
        signals = merge_signals(self.windows)
        return Story(
            duration_s=self.reached_s,
            cues=self.cues,
            signals=tuple(signal for signal in signals if types is None or signal.type in types),
            coverage=whole_coverage([(window.coverage, window.span.duration_s) for window in self.windows]),
            dropped=self.dropped,
            from_s=self.from_s,
        )


def _with_window(story: StorySoFar, result: SegmentResult) -> StorySoFar:
    used = replace(result, cues=tuple(cue for cue in result.cues if cue.name in USED_CUES))
    window = replace(result, cues=(), engagement=(), transcript=())
    return replace(story, cues=with_cues_of(used, story.cues), windows=(*story.windows, window))
