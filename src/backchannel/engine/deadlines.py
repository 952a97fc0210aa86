"""How long a job may take, and what happens when it takes longer."""

import asyncio
from dataclasses import dataclass

from backchannel.engine.base import OnBegun, Worker
from backchannel.engine.jobs import Job, Reply


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a job may take.

    Attributes
    ----------
    to_begin_s
        To receive and to open the media, s.
    least_s, factor
        To analyse it: `factor` times its duration, but always `least_s`.
    """

    to_begin_s: float
    least_s: float
    factor: float

    def to_end_s(self, duration_s: float) -> float:
        """Longest time for the analysis of media of a duration, s."""
        return max(self.least_s, self.factor * duration_s)


class HungError(Exception):
    """A worker took too long and was ended. The same job is likely to hang the next one too."""


async def run_in_time(worker: Worker, job: Job, deadlines: Deadlines, on_begun: OnBegun | None) -> Reply:
    """Run a job on a worker, with a deadline.

    Raises
    ------
    WorkerLostError
        The worker is gone.
    HungError
        It took too long.
    """
    try:
        async with asyncio.timeout(deadlines.to_begin_s) as limit:

            async def begun(duration_s: float) -> None:
                limit.reschedule(asyncio.get_running_loop().time() + deadlines.to_end_s(duration_s))
                if on_begun is not None:
                    await on_begun(duration_s)

            return await worker.run(job, begun)
    except TimeoutError:
        await worker.kill()
        raise HungError from None
