"""What perception makes of a rendered head: a measurement with its gains, leaks and noise.

Rendering a clip as pixels and running the networks on them costs a hundred times as much as everything that
follows. So a part of the clips is rendered, and how the tracks depend on the truth is learned from these: a
linear model of each column, such as the degrees of pitch that an opening mouth adds, and noise that is like
the noise of the frame before. The other clips get their tracks from this model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from scipy.signal import lfilter, resample_poly

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.networks import load_networks
from backchannel.perception.voice import Hearing, hear
from backchannel.tracks import FACE_COLUMNS, FaceTracks, PictureTracks, Tracks, VoiceTracks, unseen_face
from evals.nods.design import Clip
from synthesis import Truth, Voice, perform
from synthesis.mesh import Matrix
from synthesis.speaker import SAMPLE_RATE_HZ as SPOKEN_HZ

MODEL = Path(__file__).with_name("measurement.json")

CAUSES = (
    "head_pitch_deg", "head_yaw_deg", "head_roll_deg", "gaze_yaw_deg", "gaze_pitch_deg", "eye_closure_left",
    "smile", "mouth_opening", "lean", "picture_x", "picture_y",
)  # fmt: skip
"""Columns of the truth that a measurement may depend on."""

HANDS = ("hand_over_eyes", "hand_over_mouth")
"""Columns that are 0 in every clip: no performance covers the face."""

MEASURED = tuple(name for name in FACE_COLUMNS if name not in ("valid", "box_px", "confidence", *HANDS))
"""Columns of the tracks that are modelled."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A linear model of perception. Lists have one entry for each of `MEASURED`.

    Attributes
    ----------
    clips
        Number of rendered clips that it was learned from.
    rest
        Values of a face at rest.
    response
        For each of `MEASURED`, the change for one unit of each of `CAUSES`.
    noise
        Standard deviation of what the model does not explain; the median of the clips.
    memory
        Correlation of this noise with that of the frame before.
    spread
        Standard deviation of the logarithm of a clip's noise: small and dim faces have more.
    """

    clips: int
    rest: list[float]
    response: list[list[float]]
    noise: list[float]
    memory: list[float]
    spread: float

    @classmethod
    def read(cls) -> Self:
        """Read the model that is kept."""
        return cls(**json.loads(MODEL.read_text(encoding="utf-8")))

    def write(self) -> None:
        """Keep the model."""
        MODEL.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


def learned(pairs: Sequence[tuple[Truth, FaceTracks]]) -> Measurement:
    """Learn the model from rendered clips: truth, and tracks of the same frames."""
    causes = [_columns(truth, CAUSES) for truth, _ in pairs]
    tracks = [_columns(face, MEASURED) for _, face in pairs]
    valid = [face.valid for _, face in pairs]
    around = [cause - cause[seen].mean(axis=0) for cause, seen in zip(causes, valid, strict=True)]
    measured = [track - track[seen].mean(axis=0) for track, seen in zip(tracks, valid, strict=True)]
    stacked = np.concatenate([cause[seen] for cause, seen in zip(around, valid, strict=True)])
    wanted = np.concatenate([np.nan_to_num(track[seen]) for track, seen in zip(measured, valid, strict=True)])
    response = np.linalg.lstsq(stacked, wanted, rcond=None)[0]
    left = [np.nan_to_num(track) - cause @ response for track, cause in zip(measured, around, strict=True)]
    noise = np.array([rest[seen].std(axis=0) for rest, seen in zip(left, valid, strict=True)])
    memory = np.mean(
        [[_memory(column) for column in rest[seen].T] for rest, seen in zip(left, valid, strict=True)], axis=0
    )
    at_rest = [
        np.nanmedian(track - cause @ response, axis=0) for track, cause in zip(tracks, causes, strict=True)
    ]
    usual = np.median(noise, axis=0)
    angle = MEASURED.index("head_pitch_deg")
    return Measurement(
        clips=len(pairs),
        rest=_rounded(np.nan_to_num(np.median(at_rest, axis=0))),
        response=[_rounded(row) for row in response.T],
        noise=_rounded(usual),
        memory=_rounded(memory),
        spread=float(np.std(np.log(noise[:, angle] / usual[angle])).round(3)),
    )


def _columns(rows: Truth | FaceTracks, names: Sequence[str]) -> Matrix:
    return np.stack([np.asarray(getattr(rows, name), np.float64) for name in names], axis=1)


def _memory(column: Matrix) -> float:
    if column.size < 3 or column.std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(column[1:], column[:-1])[0, 1], 0.0, 0.99))


def _rounded(values: Matrix) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


def modelled(clip: Clip, model: Measurement) -> Tracks:
    """Make the tracks of a clip without its pixels: the picture by the model, the sound by perception."""
    truth, voice = perform(clip.shot)
    chance = np.random.default_rng([clip.shot.performance.seed, 6])
    size = np.array(model.noise) * np.exp(model.spread * chance.standard_normal())
    values = np.array(model.rest) + _columns(truth, CAUSES) @ np.array(model.response).T
    for column, (std, memory) in enumerate(zip(size, model.memory, strict=True)):
        fresh = chance.standard_normal(truth.time_s.size + 30) * std * np.sqrt(1 - memory**2)
        values[:, column] += lfilter([1.0], [1.0, -memory], fresh)[30:]
    face = unseen_face(0, truth.time_s.size)
    for name, column in zip(MEASURED, values.T, strict=True):
        getattr(face, name)[:] = column
    for name in HANDS:
        getattr(face, name)[:] = 0
    face.valid[:] = True
    face.confidence[:] = 0.99
    face.box_px[:] = (100.0, 60.0, 120.0, 130.0)
    heard = voice_tracks(voice) if voice is not None and clip.shot.sound else None
    return Tracks(clip.shot.performance.duration_s, None, _picture(clip, truth, face), heard)


def voice_tracks(voice: Voice) -> VoiceTracks:
    """Measure the sound itself, with the networks."""
    samples: FloatArray = resample_poly(voice.samples, 1, SPOKEN_HZ // SAMPLE_RATE_HZ).astype(np.float32)
    return hear(load_networks(), samples, 0.0, Hearing())[0]


def _picture(clip: Clip, truth: Truth, face: FaceTracks) -> PictureTracks:
    rows = truth.time_s.size
    return PictureTracks(
        time_s=truth.time_s,
        faces=(face,),
        face_count=np.ones(rows, np.int32),
        luminance=np.full(rows, 0.5, np.float32),
        moving=np.ones(rows, np.bool_),
        new_shot=np.zeros(rows, np.bool_),
        width_px=clip.shot.view.width_px,
        height_px=clip.shot.view.height_px,
    )
