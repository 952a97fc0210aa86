"""Makes text from elsewhere safe to print: file names, key names, what a server sends.

Such text may hold line breaks, tabs, terminal escape sequences or characters that change the direction of
writing. Printed as it is, a name could look like several rows of a table, or repaint the terminal.
"""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols of Unicode that print as nothing."""
_FALSE_GAP: Final = re.compile(r"(?<= ) |[^\S ]")
"""A second space in a row, and every space but the common one."""


def escaped(text: str) -> str:
    r"""Replace every character that does not print by its Python escape.

    >>> escaped("talk\n\x1b[2J.mp4")
    'talk\\n\\x1b[2J.mp4'
    """
    return "".join(char if _prints(char) else _escape(char) for char in text)


def table_cell(text: str) -> str:
    r"""Escape text for one cell of a table; no run of spaces in it can pass for a gap between columns.

    >>> table_cell("laptop   admin")
    'laptop \\x20\\x20admin'
    """
    return _FALSE_GAP.sub(lambda gap: _escape(gap[0]), escaped(text))


def _prints(char: str) -> bool:
    # Python does not count wider and narrower spaces as printable; they do no harm within a line.
    return (char.isprintable() or unicodedata.category(char) == "Zs") and char not in _INVISIBLE


def _escape(char: str) -> str:
    return r"\x20" if char == " " else char.encode("unicode_escape").decode("ascii")
