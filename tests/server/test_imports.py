import subprocess
import sys

HEAVY = {"numpy", "scipy", "av", "cv2", "openvino", "backchannel.conversation", "backchannel.perception"}


def test_the_server_process_never_loads_perception() -> None:
    code = "import backchannel.server.run, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())
