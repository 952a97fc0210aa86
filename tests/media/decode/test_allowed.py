"""Which codecs hostile bytes reach, and which they do not."""

from dataclasses import replace

import av
import pytest
from av.codec import Codec

from backchannel.errors import Problem
from backchannel.media.decode import decode_audio, decode_frames, probe, read
from backchannel.media.decode.allowed import DECODERS, PICTURE_DECODERS, SOUND_DECODERS
from backchannel.values import MediaLimits, Segment
from tests.media.making import Recipe, make

LIMITS = MediaLimits(min_duration_s=0.0)
MATROSKA = Recipe("matroska", duration_s=0.6)
PICTURES = {
    "av1": replace(MATROSKA, video="libsvtav1"),
    "hevc": replace(MATROSKA, video="libx265"),
    "mjpeg": replace(MATROSKA, video="mjpeg", pixels="yuvj420p"),
    "mpeg1": replace(MATROSKA, video="mpeg1video"),
    "prores": replace(MATROSKA, video="prores", pixels="yuv422p10le"),
}
SOUNDS = ("ac3", "alac", "eac3", "libmp3lame", "mp2", "pcm_s24le")
REFUSED = {
    "huffyuv": replace(MATROSKA, container="avi", video="huffyuv", pixels="yuv422p", audio="mp2"),
    "msmpeg4": replace(MATROSKA, video="msmpeg4"),
    "png": replace(MATROSKA, container="mov", video="png", pixels="rgb24"),
    "flash": replace(MATROSKA, container="avi", video="flv", audio="mp2"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_in_usual_codecs_are_decoded(name: str) -> None:
    assert list(decode_frames(Segment(make(PICTURES[name])), LIMITS))


@pytest.mark.parametrize("codec", SOUNDS)
def test_sound_in_usual_codecs_is_decoded(codec: str) -> None:
    sound = decode_audio(Segment(make(replace(MATROSKA, audio=codec))), LIMITS)

    assert sound is not None
    assert abs(sound.samples).max() > 0.1


@pytest.mark.parametrize("name", REFUSED)
def test_a_picture_in_another_codec_is_as_none(name: str) -> None:
    data = make(REFUSED[name])

    timing = probe(Segment(data), LIMITS)

    assert timing.has_audio
    assert not timing.has_video


def test_media_with_nothing_but_other_codecs_is_refused() -> None:
    data = make(replace(MATROSKA, container="avi", video="huffyuv", pixels="yuv422p", audio=""))

    with pytest.raises(Problem) as caught, read(Segment(data), LIMITS):
        pass
    assert caught.value.error_id == "ih5001"


def test_every_name_in_the_lists_is_a_decoder_of_its_kind() -> None:
    # A misspelt one would allow nothing.
    kinds = {name: Codec(name, "r").type for name in DECODERS}

    assert {name for name, kind in kinds.items() if kind == "video"} == PICTURE_DECODERS
    assert {name for name, kind in kinds.items() if kind == "audio"} == SOUND_DECODERS


def test_most_decoders_are_out_of_reach() -> None:
    assert len(DECODERS) < len(av.codecs_available) / 10
