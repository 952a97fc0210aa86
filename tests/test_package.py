"""`import backchannel` shows what it offers and costs nothing until it is used."""

import subprocess
import sys

import backchannel

HEAVY = {"av", "cv2", "numpy", "openvino", "scipy"}


def test_dir_lists_the_public_names_and_nothing_else() -> None:
    assert dir(backchannel) == sorted(backchannel.__all__)
    assert {"Session", "analyze"} <= set(dir(backchannel))


def test_every_listed_name_is_there() -> None:
    assert all(hasattr(backchannel, name) for name in dir(backchannel))


def test_neither_importing_nor_listing_loads_the_inference_engine() -> None:
    code = "import backchannel, sys; dir(backchannel); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())
