"""Uploads without their connection: what may be asked, and how the answers are spelled."""

from typing import Final

from backchannel.errors import Problem
from backchannel.media.container import Container, detect_container
from backchannel.protocol.include import PARAMETERS, Include, parse_include
from backchannel.protocol.multipart import Form

SOUND_FILES: Final = (Container.WAV, Container.FLAC, Container.MP3, Container.OGG)
_AS_FILE: Final = {"ih5006": "ih4007", "ih5004": "ih5002"}


def include_of(form: Form) -> Include:
    """Read what the answer is to hold."""
    return parse_include(form.every(*PARAMETERS))


def check_container(data: bytes | bytearray, *, sound_files: bool = False) -> None:
    """Refuse what no container can be seen in, from the first bytes alone.

    Parameters
    ----------
    sound_files
        Whether kinds for sound alone are taken too.

    Raises
    ------
    Problem
        ``ih4002``.
    """
    kind = detect_container(bytes(data[:4096]))
    if kind is not None and (sound_files or not kind.is_sound_file):
        return
    seen = "of no supported container" if kind is None else f"a {kind} file, which holds no picture"
    also = ", or wav, flac, mp3, m4a or ogg" if sound_files else ""
    raise Problem("ih4002", f"The file is {seen}. Send mp4, avi, mov, mkv, mpeg-ts, mpeg-2-ts or webm{also}.")


def file_problem(problem: Problem) -> Problem:
    """Say of a file what was found out about a segment: the catalogue has ids of its own for files."""
    return Problem(
        _AS_FILE.get(problem.error_id, problem.error_id),
        problem.message.replace("The segment holds", "The file holds"),
        problem.retry_after_s,
    )
