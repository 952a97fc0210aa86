"""List the reported signals that the labels do not judge, so that a person can."""

from collections.abc import Sequence

from backchannel.explain.run import EvaluatedClip
from backchannel.html.words import times


def unlabelled_rows(clips: Sequence[EvaluatedClip]) -> list[tuple[str, ...]]:
    """The table of signals labelled neither plausible nor implausible as text, its heading first."""
    return [
        ("Clip", "Signal", "When", "Probability", "Rationale"),
        *(
            (clip.score.name, signal.type, times(signal.span), signal.probability, signal.rationale)
            for clip in clips
            for result in clip.results
            for signal in result.signals
            if signal.type in clip.score.neither
        ),
    ]
