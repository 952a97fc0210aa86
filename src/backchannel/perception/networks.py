"""Load the networks: one engine (OpenVINO), one thread, once per process."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor
from threadpoolctl import threadpool_limits

from backchannel.arrays import FloatArray
from backchannel.perception.compiled import cache_folder, compiled

EYES_AT_ONCE: Final = 4
"""Batch size of the eye network. Each eye takes a seventh less time than in pairs. Larger batches save no
more, and a piece of 1 s often ends with one that is not full (measured)."""


F0_HOP: Final = 256
"""Samples of an F0 frame (16 ms)."""
PITCH_FRAMES: Final = 104
"""Length of the F0 network's input, F0 frames (1.7 s): a second of media, its context, and the last frames of
the piece before. The engine needs twice the time if each call has another length (measured)."""


class NetworkMissingError(RuntimeError):
    """A network file is not in the package."""


@dataclass(frozen=True, slots=True)
class Networks:
    """Every network, compiled for one CPU thread. Stateless: calls never change an object.

    Attributes
    ----------
    face_near, face_far
        Face detectors; (1, s, s, 3) uint8 RGB, s = 128 and 192. Near is trained on faces within 2 m of the
        camera, far within 5 m.
    mesh
        468 face points; (1, 192, 192, 3) uint8 RGB.
    iris
        Eye contours and irises; (4, 64, 64, 3) uint8 RGB of subjects' left eyes.
    palm
        Palm detector; (1, 192, 192, 3) uint8 RGB.
    hand
        21 points of a hand, and whether it is one; (1, 224, 224, 3) uint8 RGB.
    speech
        Speech probability for whole blocks of 32 ms frames.
    pitch
        F0 and its confidence for `PITCH_FRAMES` of sound.
    """

    face_near: "Network"
    face_far: "Network"
    mesh: "Network"
    iris: "Network"
    palm: "Network"
    hand: "Network"
    speech: "Network"
    pitch: "Network"


@dataclass(frozen=True, slots=True)
class Network:
    """One compiled network and its only inference request."""

    request: ov.InferRequest
    inputs: tuple[str, ...]

    def run(self, *values: NDArray[Any]) -> tuple[FloatArray, ...]:
        """Return the network's outputs, in its own order, as copies the caller may keep.

        Parameters
        ----------
        *values
            One array for each input, in the network's order.
        """
        results = self.request.infer(dict(zip(self.inputs, values, strict=True)), share_inputs=True)
        return tuple(np.array(results[index], dtype=np.float32) for index in range(len(results)))


def stay_on_one_thread() -> None:
    """Keep OpenCV and numpy on the thread that calls them, in a process that does nothing but analyse.

    Pictures and matrices are small here, so sharing them between threads takes more time than it saves. The
    threads of numpy's linear algebra also spin while they wait for the next matrix, which took 15% more CPU
    time (measured). This affects the whole process, so only its owner may call it.
    """
    cv2.setNumThreads(1)
    threadpool_limits(1)


@cache
def load_networks() -> Networks:
    """Compile every network, or return those already compiled in this process.

    Raises
    ------
    NetworkMissingError
        With the name of the missing file and how to get it.
    """
    core = ov.Core()
    near, far = "face_detection_short_range.tflite", "face_detection_full_range_sparse.tflite"
    return Networks(
        face_near=_picture_network(core, near, mean=127.5, scale=127.5),
        face_far=_picture_network(core, far, mean=127.5, scale=127.5),
        mesh=_picture_network(core, "face_landmark.tflite", mean=0.0, scale=255.0),
        iris=_picture_network(core, "iris_landmark.tflite", mean=0.0, scale=255.0, batch=EYES_AT_ONCE),
        palm=_picture_network(core, "palm_detection_lite.tflite", mean=0.0, scale=255.0),
        hand=_picture_network(core, "hand_landmark_lite.tflite", mean=0.0, scale=255.0),
        speech=_sound_network(core, "silero_vad_16k_sequence.onnx"),
        pitch=_sound_network(core, "swift_f0.onnx", samples=PITCH_FRAMES * F0_HOP),
    )


def network_file(name: str) -> Path:
    """Path of a network file in the package.

    Raises
    ------
    NetworkMissingError
        When the build did not put it there.
    """
    path = Path(str(resources.files("backchannel.perception.network_files"))) / name
    if not path.is_file():
        raise NetworkMissingError(
            f"The network file {name} is missing from the installed package. Build it again with a package "
            "index within reach: `make setup` in a checkout, or reinstall the package."
        )
    return path


def _picture_network(core: ov.Core, name: str, mean: float, scale: float, batch: int = 1) -> Network:
    def prepare(model: ov.Model) -> ov.Model:
        model.reshape([batch, *list(model.input().shape)[1:]])
        # The network takes bytes and scales them itself: a quarter of the data of float pictures.
        preparation = PrePostProcessor(model)
        picture = preparation.input()
        picture.tensor().set_element_type(ov.Type.u8)
        picture.preprocess().convert_element_type(ov.Type.f32)
        if mean:
            picture.preprocess().mean(mean)
        picture.preprocess().scale(scale)
        return preparation.build()

    recipe = f"{batch} of uint8 in, minus {mean}, over {scale}"
    return _network(compiled(core, network_file(name), prepare, recipe, cache_folder()))


def _sound_network(core: ov.Core, name: str, samples: int | None = None) -> Network:
    """Load a network for sound of any length, or of this many samples."""

    def prepare(model: ov.Model) -> ov.Model:
        if samples is not None:
            model.reshape({model.inputs[0].any_name: [1, samples]})
        return model

    recipe = "any length" if samples is None else f"{samples} samples"
    return _network(compiled(core, network_file(name), prepare, recipe, cache_folder()))


def _network(compiled_network: ov.CompiledModel) -> Network:
    names = tuple(port.any_name for port in compiled_network.inputs)
    return Network(compiled_network.create_infer_request(), names)
