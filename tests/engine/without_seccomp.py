"""Start two workers where the kernel has no seccomp, let each analyse media, and print the kinds of reply."""

import asyncio
import errno

from backchannel.engine.jobs import FileJob
from backchannel.engine.process import ProcessCarrier
from backchannel.engine.seccomp import Rule, restrict, this_machine
from backchannel.server.log import configure_logging
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make


async def main() -> None:
    configure_logging("info")
    job = FileJob(Segment(make(Recipe(duration_s=3.2))), MediaLimits(), 60.0, False, False, False)
    restrict([Rule(this_machine().seccomp, error=errno.ENOSYS)], otherwise=None)
    carrier = ProcessCarrier(1 << 30, 60.0)
    for _ in range(2):
        worker = await carrier.start(niceness=0)
        try:
            print(type(await worker.run(job, _nothing)).__name__)  # noqa: T201 -- the test reads it
        finally:
            await worker.kill()


async def _nothing(_: float) -> None:
    pass


if __name__ == "__main__":
    asyncio.run(main())
