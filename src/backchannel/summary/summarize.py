"""summarize(story) -> Summary, for the report, the command line, the library and the wire alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backchannel.html.words import clock, counted, length, listed, percentage
from backchannel.summary.moments import Moment, moments
from backchannel.summary.story import Story
from backchannel.values import BEHAVIOUR_NOTE, covered_s

BASELINE_S: Final = 10.0
"""Time until a person's baseline is known (`docs/how-it-works.md`)."""
INTERPRETATION: Final = "Signals are interpretations of behaviour, not feelings."


@dataclass(frozen=True, slots=True)
class Share:
    """A time, s, and its share of what was analysed, 0..1."""

    total_s: float
    share: float


@dataclass(frozen=True, slots=True)
class Count:
    """How often something was found, the total time and the longest one, s."""

    count: int
    total_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a few figures, moments and sentences. None means not measured, which is not zero.

    Attributes
    ----------
    duration_s
        Its length, s.
    talk, others_talk
        How long the person spoke, and how long somebody spoke who was not the person in view.
    facing
        How long the person faced the camera; a lower bound, because glances are left out.
    smiles, pauses
        Smiles, and pauses within the person's speech.
    moments
        The two or three moments most worth seeing, in order of time.
    cautions
        What to be careful about, in sentences.
    lines
        The summary in four lines: voice, face, moments, cautions.
    """

    duration_s: float
    talk: Share | None
    others_talk: Share | None
    facing: Share | None
    smiles: Count | None
    pauses: Count | None
    moments: tuple[Moment, ...]
    cautions: tuple[str, ...]
    lines: tuple[str, str, str, str]


def summarize(story: Story) -> Summary:
    """Summarise a conversation in plain words. Every number is one of the story's, rounded.

    Examples
    --------
    >>> from backchannel.values import Coverage
    >>> silent = Coverage(picture=False, sound=True, face_share=None, speech_share=0.0)
    >>> summarize(Story(12.0, (), (), silent)).lines[0]
    'No speech was heard.'
    """
    found = moments(story)
    cautions = tuple(_cautions(story))
    heard = story.coverage.sound
    talk = _share(story, "speaking") if heard else None
    others_talk = _share(story, "other_voice") if heard else None
    pauses = _count(story, "pause", "long_pause") if heard else None
    facing = _facing(story) if story.seen else None
    smiles = _count(story, "smile") if story.seen else None
    return Summary(
        duration_s=story.duration_s,
        talk=talk,
        others_talk=others_talk,
        facing=facing,
        smiles=smiles,
        pauses=pauses,
        moments=found,
        cautions=cautions,
        lines=(
            _voice_line(talk, others_talk, pauses),
            _face_line(story, facing, smiles),
            _moments_line(found),
            f"Be careful: {' '.join(cautions)}",
        ),
    )


# --- figures ---------------------------------------------------------------------------------------


def _share(story: Story, name: str) -> Share:
    total_s = covered_s(cue.span for cue in story.named(name))
    return Share(total_s, min(1.0, total_s / story.analysed_s) if story.analysed_s else 0.0)


def _facing(story: Story) -> Share:
    total_s = sum(cue.span.duration_s * cue.value / 100.0 for cue in story.named("facing"))
    return Share(total_s, min(1.0, total_s / story.analysed_s) if story.analysed_s else 0.0)


def _count(story: Story, *names: str) -> Count:
    spans = [cue.span for cue in story.named(*names)]
    return Count(len(spans), covered_s(spans), max((span.duration_s for span in spans), default=0.0))


# --- lines -----------------------------------------------------------------------------------------


def _voice_line(talk: Share | None, others: Share | None, pauses: Count | None) -> str:
    if talk is None or others is None or pauses is None:
        return "There was no sound, so speech was not measured."
    somebody = f"Somebody else spoke for {_about(others.total_s)}." if others.total_s else ""
    if not talk.total_s:
        return f"The person in view did not speak. {somebody}" if somebody else "No speech was heard."
    spoke = f"Spoke for {_about(talk.total_s)} ({percentage(talk.share)} of the time)"
    paused = "without a clear pause"
    if pauses.count:
        longest = "it lasted" if pauses.count == 1 else "the longest lasted"
        paused = f"with {counted(pauses.count, 'pause')}; {longest} {_about(pauses.longest_s)}"
    return " ".join(filter(None, (f"{spoke}, {paused}.", somebody)))


def _face_line(story: Story, facing: Share | None, smiles: Count | None) -> str:
    if facing is None or smiles is None:
        why = (
            "There was no picture"
            if not story.coverage.picture
            else "The picture did not change"
            if story.coverage.frozen
            else "No face was in view"
        )
        return f"{why}, so nothing about the face was measured."
    faced = (
        f"Faced the camera for at least {_about(facing.total_s)} ({percentage(facing.share)} of the time)"
        if facing.total_s
        else "Did not clearly face the camera"
    )
    if not smiles.count:
        return f"{faced}; no smile was seen."
    times = {1: "once", 2: "twice"}.get(smiles.count, f"{smiles.count} times")
    return f"{faced}, and smiled {times} ({_about(smiles.total_s)})."


def _moments_line(found: tuple[Moment, ...]) -> str:
    if not found:
        return "Nothing stood out."
    parts = [f"{clock(one.span.start_s, 0)} ({_gist(one)})" for one in found]
    return f"Worth seeing: {listed(parts)}."


def _gist(moment: Moment) -> str:
    text = moment.heading or moment.sentence.rstrip(".")
    return f"{text[0].lower()}{text[1:]}"


def _cautions(story: Story) -> Iterator[str]:
    if story.from_s:
        yield f"Only the time from {clock(story.from_s, 0)} on is summarised, after the connection was lost."
    lost_s = covered_s(story.dropped)
    if lost_s:
        yield f"{_about(lost_s)} of the recording were not analysed."
    # The lines above say already that there was no picture, face, sound or speech.
    said = ("There was no picture.", "There was no sound.", "No face", "No speech", "The picture did not")
    yield from (note for note in story.coverage.notes if not note.startswith(said))
    if story.duration_s < 2 * BASELINE_S:
        yield "The recording is short, so the person's baseline is uncertain."
    if story.signals and all(signal.probability == "low" for signal in story.signals):
        yield "Every signal is only possible, none likely."
    if story.coverage.policy != "behaviour" and BEHAVIOUR_NOTE not in story.coverage.notes:
        yield INTERPRETATION


def _about(duration_s: float) -> str:
    """Write a duration as people say it: to the second from 10 s on."""
    return length(round(duration_s)) if duration_s >= 10 else length(round(duration_s, 1))
