"""The measurements of a conversation over time, as numpy arrays by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backchannel.conversation.state import Conversation
from backchannel.tracks import FACE_COLUMNS, FaceTracks, PictureTracks, Tracks, VoiceTracks

Column: TypeAlias = NDArray[Any]
"""One track."""
FACE_TRACKS: Final = tuple(
    "face_confidence" if name == "confidence" else name for name in FACE_COLUMNS if name != "valid"
)
"""Tracks of the person's face, with a row for each analysed frame."""
VOICE_TRACKS: Final = tuple(field.name for field in fields(VoiceTracks) if field.name != "time_s")
"""Tracks with a row every 10 ms."""


class TrackTable(Mapping[str, Column]):
    """Measurements over time, by name. A missing measurement is NaN, never zero.

    Names and units are those of `backchannel.tracks`. Tracks of the picture have a row for each analysed
    frame, and tracks of the voice one every 10 ms. `time_s` has their times. Arrays are read-only.

    Examples
    --------
    >>> report = analyze("talk.mp4")                            # doctest: +SKIP
    >>> yaw_deg = report.tracks["head_yaw_deg"]                 # doctest: +SKIP
    >>> time_s = report.tracks.time_s("head_yaw_deg")           # doctest: +SKIP
    """

    def __init__(
        self,
        picture: Mapping[str, Column] | None = None,
        voice: Mapping[str, Column] | None = None,
    ) -> None:
        self._parts: Mapping[str, Mapping[str, Column]] = MappingProxyType(
            {"picture": picture or {}, "voice": voice or {}}
        )
        for part in self._parts.values():
            for column in part.values():
                column.flags.writeable = False

    def __getitem__(self, name: str) -> Column:
        return self._part_with(name)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for part in self._parts.values() for name in part if name != "time_s")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        parts = (
            f"{name}: {len(part) - 1} tracks of {part['time_s'].size} rows"
            for name, part in self._parts.items()
            if part
        )
        return f"<TrackTable, {', '.join(parts) or 'empty'}>"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def time_s(self, name: str) -> NDArray[np.float64]:
        """Return the times of a track's rows, s from the start.

        Raises
        ------
        KeyError
            There is no such track.
        """
        return self._part_with(name)["time_s"]

    def part(self, name: str) -> Mapping[str, Column]:
        """Return all tracks of the ``picture`` or the ``voice``, with their times as `time_s`."""
        return self._parts[name]

    def _part_with(self, name: str) -> Mapping[str, Column]:
        for part in self._parts.values():
            if name in part and name != "time_s":
                return part
        known = ", ".join(self) or "none, because nothing was measured"
        raise KeyError(f"There is no track {name!r}. Tracks: {known}.")


class TrackLog:
    """Collects the tracks of consecutive pieces."""

    def __init__(self) -> None:
        self._picture: list[dict[str, Column]] = []
        self._voice: VoiceTracks | None = None

    def add(self, tracks: Tracks, before: Conversation, after: Conversation) -> None:
        """Add the next piece, with the conversation before and after it."""
        start_s = after.clock.reached_s - tracks.duration_s
        if tracks.picture is not None:
            ids = (before.main.following.face_id, after.main.following.face_id)
            self._picture.append(_picture_columns(tracks.picture, start_s, ids))
        if tracks.voice is not None:
            voice = tracks.voice.shifted(start_s)
            self._voice = voice if self._voice is None else self._voice.joined(voice)

    def table(self) -> TrackTable:
        """Return everything so far."""
        picture = {
            name: np.concatenate([part[name] for part in self._picture])
            for name in (self._picture[0] if self._picture else ())
        }
        voice = (
            None
            if self._voice is None
            else {name: np.array(getattr(self._voice, name)) for name in ("time_s", *VOICE_TRACKS)}
        )
        return TrackTable(picture, voice)


def _picture_columns(
    picture: PictureTracks, start_s: float, person: Sequence[int | None]
) -> dict[str, Column]:
    """Return the columns of the person's face. If it got another number, the newer one counts."""
    faces = {face.id: face for face in picture.faces}
    followed = [faces[face_id] for face_id in person if face_id in faces]
    columns: dict[str, Column] = {"time_s": picture.time_s + start_s}
    for name in FACE_TRACKS:
        columns[name] = _of_person(name.removeprefix("face_"), followed, picture.time_s.size)
    return columns | {"face_count": picture.face_count, "luminance": picture.luminance}


def _of_person(name: str, followed: Sequence[FaceTracks], rows: int) -> Column:
    shape = (rows, 4) if name == "box_px" else (rows,)
    column = np.full(shape, np.nan, np.float32)
    for face in followed:
        column[face.valid] = getattr(face, name)[face.valid]
    return column
