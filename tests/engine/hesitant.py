"""Workers whose first starts fail; how many is in the environment, since a worker knows nothing else."""

import os
from pathlib import Path

from tests.engine.faulty import FaultyWorker, Place

FOLDER = "HESITANT_FOLDER"
FAILURES = "HESITANT_FAILURES"


def make_worker(place: Place | None = None) -> FaultyWorker:
    for number in range(int(os.environ[FAILURES])):
        try:
            (Path(os.environ[FOLDER]) / str(number)).touch(exist_ok=False)
        except FileExistsError:
            continue
        raise RuntimeError("not yet")
    return FaultyWorker(place or Place(os.getpid()))
