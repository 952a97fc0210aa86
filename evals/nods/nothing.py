"""Movements that are neither a nod nor a shake, though some of them look like it."""

from __future__ import annotations

import numpy as np

from synthesis import Blink, Glance, Held, Lean, Rhythm, Smile, Tilt, Turn, Wander
from synthesis.gestures import Gesture
from synthesis.movements import Movement

Chance = np.random.Generator
Gestures = tuple[Gesture | Movement, ...]

END_S = 9.8


def breathing(chance: Chance) -> Gestures:
    """Breath lifts the head by about a degree, twelve to twenty times a minute."""
    rate_hz = chance.uniform(0.2, 0.33)
    moved = (("head_pitch_deg", chance.uniform(0.4, 1.6)), ("lean", chance.uniform(0.005, 0.02)))
    return (Rhythm("breathing", 0.0, END_S, rate_hz, moved, 0.1, _seed(chance)), *blinks(chance))


def blinks(chance: Chance) -> tuple[Blink, ...]:
    """A few blinks."""
    return tuple(Blink(float(at_s)) for at_s in chance.uniform(0.5, 9.3, int(chance.integers(1, 6))))


def swaying(chance: Chance) -> Gestures:
    """The trunk sways from side to side: the head rolls, turns a little, and goes along."""
    rate_hz = chance.uniform(0.25, 0.9)
    moved = (
        ("head_roll_deg", chance.uniform(3, 9)),
        ("head_yaw_deg", chance.uniform(2, 9)),
        ("head_pitch_deg", chance.uniform(0, 2)),
        ("picture_x", chance.uniform(0.02, 0.08)),
    )
    return (Rhythm("sway", 0.6, END_S - 0.8, rate_hz, moved, 0.15, _seed(chance)), *blinks(chance))


def chewing(chance: Chance) -> Gestures:
    """The jaw goes up and down, and the head follows by a degree or two."""
    moved = (
        ("mouth_opening", chance.uniform(0.03, 0.1)),
        ("head_pitch_deg", chance.uniform(0.3, 2.5)),
        ("head_yaw_deg", chance.uniform(0.0, 1.2)),
    )
    at_s, made = chance.uniform(0.3, 1.0), []
    while at_s < 8.0:
        long_s = min(chance.uniform(2.5, 6.0), END_S - at_s)
        made.append(Rhythm("chewing", at_s, long_s, chance.uniform(1.0, 1.8), moved, 0.15, _seed(chance)))
        at_s += long_s + chance.uniform(0.4, 1.2)
    return (*made, *blinks(chance))


def laughing(chance: Chance) -> Gestures:
    """The head goes back or down, and shakes at the four to six "ha" a second of a laugh."""
    made: list[Gesture | Movement] = []
    at_s = chance.uniform(0.8, 2.0)
    while at_s < 7.5:
        long_s = chance.uniform(1.0, 2.4)
        moved = (
            ("head_pitch_deg", chance.uniform(0.8, 3.5)),
            ("mouth_opening", chance.uniform(0.05, 0.12)),
            ("picture_y", chance.uniform(0.003, 0.015)),
        )
        back_deg = float(chance.choice((-1.0, 1.0))) * chance.uniform(3, 12)
        made += [
            Smile(at_s - 0.3, long_s + 0.8, chance.uniform(0.8, 1.1)),
            Turn(at_s - 0.1, long_s + 0.4, pitch_deg=back_deg, ramp_s=chance.uniform(0.3, 0.6)),
            Rhythm("laugh", at_s, long_s, chance.uniform(3.8, 5.8), moved, 0.2, _seed(chance)),
        ]
        at_s += long_s + chance.uniform(1.2, 3.0)
    return (*made, *blinks(chance))


def music(chance: Chance) -> Gestures:
    """The head keeps the beat of music, as steady as the music (80 to 130 beats a minute)."""
    moved = (
        ("head_pitch_deg", -chance.uniform(3, 10)),
        ("head_roll_deg", chance.uniform(0, 2)),
        ("picture_y", chance.uniform(0.0, 0.02)),
    )
    rate_hz = chance.uniform(1.3, 2.2)
    start_s = chance.uniform(0.0, 1.5)
    return (
        Rhythm("music", start_s, END_S - start_s, rate_hz, moved, chance.uniform(0.03, 0.1), _seed(chance)),
        *blinks(chance),
    )


def notes(chance: Chance) -> Gestures:
    """Looks down at notes or a keyboard and up again, quickly or slowly."""
    at_s, made = chance.uniform(0.7, 1.4), []
    while at_s < 8.3:
        long_s = float(chance.choice((chance.uniform(0.7, 1.3), chance.uniform(1.3, 2.6))))
        share, down_deg = chance.uniform(0.4, 0.9), -chance.uniform(14, 28)
        made.append(Glance(at_s, long_s, chance.uniform(-5, 5), down_deg, share))
        at_s += long_s + float(chance.choice((chance.uniform(0.15, 0.5), chance.uniform(0.5, 1.6))))
    return tuple(made)


def around(chance: Chance) -> Gestures:
    """Looks to one side and the other, as between two screens."""
    at_s, side, made = chance.uniform(0.7, 1.4), float(chance.choice((-1.0, 1.0))), []
    while at_s < 8.3:
        long_s = chance.uniform(0.6, 1.8)
        yaw_deg = side * chance.uniform(12, 32)
        made.append(Glance(at_s, long_s, yaw_deg, chance.uniform(-6, 4), chance.uniform(0.5, 0.9)))
        at_s += long_s + float(chance.choice((0.0, chance.uniform(0.1, 1.2))))
        side = -side if chance.uniform() < 0.7 else side
    return tuple(made)


def postures(chance: Chance) -> Gestures:
    """Tilts, turns, leans, and shifts on the chair."""
    at_s, made = chance.uniform(0.7, 1.4), list[Gesture | Movement]()
    while at_s < 7.5:
        long_s, sign = chance.uniform(1.0, 2.4), float(chance.choice((-1.0, 1.0)))
        choices: tuple[Gesture | Movement, ...] = (
            Tilt(at_s, long_s, sign * chance.uniform(6, 16)),
            Turn(at_s, long_s, yaw_deg=sign * chance.uniform(8, 20), ramp_s=chance.uniform(0.25, 0.5)),
            Turn(at_s, long_s, pitch_deg=sign * chance.uniform(5, 12), ramp_s=chance.uniform(0.3, 0.6)),
            Lean(at_s, long_s + 0.6, float(chance.choice((0.88, 1.12, 1.2)))),
            Held(
                "posture",
                at_s,
                long_s,
                (
                    ("picture_x", sign * chance.uniform(0.03, 0.1)),
                    ("picture_y", chance.uniform(-0.02, 0.05)),
                    ("head_pitch_deg", chance.uniform(-6, 4)),
                    ("head_roll_deg", sign * chance.uniform(2, 6)),
                ),
                chance.uniform(0.3, 0.6),
            ),
        )
        made.append(choices[int(chance.integers(len(choices)))])
        at_s += long_s + chance.uniform(0.2, 1.0)
    return (*made, *blinks(chance))


def hand_held(chance: Chance) -> Gestures:
    """A camera in a hand: it trembles, wanders, and pans.

    What a hand lifts by one centimetre at forty looks 1.4 deg down on the face, and the face sinks in the
    picture: by 0.8 to 1.3 picture heights for each radian of that, less what the hand corrects.
    """
    height_per_deg = np.radians(chance.uniform(0.7, 1.3))
    up_deg, aside_deg = chance.uniform(0.4, 1.5), chance.uniform(0.4, 1.5)
    pan_s = chance.uniform(1.0, 6.0)
    return (
        Wander("hand", 0.0, END_S, _from_above(up_deg, height_per_deg), seed=_seed(chance)),
        Wander(
            "hand",
            0.0,
            END_S,
            (("head_yaw_deg", aside_deg), ("picture_x", aside_deg * height_per_deg)),
            seed=_seed(chance),
        ),
        Wander("hand", 0.0, END_S, (("picture_y", 0.006), ("picture_x", 0.004)), (1.0, 6.0), _seed(chance)),
        Held("pan", pan_s, chance.uniform(1.2, 3.0), (("picture_x", chance.uniform(-0.15, 0.15)),), 0.5),
    )


def walking(chance: Chance) -> Gestures:
    """A walk with the camera in the hand: two steps a second, and a sway at half of that."""
    height_per_deg = np.radians(chance.uniform(0.7, 1.3))
    step_hz, start_s = chance.uniform(1.6, 2.2), chance.uniform(0.0, 1.5)
    steps = _from_above(chance.uniform(1.0, 5.0), height_per_deg)
    sides = (
        ("head_yaw_deg", chance.uniform(0.5, 4.0)),
        ("head_roll_deg", chance.uniform(0.5, 3.0)),
        ("picture_x", chance.uniform(0.01, 0.06)),
    )
    return (
        Rhythm("steps", start_s, END_S - start_s, step_hz, steps, 0.08, _seed(chance)),
        Rhythm("steps", start_s, END_S - start_s, step_hz / 2, sides, 0.08, _seed(chance)),
        Wander("hand", 0.0, END_S, (("picture_y", 0.008), ("picture_x", 0.008)), (0.3, 4.0), _seed(chance)),
    )


def _from_above(deg: float, height_per_deg: float) -> tuple[tuple[str, float], ...]:
    return (("head_pitch_deg", -deg), ("picture_y", deg * height_per_deg))


def _seed(chance: Chance) -> int:
    return int(chance.integers(1 << 30))
