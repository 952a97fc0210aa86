"""The decoders and demuxers that hostile bytes may reach: few of the 600 that libav has.

A flaw in any other one is out of reach. These are the codecs of browsers, phones, cameras, conference tools
and broadcast, and FFV1 for archives (judgement).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backchannel.media.stream.container import Container

DEMUXERS: Final[Mapping[Container, str]] = MappingProxyType(
    {
        Container.MP4: "mov",
        Container.MOV: "mov",
        Container.AVI: "avi",
        Container.MKV: "matroska",
        Container.WEBM: "matroska",
        Container.MPEG_TS: "mpegts",
        Container.M2TS: "mpegts",
        Container.MPEG_PS: "mpeg",
        Container.WAV: "wav",
        Container.FLAC: "flac",
        Container.MP3: "mp3",
        Container.OGG: "ogg",
    }
)
"""libav's name of the one demuxer for each container."""

PICTURE_DECODERS: Final = frozenset(
    {
        "ffv1",
        "h263",
        "h264",
        "hevc",
        "libdav1d",
        "mjpeg",
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "prores",
        "theora",
        "vp8",
        "vp9",
    }
)
"""libav's names; a codec with several decoders has the one here that libav chooses."""

SOUND_DECODERS: Final = frozenset(
    {
        "aac",
        "aac_latm",
        "ac3",
        "alac",
        "amrnb",
        "eac3",
        "flac",
        "mp2",
        "mp3float",
        "opus",
        "pcm_alaw",
        "pcm_f32be",
        "pcm_f32le",
        "pcm_f64be",
        "pcm_f64le",
        "pcm_mulaw",
        "pcm_s16be",
        "pcm_s16le",
        "pcm_s24be",
        "pcm_s24le",
        "pcm_s32be",
        "pcm_s32le",
        "pcm_u8",
        "vorbis",
    }
)
"""As `PICTURE_DECODERS`."""

DECODERS: Final = PICTURE_DECODERS | SOUND_DECODERS
