"""The clips that accuracy is measured on: one seed, and everything varies at the same time.

A clip rests, then one or two things happen: nods or shakes of known count, or something that must not be
taken for one. Face, light, noise, blur, codec, frame rate, picture size, sway and speech are drawn anew for
every clip, so that no result rests on one kind of picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backchannel.values import Span
from synthesis import (
    Blink,
    BrowRaise,
    Encoding,
    Filler,
    Glance,
    Lean,
    Look,
    Melody,
    Nod,
    Performance,
    Say,
    Shake,
    Shot,
    Smile,
    Sway,
    Tilt,
    Turn,
    View,
    spans_of,
)
from synthesis.film import VideoCodec
from synthesis.gestures import Gesture

REST_S = 0.9
"""Every clip begins and ends at rest for at least so long, s."""
APART_S = 0.9
"""Rest between two gestures, s: nearer ones are one gesture to any observer."""
FACE_PER_EYES = 1.7
"""Width of a face over the distance between its outer eye corners."""
ANALYSED_SIDE_PX = 640
"""Longest side of the picture that perception looks at, px."""

FRAME_RATES_HZ = (10.0, 12.0, 15.0, 24.0, 30.0, 60.0)
_FRAME_RATE_SHARES = (0.08, 0.12, 0.2, 0.22, 0.28, 0.1)
_PICTURES_PX = (
    (320, 240),
    (426, 240),
    (480, 360),
    (640, 360),
    (640, 480),
    (360, 640),
    (854, 480),
    (1280, 720),
)
_CODECS: tuple[VideoCodec, ...] = ("h264", "vp8", "vp9")
_SENTENCES = (
    "I looked at the numbers.",
    "They are better than we thought.",
    "Let us keep the plan.",
    "I would not change it now.",
    "We can talk about it tomorrow.",
    "That is what I had in mind.",
    "The morning train was late again.",
    "My brother lives near the river.",
)

Chance = np.random.Generator


@dataclass(frozen=True, slots=True)
class Case:
    """One clip to measure: its number, what it is about, and its script."""

    number: int
    kind: str
    speech: str
    shot: Shot


def design(clips: int, seed: int = 1) -> tuple[Case, ...]:
    """Lay out the clips. Clip k of a seed is the same whatever the number of clips."""
    return tuple(case(number, seed) for number in range(clips))


def cheapest(clips: int, of: int = 60, seed: int = 1) -> tuple[Case, ...]:
    """Take those clips of a design that are the least work: the same kind of clips, in small pictures."""
    return tuple(sorted(design(of, seed), key=_pixels)[:clips])


def _pixels(clip: Case) -> float:
    view, frames = clip.shot.view, clip.shot.frame_rate_hz * clip.shot.performance.duration_s
    return view.width_px * view.height_px * frames


def case(number: int, seed: int = 1) -> Case:
    """Draw one clip."""
    chance = np.random.default_rng([seed, number])
    kind = ("nod", "shake", "other", "nod", "shake", "both", "nod", "shake", "other", "nod")[number % 10]
    speech = str(chance.choice(["none", "through", "sentences"], p=[0.45, 0.3, 0.25]))
    return case_of(chance, number, seed, kind, speech, _gestures(chance, kind, speaking=speech != "none"))


def case_of(
    chance: Chance, number: int, seed: int, kind: str, speech: str, gestures: tuple[Gesture, ...]
) -> Case:
    """Draw all else of a clip in which something happens: what is said, sway, room, picture, encoding."""
    end_s = max(gesture.span.end_s for gesture in gestures) + REST_S
    speeches = _speech_until(chance, speech, end_s)
    duration_s = max(4.0, end_s, *(spans_of(say)[-1].end_s + 0.5 for say in speeches))
    performance = Performance(
        duration_s=float(np.ceil(duration_s * 4) / 4),
        gestures=gestures,
        speech=speeches,
        sway=Sway(drift_deg=chance.uniform(0.3, 1.2), jitter_deg=chance.uniform(0.05, 0.25)),
        room_dbfs=chance.uniform(-70, -50),
        articulation=_articulation(number, seed),
        seed=number + 1000 * seed,
    )
    return Case(number, kind, speech, _shot(chance, performance))


def _articulation(number: int, seed: int) -> float:
    """Draw how far the mouth opens in speech, without changing anything else that is drawn.

    At 1 the lips move by 0.003 to 0.01 face widths a frame; those of ten real speakers by 0.012 and more.
    """
    return float(np.random.default_rng([number, seed]).uniform(1.8, 3.5))


def _shot(chance: Chance, performance: Performance) -> Shot:
    width, height = _PICTURES_PX[chance.integers(len(_PICTURES_PX))]
    reduced = min(1.0, ANALYSED_SIDE_PX / max(width, height))
    largest = min(300.0, 0.62 * reduced * min(width, height * 1.2))
    face_px = _log_uniform(chance, 60.0, max(largest, 61.0))
    codec = _CODECS[chance.integers(3)]
    return Shot(
        performance,
        View(width, height, float(round(face_px / reduced / FACE_PER_EYES))),
        frame_rate_hz=float(chance.choice(FRAME_RATES_HZ, p=_FRAME_RATE_SHARES)),
        look=Look(
            gain=_log_uniform(chance, 0.25, 1.3),
            gamma=chance.uniform(0.8, 1.6),
            noise=_log_uniform(chance, 0.7, 7.0),
            blur_px=chance.uniform(0.0, 0.008) * face_px / reduced,
        ),
        encoding=Encoding(
            codec, crf=int(chance.integers(18, 37) if codec == "h264" else chance.integers(12, 46))
        ),
    )


def _gestures(chance: Chance, kind: str, *, speaking: bool) -> tuple[Gesture, ...]:
    makers: dict[str, tuple[Callable[[], tuple[Gesture, ...]], ...]] = {
        "nod": (lambda: (_nod(chance, speaking=speaking),), lambda: _other(chance, speaking=speaking)),
        "shake": (lambda: (_shake(chance, speaking=speaking),), lambda: _other(chance, speaking=speaking)),
        "both": (lambda: (_nod(chance, speaking=speaking),), lambda: (_shake(chance, speaking=speaking),)),
        "other": (lambda: _other(chance, speaking=speaking), lambda: _other(chance, speaking=speaking)),
    }
    made = [makers[kind][index]() for index in chance.permutation(2)]
    at_s = REST_S + chance.uniform(0, 0.3)
    placed: list[Gesture] = []
    for group in made:
        placed += [_later(gesture, at_s) for gesture in group]
        at_s = max(gesture.span.end_s for gesture in placed) + APART_S + chance.uniform(0, 0.4)
    return tuple(placed)


def _later(gesture: Gesture, by_s: float) -> Gesture:
    return type(gesture)(
        **{name: getattr(gesture, name) for name in gesture.__slots__ if name != "start_s"},
        start_s=gesture.start_s + by_s,
    )


def _nod(chance: Chance, *, speaking: bool) -> Nod:
    rate_hz, fade = _log_uniform(chance, 0.9, 3.3), _fade(chance)
    # One cycle while speaking is emphasis, and not asked for.
    cycles = int(chance.integers(2 if speaking else 1, 6))
    return Nod(
        0.0,
        cycles=min(cycles, max(2, int(3.6 * rate_hz))),
        peak_to_peak_deg=chance.uniform(5, 15) / (1 - fade),
        rate_hz=rate_hz,
        fade=fade,
        about_rest=cycles > 1 and chance.uniform() < 0.25,
    )


def _shake(chance: Chance, *, speaking: bool) -> Shake:
    rate_hz, fade = _log_uniform(chance, 0.9, 2.8), _fade(chance)
    cycles = float(chance.choice((2.0, 2.5, 3.0, 4.0, 5.0) if speaking else (1.5, 2.0, 2.5, 3.0, 4.0, 5.0)))
    return Shake(
        0.0,
        cycles=min(cycles, max(2.0, float(int(3.6 * rate_hz)))),
        peak_to_peak_deg=chance.uniform(7, 20) / (1 - fade),
        rate_hz=rate_hz,
        fade=fade,
    )


def _fade(chance: Chance) -> float:
    """Half of all gestures die away; their last cycle is still as large as asked for."""
    return float(chance.choice((0.0, chance.uniform(0.0, 0.35))))


def _other(chance: Chance, *, speaking: bool) -> tuple[Gesture, ...]:
    """Something that is neither a nod nor a shake."""
    sign = float(chance.choice((-1.0, 1.0)))
    choices: dict[str, Callable[[], tuple[Gesture, ...]]] = {
        "look up or down": lambda: (
            Turn(
                0.0,
                chance.uniform(1.4, 2.4),
                pitch_deg=sign * chance.uniform(6, 14),
                ramp_s=chance.uniform(0.35, 0.7),
            ),
        ),
        "glance": lambda: (
            Glance(
                0.0,
                chance.uniform(0.8, 1.8),
                yaw_deg=sign * chance.uniform(12, 24),
                pitch_deg=chance.uniform(-10, 5),
            ),
        ),
        "turn": lambda: (
            Turn(
                0.0,
                chance.uniform(1.0, 2.2),
                yaw_deg=sign * chance.uniform(8, 18),
                ramp_s=chance.uniform(0.3, 0.6),
            ),
        ),
        "tilt": lambda: (Tilt(0.0, chance.uniform(1.0, 2.0), roll_deg=sign * chance.uniform(8, 16)),),
        "lean": lambda: (
            Lean(0.0, chance.uniform(1.6, 2.6), scale=float(chance.choice((0.86, 0.9, 1.12, 1.2)))),
        ),
        "blinks": lambda: (
            Blink(0.0),
            Blink(chance.uniform(0.3, 0.6)),
            Blink(1.3, chance.uniform(0.16, 0.3)),
        ),
        "brows": lambda: (
            BrowRaise(0.0, chance.uniform(0.5, 1.4), amount=chance.uniform(0.7, 1.0)),
            Blink(0.3),
        ),
        "smile": lambda: (Smile(0.0, chance.uniform(1.2, 2.2), amount=chance.uniform(0.8, 1.1)),),
    }
    if speaking:
        choices["emphasis"] = lambda: (Nod(0.0, 1, chance.uniform(4, 8), _log_uniform(chance, 1.0, 2.5)),)
    return choices[str(chance.choice(list(choices)))]()


def _speech_until(chance: Chance, speech: str, end_s: float) -> tuple[Say, ...]:
    """Speak without a pause, or with pauses of known length and now and then an "um"."""
    if speech == "none":
        return ()
    say = Say(
        start_s=chance.uniform(0.3, 0.6),
        parts=(),
        speed=float(chance.choice((0.9, 1.0, 1.15))),
        level_dbfs=chance.uniform(-32, -16),
        melody=Melody(semitones=float(chance.integers(-9, 5))),
    )
    parts: list[str | float | Filler] = []
    for text in chance.permutation(_SENTENCES):
        parts.append(str(text))
        say = Say(say.start_s, tuple(parts), say.speed, say.level_dbfs, say.melody)
        if spans_of(say)[-1].end_s > end_s - 1.0:
            break
        if speech == "through":
            parts.append(0.08)
        elif chance.uniform() < 0.35:
            parts += [chance.uniform(0.3, 0.8), Filler(), chance.uniform(0.3, 0.7)]
        else:
            parts.append(chance.uniform(0.3, 1.3))
    return (say,)


def targets(shot: Shot, name: str) -> tuple[tuple[Span, float], ...]:
    """(span, cycles) of each nod or shake that is asked for; a single nod while speaking is emphasis."""
    kind = Nod if name == "nod" else Shake
    wanted = [gesture for gesture in shot.performance.gestures if isinstance(gesture, kind)]
    return tuple(
        (gesture.span, float(gesture.cycles))
        for gesture in wanted
        if gesture.cycles > 1 or not shot.performance.speech
    )


def _log_uniform(chance: Chance, low: float, high: float) -> float:
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))
