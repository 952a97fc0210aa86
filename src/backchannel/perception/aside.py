"""Do two things at once if a core is spare, and one after the other if not.

Decoders and networks release the interpreter while they work. So one core can listen while another sees.
"""

from collections.abc import Callable, Iterator

# Imported here by its own name: a worker in its sandbox reads no files.
from concurrent.futures.thread import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


@contextmanager
def aside(work: Callable[[], Result], *, spare_core: bool) -> Iterator[Callable[[], Result]]:
    """Begin some work, and give a function that waits for its result.

    With a spare core, a thread does the work in the meantime, and it has ended when this context ends,
    whatever happens. Otherwise the work is done when its result is fetched.
    """
    if not spare_core:
        yield work
        return
    with ThreadPoolExecutor(1, thread_name_prefix="aside") as pool:
        yield pool.submit(work).result
