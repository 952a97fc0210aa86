"""Makes the sample that `make run` shows: ``python -m tools.sample OUT.mp4``.

Twenty-five seconds of one person who reports, hesitates, listens, nods, smiles, and disagrees. Everything in
it is scripted here, and ``OUT.mp4.labels.json`` says when.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from synthesis import (
    Blink,
    BrowRaise,
    Encoding,
    Glance,
    Nod,
    Performance,
    Say,
    Shake,
    Shot,
    Smile,
    labels_path,
    pauses_of,
    spans_of,
    write_clip,
)

DURATION_S = 25.0

REPORT = Say(
    1.6,
    (
        "I looked at the numbers again this morning.",
        0.45,
        "They are better than we expected.",
        1.5,
        "But I am not quite sure about the third quarter.",
    ),
)
"""What is said first; the silence of one and a half seconds is where the eyes leave the camera."""


def sample() -> Shot:
    """Return the sample's script. Gestures are placed by the speech, whose length the voice decides."""
    hesitation = pauses_of(REPORT)[-1]
    listening_s = spans_of(REPORT)[-1].end_s + 1.7
    answer = Say(listening_s + 8.5, ("No, I would not change it now.", 0.5, "Let us keep the plan as it is."))
    gestures = (
        Blink(0.4),
        Blink(4.1),
        Glance(hesitation.start_s + 0.1, 1.25, yaw_deg=22.0, pitch_deg=4.0),
        Blink(hesitation.end_s + 0.3),
        Nod(listening_s, cycles=3, peak_to_peak_deg=9.0, rate_hz=2.0),
        Blink(listening_s + 4.5),
        Smile(listening_s + 1.95, 2.2),
        BrowRaise(listening_s + 5.2, 0.9),
        Blink(listening_s + 6.4),
        Shake(listening_s + 7.0, cycles=2.5, peak_to_peak_deg=14.0, rate_hz=1.7),
        Blink(answer.start_s + 1.9),
    )
    performance = Performance(DURATION_S, gestures, (REPORT, answer), seed=7)
    # A key frame each second, so that the clip can be cut into segments of any whole length without loss.
    return Shot(performance, encoding=Encoding(crf=20, key_frame_s=1.0))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.sample", description="Make the sample clip.")
    parser.add_argument("out", type=Path, metavar="OUT.mp4")
    out: Path = parser.parse_args().out
    started_s = time.monotonic()
    write_sample(out)
    print(f"{out} and {labels_path(out).name}, made in {time.monotonic() - started_s:.0f} s")


def write_sample(path: Path) -> None:
    """Write the sample and its labels, showing how far it is when a person watches."""
    write_clip(path, sample(), _show if sys.stderr.isatty() else None)


def _show(share: float) -> None:
    print(f"\rMaking the sample: {share:4.0%}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
