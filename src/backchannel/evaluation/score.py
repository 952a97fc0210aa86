"""Scores detections against labels.

The rule: a detection and a label of the same cue match when they share at least half of the shorter one, or
0.5 s. A label is found when any detection matches it; a detection is right when it matches any label. A
detection that matches no label but overlaps one of low certainty is neither right nor wrong; labels of low
certainty are not asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backchannel.evaluation.labels import LabelledCue, Labels
from backchannel.model import Cue, SegmentResult, SignalType, Span

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
"""Our cue for each label. Labels of what we do not measure (laugh, hand_to_face) are left out."""


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
class ClipScore:
    """Everything about one clip.

    Attributes
    ----------
    duration_s
        Length of the clip, s.
    cues
        By our cue's name.
    speech_agreement_s, speech_s
        Time in which speech was rightly told from silence, and time that was compared; 0 where the clip has
        no sound.
    reported, implausible, plausible, found
        Signals: types reported, those labelled implausible, those labelled plausible, and plausible ones
        reported.
    """

    name: str
    duration_s: float
    cues: Mapping[str, CueScore]
    speech_agreement_s: float
    speech_s: float
    reported: tuple[SignalType, ...]
    implausible: tuple[SignalType, ...]
    plausible: tuple[SignalType, ...]
    found: tuple[SignalType, ...]


def labels_by_cue(labels: Labels) -> Mapping[str, tuple[LabelledCue, ...]]:
    """Labels under our cues' names, pauses included."""
    every = [
        *labels.cues,
        *(LabelledCue("long_pause", span.start, span.end) for span in labels.long_pauses),
        *(LabelledCue("filled_pause", span.start, span.end) for span in labels.filled_pauses),
    ]
    return {
        ours: tuple(label for label in every if CUE_OF_LABEL.get(label.cue) == ours)
        for ours in CUE_OF_LABEL.values()
    }


def matches(one: Span, other: Span) -> bool:
    """Whether a detection and a label are the same event."""
    shared_s = one.overlap_s(other)
    return shared_s > 0 and (
        shared_s >= MATCH_S or shared_s >= MATCH_SHARE * min(one.duration_s, other.duration_s)
    )


def verdict_of_detection(span: Span, labels: Sequence[LabelledCue]) -> str:
    """``right``, ``wrong`` or ``ignored``."""
    if any(matches(span, label.span) for label in labels if label.certainty != "low"):
        return "right"
    if any(span.overlap_s(label.span) > 0 for label in labels if label.certainty == "low"):
        return "ignored"
    return "wrong"


def score_cue(detected: Sequence[Span], labels: Sequence[LabelledCue]) -> CueScore:
    """Score one cue of one clip."""
    asked = [label for label in labels if label.certainty != "low"]
    verdicts = [verdict_of_detection(span, labels) for span in detected]
    return CueScore(
        labels=len(asked),
        found=sum(any(matches(span, label.span) for span in detected) for label in asked),
        detections=sum(verdict != "ignored" for verdict in verdicts),
        right=verdicts.count("right"),
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
        cues={
            cue: score_cue([found.span for found in cues if found.name == cue], wanted[cue]) for cue in wanted
        },
        speech_agreement_s=agreement_s,
        speech_s=compared_s,
        reported=reported,
        implausible=tuple(signal for signal in reported if signal in labels.signals_implausible),
        plausible=labels.signals_plausible,
        found=tuple(signal for signal in labels.signals_plausible if signal in reported),
    )


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
        for step in range(
            max(0, int(span.start_s / SPEECH_STEP_S)), min(steps, int(span.end_s / SPEECH_STEP_S))
        ):
            mask[step] = True
    return mask
