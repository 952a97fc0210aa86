"""Run targets for a while, and keep what crashes them."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Final

from fuzz.mutate import mutate
from fuzz.target import CORPUS, Target

SLOW_S: Final = 2.0
"""No input of this size may take longer: real ones take milliseconds (judgement)."""
_LEAST_RUNS: Final = 20


@dataclass(frozen=True, slots=True)
class Crash:
    """An input and the exception that it raised, which the target does not list.

    Attributes
    ----------
    data
        The input.
    fault
        Type and place of the exception, or that it took too long.
    text
        Its text.
    """

    data: bytes
    fault: str
    text: str = ""


def attempt(target: Target, data: bytes) -> Crash | None:
    """Give a target one input."""
    began_s = time.process_time()
    try:
        target.run(data)
    except target.allowed:
        pass
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__} at {place.filename}:{place.lineno}"
        return Crash(data, fault, f"{error!s:.200}")
    if (took_s := time.process_time() - began_s) > SLOW_S:
        return Crash(data, f"took more than {SLOW_S:g} s", f"{took_s:.1f} s")
    return None


def fuzz(
    target: Target, seconds: float, seed: int, clock: Callable[[], float] = time.monotonic
) -> tuple[int, Crash | None]:
    """Give a target changed inputs until the time is over or one crashes it.

    Returns
    -------
    runs
        Number of inputs.
    crash
        The first crash, or None.
    """
    chance = Random(f"{seed} {target.name}")  # noqa: S311
    seeds = [*target.seeds(), *(path.read_bytes() for path in target.corpus())]
    until_s, runs = clock() + seconds, 0
    while runs < _LEAST_RUNS or clock() < until_s:
        runs += 1
        if (crash := attempt(target, mutate(seeds, chance))) is not None:
            return runs, smallest(target, crash)
    return runs, None


def smallest(target: Target, crash: Crash) -> Crash:
    """Leave out parts of an input for as long as it still crashes the target in the same place."""
    length = len(crash.data) // 2
    while length and len(crash.data) < 1 << 20:
        at = 0
        while at < len(crash.data):
            shorter = attempt(target, crash.data[:at] + crash.data[at + length :])
            if shorter is not None and shorter.fault == crash.fault:
                crash = shorter
            else:
                at += length
        length //= 2
    return crash


def keep(target: Target, crash: Crash) -> str:
    """Write a crash into the corpus, and return its path."""
    folder = CORPUS / target.name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{blake2b(crash.data, digest_size=6).hexdigest()}.bin"
    path.write_bytes(crash.data)
    return str(path.relative_to(CORPUS.parent.parent))
