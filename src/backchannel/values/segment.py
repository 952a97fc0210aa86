"""One message's media, and what it may cost to decode."""

from dataclasses import dataclass

from backchannel.constants import FULL_RATE_HZ


@dataclass(frozen=True, slots=True)
class Segment:
    """One message's media, made independent of every other message.

    Attributes
    ----------
    data
        Bytes that decode on their own: a complete file, or a container header, the media since the last
        key frame, and the new media.
    new_from_byte
        Offset in `data` where the media that no earlier segment covered begins. A packet is new when its
        last byte lies at or after this offset.
    continuous
        True when `data` belongs to one running stream, whose container clock goes on from segment to
        segment; False for a complete file, whose clock starts at its own zero.
    sound_only, picture_only
        True to measure only the sound, even if there is a picture, or the other way round.
    continues, reaches
        Digests of the running stream before and after this segment. A worker that still holds the decoder
        that stopped at `continues` can go on with it. Empty for a complete file.
    unbroken
        Nothing of the running stream is missing between the segment before and this one.
    """

    data: bytes
    new_from_byte: int = 0
    continuous: bool = False
    sound_only: bool = False
    continues: bytes = b""
    reaches: bytes = b""
    unbroken: bool = False
    picture_only: bool = False


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What a segment may cost to decode (wire contract, section 8).

    Attributes
    ----------
    max_duration_s, min_duration_s
        Bounds on the new media, s. The lower bound already includes its tolerance.
    max_width_px, max_height_px
        Largest picture, either way round, px.
    max_frame_rate_hz
        Largest frame rate, frames/s.
    max_pixel_rate_hz
        Most pixels in a second of picture, px/s: the largest picture at 60 frames/s (judgement).
    max_packet_rate_hz
        Most packets of all tracks in a second of media, packets/s. 240 frames a second with sound in the
        shortest packets, 2.5 ms of Opus, are 640 (judgement).
    analysis_rate_hz
        Frames analysed per second: fewer than `FULL_RATE_HZ` under load.
    spare_core
        Whether a second core may be used, which gives the same result sooner.
    """

    max_duration_s: float = 60.0
    min_duration_s: float = 0.0
    max_width_px: int = 4096
    max_height_px: int = 2304
    max_frame_rate_hz: float = 120.0
    max_pixel_rate_hz: float = 4096.0 * 2304.0 * 60.0
    max_packet_rate_hz: float = 1000.0
    analysis_rate_hz: float = FULL_RATE_HZ
    spare_core: bool = False
