"""Reads ``multipart/form-data`` as it comes in, in memory and within bounds. Nothing is written to disk.

Bytes in, a form out; no socket. A file that grows past its limit is refused at the byte that is too many.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backchannel.errors import Problem

FILE_FIELD: Final = "file"
MAX_FIELDS: Final = 64
MAX_FIELD_BYTES: Final = 16 * 1024
OVERHEAD_BYTES: Final = 1024 * 1024
"""What a form may hold beside its file; a body that is longer by more cannot hold a file within its limit."""


@dataclass(slots=True)
class Form:
    """What came in.

    Attributes
    ----------
    fields
        Values by name, in the order they came.
    file
        Bytes of the field `file`, or None if there is none. Not copied on the way: it is as large as it is.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    file: bytearray | None = None

    def one(self, name: str) -> str | None:
        """Return a field's only value, or None.

        Raises
        ------
        Problem
            ``ih4005`` when it came more than once.
        """
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise Problem("ih4005", f"The parameter {name} was sent {len(values)} times; send it once.")
        return values[0] if values else None

    def every(self, *names: str) -> list[str]:
        """Return the values of a repeatable field, under whichever of its names."""
        return [value for name in names for value in self.fields.get(name, [])]


def check_length(content_length: str | None, max_file_bytes: int) -> None:
    """Refuse a body by what it says of its own length, before any of it is read.

    Raises
    ------
    Problem
        ``ih4003``.
    """
    if content_length is None or not content_length.isascii() or not content_length.isdigit():
        return
    length = int(content_length[:20])
    if length > max_file_bytes + OVERHEAD_BYTES:
        raise _too_large(f"The request has {length} bytes", max_file_bytes)


class FormReader:
    """Reads one form, piece by piece.

    Parameters
    ----------
    content_type
        The header, which names the boundary.
    max_file_bytes
        Largest file, inclusive.
    query
        The query string: fields may be sent there too.

    Raises
    ------
    Problem
        ``ih4001`` when the body is of another type, so that there can be no file in it.
    """

    def __init__(self, content_type: str | None, max_file_bytes: int, query: str = "") -> None:
        kind, options = parse_options_header(content_type or "")
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Problem(
                "ih4001",
                "No file came. Send the media as multipart/form-data, in the field `file`.",
            )
        self._max_file_bytes = max_file_bytes
        self._form = Form()
        for name, value in parse_qsl(query, max_num_fields=MAX_FIELDS):
            self._form.fields.setdefault(name, []).append(value)
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._name: str | None = None
        self._value = bytearray()
        self._others = 0
        self._parts = 0
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_data,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise _malformed() from None

    def feed(self, data: bytes) -> None:
        """Read the next piece.

        Raises
        ------
        Problem
            ``ih4003`` when the file is too large, ``ih4005`` when this is no form.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise _malformed() from None

    def finish(self) -> Form:
        """Return the form, once all of it has come.

        Raises
        ------
        Problem
            ``ih4005`` when it breaks off, ``ih4001`` when no file was in it.
        """
        if not self._ended:
            raise Problem("ih4005", "The form breaks off before its last boundary. Send it whole.")
        if not self._form.file:
            missing = (
                "There is no field `file` in the form" if self._form.file is None else "The file is empty"
            )
            raise Problem("ih4001", f"{missing}. Send the media in it.")
        return self._form

    # --- what the parser tells ---------------------------------------------------------------------

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS:
            raise Problem("ih4005", f"The form has more than {MAX_FIELDS} fields.")
        self._disposition = b""
        self._value = bytearray()

    def _end_header(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        self._name = name if name == FILE_FIELD or b"filename" not in options else None
        if self._name == FILE_FIELD:
            if self._form.file is not None:
                raise Problem("ih4005", "The field `file` was sent more than once; send one file.")
            self._form.file = bytearray()

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        file = self._form.file
        if self._name == FILE_FIELD and file is not None:
            if len(file) + end - start > self._max_file_bytes:
                raise _too_large("The file has more than that", self._max_file_bytes)
            file += memoryview(data)[start:end]
            return
        self._others += end - start
        if self._others > OVERHEAD_BYTES or len(self._value) + end - start > MAX_FIELD_BYTES:
            raise Problem("ih4005", f"A field of the form has more than {MAX_FIELD_BYTES} bytes.")
        if self._name is not None:
            self._value += data[start:end]

    def _end_part(self) -> None:
        if self._name not in {None, FILE_FIELD}:
            text = self._value.decode("utf-8", "replace")
            self._form.fields.setdefault(str(self._name), []).append(text)

    def _end(self) -> None:
        self._ended = True


def _malformed() -> Problem:
    return Problem("ih4005", "The body is not well-formed multipart/form-data.")


def _too_large(measured: str, max_file_bytes: int) -> Problem:
    limit = f"{max_file_bytes} bytes ({max_file_bytes / 2**20:g} MB)"
    return Problem("ih4003", f"{measured}; a file may have at most {limit}. Cut it, or use a lower bit rate.")
