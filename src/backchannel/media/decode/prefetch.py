"""Run a generator a few items ahead, in its own thread.

Decoders and networks release the interpreter while they work. So one core can decode frames while another
analyses earlier ones. Without an idle core this gains nothing.
"""

import threading
from collections.abc import Generator, Iterator
from queue import Full, Queue
from typing import Final, TypeVar

Item = TypeVar("Item")

MOST_AHEAD: Final = 4
"""Number of items to prepare: enough to even out, without much memory."""
_LOOK_AGAIN_S: Final = 0.05


class _End:
    """Marks the end; `fault` is the exception, if there was one."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


def prefetch(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield the same items in the same order, prepared in a thread.

    Its exceptions are raised here, after the items before. Closing this generator ends the thread.
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
