"""Every input that once crashed a target, the seeds of all targets, and the fuzzer itself."""

from collections.abc import Iterator
from itertools import count
from random import Random

import pytest

from fuzz.__main__ import TARGETS
from fuzz.mutate import MAX_BYTES, mutate, pieces
from fuzz.run import attempt, fuzz
from fuzz.target import Target

NAMES = [target.name for target in TARGETS]


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_what_once_crashed_a_target_no_longer_does(target: Target) -> None:
    assert [attempt(target, path.read_bytes()) for path in target.corpus()] == [None] * len(target.corpus())


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_valid_inputs_crash_nothing(target: Target) -> None:
    seeds = target.seeds()
    assert seeds
    assert [crash for seed in seeds if (crash := attempt(target, seed)) is not None] == []


def test_the_same_seed_gives_the_same_inputs() -> None:
    seeds = [bytes(range(200)), b"", b"x" * 5000]
    first, again = ([mutate(seeds, chance) for _ in range(200)] for chance in (Random(7), Random(7)))  # noqa: S311
    assert first == again
    assert len(set(first)) > 150
    assert max(map(len, first)) <= MAX_BYTES


def test_pieces_are_the_whole() -> None:
    chance = Random(7)  # noqa: S311
    assert all(b"".join(pieces(bytes(range(99)), chance)) == bytes(range(99)) for _ in range(50))


def _seconds() -> Iterator[float]:
    return (float(number) for number in count())


def test_a_crash_is_found_and_made_small() -> None:
    def refuses_ff(data: bytes) -> None:
        if 0xFF in data:
            raise KeyError(data)

    clock = _seconds()
    target = Target("test", refuses_ff, (ValueError,), lambda: [bytes(3000)])
    runs, crash = fuzz(target, 1e4, seed=1, clock=lambda: next(clock))
    assert runs > 0
    assert crash is not None
    assert crash.data == b"\xff"
    assert "KeyError" in crash.fault


def test_a_listed_exception_is_no_crash() -> None:
    def always(data: bytes) -> None:
        raise ValueError(data)

    clock = _seconds()
    target = Target("test", always, (ValueError,), lambda: [b"x"])
    assert fuzz(target, 50.0, seed=1, clock=lambda: next(clock))[1] is None
