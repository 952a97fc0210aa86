"""The standing sentences of a report: what it is, what it is not, and how it came about."""

from typing import Final

from backchannel.signals.score import HIGH_FROM, MEDIUM_FROM, REPORT_FROM

WHAT_THIS_IS: Final = (
    "Signals are interpretations of visible and audible behaviour, not feelings. Culture, health, "
    "lighting and camera matter. None of this is validated for hiring, policing or medical use, and "
    "some places restrict such analysis at work and in schools. Tell the people you analyse."
)
EVIDENCE: Final = (
    "Each stands with the numbers that it rests on; a weight is what a cue adds to the log-odds of "
    "the signal."
)
ENGAGEMENT: Final = {
    "engaged": "attention, and some activity",
    "neutral": "neither, or nothing to tell it from",
    "disengaged": "attention away for most of five seconds",
}
QUALITY: Final = (
    "Each bar is one window: above the line where the evidence raised a score over 50, below it where"
    " it lowered it. No bar means no evidence either way, not a middling conversation."
)
NOTHING_INVENTED: Final = (
    "What was not measured is said to be missing and never filled in. Nobody's words were "
    "transcribed, so nothing is quoted."
)
HOW: Final = (
    (
        "Pictures and sound become numbers per frame, those become cues (timed events with a measured"
        " value), and cues become signals by adding up evidence in log-odds from one table of "
        "weights. What is usual for the person is estimated from the recording itself, so the first "
        "ten seconds are the least certain."
    ),
    (
        f"A signal is reported from a probability of {REPORT_FROM:g} on (low; medium from "
        f"{MEDIUM_FROM:g}, high from {HIGH_FROM:g}), and only if one of its primary cues was there. "
        "Engagement is decided every second from the last five. Quality comes from signals and "
        "engagement alone, never from what was said: 50 + 50·tanh of the sum of weight × share of the"
        " time."
    ),
    (
        "Few labelled recordings exist to check against: for most cues, and for all signals, it is "
        "not known how often they are right. What is known, every threshold and every weight stand in"
        " the documentation, on the page “Cues and signals”, and in the results of the evaluation."
    ),
)
