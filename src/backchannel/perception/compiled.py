"""Keep compiled networks in the user's cache folder: restoring one takes a quarter of the time.

A file that is missing, damaged or cannot be written only costs time: the network is compiled as without
a cache. Several processes may begin at once; each file appears whole or not at all.
"""

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import openvino as ov
from platformdirs import user_cache_path

CPU: Final = "CPU"
SETTINGS: Final = {
    # One thread: parallelism comes from worker processes, and more threads would fight over the cores.
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    # Otherwise the engine binds its thread to the first core, the same one in each worker.
    "ENABLE_CPU_PINNING": False,
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",  # the same answer on every CPU generation
    # The engine keeps what it prepared for each length of input, by default for 5000 of them, and live sound
    # reaches the speech network in every length.
    "CPU_RUNTIME_CACHE_CAPACITY": 16,
}


def cache_folder() -> Path | None:
    """Where compiled networks are kept; None for users without a home folder."""
    try:
        folder = user_cache_path("backchannel", appauthor=False) / "networks"
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None  # older versions return "~" unchanged


def compiled(
    core: ov.Core,
    source: Path,
    prepare: Callable[[ov.Model], ov.Model],
    recipe: str,
    folder: Path | None,
) -> ov.CompiledModel:
    """Restore a compiled network from the cache folder, or compile it and keep it there.

    Parameters
    ----------
    source
        The network's file.
    prepare
        Changes the network before it is compiled.
    recipe
        Names these changes, so that networks from one file with other changes have another key.
    folder
        Folder of the cache; None turns it off.
    """
    kept = None if folder is None else folder / f"{source.stem}-{_key(core, source, recipe)}.blob"
    blob = None if kept is None else _intact(kept)
    if blob is not None:
        # Another build of the engine with the same version may reject this build's files.
        with suppress(RuntimeError):
            return core.import_model(blob, CPU, SETTINGS)
    fresh = core.compile_model(prepare(core.read_model(source)), CPU, SETTINGS)
    if kept is not None:
        _keep(fresh, kept)
    return fresh


def _key(core: ov.Core, source: Path, recipe: str) -> str:
    """Everything a compiled network depends on: engine, CPU, settings, the file and the changes to it."""
    told = hashlib.sha256(source.read_bytes())
    cpu = core.get_property(CPU, "FULL_DEVICE_NAME"), core.get_property(CPU, "OPTIMIZATION_CAPABILITIES")
    told.update(repr((ov.get_version(), cpu, SETTINGS, recipe)).encode())
    return told.hexdigest()[:32]


def _intact(kept: Path) -> bytes | None:
    """Content of a kept file, checked by its digest, because the engine must not get a damaged one."""
    try:
        content = kept.read_bytes()
    except OSError:
        return None
    digest, blob = content[:32], content[32:]
    return blob if hashlib.sha256(blob).digest() == digest else None


def _keep(network: ov.CompiledModel, kept: Path) -> None:
    stream = BytesIO()
    try:
        network.export_model(stream)
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as part:
            try:
                part.write(hashlib.sha256(stream.getvalue()).digest() + stream.getvalue())
                part.close()
                Path(part.name).replace(kept)
            except OSError:
                Path(part.name).unlink(missing_ok=True)
    except (OSError, RuntimeError):
        return  # read-only, full, or the engine cannot export: nothing is kept
