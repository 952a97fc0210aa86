"""Keep decoders that stopped at a known place of a running stream.

Browsers often send a key frame only every 3 to 10 s, and each piece of a stream would otherwise be decoded
again from the last one. This is a cache. It may be lost at any time without changing a frame.
"""

from collections import OrderedDict
from typing import Final

from av.video.codeccontext import VideoCodecContext

MAX_KEPT_PIXELS: Final = 20 * 640 * 360
"""Limit on the pixels of all kept decoders: 50 MB with VP9, which takes 2.5 MB at 640x360 (measured)."""


class Decoders:
    """The running decoders of one process."""

    def __init__(self, max_pixels: int = MAX_KEPT_PIXELS) -> None:
        self._max_pixels = max_pixels
        self._kept: OrderedDict[bytes, VideoCodecContext] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, place: bytes) -> VideoCodecContext | None:
        """Return the decoder that stopped at a place of a stream, and stop keeping it."""
        return self._kept.pop(place, None) if place else None

    def keep(self, place: bytes, decoder: VideoCodecContext) -> None:
        """Keep a decoder that holds no frame back. The oldest ones are dropped if there are too many."""
        if not place:
            return
        self._kept[place] = decoder
        while len(self._kept) > 1 and self._pixels() > self._max_pixels:
            self._kept.popitem(last=False)

    def _pixels(self) -> int:
        return sum(decoder.width * decoder.height for decoder in self._kept.values())
