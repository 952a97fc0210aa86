"""The fixed sentences of a report: what it shows, what it does not show, and how it was measured."""

from typing import Final

from backchannel.values import Bands

_BANDS: Final = Bands()
WHAT_THIS_IS: Final = (
    "Signals are interpretations of visible and audible behaviour, not feelings. Culture, health, "
    "lighting and camera matter. None of this is validated for hiring, policing or medical use, and "
    "some places restrict such analysis at work and in schools. Tell the people you analyse."
)
EVIDENCE: Final = (
    "Each signal lists the measurements that it is based on. The weight is what a cue adds to the log-odds "
    "of the signal."
)
ENGAGEMENT: Final = {
    "engaged": "attentive, with some activity",
    "neutral": "neither, or too little evidence",
    "disengaged": "attention away for most of five seconds",
}
QUALITY: Final = (
    "Each bar is one window. A bar above the line means that the evidence raised the score above 50, a bar "
    "below that it lowered it. No bar means no evidence either way, not an average conversation."
)
NOTHING_INVENTED: Final = "Missing measurements are marked 'not measured', never filled in."
NOT_TRANSCRIBED: Final = "Speech was not transcribed, so the report quotes nobody."
COMPANY: Final = (
    "More than one face was in view. “The person” is one of them: the largest and most central one at first. "
    "The others were not analysed."
)
TOO_SHORT: Final = "Recordings of half a minute or more are compared with themselves, half by half."
COMPARED: Final = (
    "The halves of the recording show how the person changed. A lower bound leaves out what was not clear."
)
HOW: Final = (
    (
        "Video and audio become measurements per frame. These become cues: timed events with a measured "
        "value. Cues become signals by adding up evidence in log-odds, with weights from one table. The "
        "baseline of the person is estimated from the recording itself, so the first ten seconds are the "
        "least certain."
    ),
    (
        f"A signal is reported if its probability is at least {_BANDS.report:g} (“possibly”; “likely” from "
        f"{_BANDS.medium:g}, “very likely” from {_BANDS.high:g}; a calibrated server may use other limits) "
        "and one of its primary cues was detected. Engagement is decided every second from the last five "
        "seconds. Quality is based on signals and engagement only, never on words: 50 + 50·tanh of the sum "
        "of weight × share of the time."
    ),
    (
        "Few labelled recordings exist for an evaluation. For most cues and all signals, the accuracy is "
        "unknown. The documentation lists every threshold and weight on the page “Cues and signals”, and the "
        "known accuracy in the results of the evaluation."
    ),
)
