"""Puts evidence into words: one plain sentence that says the strongest fact first.

It sees nothing but the evidence: no pictures, no sound, no transcript. Every number is one of the evidence's,
rounded, or counts it: how many cues, how many movements, from when to when. Every quotation is the text of a
cue in words. The same evidence gives the same sentence.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from backchannel.signals.phrases import FAMILIES, listing, number, phrase_of, quoted
from backchannel.values import Coverage, Cue, Evidence

MAX_PHRASES: Final = 3
"""Most kinds of events in one rationale."""
MAX_WORDS: Final = 25
"""A rationale is read in passing (judgement: one line of a caption, twice)."""
MIN_TOLD_WEIGHT: Final = 0.1
"""Rationales leave out evidence that adds less than this to the log-odds (judgement)."""
SHARED_VERB: Final = "spoke "
"""Phrases with this verb are joined: "spoke quickly and with a lively pitch"."""
AFTER_PAUSE_S: Final = 0.4
"""Words that begin so near to the end of a pause end it (judgement: times of words are good to 0.3 s)."""
_FACING: Final = " while facing the camera"


def evidence_of(cue: Cue, weight: float) -> list[Evidence]:
    """Return every number of a cue, as evidence: its value first, then its further measures."""
    value = Evidence(
        cue=cue.name,
        measure="",
        modality=cue.modality,
        span=cue.span,
        value=cue.value,
        unit=cue.unit,
        baseline=cue.baseline,
        weight=weight,
        direction=cue.direction,
        text=cue.quote,
    )
    measures = [
        Evidence(cue.name, name, cue.modality, cue.span, size, unit, None, 0.0)
        for name, size, unit in cue.measures
    ]
    return [value, *measures]


def compose(evidence: Sequence[Evidence], coverage: Coverage) -> str:
    """Write the rationale for some evidence, strongest first, and say which modality was missing.

    Raises
    ------
    ValueError
        Without evidence, there is nothing to say.
    """
    events = [entry for entry in evidence if not entry.measure]
    kinds = _kinds(_told(events))
    missing = _missing(events, coverage)
    if not kinds:
        raise ValueError("a rationale needs evidence")
    kinds = kinds[:MAX_PHRASES]
    while True:
        sentence = _sentence(kinds, events, evidence) + missing
        if len(kinds) == 1 or len(sentence.split()) <= MAX_WORDS:
            return sentence
        kinds = kinds[:-1]


def _told(events: Sequence[Evidence]) -> Sequence[Evidence]:
    others = [entry for entry in events if entry.cue != "facing"]
    return [entry for entry in others if entry.weight >= MIN_TOLD_WEIGHT] or others[:1] or events[:1]


def _kinds(told: Sequence[Evidence]) -> list[list[Evidence]]:
    """Group events that are alike, in order of the strongest of each kind."""
    kinds: dict[str, list[Evidence]] = {}
    for entry in told:
        kinds.setdefault(FAMILIES.get(entry.cue, entry.cue), []).append(entry)
    return list(kinds.values())


def _sentence(
    kinds: Sequence[Sequence[Evidence]], events: Sequence[Evidence], evidence: Sequence[Evidence]
) -> str:
    kinds, after_pause = _joined_pause(kinds)
    first = kinds[0][0]
    phrases = [phrase_of(kind, evidence) + after_pause.get(kind[0].cue, "") for kind in kinds]
    facing = _FACING if first.modality == "visual" and _faces_during(kinds[0], events) else ""
    spoken = [phrase.removeprefix(SHARED_VERB) for phrase in phrases if phrase.startswith(SHARED_VERB)]
    said: list[str] = []
    for place, phrase in enumerate(phrases):
        if not phrase.startswith(SHARED_VERB):
            said.append(phrase + (facing if place == 0 else ""))
        elif spoken:
            said.append(SHARED_VERB + listing(spoken))
            spoken = []
    sentence = listing(said)
    if len(said) > 1 and any(" and " in part for part in said):
        sentence = f"{', '.join(said[:-1])}, and {said[-1]}"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _joined_pause(
    kinds: Sequence[Sequence[Evidence]],
) -> tuple[Sequence[Sequence[Evidence]], Mapping[str, str]]:
    """Say a pause together with the words that end it: said “I'm not sure” after a 1.2 s pause.

    Returns
    -------
    The kinds without that pause, the words in the place of whichever came first; and what to add to a cue.
    """
    for said in (kind for kind in kinds if len(quoted(kind)) == 1):
        start_s = quoted(said)[0].span.start_s
        for pauses in (kind for kind in kinds if FAMILIES.get(kind[0].cue) == "pause"):
            pause = next((one for one in pauses if abs(one.span.end_s - start_s) <= AFTER_PAUSE_S), None)
            if pause is None:
                continue
            rest = [one for one in pauses if one is not pause]
            said_first = kinds.index(said) < kinds.index(pauses)
            place = {id(pauses): rest if said_first else said, id(said): said if said_first else rest}
            joined = [place.get(id(kind), kind) for kind in kinds]
            return [kind for kind in joined if kind], {said[0].cue: f" after a {number(pause.value)} s pause"}
    return kinds, {}


def _faces_during(told: Sequence[Evidence], events: Sequence[Evidence]) -> bool:
    """Whether the person faced the camera for most of some events. Before or after would not be "while"."""
    facing = [entry.span for entry in events if entry.cue == "facing"]
    shared_s = sum(span.overlap_s(entry.span) for entry in told for span in facing)
    return bool(facing) and shared_s >= 0.5 * sum(entry.span.duration_s for entry in told)


def _missing(events: Sequence[Evidence], coverage: Coverage) -> str:
    present = {entry.modality for entry in events}
    heard = bool(present & {"audio", "text"})
    if not heard and not coverage.sound:
        return " There was no sound."
    if "visual" not in present and not coverage.picture:
        return " There was no picture."
    if "visual" not in present and coverage.face_share == 0:
        return " No face was in view."
    if not heard and coverage.speech_share == 0:
        return " No speech was detected."
    return ""
