"""The usual script, timed side by side with one segment of ours; its packages stay in their own place."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from scipy.io import wavfile

from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.media.decode import decode_audio
from backchannel.perception.networks import stay_on_one_thread
from backchannel.values import Segment
from bench.cpu import LIMITS, analyze_segment
from bench.stopwatch import Timing

SCRIPT: Final = Path(__file__).with_name("script.py")
ENVIRONMENT: Final = Path(".cache/usual")
"""Where its packages are installed, over a gigabyte; `make clean` takes it away."""
PACKAGES: Final = ("mediapipe==0.10.21", "librosa==0.11.0")
_INSTALL_S: Final = 900.0


class UsualScriptMissingError(RuntimeError):
    """The usual script's packages cannot be installed here; the message says why."""


def usual_script_costs(clips: Mapping[tuple[int, str], bytes], runs: int) -> dict[str, dict[str, float]]:
    """CPU time of the usual script and of a segment of ours on the same clip, in turn, s, and their ratio.

    Models are loaded and functions compiled before the clock starts, on both sides. The script is given the
    sound as a WAV file, since librosa alone cannot open a film.

    Raises
    ------
    UsualScriptMissingError
        Where its packages cannot be installed.
    """
    python = _python()
    stay_on_one_thread()  # as in a worker
    return {
        f"{height}p {codec}": _costs(python, data, codec, runs) for (height, codec), data in clips.items()
    }


def _costs(python: Path, data: bytes, codec: str, runs: int) -> dict[str, float]:
    theirs_s: list[float] = []
    ours_s: list[float] = []
    with (
        _files(data, "mp4" if codec == "h264" else "webm") as (clip, sound),
        _running(python, clip, sound) as ask,
    ):
        for _ in range(runs + 1):
            theirs_s.append(_asked(ask))
            started_s = time.process_time()
            analyze_segment(Segment(data))
            ours_s.append(time.process_time() - started_s)
    usual, segment = Timing(tuple(theirs_s[1:])), Timing(tuple(ours_s[1:]))
    return {
        "usual_script_s": usual.median_s,
        "segment_s": segment.median_s,
        "times_less": usual / segment,
    }


@contextmanager
def _files(data: bytes, suffix: str) -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        clip, sound = Path(folder, f"clip.{suffix}"), Path(folder, "sound.wav")
        clip.write_bytes(data)
        heard = decode_audio(Segment(data), LIMITS)
        samples = np.zeros(SAMPLE_RATE_HZ, np.float32) if heard is None else heard.samples
        wavfile.write(sound, SAMPLE_RATE_HZ, samples)
        yield clip, sound


@contextmanager
def _running(python: Path, clip: Path, sound: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 -- our own script
        [python, SCRIPT, clip, sound],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate()


def _asked(process: subprocess.Popen[str]) -> float:
    """CPU time of going through the clip once more, s."""
    if process.stdin is None or process.stdout is None:
        raise UsualScriptMissingError("The usual script cannot be talked to.")
    process.stdin.write("\n")
    process.stdin.flush()
    answer = process.stdout.readline().split()
    if len(answer) != 3 or int(answer[1]) == 0:
        raise UsualScriptMissingError("The usual script does not run here, or saw no face.")
    return float(answer[0])


def _python() -> Path:
    """Python of the script's environment, which is made the first time."""
    ready = ENVIRONMENT / ".ready"
    python = ENVIRONMENT / "bin" / "python"
    if ready.is_file() and ready.read_text(encoding="utf-8") == repr(PACKAGES):
        return python
    uv = [sys.executable, "-m", "uv"]
    for command in (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)],
        [*uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES],
    ):
        done = subprocess.run(  # noqa: S603 -- uv, on names that stand above
            command, capture_output=True, text=True, check=False, timeout=_INSTALL_S
        )
        if done.returncode != 0:
            raise UsualScriptMissingError(
                f"The usual script needs {' and '.join(PACKAGES)}, which cannot be installed here."
            )
    ready.write_text(repr(PACKAGES), encoding="utf-8")
    return python
