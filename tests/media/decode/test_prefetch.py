"""Items made ahead are the same items."""

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from backchannel.errors import Problem
from backchannel.media.decode.prefetch import MOST_AHEAD, prefetch


def test_the_same_items_in_the_same_order() -> None:
    assert list(prefetch(iter(range(1000)))) == list(range(1000))
    assert list(prefetch(iter(()))) == []


def test_they_are_made_in_another_thread_and_only_a_few_ahead() -> None:
    made: list[int] = []
    threads = set()

    def numbers() -> Iterator[int]:
        for number in count():
            made.append(number)
            threads.add(threading.current_thread())
            yield number

    wanted = prefetch(numbers())
    for number in range(50):
        assert next(wanted) == number
        assert len(made) <= number + MOST_AHEAD + 2
    wanted.close()
    assert threading.current_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)


def test_what_goes_wrong_goes_wrong_in_its_place() -> None:
    def broken() -> Iterator[int]:
        yield from range(3)
        raise Problem("ih5004", "No more.")

    numbers = prefetch(broken())
    assert [next(numbers) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Problem, match="No more"):
        next(numbers)
