"""What a summary is based on: everything that was found in one conversation."""

from dataclasses import dataclass

from backchannel.values import Coverage, Cue, Signal, Span, covered_s


@dataclass(frozen=True, slots=True)
class Story:
    """One conversation, from start to end.

    Attributes
    ----------
    duration_s
        Its length, s.
    cues, signals
        What was found, in any order. What continues across windows is one cue or signal.
    coverage
        What could be measured in it.
    dropped
        Stretches that were not analysed.
    from_s
        Where what is known begins, s.
    """

    duration_s: float
    cues: tuple[Cue, ...]
    signals: tuple[Signal, ...]
    coverage: Coverage
    dropped: tuple[Span, ...] = ()
    from_s: float = 0.0

    @property
    def analysed_s(self) -> float:
        """Length of what was analysed, s."""
        return max(0.0, self.duration_s - self.from_s - covered_s(self.dropped))

    @property
    def seen(self) -> bool:
        """Whether a face was measured in it."""
        return self.coverage.picture and not self.coverage.frozen and self.coverage.face_share != 0

    def named(self, *names: str) -> tuple[Cue, ...]:
        """Return the cues of some names."""
        return tuple(cue for cue in self.cues if cue.name in names)
