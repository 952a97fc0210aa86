"""Options that several commands share."""

from dataclasses import fields
from pathlib import Path

import pytest

from backchannel.cli.options import SECTIONS
from backchannel.protocol.include import Include, parse_include
from tests.cli.commands import run


@pytest.mark.parametrize("command", [("analyze",), ("stream", "--key", "x")], ids=lambda words: str(words[0]))
def test_an_unknown_section_is_an_error_that_lists_the_known_ones(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    film = tmp_path / "film.mp4"
    film.write_text("never read")
    refused = run(*command, film, "--include", "evidence", "--include", "evidences")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"There is no section evidences. Choose from {', '.join(SECTIONS)}." in refused.stderr
    assert run(*command, film, BACKCHANNEL_INCLUDE="evidences").returncode == 2


def test_every_section_of_the_protocol_can_be_asked_for_and_no_other() -> None:
    asked = [parse_include([flag]) for flag in SECTIONS]
    assert len({*asked}) == len(fields(Include))
    assert Include() not in asked
    assert parse_include(SECTIONS) == Include(True, True, True, True, True)
