"""What could be measured in a window, and what could not."""

from dataclasses import dataclass

from backchannel.constants import FULL_RATE_HZ
from backchannel.values.clock import Span
from backchannel.values.names import Policy

BEHAVIOUR_NOTE = "Only behaviour is reported: no feelings, and no conversation quality."
"""What the policy `behaviour` says of itself, on every page and in every answer that has coverage."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What could be measured in a window.

    Attributes
    ----------
    picture, sound
        The window has a track of that kind.
    face_share
        Share of the analysed frames with a measured face, 0..1; None without picture.
    speech_share
        Share of the time with speech, 0..1; None without sound.
    frozen
        The picture never changed, so the face could not be measured.
    analysis_rate_hz
        Frames analysed per second, at most; None without picture.
    policy
        What may be reported about it.
    without_picture
        Stretches without a picture in media that has one, session time. They may begin before the window.
    company
        Another face was in view besides the person's. It was not analysed.
    sound_tracks
        Number of the media's sound tracks. One of them was analysed.
    truncated
        The file ends before its own end.
    unlisted_language
        ISO 639-1 code of the language that was heard, if it has no phrase list; otherwise empty.
    """

    picture: bool
    sound: bool
    face_share: float | None
    speech_share: float | None
    frozen: bool = False
    analysis_rate_hz: float | None = None
    policy: Policy = "full"
    without_picture: tuple[Span, ...] = ()
    company: bool = False
    sound_tracks: int = 1
    truncated: bool = False
    unlisted_language: str = ""

    @property
    def reduced(self) -> bool:
        """Whether fewer frames were analysed because the server was overloaded."""
        return self.analysis_rate_hz is not None and self.analysis_rate_hz < FULL_RATE_HZ

    @property
    def unmeasured(self) -> bool:
        """Whether nobody was visible or speaking, so that engagement says nothing about a person."""
        return not self.face_share and not self.speech_share

    @property
    def incomplete(self) -> bool:
        """Whether there was more in the media than was analysed or reported, or less than there should be."""
        media = self.without_picture or self.company or self.sound_tracks > 1 or self.truncated
        return bool(self.reduced or media or self.unlisted_language or self.policy != "full")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was missing, and what was left out, in plain sentences."""
        rate = f"{self.analysis_rate_hz:g}" if self.analysis_rate_hz is not None else ""
        holes = " and ".join(
            f"from {hole.start_s:.1f} to {hole.end_s:.1f} s" for hole in self.without_picture
        )
        notes = {
            "There was no picture.": not self.picture,
            f"There was no picture {holes}.": self.picture and bool(holes),
            "No face was in view.": self.face_share == 0,
            "The picture did not change.": self.frozen,
            f"Only {rate} frames a second were analysed instead of {FULL_RATE_HZ:g}.": self.reduced,
            "More than one face was in view. Only one person was analysed.": self.company,
            "There was no sound.": not self.sound,
            "No speech was detected.": self.speech_share == 0,
            "Nobody was visible or speaking, so engagement was not measured.": self.unmeasured,
            BEHAVIOUR_NOTE: self.policy == "behaviour",
            f"There were {self.sound_tracks} sound tracks. Only the one with the most speech was analysed.": (
                self.sound_tracks > 1
            ),
            "The file is truncated. Its end is missing.": self.truncated,
            f"The language “{self.unlisted_language}” has no phrase list, so its words give no cues.": bool(
                self.unlisted_language
            ),
        }
        return tuple(sentence for sentence, holds in notes.items() if holds)
