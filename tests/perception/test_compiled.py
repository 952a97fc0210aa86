"""Networks that were compiled before are restored, and a cache can only ever cost time."""

import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import openvino as ov
import pytest

from backchannel.arrays import FloatArray
from backchannel.perception.compiled import cache_folder, compiled
from backchannel.perception.networks import network_file

SOUND = np.random.default_rng(0).normal(0, 0.1, (1, 16_000)).astype(np.float32)


class Asked:
    """Counts how often a network had to be prepared, which is only done to compile it."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, model: ov.Model) -> ov.Model:
        self.times += 1
        return model


def pitch_of(folder: Path | None, asked: Asked, recipe: str = "as it is") -> FloatArray:
    network = compiled(ov.Core(), network_file("swift_f0.onnx"), asked, recipe, folder)
    low, high = np.array(60.0, np.float32), np.array(500.0, np.float32)
    results = network.create_infer_request().infer([SOUND, low, high])
    return np.array(results[0], np.float32)


def only_file(folder: Path) -> Path:
    (kept,) = folder.iterdir()
    return kept


def test_a_network_is_compiled_once_and_answers_the_same_to_the_last_bit(tmp_path: Path) -> None:
    asked = Asked()
    first, second = pitch_of(tmp_path, asked), pitch_of(tmp_path, asked)
    assert asked.times == 1
    np.testing.assert_array_equal(first, second)


def test_the_same_file_prepared_otherwise_is_another_network(tmp_path: Path) -> None:
    asked = Asked()
    pitch_of(tmp_path, asked)
    pitch_of(tmp_path, asked, recipe="another")
    assert asked.times == 2
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("left", [0, 31, 40, 100_000])
def test_a_file_cut_short_is_compiled_again_and_put_right(tmp_path: Path, left: int) -> None:
    asked = Asked()
    good = pitch_of(tmp_path, asked)
    kept = only_file(tmp_path)
    kept.write_bytes(kept.read_bytes()[:left])
    np.testing.assert_array_equal(pitch_of(tmp_path, asked), good)
    pitch_of(tmp_path, asked)
    assert asked.times == 2


def test_a_file_with_one_wrong_bit_is_not_believed(tmp_path: Path) -> None:
    asked = Asked()
    pitch_of(tmp_path, asked)
    kept = only_file(tmp_path)
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)
    pitch_of(tmp_path, asked)
    assert asked.times == 2


def test_where_nothing_can_be_written_networks_are_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    asked = Asked()
    pitch_of(tmp_path / "file" / "networks", asked)
    pitch_of(tmp_path / "file" / "networks", asked)
    assert asked.times == 2
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    asked = Asked()
    pitch_of(None, asked)
    assert asked.times == 1
    assert not list(tmp_path.iterdir())


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(user: int) -> NoReturn:
        raise KeyError(user)

    # As in a container that runs under a number of its own.
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert cache_folder() is None


def test_processes_that_begin_at_once_leave_whole_files_and_nothing_else(tmp_path: Path) -> None:
    work = (
        "import sys; from pathlib import Path; import backchannel.perception, openvino as ov;"
        "from backchannel.perception.compiled import compiled;"
        "from backchannel.perception.networks import network_file;"
        "network = network_file('swift_f0.onnx');"
        "compiled(ov.Core(), network, lambda model: model, 'as it is', Path(sys.argv[1]))"
    )
    running = [subprocess.Popen([sys.executable, "-c", work, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert only_file(tmp_path).suffix == ".blob"
    asked = Asked()
    pitch_of(tmp_path, asked)
    assert asked.times == 0
