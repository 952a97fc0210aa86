import subprocess
import sys

HEAVY = {"numpy", "scipy", "av", "cv2", "openvino", "backchannel.session", "backchannel.perception"}


def test_the_process_that_holds_the_sockets_never_loads_what_measures() -> None:
    code = "import backchannel.server.run, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())
