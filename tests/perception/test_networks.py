"""Loading the networks."""

import ast
import subprocess
import sys

import pytest

from backchannel.perception.networks import NetworkMissingError, load_networks, network_file


def test_networks_are_loaded_once_a_process() -> None:
    assert load_networks() is load_networks()


def test_a_missing_network_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(NetworkMissingError, match=r"no_such\.onnx is missing .* `make setup`"):
        network_file("no_such.onnx")


def test_nobody_is_told_that_the_networks_were_loaded() -> None:
    # In a process of its own, since the one that runs this test may have imported anything.
    question = (
        "import sys; import backchannel.perception.networks; "
        "print([name for name, module in sys.modules.items() if 'telemetry' in name and module is not None])"
    )
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stdout)
    assert not [name for name in loaded if name.startswith("openvino_telemetry")]
    assert "openvino.tools.ovc.telemetry_stub" in loaded
