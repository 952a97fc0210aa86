"""Give memory back to the system after a job.

Networks and decoders need much memory for a moment. Decoders lie in reference cycles, which Python frees
late, and the C library keeps freed memory for later: together 250 MB after a segment of 1080p (measured).
"""

import ctypes
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

GROWTH_BYTES: Final = 32 * 1024 * 1024
"""Growth after which memory is given back. This takes 20 to 50 ms after a segment of 1080p, and 5 to 10 ms
after a smaller one (measured), so it is not done after short pieces of live streams, which need little."""


class Heap:
    """The memory of this process. Make it before the sandbox closes, which lets no file be opened."""

    def __init__(self) -> None:
        self._trim = _trim()
        statm = Path("/proc/self/statm")
        self._statm = os.open(statm, os.O_RDONLY) if statm.exists() else None
        self._settled_bytes = 0
        self.hand_back()
        # What a warm worker holds, it always holds, so nobody needs to look through it again.
        gc.freeze()

    @property
    def resident_bytes(self) -> int:
        """Resident memory; 0 if the system does not report it."""
        if self._statm is None:
            return 0
        os.lseek(self._statm, 0, os.SEEK_SET)
        return int(os.read(self._statm, 200).split()[1]) * os.sysconf("SC_PAGESIZE")

    def hand_back(self) -> None:
        """Give unused memory back, if the process has grown."""
        if self.resident_bytes - self._settled_bytes < GROWTH_BYTES:
            return
        gc.collect()
        if self._trim is not None:
            self._trim(0)
        self._settled_bytes = self.resident_bytes


def _trim() -> Callable[[int], int] | None:
    """Only the C library of GNU has it."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return trim
