"""Uploads without their connection: what may be asked, and how the answers are spelled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from backchannel.errors import Problem
from backchannel.media.stream.container import detect_container
from backchannel.protocol.errors import ErrorBody
from backchannel.protocol.include import PARAMETERS, Include, parse_include
from backchannel.protocol.multipart import Form
from backchannel.protocol.products import MODELS, SOUND_ONLY, ModelName, model_named, reported_by
from backchannel.protocol.results import (
    ConversationQualityBody,
    CoverageBody,
    SignalBody,
    conversation_quality,
    coverage_body,
    seconds,
    signal_bodies,
    whole_signals,
)
from backchannel.values import EngagementLevel, SegmentResult, Signal

WINDOW_S: Final = 5.0
"""Length of a window, as `windows` cuts them; that one needs numpy, and this room does without."""
MAX_WAIT_S: Final = 120.0
STRENGTH: Final = {"low": 0, "medium": 1, "high": 2}

_AS_FILE: Final = {"ih5006": "ih4007", "ih5004": "ih5002"}


class WindowBody(msgspec.Struct, frozen=True):
    """What one window of a file shows; its signals span it."""

    index: int
    start_seconds: float
    end_seconds: float
    engagement_status: EngagementLevel
    signals: tuple[SignalBody, ...]


class ResultBody(msgspec.Struct, frozen=True):
    """A completed job's result. The last field is ours; other clients ignore it."""

    duration_seconds: float
    window_seconds: float
    windows: tuple[WindowBody, ...]
    signals: tuple[SignalBody, ...] | UnsetType = UNSET
    conversation_quality: ConversationQualityBody | UnsetType = UNSET
    coverage: CoverageBody | UnsetType = UNSET


class JobBody(msgspec.Struct, frozen=True):
    """A job, as both v2 addresses answer it. What does not apply is left out, never null."""

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
    """What a v2 upload asks for.

    Attributes
    ----------
    model
        Which evidence is read.
    wait_s
        How long the answer may wait for the job to end, s.
    include
        The sections of quality, and evidence.
    signals
        Whether the result has the signals of the whole file too.
    """

    model: ModelName
    wait_s: float
    include: Include
    signals: bool

    @property
    def sound_only(self) -> bool:
        """Whether the picture is left alone, and files of sound are taken."""
        return self.model == SOUND_ONLY


def read_job_request(form: Form) -> JobRequest:
    """Read the parameters of a v2 upload.

    Raises
    ------
    Problem
        ``ih4005``, which names the parameter.
    """
    known = " or ".join(MODELS)
    name = form.one("model")
    if not name:
        raise Problem("ih4005", f"The parameter model is missing. Send {known}.")
    model = model_named(name)
    if model is None:
        raise Problem("ih4005", f"The parameter model is not one that is known here. Send {known}.")
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


def include_of(form: Form) -> Include:
    """Read what the answer is to hold."""
    return parse_include(form.every(*PARAMETERS))


def check_container(data: bytes | bytearray, *, sound_files: bool = False) -> None:
    """Refuse what no container can be seen in, from the first bytes alone.

    Parameters
    ----------
    sound_files
        Whether kinds for sound alone are taken too.

    Raises
    ------
    Problem
        ``ih4002``.
    """
    kind = detect_container(bytes(data[:4096]))
    if kind is not None and (sound_files or not kind.is_sound_file):
        return
    seen = "of no supported container" if kind is None else f"a {kind} file, which holds no picture"
    also = ", or wav, flac, mp3, m4a or ogg" if sound_files else ""
    raise Problem("ih4002", f"The file is {seen}. Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm{also}.")


def file_problem(problem: Problem) -> Problem:
    """Say of a file what was found out about a segment: the catalogue has ids of its own for files."""
    return Problem(
        _AS_FILE.get(problem.error_id, problem.error_id),
        problem.message.replace("The segment holds", "The file holds"),
        problem.retry_after_s,
    )


# --- results ---------------------------------------------------------------------------------------


def result_body(results: Sequence[SegmentResult], request: JobRequest) -> ResultBody:
    """Spell a job's result from the results of its windows, in order; there is at least one.

    A window's signals span the window. The merged ones have the times of their evidence, as on every stream.
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
                engagement_status=_prevailing(result),
                signals=signal_bodies(_window_signals(result), request.include),
            )
            for index, result in enumerate(results)
        ),
        signals=signal_bodies(whole_signals(results), request.include) if request.signals else UNSET,
        conversation_quality=quality,
        coverage=coverage_body(results),
    )


def _reported(result: SegmentResult, model: ModelName) -> SegmentResult:
    """Leave out what the model does not report."""
    reported = reported_by(model)
    if reported is None:
        return result
    return replace(result, signals=tuple(signal for signal in result.signals if signal.type in reported))


def _window_signals(result: SegmentResult) -> list[Signal]:
    """The strongest signal of each type, over the whole window."""
    strongest: dict[str, Signal] = {}
    for signal in result.signals:
        before = strongest.get(signal.type)
        if before is None or _rank(signal) > _rank(before):
            strongest[signal.type] = signal
    return [replace(signal, span=result.span) for signal in strongest.values()]


def _rank(signal: Signal) -> tuple[int, float]:
    return STRENGTH[signal.probability], signal.score


def _prevailing(result: SegmentResult) -> EngagementLevel:
    """The state that took most of a window; neutral when nothing is known of it."""
    lengths: dict[EngagementLevel, float] = {}
    for part in result.engagement:
        lengths[part.state] = lengths.get(part.state, 0.0) + part.span.duration_s
    return max(lengths, key=lambda state: lengths[state], default="neutral")
