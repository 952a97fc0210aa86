"""A conversation as one frozen value: everything that passes from one piece of media to the next.

It holds rows and cues, never samples or pictures, and takes less than 16 KB as bytes (`codec`). So a
conversation can move between workers and gateways, and survive restarts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from backchannel.constants import FULL_RATE_HZ
from backchannel.conversation.changes import Activity
from backchannel.conversation.people import Following
from backchannel.cues.detect import CueState
from backchannel.cues.lookback import Lookback
from backchannel.signals.engagement import EngagementState
from backchannel.signals.quality import QualityState
from backchannel.values import Clock, Cue, Rules, Span

MAIN_PERSON = 0
"""Id of the person a conversation is about. Only this person is reported today."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a conversation knows about one person.

    Attributes
    ----------
    following
        Which face in the picture is theirs.
    window
        Their rows since the open window began.
    cues
        Their past and baselines, up to the beginning of the open window.
    reported
        Their recent cues, as they were reported.
    engagement
        Their engagement, up to the beginning of the open window.
    activity
        Active signals, engagement and cues, as they were reported.
    """

    following: Following = Following()
    window: Lookback = Lookback()
    cues: CueState = field(default_factory=CueState)
    reported: tuple[Cue, ...] = ()
    engagement: EngagementState = EngagementState()
    activity: Activity = Activity()


@dataclass(frozen=True, slots=True)
class PictureWatch:
    """Finds stretches without a picture in a stream that has one.

    Attributes
    ----------
    pictured
        The running stream has had a picture.
    until_s
        Session time of the last frame, or up to which its absence was reported. Then `blind` is True. Before
        the first frame, the time at which the recording began.
    holes
        Stretches without a picture that were found since the open window began.
    """

    pictured: bool = False
    until_s: float = 0.0
    blind: bool = False
    holes: tuple[Span, ...] = ()


def _one_person() -> Mapping[int, Person]:
    return {MAIN_PERSON: Person()}


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything that a conversation carries from piece to piece. Begins as ``Conversation()``.

    Attributes
    ----------
    clock
        Session time reached, and the running stream's place on it.
    window_start_s
        Session time at which the open window begins. Results before it are final.
    analysis_rate_hz
        Lowest analysis rate since the open window began.
    watch
        Whether the picture has stopped.
    heard
        The running stream has had sound.
    company_s
        Session times of the frames in the open window with more than one face.
    sound_tracks
        Number of sound tracks in the newest piece.
    truncated
        The newest piece is the end of a truncated file.
    language
        ISO 639-1 code of the language that was last heard; empty before the first words.
    people
        By id.
    quality
        Cumulative quality.
    rules
        How cues are interpreted.
    """

    clock: Clock = Clock()
    window_start_s: float = 0.0
    analysis_rate_hz: float = FULL_RATE_HZ
    watch: PictureWatch = PictureWatch()
    heard: bool = False
    company_s: tuple[float, ...] = ()
    sound_tracks: int = 1
    truncated: bool = False
    language: str = ""
    people: Mapping[int, Person] = field(default_factory=_one_person)
    quality: QualityState = QualityState()
    rules: Rules = Rules()

    @property
    def main(self) -> Person:
        """The person the conversation is about."""
        return self.people[MAIN_PERSON]

    def with_main(self, person: Person) -> "Conversation":
        """Return the conversation with this main person."""
        return replace(self, people={**self.people, MAIN_PERSON: person})
