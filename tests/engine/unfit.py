"""A worker that cannot start."""

from tests.engine.faulty import FaultyWorker, Place


def make_worker(place: Place | None = None) -> FaultyWorker:
    raise RuntimeError("face_landmark.tflite is missing")
