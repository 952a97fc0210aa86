"""The last seconds of one person, on the session clock.

A cue may begin in one window and end in the next, so the window and the seconds before it are analysed as
one line. The same code joins and trims every modality.
"""

from dataclasses import dataclass
from typing import TypeVar

from backchannel.cues.face_rows import FaceRows
from backchannel.tracks import Rows, VoiceTracks
from backchannel.values import Cue

Modality = TypeVar("Modality", bound=Rows)


@dataclass(frozen=True, slots=True)
class Lookback:
    """A person's rows; None for a modality that was missing.

    Attributes
    ----------
    face, voice
        Rows at session times.
    said
        Cues in the words that were heard. A phrase is known after the pause behind it, so newer cues may
        begin before older ones end.
    """

    face: FaceRows | None = None
    voice: VoiceTracks | None = None
    said: tuple[Cue, ...] = ()

    def joined(self, later: "Lookback") -> "Lookback":
        """Append later rows."""
        return Lookback(
            _joined(self.face, later.face), _joined(self.voice, later.voice), (*self.said, *later.said)
        )

    def cut(self, from_s: float, to_s: float = float("inf")) -> "Lookback":
        """Return the rows of a stretch of time."""
        said = tuple(cue for cue in self.said if from_s <= cue.span.start_s < to_s)
        return Lookback(_cut(self.face, from_s, to_s), _cut(self.voice, from_s, to_s), said)


def _joined(rows: Modality | None, later: Modality | None) -> Modality | None:
    if rows is None or later is None:
        return rows if later is None else later
    return rows.joined(later)


def _cut(rows: Modality | None, from_s: float, to_s: float) -> Modality | None:
    kept = None if rows is None else rows.cut(from_s, to_s)
    return kept if kept is not None and len(kept) else None
