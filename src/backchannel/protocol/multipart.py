"""Read ``multipart/form-data`` as it arrives, in bounded memory. Nothing is written to disk.

Bytes in, a form out; no socket. The reader refuses a file as soon as it exceeds its limit.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backchannel.errors import Problem
from backchannel.protocol.errors import in_megabytes

FILE_FIELD: Final = "file"
MAX_FIELDS: Final = 64
TRANSCRIPT_FIELD: Final = "transcript"
"""May come as a file of its own, too."""
MAX_FIELD_BYTES: Final = 16 * 1024
MAX_TRANSCRIPT_BYTES: Final = 768 * 1024
"""The same for the field `transcript`: its most characters, many of them of more than one byte."""
OVERHEAD_BYTES: Final = 1024 * 1024
"""The limit on everything in a form except its file."""


@dataclass(slots=True)
class Form:
    """A received form.

    Attributes
    ----------
    fields
        Values by name, in the order received.
    file
        Bytes of the field `file`, or None if there is none. Never copied, because it may be large.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    file: bytearray | None = None

    def one(self, name: str) -> str | None:
        """Return a field's only value, or None.

        Raises
        ------
        Problem
            ``ih4005`` if the field came more than once.
        """
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise Problem("ih4005", f"The parameter {name} was sent {len(values)} times. Send it once.")
        return values[0] if values else None

    def every(self, *names: str) -> list[str]:
        """Return all values of a repeatable field, under any of its names."""
        return [value for name in names for value in self.fields.get(name, [])]


def check_length(content_length: str | None, max_file_bytes: int) -> None:
    """Refuse a body by its ``Content-Length``, before reading any of it.

    Parameters
    ----------
    content_length
        The header's value, or None.
    max_file_bytes
        Largest file, inclusive.

    Raises
    ------
    Problem
        ``ih4003`` if the body is too long to contain a file within the limit.
    """
    if content_length is None or not content_length.isascii() or not content_length.isdigit():
        return
    length = int(content_length[:20])
    if length > max_file_bytes + OVERHEAD_BYTES:
        raise _too_large(f"The request has {length} bytes", max_file_bytes)


class FormReader:
    r"""Reads one form, chunk by chunk.

    Parameters
    ----------
    content_type
        The ``Content-Type`` header, which contains the boundary.
    max_file_bytes
        Largest file, inclusive.
    query
        The query string. Clients may send fields there too.

    Raises
    ------
    Problem
        ``ih4001`` if the body is not multipart/form-data.

    Examples
    --------
    >>> reader = FormReader("multipart/form-data; boundary=b", max_file_bytes=100)
    >>> reader.feed(b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nmedia\r\n--b--\r\n')
    >>> reader.finish().file
    bytearray(b'media')
    """

    def __init__(self, content_type: str | None, max_file_bytes: int, query: str = "") -> None:
        kind, options = parse_options_header(content_type or "")
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise Problem(
                "ih4001",
                "The request has no file. Send the media as multipart/form-data, in the field `file`.",
            )
        self._max_file_bytes = max_file_bytes
        self._form = Form()
        for name, value in parse_qsl(query, max_num_fields=MAX_FIELDS):
            self._form.fields.setdefault(name, []).append(value)
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._name: str | None = None
        self._value = bytearray()
        self._other_bytes = 0
        self._parts = 0
        self._ended = False
        self._parser = self._new_parser(boundary)

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
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
        """Read the next chunk.

        Raises
        ------
        Problem
            ``ih4003`` if the file is too large, ``ih4005`` if the form is malformed.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise _malformed() from None

    def finish(self) -> Form:
        """Return the form after its last chunk.

        Raises
        ------
        Problem
            ``ih4005`` if the form is truncated, ``ih4001`` if it has no file.
        """
        if not self._ended:
            raise Problem("ih4005", "The form is truncated: its last boundary is missing. Send it again.")
        if self._form.file is None:
            raise Problem("ih4001", "The form has no field `file`. Send the media in this field.")
        if not self._form.file:
            raise Problem("ih4001", "The file is empty. Send the media in the field `file`.")
        return self._form

    # --- callbacks of the parser -------------------------------------------------------------------

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS:
            raise Problem("ih4005", f"The form has more than {MAX_FIELDS} fields. Send fewer.")
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
        may_be_file = name in {FILE_FIELD, TRANSCRIPT_FIELD}
        self._name = name if may_be_file or b"filename" not in options else None
        if self._name == FILE_FIELD:
            if self._form.file is not None:
                raise Problem("ih4005", "The form has more than one field `file`. Send one file.")
            self._form.file = bytearray()

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        file = self._form.file
        if self._name == FILE_FIELD and file is not None:
            if len(file) + end - start > self._max_file_bytes:
                raise _too_large("The file is too large", self._max_file_bytes)
            file += memoryview(data)[start:end]
            return
        self._other_bytes += end - start
        limit = MAX_TRANSCRIPT_BYTES if self._name == TRANSCRIPT_FIELD else MAX_FIELD_BYTES
        if self._other_bytes > OVERHEAD_BYTES or len(self._value) + end - start > limit:
            raise Problem("ih4005", f"A form field exceeds the limit of {limit} bytes. Shorten it.")
        if self._name is not None:
            self._value += data[start:end]

    def _end_part(self) -> None:
        if self._name not in {None, FILE_FIELD}:
            text = self._value.decode("utf-8", "replace")
            self._form.fields.setdefault(str(self._name), []).append(text)

    def _end(self) -> None:
        self._ended = True


def _malformed() -> Problem:
    return Problem("ih4005", "The body is not valid multipart/form-data. Send the file as a form upload.")


def _too_large(what: str, max_file_bytes: int) -> Problem:
    limit = in_megabytes(max_file_bytes)
    return Problem("ih4003", f"{what}. The limit is {limit}. Split the file, or use a lower bit rate.")
