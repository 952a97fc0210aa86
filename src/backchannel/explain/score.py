"""Score detections by labels.

The rule: a detection and a label of the same cue match when they share at least half of the shorter one, or
0.5 s. A label is found when any detection matches it; a detection is right when it matches any label. A
detection that matches no label but overlaps one of low certainty is neither right nor wrong. Labels of low
certainty are not required.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from backchannel.explain.labels import LabelledCue, Labels
from backchannel.values import Cue, EngagementLevel, SegmentResult, SignalType, Span

MATCH_SHARE = 0.5
MATCH_S = 0.5
SPEECH_STEP_S = 0.01

CUE_OF_LABEL: Mapping[str, str] = {
    "nod": "nod",
    "shake": "shake",
    "gaze_away": "gaze_away",
    "smile": "smile",
    "brow_raise": "brow_raise",
    "brow_furrow": "brow_furrow",
    "head_tilt": "tilt",
    "lean_forward": "lean_in",
    "lean_back": "lean_out",
    "eyes_closed": "eyes_closed",
    "face_absent": "face_absent",
    "facing_camera": "facing",
    "long_pause": "long_pause",
    "filled_pause": "filled_pause",
}
"""The cue for each label. Labels without a cue (laugh, hand_to_face) are left out."""

Verdict = Literal["right", "wrong", "ignored"]


@dataclass(frozen=True, slots=True)
class CueScore:
    """One cue, in one clip or over all.

    Attributes
    ----------
    labels
        Labels of medium or high certainty.
    found
        Those that a detection matches.
    detections
        Detections that count.
    right
        Those that match a label.
    """

    labels: int = 0
    found: int = 0
    detections: int = 0
    right: int = 0

    def __add__(self, other: "CueScore") -> "CueScore":
        return CueScore(
            self.labels + other.labels,
            self.found + other.found,
            self.detections + other.detections,
            self.right + other.right,
        )

    @property
    def precision(self) -> float | None:
        """Share of detections that are right; None without detections."""
        return self.right / self.detections if self.detections else None

    @property
    def recall(self) -> float | None:
        """Share of labels that are found; None without labels."""
        return self.found / self.labels if self.labels else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None without labels."""
        if not self.labels:
            return None
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class CueMatch:
    """One cue of one clip, label by label and detection by detection.

    Attributes
    ----------
    labels
        Each label, and whether a detection matches it.
    detections
        Each detection, with its verdict.
    """

    labels: tuple[tuple[LabelledCue, bool], ...]
    detections: tuple[tuple[Cue, Verdict], ...]

    @property
    def missed(self) -> tuple[LabelledCue, ...]:
        """Labels that were required and not found."""
        return tuple(label for label, found in self.labels if label.asked and not found)

    @property
    def wrong(self) -> tuple[Cue, ...]:
        """Detections without a label."""
        return tuple(cue for cue, verdict in self.detections if verdict == "wrong")

    @property
    def score(self) -> CueScore:
        """The counts."""
        asked = [found for label, found in self.labels if label.asked]
        verdicts = [verdict for _, verdict in self.detections]
        return CueScore(
            labels=len(asked),
            found=sum(asked),
            detections=sum(verdict != "ignored" for verdict in verdicts),
            right=verdicts.count("right"),
        )


@dataclass(frozen=True, slots=True)
class ClipScore:
    """Everything about one clip.

    Attributes
    ----------
    duration_s
        Length of the clip, s.
    cues
        By our cue's name.
    speech_agreement_s, speech_s
        Time with the right decision between speech and silence, and time compared; 0 if the clip has no
        sound.
    reported, implausible, plausible, found
        Signals: types reported, those labelled implausible, those labelled plausible, and plausible ones
        reported.
    engagement
        Time in each state, s.
    traits
        The person, light and skin tone, as far as the labels name them.
    """

    name: str
    duration_s: float
    cues: Mapping[str, CueMatch]
    speech_agreement_s: float
    speech_s: float
    reported: tuple[SignalType, ...]
    implausible: tuple[SignalType, ...]
    plausible: tuple[SignalType, ...]
    found: tuple[SignalType, ...]
    engagement: Mapping[EngagementLevel, float]
    traits: Mapping[str, str]

    @property
    def neither(self) -> tuple[SignalType, ...]:
        """Reported signals that are labelled neither plausible nor implausible."""
        return tuple(name for name in self.reported if name not in {*self.plausible, *self.implausible})

    @property
    def missed(self) -> tuple[SignalType, ...]:
        """Plausible signals that were not reported."""
        return tuple(signal for signal in self.plausible if signal not in self.found)


def labels_by_cue(labels: Labels) -> Mapping[str, tuple[LabelledCue, ...]]:
    """Labels by the names of cues, including pauses."""
    every = [
        *labels.cues,
        *(LabelledCue(span.start, span.end, cue="long_pause") for span in labels.long_pauses),
        *(LabelledCue(span.start, span.end, cue="filled_pause") for span in labels.filled_pauses),
    ]
    return {
        ours: tuple(label for label in every if CUE_OF_LABEL.get(label.cue) == ours)
        for ours in CUE_OF_LABEL.values()
    }


def matches(one: Span, other: Span) -> bool:
    """Whether a detection and a label are the same event."""
    shared_s = one.overlap_s(other)
    # A little tolerance, because times are decimal fractions and exactly half must count.
    enough_s = min(MATCH_S, MATCH_SHARE * min(one.duration_s, other.duration_s)) - 1e-6
    return shared_s > 0 and shared_s >= enough_s


def verdict_of_detection(span: Span, labels: Sequence[LabelledCue]) -> Verdict:
    """The verdict on a detection."""
    if any(matches(span, label.span) for label in labels if label.asked):
        return "right"
    if any(span.overlap_s(label.span) > 0 for label in labels if not label.asked):
        return "ignored"
    return "wrong"


def match_cue(detected: Sequence[Cue], labels: Sequence[LabelledCue]) -> CueMatch:
    """Match one cue's detections in one clip with its labels."""
    return CueMatch(
        labels=tuple(
            (label, any(matches(cue.span, label.span) for cue in detected))
            for label in sorted(labels, key=lambda label: label.span)
        ),
        detections=tuple((cue, verdict_of_detection(cue.span, labels)) for cue in detected),
    )


def score_clip(name: str, results: Sequence[SegmentResult], cues: Sequence[Cue], labels: Labels) -> ClipScore:
    """Score one clip."""
    duration_s = results[-1].span.end_s if results else 0.0
    wanted = labels_by_cue(labels)
    agreement_s, compared_s = _speech(results, cues, labels, duration_s)
    reported = tuple(sorted({signal.type for result in results for signal in result.signals}))
    return ClipScore(
        name=name,
        duration_s=duration_s,
        cues={cue: match_cue([found for found in cues if found.name == cue], wanted[cue]) for cue in wanted},
        speech_agreement_s=agreement_s,
        speech_s=compared_s,
        reported=reported,
        implausible=tuple(signal for signal in reported if signal in labels.signals_implausible),
        plausible=labels.signals_plausible,
        found=tuple(signal for signal in labels.signals_plausible if signal in reported),
        engagement=_engagement(results),
        traits={"person": labels.person, "light": labels.light, "skin_tone": labels.skin_tone},
    )


def _engagement(results: Sequence[SegmentResult]) -> Mapping[EngagementLevel, float]:
    time_s: dict[EngagementLevel, float] = {"engaged": 0.0, "neutral": 0.0, "disengaged": 0.0}
    for result in results:
        for part in result.engagement:
            time_s[part.state] += part.span.duration_s
    return time_s


def _speech(
    results: Sequence[SegmentResult], cues: Sequence[Cue], labels: Labels, duration_s: float
) -> tuple[float, float]:
    if not any(result.coverage.sound for result in results):
        return 0.0, 0.0
    steps = int(duration_s / SPEECH_STEP_S)
    heard = _mask([cue.span for cue in cues if cue.name == "speaking"], steps)
    told = _mask([span.span for span in labels.speech], steps)
    return sum(a == b for a, b in zip(heard, told, strict=True)) * SPEECH_STEP_S, steps * SPEECH_STEP_S


def _mask(spans: Sequence[Span], steps: int) -> list[bool]:
    mask = [False] * steps
    for span in spans:
        first, last = round(span.start_s / SPEECH_STEP_S), round(span.end_s / SPEECH_STEP_S)
        for step in range(max(0, first), min(steps, last)):
            mask[step] = True
    return mask
