"""Renders a clip into a file and runs perception on it, or takes the tracks that were kept."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from backchannel.packing import pack_value, unpack_value
from backchannel.perception.perceive import perceive_segment
from backchannel.tracks import Tracks
from backchannel.values import MediaLimits, Segment
from evals.nods.design import Clip
from synthesis import write_clip


def rendered(clip: Clip, kept: Path | None = None) -> Tracks:
    """Measure a clip.

    Parameters
    ----------
    kept
        Folder for tracks, or None. Tracks in it are used again as long as the script of their clip is the
        same. Empty it after a change of the renderer or of perception.
    """
    place = kept / f"{hashlib.sha256(repr(clip.shot).encode()).hexdigest()[:20]}.tracks" if kept else None
    if place is not None and place.exists():
        return unpack_value(place.read_bytes(), Tracks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_clip(path, clip.shot)
        tracks = perceive_segment(Segment(path.read_bytes()), MediaLimits())
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(pack_value(tracks))
    return tracks
