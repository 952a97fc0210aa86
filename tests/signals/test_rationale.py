"""Grounding: nothing is said that was not measured.

The property tests take every cue apart from the sentence again: what is left over may only be glue, a share
of facing that was given, and a modality that was truly missing.
"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.signals.rationale import PHRASES
from backchannel.values import Coverage, Cue, Signal, Span
from tests.signals.evidence import (
    AUDIO_CUES,
    EVERYTHING,
    NO_FACE,
    NO_PICTURE,
    NO_SOUND,
    NO_SPEECH,
    SIDED,
    cue,
    measures_of,
    modality_of,
    weighed,
)

MISSING = {
    "no sound was available": NO_SOUND,
    "no picture was available": NO_PICTURE,
    "no face was in view": NO_FACE,
    "no speech was detected": NO_SPEECH,
}


def rounded(value: float) -> str:
    """Whole from ten up, one decimal below, without a zero behind the point."""
    text = f"{value:.0f}" if value >= 10 else f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def times(value: float) -> str:
    return {1: "once", 2: "twice"}.get(round(value), f"{round(value)} times")


def worded(of: Cue) -> str:
    """How a cue is told, from its own numbers."""
    further = {name: times(value) if name == "count" else rounded(value) for name, value, _ in of.measures}
    return PHRASES[of.name].format(
        value=rounded(of.value),
        start=f"{of.span.start_s:.1f}",
        end=f"{of.span.end_s:.1f}",
        direction=of.direction,
        **further,
    )


def leftover(rationale: str, cues: tuple[Cue, ...]) -> str:
    """The sentence with every given cue that it tells replaced by X."""
    text = rationale[0].lower() + rationale[1:]
    for words in sorted({worded(c) for c in cues}, key=lambda words: -len(words)):
        text = text.replace(words, "X").replace(words[0].upper() + words[1:], "X")
    return text


GLUE = re.compile(
    r"X(?P<facing> while facing the camera)?(\. Also X( and X)?)?"
    rf"(; (?P<missing>{'|'.join(MISSING)}))?\."
)


def assert_grounded(signal: Signal, cues: tuple[Cue, ...], coverage: Coverage) -> None:
    said = GLUE.fullmatch(leftover(signal.rationale, cues))
    assert said, (signal.rationale, leftover(signal.rationale, cues))
    if said["facing"]:
        assert "facing" in {entry.cue for entry in signal.evidence}
    if said["missing"]:
        assert coverage == MISSING[said["missing"]]
    numbers = {rounded(entry.value) for entry in signal.evidence}
    numbers |= {str(round(entry.value)) for entry in signal.evidence if entry.measure == "count"}
    moments = {f"{t:.1f}" for entry in signal.evidence for t in (entry.span.start_s, entry.span.end_s)}
    assert set(re.findall(r"\d+(?:\.\d+)?", signal.rationale)) <= numbers | moments
    assert not re.search(r"[\"“”„«»‘]|'[^s]", signal.rationale)
    names = {c.name for c in cues}
    assert {entry.cue for entry in signal.evidence} <= names


@st.composite
def cues_of(draw: st.DrawFn, names: list[str]) -> tuple[Cue, ...]:
    """Any cues, at any time, of any size, in any order."""
    found: dict[tuple[str, Span], Cue] = {}
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=10)):
        start_s = draw(st.floats(0, 12))
        span = Span(start_s, start_s + draw(st.floats(0.2, 6)))
        made = Cue(
            name=name,
            modality=modality_of(name),
            span=span,
            value=draw(st.floats(0, 150)),
            unit="",
            baseline=None,
            certainty=draw(st.sampled_from([0.3, 0.7, 0.9, 1.0])),
            measures=tuple((m, draw(st.floats(0, 40)), "") for m in measures_of(name)),
            direction=draw(st.sampled_from(["left", "right"])) if name in SIDED else "",
        )
        found[name, span] = made
    return tuple(found.values())


SEEN = sorted(set(PHRASES) - AUDIO_CUES)
HEARD = sorted(AUDIO_CUES)


@settings(deadline=None, max_examples=300)
@given(cues_of(SEEN + HEARD))
def test_whatever_is_said_was_measured(cues: tuple[Cue, ...]) -> None:
    for signal in weighed(cues):
        assert_grounded(signal, cues, EVERYTHING)


@settings(deadline=None, max_examples=150)
@given(cues_of(SEEN), st.sampled_from([NO_SOUND, NO_SPEECH]))
def test_without_sound_only_what_was_seen_is_said_and_the_lack_is_stated(
    cues: tuple[Cue, ...], coverage: Coverage
) -> None:
    for signal in weighed(cues, coverage):
        assert_grounded(signal, cues, coverage)
        assert signal.modalities == ("visual",)
        assert signal.rationale.endswith(
            "; no sound was available." if coverage == NO_SOUND else "; no speech was detected."
        )
        assert not re.search(r"\b(spoke|pitch|pause|paused|voice|said|louder|softer)\b", signal.rationale)


@settings(deadline=None, max_examples=150)
@given(cues_of(HEARD), st.sampled_from([NO_PICTURE, NO_FACE]))
def test_without_a_face_only_what_was_heard_is_said_and_the_lack_is_stated(
    cues: tuple[Cue, ...], coverage: Coverage
) -> None:
    for signal in weighed(cues, coverage):
        assert_grounded(signal, cues, coverage)
        assert signal.modalities == ("audio",)
        assert signal.rationale.endswith(
            "; no picture was available." if coverage == NO_PICTURE else "; no face was in view."
        )
        assert not re.search(r"\b(camera|looked|nodded|smiled|brows?|head)\b", signal.rationale)


@pytest.mark.parametrize("name", sorted(PHRASES))
def test_every_cues_words_can_be_filled_from_its_own_numbers(name: str) -> None:
    words = worded(cue(name))
    assert "{" not in words
    assert "  " not in words


def only(*cues: Cue, coverage: Coverage = EVERYTHING) -> str:
    (signal,) = weighed(cues, coverage)
    return signal.rationale


def test_a_nod_in_words() -> None:
    nod = cue("nod", 6.2, 7.6, value=9.04, count=3, rate=2.13)
    assert only(nod, coverage=NO_SOUND) == "Nodded 3 times between 6.2 and 7.6 s; no sound was available."
    assert only(nod) == "Nodded 3 times between 6.2 and 7.6 s."


@pytest.mark.parametrize(("count", "words"), [(1, "once"), (2, "twice"), (4, "4 times")])
def test_counts_are_words(count: int, words: str) -> None:
    assert only(cue("nod", count=count)).startswith(f"Nodded {words} between")


def test_facing_is_told_along_with_what_it_accompanied() -> None:
    said = only(cue("nod", 6.2, 7.6, count=3), cue("facing", 5.0, 9.0, value=93.6))
    assert " while facing the camera." in said


@pytest.mark.parametrize(("start_s", "end_s"), [(2.0, 5.5), (8.0, 12.0)])
def test_facing_before_or_after_is_not_while(start_s: float, end_s: float) -> None:
    assert "facing" not in only(cue("nod", 6.2, 7.6, count=3), cue("facing", start_s, end_s))


def test_the_most_telling_comes_first_and_few_are_told() -> None:
    said = only(
        cue("nod", 6.0, 7.0, count=3),
        cue("smile", 6.0, 7.0, certainty=0.6),
        cue("vocal_backchannel", 7.1, 7.4),
        cue("nod", 8.0, 8.4, count=1, certainty=0.5),
    )
    assert said.startswith("Nodded 3 times")
    assert said.count(" and ") <= 4
    assert len(re.findall(r"\d\.\d s\b|\d s\b", said)) <= 6


def test_the_same_evidence_gives_the_same_words() -> None:
    cues = (cue("nod", count=3), cue("vocal_backchannel", 6.2, 6.6), cue("facing", 2, 9))
    assert only(*cues) == only(*cues) == only(*reversed(cues))
