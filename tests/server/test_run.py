"""Taking the address, and saying when the server is ready."""

import socket
from pathlib import Path

import httpx
import pytest

from backchannel.config import Settings, SettingsError
from backchannel.engine.dispatch import Dispatcher
from backchannel.engine.process import ProcessCarrier
from backchannel.server.run import listen, make_server
from backchannel.store import StoreError, open_store


def test_the_port_that_was_taken_is_in_the_settings() -> None:
    taken, settings = listen(Settings(port=0))
    with taken:
        assert settings.port == taken.getsockname()[1] > 0


def test_an_address_that_cannot_be_used_is_a_setting_that_cannot_be_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match="in use"):
        listen(Settings(port=taken.getsockname()[1]))


def test_what_goes_wrong_when_it_is_ready_stops_the_server(tmp_path: Path) -> None:
    taken, settings = listen(Settings(port=0, workers=1, data_dir=tmp_path))
    calls: list[str] = []

    def fail() -> None:
        calls.append("ready")
        raise StoreError("The disk is full.")

    carrier = ProcessCarrier(settings.worker_memory_bytes, settings.worker_start_s)
    with taken, open_store(tmp_path) as store:
        server = make_server(settings, store, Dispatcher(settings, carrier), fail)
        with pytest.raises(StoreError, match=r"The disk is full\."):
            server.run(sockets=[taken])
    assert calls == ["ready"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(settings.base_url)
