import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Problem
from backchannel.protocol.multipart import MAX_FIELD_BYTES, MAX_FIELDS, Form, FormReader, check_length

KIND = "multipart/form-data; boundary=xyz"


def part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def read(body: bytes, pieces: int = 1, limit: int = 1000, query: str = "") -> Form:
    reader = FormReader(KIND, limit, query)
    step = max(1, -(-len(body) // pieces))
    for start in range(0, len(body), step):
        reader.feed(body[start : start + step])
    return reader.finish()


def refusal(body: bytes, limit: int = 1000) -> tuple[str, str]:
    with pytest.raises(Problem) as caught:
        read(body, limit=limit)
    return caught.value.error_id, caught.value.message


END = b"--xyz--\r\n"
FILE = part("file", b"media", '; filename="a.mp4"')


@given(content=st.binary(max_size=200), pieces=st.integers(1, 400))
def test_a_file_arrives_whole_wherever_the_body_is_cut(content: bytes, pieces: int) -> None:
    body = part("include[]", b"a") + part("file", content + b"!") + part("include[]", b"b") + END
    form = read(body, pieces)
    assert bytes(form.file or b"") == content + b"!"
    assert form.every("include[]") == ["a", "b"]


def test_fields_may_also_be_in_the_query_string() -> None:
    form = read(FILE + END, query="include%5B%5D=a&include[]=b&model=m")
    assert form.every("include[]", "include") == ["a", "b"]
    assert form.one("model") == "m"
    assert form.one("nothing") is None


def test_a_repeated_file_or_parameter_is_an_error() -> None:
    assert refusal(FILE + FILE + END)[0] == "ih4005"
    form = read(FILE + part("model", b"a") + part("model", b"b") + END)
    with pytest.raises(Problem, match="model was sent 2 times"):
        form.one("model")


def test_the_size_limit_is_inclusive_and_enforced_while_reading() -> None:
    assert len(read(part("file", b"x" * 1000) + END).file or b"") == 1000
    error_id, message = refusal(part("file", b"x" * 1001) + END)
    assert (error_id, "1000 bytes" in message) == ("ih4003", True)
    reader = FormReader(KIND, 10)
    with pytest.raises(Problem, match="10 bytes"):
        reader.feed(part("file", b"x" * 11)[:-2])


@pytest.mark.parametrize(
    ("body", "error_id"),
    [
        (END, "ih4001"),
        (part("other", b"x") + END, "ih4001"),
        (part("file", b"") + END, "ih4001"),
        (FILE, "ih4005"),
        (FILE[:-3], "ih4005"),
        (b"nonsense", "ih4005"),
        (part("a", b"x" * (MAX_FIELD_BYTES + 1)) + FILE + END, "ih4005"),
        (part("a", b"x") * (MAX_FIELDS + 1) + FILE + END, "ih4005"),
    ],
)
def test_invalid_forms(body: bytes, error_id: str) -> None:
    assert refusal(body)[0] == error_id


def test_other_files_are_skipped() -> None:
    form = read(part("extra", b"x" * 100, '; filename="x"') + FILE + END)
    assert (bytes(form.file or b""), form.fields) == (b"media", {})


@pytest.mark.parametrize(
    "kind", [None, "", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"]
)
def test_a_body_that_is_not_a_form_is_refused(kind: str | None) -> None:
    with pytest.raises(Problem) as caught:
        FormReader(kind, 10)
    assert caught.value.error_id == "ih4001"


def test_an_overlong_boundary_is_refused() -> None:
    with pytest.raises(Problem) as caught:
        FormReader(f"multipart/form-data; boundary={'x' * 5000}", 10)
    assert caught.value.error_id == "ih4005"


@pytest.mark.parametrize("length", [None, "", "-1", "x", "³", "1048586"])
def test_content_lengths_that_are_accepted(length: str | None) -> None:
    check_length(length, 10)


@pytest.mark.parametrize("length", ["1048587", "9" * 400])
def test_content_lengths_that_are_refused(length: str) -> None:
    with pytest.raises(Problem) as caught:
        check_length(length, 10)
    assert caught.value.error_id == "ih4003"
