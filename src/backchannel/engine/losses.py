"""When a job that loses its workers is given up."""

from dataclasses import dataclass
from typing import Final

from backchannel.engine.base import WorkerLostError

MAX_LOSSES: Final = 2
"""A worker may be lost for other reasons than its media, so the job is tried again once."""
MAX_KILLS: Final = 5
"""A kill says little about the media, which may still be the reason: it took memory (judgement)."""


@dataclass(slots=True)
class Losses:
    """Workers that a job has lost."""

    died: int = 0
    killed: int = 0

    @property
    def enough(self) -> bool:
        """Whether the job should not be tried again."""
        return self.died >= MAX_LOSSES or self.killed >= MAX_KILLS

    def count(self, lost: WorkerLostError) -> None:
        """Count one more."""
        self.killed += lost.killed
        self.died += not lost.killed
