"""The parts of the benchmark: what each measures, in full and in little, and how it is shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.clips import CODECS, make_clips
from bench.cpu import segment_costs, stage_costs
from bench.growth import Growth, growth_table, measure_growth
from bench.load import Load, load_table, measure_load
from bench.memory import Memory, measure_memory, memory_table
from bench.recorder import stream_costs
from bench.startup import Startup, measure_startup, startup_table
from bench.tables import table
from bench.usual import UsualScriptMissingError, usual_script_costs

KEPT: Final = Path(".cache/bench")
"""Where made clips and the figures of each part are kept between runs."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the benchmark.

    Attributes
    ----------
    title
        Its heading.
    measure
        Measures with so many runs, where that is for the caller to say; gives plain values.
    show
        Its lines of Markdown.
    ratios
        Those of its figures that a change may not make worse by much; each is better when it is less.
    smoke
        As `measure`, small.
    """

    title: str
    measure: Callable[[int], Any]
    show: Callable[[Any], Sequence[str]]
    smoke: Callable[[], Any] | None = None
    ratios: Callable[[Any], Mapping[str, float]] = lambda _figures: {}


def _cpu(runs: int, *, smoke: bool = False) -> dict[str, Any]:
    clips = make_clips(KEPT)
    timed = {key: clips[key] for key in ((720, "h264"), (720, "vp8"))} if smoke else clips
    return {
        "segment": segment_costs(timed, runs),
        "stages_720p_h264_s": {} if smoke else stage_costs(clips[720, "h264"], runs),
    }


def _show_cpu(figures: Mapping[str, Any]) -> list[str]:
    lines = table(
        ("5 s segment", "Decode only", "Whole analysis", "Ratio"),
        (
            (
                name,
                f"{1000 * cost['decode_only_s']:.0f} ms",
                f"{1000 * cost['segment_s']:.0f} ms",
                f"{cost['ratio']:.2f}",
            )
            for name, cost in figures["segment"].items()
        ),
    )
    if not figures["stages_720p_h264_s"]:
        return lines
    stages = ((name, f"{1000 * cost:.0f} ms") for name, cost in figures["stages_720p_h264_s"].items())
    return [*lines, "", *table(("Stage, 720p H.264", "CPU time"), stages)]


def _cpu_ratios(figures: Mapping[str, Any]) -> Mapping[str, float]:
    return {f"segment over decoding, {name}": cost["ratio"] for name, cost in figures["segment"].items()}


def _show_streams(figures: Mapping[str, Any]) -> Sequence[str]:
    return table(
        ("640x360, key frames every 5 s", "v0, segments of 5 s", "v2, pieces of 1 s", "Ratio"),
        (
            (name, f"{1000 * cost['v0_s']:.0f} ms", f"{1000 * cost['v2_s']:.0f} ms", f"{cost['ratio']:.2f}")
            for name, cost in figures.items()
        ),
    )


def _usual(runs: int) -> dict[str, Any]:
    clip = {(720, "h264"): make_clips(KEPT)[720, "h264"]}
    try:
        return {"costs": usual_script_costs(clip, runs)}
    except UsualScriptMissingError as missing:
        return {"missing": str(missing)}


def _show_usual(figures: Mapping[str, Any]) -> Sequence[str]:
    if "missing" in figures:
        return [figures["missing"]]
    return table(
        ("5 s segment", "The usual script", "Whole analysis", "Times less"),
        (
            (
                name,
                f"{1000 * cost['usual_script_s']:.0f} ms",
                f"{1000 * cost['segment_s']:.0f} ms",
                f"{cost['times_less']:.2f}",
            )
            for name, cost in figures["costs"].items()
        ),
    )


def _load(_runs: int) -> list[Load]:
    return [*measure_load(KEPT), *measure_load(KEPT, "v2", counts=(1, 4, 8, 12), segments=4)]


def _load_ratios(figures: Sequence[Mapping[str, Any]]) -> Mapping[str, float]:
    # How long answers take depends on what else the machine does; that there are answers does not.
    return {
        f"answers lost by {one['clients']} clients, {one['kind']}": float(one["lost"] + one["refused"])
        for one in figures
    }


def _growth_ratios(figures: Sequence[Mapping[str, Any]]) -> Mapping[str, float]:
    return {
        f"cost of a second of media, {one['what']} over {base['what']}": one["ratio"]
        for base, one in (figures[:2], figures[2:4])
    }


PARTS: Final[Mapping[str, Part]] = {
    "cpu": Part(
        "CPU time of a segment, and where it goes",
        _cpu,
        _show_cpu,
        smoke=lambda: _cpu(5, smoke=True),
        ratios=_cpu_ratios,
    ),
    "streams": Part(
        "CPU time of 5 s of a browser's recording: a stream in pieces against complete segments",
        lambda runs: stream_costs(KEPT, runs),
        _show_streams,
        smoke=lambda: stream_costs(KEPT, 3, CODECS[:1]),
        ratios=lambda figures: {
            f"pieces of 1 s over segments of 5 s, {name}": cost["ratio"] for name, cost in figures.items()
        },
    ),
    "usual": Part(
        "CPU time of a segment against the usual script (OpenCV, MediaPipe, librosa)",
        _usual,
        _show_usual,
    ),
    "load": Part(
        "Clients at the pace of life, 5 s of 720p a segment",
        _load,
        lambda figures: load_table(msgspec.convert(figures, list[Load])),
        smoke=lambda: [
            *measure_load(KEPT, counts=(2,), segments=2),
            *measure_load(KEPT, "v2", counts=(2,), segments=2),
        ],
        ratios=_load_ratios,
    ),
    "memory": Part(
        "Memory over an hour of media in one session",
        lambda _runs: measure_memory(KEPT),
        lambda figures: memory_table(msgspec.convert(figures, Memory)),
    ),
    "startup": Part(
        "Start-up, warm",
        lambda runs: measure_startup(KEPT, runs),
        lambda figures: startup_table(msgspec.convert(figures, Startup)),
    ),
    "growth": Part(
        "Growth: cost per second of media",
        lambda _runs: measure_growth(KEPT),
        lambda figures: growth_table(msgspec.convert(figures, list[Growth])),
        smoke=lambda: measure_growth(KEPT, (3.0, 9.0), (1, 16), rounds=2, enough_s=18.0, streams=False),
        ratios=_growth_ratios,
    ),
}
