"""Grounding: nothing is said that was not measured.

The property tests take a sentence apart again: its words may only be those of the cues in its evidence, glue,
and a modality that was truly missing; its numbers may only be the evidence's, or count it.
"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.signals.phrases import PHRASES
from backchannel.signals.rationale import MAX_WORDS, compose, evidence_of
from backchannel.values import Coverage, Cue, Evidence, Signal, Span
from tests.signals.evidence import (
    AUDIO_CUES,
    EVERYTHING,
    NO_FACE,
    NO_PICTURE,
    NO_SOUND,
    NO_SPEECH,
    SIDED,
    TEXT_CUES,
    cue,
    measures_of,
    modality_of,
    weighed,
)

MISSING = {
    " There was no sound.": NO_SOUND,
    " There was no picture.": NO_PICTURE,
    " No face was in view.": NO_FACE,
    " No speech was detected.": NO_SPEECH,
}
GLUE = {"and", "for", "s", "briefly", "once", "twice", "times", "up", "to"}
AFTER_PAUSE = re.compile(r" after a (\d+(?:\.\d)?) s pause")
QUOTE = re.compile("“([^”]*)”")
FACING = " while facing the camera"


def rounded(value: float) -> str:
    """Whole from ten up, one decimal below, without a zero behind the point."""
    text = f"{value:.0f}" if value >= 10 else f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def words_of(entry: Evidence) -> set[str]:
    """Every word that may be said of a cue."""
    phrase = PHRASES[entry.cue]
    said = re.sub(r"{\w+}", "", f"{phrase.one} {phrase.several} {phrase.unquoted}")
    return {*re.findall(r"[a-z]+", said), entry.direction}


def numbers_of(signal: Signal) -> set[str]:
    """Every number that may be said: measured, rounded, or a count of cues, movements and seconds."""
    entries = signal.evidence
    own = {rounded(entry.value) for entry in entries} | {
        f"{entry.value:.0f}" for entry in entries if entry.unit == "%"
    }
    own |= {rounded(entry.span.duration_s) for entry in entries}
    for name in {entry.cue for entry in entries}:
        alike = [entry for entry in entries if entry.cue == name]
        counts = [round(entry.value) for entry in alike if entry.measure == "count"]
        # Only cues with enough weight are told, so any of them may be counted.
        own |= {str(number) for number in range(2, 20)} if len(alike) > 1 else set()
        own |= {str(number) for number in range(sum(counts) + 1)}
        own |= {
            rounded(b.span.end_s - a.span.start_s)
            for a in alike
            for b in alike
            if b.span.end_s > a.span.start_s
        }
    return own


def assert_grounded(signal: Signal, cues: tuple[Cue, ...], coverage: Coverage) -> None:
    said = signal.rationale
    for words, lacking in MISSING.items():
        if said.endswith(words):
            assert coverage == lacking
            said = said.removesuffix(words)
    if FACING in said:
        assert "facing" in {entry.cue for entry in signal.evidence}
        said = said.replace(FACING, "")
    said = assert_quoted(said, signal, cues)
    assert re.fullmatch(r"[A-Z][a-z0-9 .,()%]*\.", said), said
    assert len(signal.rationale.split()) <= MAX_WORDS
    allowed = GLUE.union(*(words_of(entry) for entry in signal.evidence))
    assert set(re.findall(r"[a-z]+", said.lower())) <= allowed
    assert set(re.findall(r"\d+(?:\.\d+)?", said)) <= numbers_of(signal)
    assert {entry.cue for entry in signal.evidence} <= {c.name for c in cues}


def assert_quoted(said: str, signal: Signal, cues: tuple[Cue, ...]) -> str:
    """Check every quotation, and every pause before one; returns the rest of the sentence."""
    quotes = QUOTE.findall(said)
    assert set(quotes) <= {entry.text for entry in signal.evidence if entry.modality == "text"} - {""}
    assert set(quotes) <= {c.quote for c in cues}
    assert not quotes or "text" in signal.modalities
    if pause := AFTER_PAUSE.search(said):
        pauses = [entry for entry in signal.evidence if entry.cue in ("pause", "long_pause")]
        assert pause.group(1) in {rounded(entry.value) for entry in pauses}
        assert quotes
    return AFTER_PAUSE.sub("", QUOTE.sub("", said))


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
            quote=draw(SAYINGS) if name in TEXT_CUES else "",
        )
        found[name, span] = made
    return tuple(found.values())


SAYINGS = st.sampled_from(
    [
        "",
        "I'm not sure",
        "Yes",
        "yes",
        "3 and 4, perhaps",
        "¿Qué quieres decir?",
        "one two three four five six",
    ]
)
SEEN = sorted(set(PHRASES) - AUDIO_CUES - TEXT_CUES)
HEARD = sorted(AUDIO_CUES)
SAID = sorted(TEXT_CUES)


@settings(deadline=None, max_examples=300)
@given(cues_of(SEEN + HEARD + SAID))
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
            " There was no sound." if coverage == NO_SOUND else " No speech was detected."
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
            " There was no picture." if coverage == NO_PICTURE else " No face was in view."
        )
        assert not re.search(r"\b(camera|looked|nodded|smiled|brows?|head)\b", signal.rationale)


def only(*cues: Cue, coverage: Coverage = EVERYTHING) -> str:
    (signal,) = weighed(cues, coverage)
    return signal.rationale


def hesitation(*cues: Cue) -> str:
    return next(signal.rationale for signal in weighed(cues) if signal.type == "hesitation")


def test_a_nod_in_words() -> None:
    nod = cue("nod", 6.2, 7.6, value=9.04, count=3, rate=2.13)
    assert only(nod) == "Nodded 3 times."
    assert only(nod, coverage=NO_SOUND) == "Nodded 3 times. There was no sound."


@pytest.mark.parametrize(("count", "words"), [(1, "once"), (2, "twice"), (4, "4 times")])
def test_counts_are_words(count: int, words: str) -> None:
    assert only(cue("nod", count=count)) == f"Nodded {words}."


def test_what_is_alike_is_said_once() -> None:
    assert only(cue("nod", 6, 7.2, count=2), cue("nod", 8, 10, count=4)) == "Nodded 6 times in 4 s."


def test_pauses_are_listed_as_they_came() -> None:
    pauses = [cue("long_pause", s, s + d, value=d) for s, d in [(2, 0.7), (4, 1.4), (6.5, 1.2)]]
    assert "aused 3 times (0.7, 1.4 and 1.2 s)" in hesitation(*pauses)


def test_many_pauses_are_not_listed() -> None:
    pauses = [cue("long_pause", 2.0 * n, 2.0 * n + 1, value=1 + n / 10) for n in range(4)]
    assert "aused 4 times (up to 1.3 s)" in hesitation(*pauses)


@pytest.mark.parametrize(("end_s", "words"), [(6.4, "briefly"), (8.3, "for 2.3 s")])
def test_a_length_is_said_only_if_it_is_worth_it(end_s: float, words: str) -> None:
    said = only(cue("smile", 6.0, end_s), cue("facing", 5.0, 9.0, value=90))
    assert said == f"Smiled {words} while facing the camera."


def test_phrases_with_one_verb_are_joined() -> None:
    steady = cue("steady_voice", 5, 8, speech=2.9, pause_share=6.0)
    cues = (steady, cue("speech_brisk", 5, 8, value=5.13), cue("facing", 4, 9, value=90))
    said = next(signal.rationale for signal in weighed(cues) if signal.type == "confidence")
    assert said == "Spoke steadily for 2.9 s (6% pauses) and quickly (5.1 syllables a second)."


def test_facing_is_said_along_with_what_it_accompanied() -> None:
    said = only(cue("nod", 6.2, 7.6, count=3), cue("facing", 5.0, 9.0, value=93.6))
    assert said == "Nodded 3 times while facing the camera."


@pytest.mark.parametrize(("start_s", "end_s"), [(2.0, 5.5), (8.0, 12.0)])
def test_facing_before_or_after_is_not_while(start_s: float, end_s: float) -> None:
    assert "facing" not in only(cue("nod", 6.2, 7.6, count=3), cue("facing", start_s, end_s))


def test_the_strongest_comes_first() -> None:
    said = only(
        cue("nod", 6.0, 7.0, count=3),
        cue("smile", 6.0, 7.0, certainty=0.6),
        cue("vocal_backchannel", 7.1, 7.4),
    )
    assert said.startswith("Nodded 3 times")


def test_the_same_evidence_gives_the_same_words() -> None:
    cues = (cue("nod", count=3), cue("vocal_backchannel", 6.2, 6.6), cue("facing", 2, 9))
    assert only(*cues) == only(*cues) == only(*reversed(cues))


def said_of(*cues: Cue) -> str:
    """The rationale for some cues, whatever they weigh."""
    return compose([entry for one in cues for entry in evidence_of(one, 1.0)], EVERYTHING)


def test_words_are_quoted() -> None:
    assert said_of(cue("hedge", 5.0, 5.6, quote="I'm not sure")) == "Said “I'm not sure”."
    assert said_of(cue("clarifying_question", quote="What do you mean?")) == "Asked “What do you mean?”."


def test_several_quotations_are_listed_as_they_came_and_none_twice() -> None:
    words = [("maybe", 8), ("I guess", 5), ("Maybe", 11), ("not sure", 14)]
    cues = [cue("hedge", s, s + 0.5, quote=quote) for quote, s in words]
    assert said_of(*cues) == "Said “I guess”, “maybe” and “not sure”."


def test_at_most_a_dozen_words_are_quoted() -> None:
    long = "one two three four five six seven eight nine ten eleven"
    said = said_of(cue("question", quote=long), cue("question", 8, 9, quote="seven or eight"))
    assert said == f"Asked “{long}”."
    assert said_of(cue("question")) == "Asked a longer question."


def test_words_are_said_with_the_pause_that_they_end() -> None:
    pause = cue("long_pause", 3.8, 5.0, value=1.2)
    hedge = cue("hedge", 5.1, 5.6, quote="I'm not sure")
    assert said_of(hedge, pause) == "Said “I'm not sure” after a 1.2 s pause."
    assert said_of(pause, hedge) == "Said “I'm not sure” after a 1.2 s pause."


def test_a_pause_elsewhere_is_said_for_itself() -> None:
    pause, other = cue("long_pause", 3.8, 5.0, value=1.2), cue("long_pause", 9.0, 9.9, value=0.9)
    hedge = cue("hedge", 5.1, 5.6, quote="I'm not sure")
    assert said_of(hedge, other) == "Said “I'm not sure” and paused for 0.9 s."
    assert said_of(other, pause, hedge) == "Said “I'm not sure” after a 1.2 s pause and paused for 0.9 s."


def test_somebody_who_said_something_was_heard() -> None:
    entries = evidence_of(cue("hedge", quote="maybe"), 1.0)
    assert compose(entries, NO_SPEECH) == "Said “maybe”."
