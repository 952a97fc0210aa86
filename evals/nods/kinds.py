"""The kinds of clips: listeners and speakers who nod or shake the head, and movements that look like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.nods import nothing
from evals.nods.speakers import QUIET, beats, placed, sentences, spoken_until, sweeps
from synthesis import Blink, Nod, Say, Shake, Smile, spans_of
from synthesis.gestures import Gesture
from synthesis.movements import Movement

Chance = np.random.Generator
Gestures = tuple[Gesture | Movement, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a kind of clip decides; light, noise and sway vary in all of them alike.

    Attributes
    ----------
    room_dbfs
        Level of the room's noise; None draws one of a usual room.
    """

    gestures: Gestures = ()
    speech: tuple[Say, ...] = ()
    sound: bool = True
    voice_is_own: bool = True
    room_dbfs: float | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of clip.

    Attributes
    ----------
    asked
        ``nod``, ``shake``, or nothing.
    """

    asked: str
    make: Callable[[Chance], Script]


def _log(chance: Chance, low: float, high: float) -> float:
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))


def _spread(chance: Chance, make: Callable[[], Any], apart_s: float = 1.0, until_s: float = 9.4) -> Any:
    """Repeat a gesture over the clip, with rest between."""
    at_s, made = 1.0 + chance.uniform(0, 0.6), []
    while (gesture := placed(make(), at_s)).span.end_s < until_s:
        made.append(gesture)
        at_s = gesture.span.end_s + apart_s + chance.uniform(0, 1.2)
    return tuple(made)


def _nods(chance: Chance, cycles: tuple[int, int], deg: tuple[float, float], **how: Any) -> Gestures:
    def one() -> Nod:
        count = int(chance.integers(cycles[0], cycles[1] + 1))
        fade = float(chance.choice((0.0, chance.uniform(0.1, 0.5)))) if count > 1 else 0.0
        rate_hz = _log(chance, 1.1, 2.4) if count == 1 else _log(chance, 0.9, 3.2)
        return Nod(0.0, count, _log(chance, *deg) / (1 - fade / 2), rate_hz, fade)

    blinks = tuple(Blink(float(at_s)) for at_s in chance.uniform(0.5, 9.5, int(chance.integers(1, 5))))
    return (*_spread(chance, one, **how), *blinks)


def _shakes(chance: Chance, deg: tuple[float, float], apart_s: float = 1.0) -> Gestures:
    def one() -> Shake:
        cycles = float(chance.choice((1.5, 2.0, 2.5, 3.0, 4.0)))
        return Shake(0.0, cycles, _log(chance, *deg), _log(chance, 0.9, 2.6), chance.uniform(0, 0.35))

    return tuple(_spread(chance, one, apart_s))


def _with_words(chance: Chance, words: tuple[str, ...], make: Callable[[], Nod | Shake]) -> Script:
    """A gesture with each of a few short utterances."""
    at_s, gestures, speech = 1.2 + chance.uniform(0, 0.5), [], []
    while at_s < 7.0:
        say = Say(at_s, (str(chance.choice(words)),), level_dbfs=chance.uniform(-30, -18))
        made = placed(make(), max(0.7, at_s + chance.uniform(-0.3, 0.15)))
        gestures.append(made)
        speech.append(say)
        at_s = max(made.span.end_s, spans_of(say)[-1].end_s) + 1.2 + chance.uniform(0, 0.8)
    return Script(tuple(gestures), tuple(speech))


def _to_another_voice(chance: Chance) -> Script:
    return Script(_nods(chance, (1, 4), (5.5, 14)), (sentences(chance),), voice_is_own=False)


def _between_sentences(chance: Chance) -> Script:
    """A speaker who stops, nods to what the other says, and goes on; with beats while speaking."""
    say, pause_s = spoken_until(chance, 3.2), chance.uniform(2.0, 2.8)
    end_s = spans_of(say)[-1].end_s
    nod = Nod(
        end_s + chance.uniform(0.35, 0.6),
        int(chance.integers(1, 4)),
        _log(chance, 6, 13),
        chance.uniform(1.6, 2.6),
    )
    again = spoken_until(chance, 9.3, start_s=end_s + max(pause_s, nod.span.duration_s + 1.2))
    return Script((nod, *beats(chance, (say, again))), (say, again))


def _camera(chance: Chance) -> Script:
    return Script((*_nods(chance, (2, 4), (6, 14)), *nothing.hand_held(chance)))


def _beats(chance: Chance, how: str) -> Script:
    say = sentences(chance, level_dbfs=QUIET if how == "missed" else None)
    made = beats(chance, (say,))
    return Script(made, (say,), sound=how != "no sound", room_dbfs=-46.0 if how == "missed" else None)


def _sweeps(chance: Chance) -> Script:
    say = sentences(chance)
    return Script(sweeps(chance, say), (say,))


def _quiet(make: Callable[[Chance], Gestures]) -> Callable[[Chance], Script]:
    return lambda chance: Script(make(chance), sound=bool(chance.uniform() < 0.6))


def _mm_hm(chance: Chance) -> Script:
    return _with_words(
        chance,
        ("Mm-hm.", "Mm.", "Yeah.", "Right."),
        lambda: Nod(0.0, int(chance.integers(1, 3)), _log(chance, 6, 13), _log(chance, 1.2, 2.4)),
    )


def _yes(chance: Chance) -> Script:
    return _with_words(
        chance,
        ("Yes, yes, exactly.", "Yes, that is right.", "Yes, I agree."),
        lambda: Nod(0.0, int(chance.integers(2, 5)), _log(chance, 6, 13), _log(chance, 1.4, 2.8)),
    )


def _no(chance: Chance) -> Script:
    return _with_words(
        chance,
        ("No, no.", "No, not at all.", "No, I do not think so."),
        lambda: Shake(0.0, float(chance.integers(2, 5)), _log(chance, 9, 20), _log(chance, 1.2, 2.4)),
    )


def _smiling(chance: Chance) -> Script:
    smile = Smile(chance.uniform(0.5, 3), chance.uniform(3, 5), chance.uniform(0.6, 1.0))
    return Script((*_nods(chance, (1, 4), (5.5, 14)), smile), sound=False)


KINDS: Mapping[str, Kind] = {
    "single nods": Kind("nod", _quiet(lambda chance: _nods(chance, (1, 1), (5.5, 14)))),
    "two or three nods": Kind("nod", _quiet(lambda chance: _nods(chance, (2, 3), (5, 14)))),
    "long series of nods": Kind("nod", _quiet(lambda chance: _nods(chance, (4, 8), (5, 12)))),
    "small nods, 3 to 4.5°": Kind("nod", _quiet(lambda chance: _nods(chance, (2, 4), (3, 4.5)))),
    "nods with a smile": Kind("nod", _smiling),
    "nods with “mm-hm”": Kind("nod", _mm_hm),
    "nods while another speaks": Kind("nod", _to_another_voice),
    "a speaker's nods in a pause": Kind("nod", _between_sentences),
    "nods with “yes”": Kind("nod", _yes),
    "nods, camera in a hand": Kind("nod", _camera),
    "shakes": Kind("shake", _quiet(lambda chance: _shakes(chance, (9, 22)))),
    "small shakes, 6 to 9°": Kind("shake", _quiet(lambda chance: _shakes(chance, (6, 9)))),
    "shakes with “no”": Kind("shake", _no),
    "breathing, small sway": Kind("", _quiet(nothing.breathing)),
    "swaying": Kind("", _quiet(nothing.swaying)),
    "chewing": Kind("", _quiet(nothing.chewing)),
    "laughing": Kind("", _quiet(nothing.laughing)),
    "moving to music": Kind("", _quiet(nothing.music)),
    "looking at notes": Kind("", _quiet(nothing.notes)),
    "looking around": Kind("", _quiet(nothing.around)),
    "tilts, turns, postures": Kind("", _quiet(nothing.postures)),
    "camera in a hand": Kind("", _quiet(nothing.hand_held)),
    "walking": Kind("", _quiet(nothing.walking)),
    "beats, voice detected": Kind("", lambda chance: _beats(chance, "heard")),
    "beats, voice under noise": Kind("", lambda chance: _beats(chance, "missed")),
    "beats, no sound": Kind("", lambda chance: _beats(chance, "no sound")),
    "sideways emphasis in speech": Kind("", _sweeps),
}
"""By name, in the order of the tables."""
