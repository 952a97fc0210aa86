"""An analysis that cannot start."""

from tests.engine.faulty import analyze, duration_s

__all__ = ["analyze", "duration_s", "warm_up"]


def warm_up() -> None:
    raise RuntimeError("face_landmark.tflite is missing")
