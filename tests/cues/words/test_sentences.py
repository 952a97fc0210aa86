"""Each list finds the cues of its table of sentences, and no other."""

import tomllib
from pathlib import Path

import pytest

from backchannel.cues.words.find import word_cues
from backchannel.cues.words.lists import languages
from tests.cues.words.build import heard

TABLES = Path(__file__).with_name("sentences")


def _rows() -> list[tuple[str, str, list[str]]]:
    return [
        (language, sentence, names)
        for language in languages()
        for sentence, names in tomllib.loads(
            (TABLES / f"{language}.toml").read_text(encoding="utf-8")
        ).items()
    ]


@pytest.mark.parametrize(("language", "sentence", "names"), _rows())
def test_a_sentence_has_these_cues_and_no_other(language: str, sentence: str, names: list[str]) -> None:
    assert sorted(cue.name for cue in word_cues(heard(sentence, language))) == sorted(names)


@pytest.mark.parametrize("language", languages())
def test_each_kind_of_cue_is_in_the_table(language: str) -> None:
    found = {name for row_language, _, names in _rows() if row_language == language for name in names}
    expected = {
        "assent", "dissent", "hedge", "certainty", "clarifying_question", "question", "positive", "negative",
        "filler", "apology", "thanks", "self_correction",
    }  # fmt: skip
    assert expected <= found
