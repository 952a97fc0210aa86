"""Two things at once, if a core is spare."""

import threading

import pytest

from backchannel.perception.aside import aside


def test_a_spare_core_works_in_the_meantime() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert go_on.wait(10)
        return threading.current_thread().name

    with aside(work, spare_core=True) as result:
        assert begun.wait(10)
        go_on.set()
        assert result() != threading.current_thread().name


def test_without_one_the_work_is_done_when_its_result_is_fetched() -> None:
    done: list[str] = []
    with aside(lambda: done.append(threading.current_thread().name), spare_core=False) as result:
        assert done == []
        result()
    assert done == [threading.current_thread().name]


@pytest.mark.parametrize("spare_core", [True, False])
def test_an_exception_comes_with_the_result(spare_core: bool) -> None:
    def work() -> None:
        raise ValueError("bad sound")

    with aside(work, spare_core=spare_core) as result, pytest.raises(ValueError, match="bad sound"):
        result()


def test_no_thread_is_left_behind_when_the_other_thing_fails() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        go_on.wait(10)
        ended.set()

    def see() -> None:
        with aside(work, spare_core=True):
            go_on.set()
            raise ValueError("bad picture")

    with pytest.raises(ValueError, match="bad picture"):
        see()
    assert ended.is_set()
