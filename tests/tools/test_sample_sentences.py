"""A sample holds whole sentences, and the same ones for the same seed."""

from pathlib import Path

import pytest

from tools.prose import Kind, Passage, prose_files
from tools.sample_sentences import main, sample, sentences


def texts(text: str, kind: Kind = "page") -> list[str]:
    return [sentence for _, sentence in sentences(Passage("page.md", 1, text.count("\n") + 1, kind, text))]


def test_sentences_end_where_they_end() -> None:
    text = (
        "The server sends it. The client\nreads it at 1.5 s, e.g. later. Short one. "
        "`analyze` takes a whole file."
    )
    assert texts(text) == [
        "The server sends it.",
        "The client reads it at 1.5 s, e.g. later.",
        "`analyze` takes a whole file.",
    ]


def test_items_and_cells_stand_alone() -> None:
    assert texts(
        "- The first item here.\n- The second item\n  goes on here.\n\n| Some cell in a table | x |"
    ) == [
        "The first item here.",
        "The second item goes on here.",
        "Some cell in a table",
    ]


def test_names_and_headings_of_docstrings_are_no_sentences() -> None:
    docstring = (
        "Return the longest span.\n\n    Parameters\n    ----------\n    first, second, third or fourth\n"
        "        The spans that it compares.\n\n    Returns\n    -------\n    The longest of all spans.\n    "
    )
    assert texts(docstring, "docstring") == [
        "Return the longest span.",
        "The spans that it compares.",
        "The longest of all spans.",
    ]


@pytest.mark.parametrize("message", ["default-src 'none'; img-src 'self' data: x:", "%d %b %Y %H:%M a b c d"])
def test_patterns_are_no_sentences(message: str) -> None:
    assert texts(message, "message") == []


@pytest.mark.parametrize(
    "text", ["Source: Lee 1999, 2001; Kim & Ito 1997: 26 (n = 12)", "`a` 4, `b` 3, `c` 0.8, `d` 1"]
)
def test_references_and_numbers_are_no_sentences(text: str) -> None:
    assert texts(text) == []


def test_a_sentence_has_the_line_it_begins_on() -> None:
    passage = Passage("page.md", 10, 13, "page", "A title of four words\n\nThe text that\nfollows it.")
    assert list(sentences(passage)) == [(10, "A title of four words"), (12, "The text that follows it.")]


def test_the_same_seed_gives_the_same_sample() -> None:
    files = [path for path in prose_files() if path.suffix == ".md"]
    assert sample(files, 7, 20) == sample(files, 7, 20)
    assert sample(files, 7, 20) != sample(files, 8, 20)
    assert len(set(sample(files, 7, 20))) == 20


def test_the_command_can_keep_to_some_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "7", "--count", "3", str(Path("docs", "faq.md"))]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 3
    assert all("docs/faq.md:" in line for line in printed)
