"""Who has how many streams open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from backchannel.errors import Problem


class OpenSessions:
    """Counts the open streams of each key in this process.

    Parameters
    ----------
    per_key
        How many one key may have open at once.
    """

    def __init__(self, per_key: int) -> None:
        self._per_key = per_key
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, key_id: str) -> Iterator[None]:
        """Hold a place for one stream.

        Raises
        ------
        Problem
            ``ih3002`` when the key has no place left.
        """
        if self._open[key_id] >= self._per_key:
            raise Problem(
                "ih3002",
                f"This key has {self._open[key_id]} sessions open; it may have {self._per_key} at once.",
                retry_after_s=10.0,
            )
        self._open[key_id] += 1
        try:
            yield
        finally:
            self._open[key_id] -= 1
            if not self._open[key_id]:
                del self._open[key_id]
