import pytest

from backchannel.cli.escape import escaped, table_cell


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("talk.mp4", "talk.mp4"),
        ("Gespräch – 25 °C, 你好 👋", "Gespräch – 25 °C, 你好 👋"),
        ("C:\\talks", "C:\\talks"),
        ("two\nlines", "two\\nlines"),
        ("a\ttab\r", "a\\ttab\\r"),
        ("\x1b[2Jcleared\x07", "\\x1b[2Jcleared\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("line\u2028and\u2029paragraph", "line\\u2028and\\u2029paragraph"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("blank\u2800\u3164", "blank\\u2800\\u3164"),
        ("not text \udcff", "not text \\udcff"),
    ],
)
def test_what_does_not_print_is_escaped_and_nothing_else(text: str, printed: str) -> None:
    assert escaped(text) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("my laptop", "my laptop"),
        ("a   b", "a \\x20\\x20b"),
        ("no\u00a0break\u2003wide", "no\\xa0break\\u2003wide"),
        ("a\tb", "a\\tb"),
    ],
)
def test_a_cell_has_no_gap_that_could_be_a_column(text: str, printed: str) -> None:
    assert table_cell(text) == printed
