"""Loading the networks."""

import pytest

from backchannel.perception.models import NetworkMissingError, load_networks, network_file


def test_networks_are_loaded_once_a_process() -> None:
    assert load_networks() is load_networks()


def test_a_missing_network_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(NetworkMissingError, match=r"no_such\.onnx is missing .* `make setup`"):
        network_file("no_such.onnx")
