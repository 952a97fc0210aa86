"""Whisper writes what is said, with short input, and takes any network in its form."""

from pathlib import Path

import numpy as np
import pytest

from backchannel.arrays import FloatArray
from backchannel.constants import SAMPLE_RATE_HZ
from backchannel.perception.networks import NetworkMissingError
from backchannel.perception.tokens import text_of
from backchannel.perception.whisper import Whisper, load_whisper


def test_a_sentence_is_written_with_the_time_of_each_token(whisper: Whisper, speech: FloatArray) -> None:
    first = speech[: round(2.6 * SAMPLE_RATE_HZ)]
    written = whisper.write(whisper.encode(first), "en")
    assert text_of(written.tokens).strip(" .") == "They are better than we expected"
    assert written.mean_log_probability > -0.5
    starts_s = [token.start_s for token in written.tokens]
    assert starts_s == sorted(starts_s)
    assert all(0.0 <= token.start_s <= token.end_s <= 2.6 for token in written.tokens)
    assert all(0.0 < token.probability <= 1.0 for token in written.tokens)


def test_the_language_is_found(whisper: Whisper, speech: FloatArray) -> None:
    languages = whisper.languages(whisper.encode(speech))
    assert max(languages, key=languages.__getitem__) == "en"
    assert sum(languages.values()) == pytest.approx(1.0, abs=0.01)


def test_it_knows_which_languages_it_knows(whisper: Whisper) -> None:
    assert whisper.knows("en")
    assert not whisper.knows("tlh")


def test_a_call_changes_nothing(whisper: Whisper, speech: FloatArray) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE_HZ).astype(np.float32)
    first = whisper.write(whisper.encode(speech), "en")
    whisper.write(whisper.encode(noise), "en")
    assert whisper.write(whisper.encode(speech), "en") == first


def test_sound_that_is_too_long_is_cut(whisper: Whisper) -> None:
    assert whisper.encode(np.zeros(20 * SAMPLE_RATE_HZ, np.float32)).frames == 950


def test_a_folder_without_a_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkMissingError, match="holds no Whisper network in CTranslate2 form"):
        load_whisper(tmp_path)


def test_a_folder_with_another_vocabulary_is_named(tmp_path: Path, whisper_folder: Path) -> None:
    for name in ("model.bin", "config.json"):
        (tmp_path / name).symlink_to(whisper_folder / name)
    tokens = (whisper_folder / "vocabulary.txt").read_text(encoding="utf-8").replace("<|trans", "<|other")
    (tmp_path / "vocabulary.txt").write_text(tokens, encoding="utf-8")
    with pytest.raises(NetworkMissingError, match="its vocabulary is not Whisper's"):
        load_whisper(tmp_path)
