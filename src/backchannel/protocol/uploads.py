"""Uploads without a connection: reading requests, and the JSON of the responses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.constants import WINDOW_S
from backchannel.errors import Problem
from backchannel.media.stream.container import AUDIO_CONTAINERS, VIDEO_CONTAINERS, detect_container
from backchannel.protocol.client_transcript import read_transcript_field
from backchannel.protocol.errors import ErrorBody
from backchannel.protocol.file_cues import CueBody, file_cues
from backchannel.protocol.include import PARAMETERS, Include, parse_include
from backchannel.protocol.multipart import TRANSCRIPT_FIELD, Form
from backchannel.protocol.products import MODELS, SOUND_ONLY, ModelName, model_named, reported_by
from backchannel.protocol.results import (
    ConversationQualityBody,
    CoverageBody,
    EngagementBody,
    PhraseBody,
    SignalBody,
    conversation_quality,
    coverage_body,
    engagement_of,
    seconds,
    signal_bodies,
    transcript_bodies,
)
from backchannel.signals.merge import merge_signals
from backchannel.values import EngagementLevel, GivenWords, SegmentResult, Signal

MAX_WAIT_S: Final = 120.0
STRENGTH: Final = {"low": 0, "medium": 1, "high": 2}

_AS_FILE: Final = {"ih5006": "ih4007", "ih5004": "ih5002"}


class WindowBody(msgspec.Struct, frozen=True):
    """One window of a file. Its signals span the whole window."""

    index: int
    start_seconds: float
    end_seconds: float
    engagement_status: EngagementLevel
    signals: tuple[SignalBody, ...]


class ResultBody(msgspec.Struct, frozen=True):
    """The result of a completed job.

    The last four fields are our own, and other clients ignore them. `engagement_state` and `cues` are only
    there with the evidence.
    """

    duration_seconds: float
    window_seconds: float
    windows: tuple[WindowBody, ...]
    signals: tuple[SignalBody, ...] | UnsetType = UNSET
    conversation_quality: ConversationQualityBody | UnsetType = UNSET
    coverage: CoverageBody | UnsetType = UNSET
    engagement_state: tuple[EngagementBody, ...] | UnsetType = UNSET
    cues: tuple[CueBody, ...] | UnsetType = UNSET
    transcript: tuple[PhraseBody, ...] | UnsetType = UNSET


class JobBody(msgspec.Struct, frozen=True):
    """A job, as both v2 endpoints return it. Fields that do not apply are omitted, never null."""

    job_id: str
    status: Literal["queued", "running", "completed", "failed"]
    model: ModelName
    created_at: datetime
    expires_at: datetime
    status_url: str
    result: ResultBody | UnsetType = UNSET
    error: ErrorBody | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The parameters of a v2 upload.

    Attributes
    ----------
    model
        The chosen model.
    wait_s
        How long the response may wait for the job to finish, s.
    include
        The optional sections of the result.
    signals
        Whether the result also lists the signals of the whole file.
    """

    model: ModelName
    wait_s: float
    include: Include
    signals: bool

    @property
    def sound_only(self) -> bool:
        """Whether to ignore video and accept audio files."""
        return self.model == SOUND_ONLY


def read_job_request(form: Form) -> JobRequest:
    """Read the parameters of a v2 upload.

    Raises
    ------
    Problem
        ``ih4005``. The message names the parameter.
    """
    known = " or ".join(MODELS)
    name = form.one("model")
    if not name:
        raise Problem("ih4005", f"The parameter model is missing. Send {known}.")
    model = model_named(name)
    if model is None:
        raise Problem("ih4005", f"The parameter model is unknown. Send {known}.")
    flags = form.every(*PARAMETERS)
    return JobRequest(model, _wait_s(form.one("wait_seconds")), parse_include(flags), "signals" in flags)


def _wait_s(text: str | None) -> float:
    try:
        wait_s = float(text) if text else 0.0
    except ValueError:
        wait_s = math.nan
    if not 0.0 <= wait_s <= MAX_WAIT_S:
        raise Problem("ih4005", f"The parameter wait_seconds must be a number from 0 to {MAX_WAIT_S:g}.")
    return wait_s


def given_words(form: Form) -> GivenWords | None:
    """Read the client's own transcript from a form; None if there is none.

    Raises
    ------
    Problem
        ``ih4005``.
    """
    text = form.one(TRANSCRIPT_FIELD)
    return read_transcript_field(text).whole if text else None


def include_of(form: Form) -> Include:
    """Read the optional sections from a form."""
    return parse_include(form.every(*PARAMETERS))


def check_container(data: bytes | bytearray, *, sound_files: bool = False) -> None:
    """Refuse a file in an unsupported container, judged by its first bytes.

    Parameters
    ----------
    data
        The file, or at least its first 4096 bytes.
    sound_files
        Whether to accept audio files too.

    Raises
    ------
    Problem
        ``ih4002``.

    See Also
    --------
    backchannel.media.stream.container.detect_container : Names the container.
    """
    kind = detect_container(bytes(data[:4096]))
    if kind is not None and (sound_files or not kind.is_sound_file):
        return
    if kind is not None:
        raise Problem("ih4002", f"A {kind} file has no video. Supported: {VIDEO_CONTAINERS}.")
    if sound_files:
        supported = f"{VIDEO_CONTAINERS}, {AUDIO_CONTAINERS}"
        raise Problem("ih4002", f"This is not a supported video or audio file. Supported: {supported}.")
    raise Problem("ih4002", f"This is not a supported video file. Supported: {VIDEO_CONTAINERS}.")


def file_problem(problem: Problem) -> Problem:
    """Turn a problem of a segment into one of a file, which may have an id of its own."""
    return Problem(
        _AS_FILE.get(problem.error_id, problem.error_id),
        problem.message.replace("The segment holds", "The file holds"),
        problem.retry_after_s,
    )


# --- results ---------------------------------------------------------------------------------------


def result_body(results: Sequence[SegmentResult], request: JobRequest) -> ResultBody:
    """Return the result of a job.

    The signals of a window span the window. Merged signals have the times of their evidence, as on streams.

    Parameters
    ----------
    results
        The results of the file's windows, in order; at least one.
    request
        The parameters of the upload.
    """
    results = [_reported(result, request.model) for result in results]
    quality: ConversationQualityBody | UnsetType = conversation_quality(
        results[-1].quality_overall, [(result.span, result.quality) for result in results], request.include
    )
    return ResultBody(
        duration_seconds=seconds(results[-1].span.end_s),
        window_seconds=WINDOW_S,
        windows=tuple(
            WindowBody(
                index=index,
                start_seconds=seconds(result.span.start_s),
                end_seconds=seconds(result.span.end_s),
                engagement_status=_longest_state(result),
                signals=signal_bodies(_window_signals(result), request.include),
            )
            for index, result in enumerate(results)
        ),
        signals=signal_bodies(merge_signals(results), request.include) if request.signals else UNSET,
        conversation_quality=quality,
        coverage=coverage_body(results),
        engagement_state=engagement_of(results) if request.include.evidence else UNSET,
        cues=file_cues(results) if request.include.evidence else UNSET,
        transcript=transcript_bodies(results, request.include),
    )


def _reported(result: SegmentResult, model: ModelName) -> SegmentResult:
    """Remove the signals that the model does not report."""
    reported = reported_by(model)
    if reported is None:
        return result
    return replace(result, signals=tuple(signal for signal in result.signals if signal.type in reported))


def _window_signals(result: SegmentResult) -> list[Signal]:
    """Return the strongest signal of each type, stretched to the whole window."""
    strongest: dict[str, Signal] = {}
    for signal in result.signals:
        before = strongest.get(signal.type)
        if before is None or _rank(signal) > _rank(before):
            strongest[signal.type] = signal
    return [replace(signal, span=result.span) for signal in strongest.values()]


def _rank(signal: Signal) -> tuple[int, float]:
    return STRENGTH[signal.probability], signal.score


def _longest_state(result: SegmentResult) -> EngagementLevel:
    """Return the engagement state with the longest share of a window; neutral if there is none."""
    lengths: dict[EngagementLevel, float] = {}
    for part in result.engagement:
        lengths[part.state] = lengths.get(part.state, 0.0) + part.span.duration_s
    return max(lengths, key=lambda state: lengths[state], default="neutral")
