"""What a client keeps, so that it can resume its session and send again what the server does not have."""

from collections import deque
from typing import Final

MAX_KEPT_BYTES: Final = 128 * 1024 * 1024
"""A minute without a connection, at 16 Mbit/s (judgement)."""


class Outbox:
    """The messages of a session that the server may ask for again.

    Attributes
    ----------
    token
        Resumes the session; empty if it cannot be resumed.
    last_seq
        Number of the last message of the server that was read.
    """

    def __init__(self) -> None:
        self.token = ""
        self.last_seq = 0
        self._kept: deque[bytes] = deque()
        self._first = 1  # number of the first message in it
        self._through = 0
        self._size_bytes = 0

    @property
    def next_number(self) -> int:
        """The number of the next message."""
        return self._first + len(self._kept)

    @property
    def unanswered(self) -> int:
        """How many messages are not answered for, as far as is known."""
        return self.next_number - 1 - max(self._through, self._first - 1)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the next connection."""
        after = [("after", str(self.last_seq))] if self.token else []
        return [("resume", self.token), *after]

    def put(self, message: bytes) -> bool:
        """Keep the next message; False if there are too many already."""
        if self._size_bytes + len(message) > MAX_KEPT_BYTES:
            return False
        self._kept.append(message)
        self._size_bytes += len(message)
        return True

    def get(self, number: int) -> bytes:
        """Return a message that is kept."""
        return self._kept[number - self._first]

    def acknowledge(self, resend_from: int, through: int = 0) -> None:
        """Let go of the messages before one."""
        while self._kept and self._first < resend_from:
            self._size_bytes -= len(self._kept.popleft())
            self._first += 1
        self._through = max(self._through, through)

    def is_new(self, seq: int) -> bool:
        """Return whether a message of the server was not read before, and note that it is read."""
        new = seq > self.last_seq
        self.last_seq = max(self.last_seq, seq)
        return new
