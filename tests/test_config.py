from pathlib import Path

import pytest

from backchannel.config import WORDS_NETWORK, SettingsError, load_settings
from backchannel.perception.whisper import built_in_whisper


def test_defaults_are_the_wire_contracts() -> None:
    settings = load_settings({})
    assert settings.max_message_bytes == 33_554_432
    assert (settings.queue_segments, settings.queue_bytes) == (8, 64 * 1024 * 1024)
    assert (settings.idle_timeout_s, settings.session_max_s, settings.drain_s) == (300, 3600, 30)
    assert settings.segment_limits.min_duration_s == 2.75
    assert settings.data_dir.is_absolute()
    assert settings.workers >= 1


def test_environment_is_read_and_the_command_line_wins() -> None:
    environ = {"BACKCHANNEL_PORT": "9000", "BACKCHANNEL_DATA_DIR": "~/store", "BACKCHANNEL_HOST": "::1"}
    settings = load_settings(environ, port=9100, host=None)
    assert settings.port == 9100
    assert settings.data_dir == Path.home() / "store"
    assert settings.base_url == "http://[::1]:9100"


@pytest.mark.parametrize("built_in", [True, False])
def test_words_are_on_where_the_package_has_their_network(
    built_in: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = tmp_path / "model.bin"
    monkeypatch.setattr("backchannel.config.WORDS_NETWORK", network)
    if built_in:
        network.touch()
    assert load_settings({}).words == ("on" if built_in else "off")
    assert load_settings({"BACKCHANNEL_WORDS_MODEL": str(tmp_path)}).words == "on"
    assert (
        load_settings({"BACKCHANNEL_WORDS": "off", "BACKCHANNEL_WORDS_MODEL": str(tmp_path)}).words == "off"
    )
    assert load_settings({"BACKCHANNEL_WORDS": "on"}, words="off").words == "off"


def test_the_network_is_where_the_workers_look_for_it() -> None:
    assert (built_in_whisper() is not None) == WORDS_NETWORK.is_file()


def test_an_empty_variable_means_not_given() -> None:
    assert load_settings({"BACKCHANNEL_PORT": ""}).port == 8000


def test_public_url_is_used_for_links_as_given() -> None:
    assert load_settings({"BACKCHANNEL_PUBLIC_URL": "https://x.example/"}).base_url == "https://x.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "many"), ("PORT", "65536"), ("WORKERS", "0"), ("IDLE_TIMEOUT_S", "-1"), ("LOG_LEVEL", "loud")],
)
def test_a_bad_value_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"BACKCHANNEL_{name}"):
        load_settings({f"BACKCHANNEL_{name}": value})


def test_an_unknown_override_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="colour"):
        load_settings({}, colour="red")
