"""Tokens become words as people write them."""

import pytest

from backchannel.perception.tokens import pieces_of, text_of
from backchannel.perception.whisper import Token


def _tokens(*texts: str) -> list[Token]:
    return [
        Token(text, index * 0.2, index * 0.2 + 0.2, 0.5 + index * 0.1) for index, text in enumerate(texts)
    ]


def _as_written(text: str) -> str:
    """Bytes of UTF-8, as a byte-level vocabulary writes those that are no letters."""
    seen = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    unseen = [byte for byte in range(256) if byte not in seen]
    return "".join(
        chr(byte) if byte in seen else chr(256 + unseen.index(byte)) for byte in text.encode("utf-8")
    )


def test_a_word_begins_with_a_space() -> None:
    pieces = pieces_of(_tokens("ĠI", "'m", "Ġun", "sure", "."), "en")
    assert [piece.word.text for piece in pieces] == ["I'm", "unsure."]
    assert "".join(piece.text for piece in pieces) == " I'm unsure."


def test_a_word_has_the_time_and_the_mean_probability_of_its_tokens() -> None:
    word = pieces_of(_tokens("ĠI", "Ġun", "sure"), "en")[1].word
    assert (word.span.start_s, word.span.end_s) == pytest.approx((0.2, 0.6))
    assert word.confidence == pytest.approx(0.65)


def test_punctuation_with_a_space_belongs_to_the_word_before() -> None:
    assert [piece.word.text for piece in pieces_of(_tokens("Ġoui", "Ġ!"), "fr")] == ["oui !"]


def test_punctuation_in_front_belongs_to_the_first_word() -> None:
    assert [piece.word.text for piece in pieces_of(_tokens('Ġ"', "ĠNo", '"'), "en")] == ['" No"']


def test_punctuation_alone_is_no_word() -> None:
    assert pieces_of(_tokens("Ġ.", "..", "Ġ-"), "en") == ()


def test_languages_without_spaces_have_a_word_for_each_whole_character() -> None:
    first, second = _as_written("日"), _as_written("本")
    pieces = pieces_of(_tokens(first[:2], first[2:], second, _as_written("。")), "ja")
    assert [piece.word.text for piece in pieces] == ["日", "本。"]


def test_letters_of_several_bytes_are_read_across_tokens() -> None:
    written = _as_written(" niño")
    assert text_of(_tokens(written[:4], written[4:])) == " niño"


def test_a_character_that_is_cut_off_is_no_word() -> None:
    assert pieces_of(_tokens(_as_written("日")[:1]), "ja") == ()
