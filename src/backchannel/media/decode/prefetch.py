"""Does one thing while another is done: what comes next is made in a thread of its own, a few items ahead.

Decoders and networks leave the interpreter alone while they work, so that frames can be decoded on one core
while those before them are looked at on another. Where there is no idle core this gains nothing.
"""

import threading
from collections.abc import Generator, Iterator
from queue import Full, Queue
from typing import Final, TypeVar

Item = TypeVar("Item")

MOST_AHEAD: Final = 4
"""Items made before they are wanted: enough to even out, and little to hold."""
_LOOK_AGAIN_S: Final = 0.05


class _End:
    """Nothing comes after this; `fault` is why, if that was not simply the end."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


def prefetch(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield the same items in the same order, made ahead in a thread.

    What making them raises is raised here, after the items before it. Closing this generator ends the thread.
    """
    made: Queue[Item | _End] = Queue(MOST_AHEAD)
    wanted = threading.Event()
    wanted.set()

    def put(item: Item | _End) -> None:
        while wanted.is_set():
            try:
                made.put(item, timeout=_LOOK_AGAIN_S)
            except Full:
                continue
            return

    def make() -> None:
        fault: BaseException | None = None
        try:
            for item in items:
                put(item)
                if not wanted.is_set():
                    break
        except BaseException as raised:
            fault = raised
        put(_End(fault))

    making = threading.Thread(target=make, name="prefetch", daemon=True)
    making.start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.fault is not None:
            raise item.fault
    finally:
        wanted.clear()
        making.join()
