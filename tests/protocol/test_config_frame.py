import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Problem
from backchannel.protocol.client_transcript import ClientTranscript
from backchannel.protocol.config_frame import MAX_TEXT_LENGTH, AudioFormat, Close, Config, read_text
from backchannel.protocol.include import Include

OVERALL, TIMELINE = "conversation_quality_overall", "conversation_quality_timeline"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"session.close"}', Close()),
        ('{"type":"session.close","include":[]}', Close()),
        ("{}", Config(Include(), None, None)),
        (
            '{"include":null,"model":null,"audio_format":null,"goal_dimensions":null}',
            Config(Include(), None, None),
        ),
        (f'{{"include":["{OVERALL}"]}}', Config(Include(quality_overall=True), None, None)),
        (
            f'{{"include":["evidence","{TIMELINE}","subjects"],"mood":"blue"}}',
            Config(Include(quality_timeline=True, evidence=True), None, None),
        ),
        ('{"model":"inter-2-audio"}', Config(Include(), "inter-2-audio", None)),
        ('{"goal_dimensions":["clarity"]}', Config(Include(), None, None)),
        (
            '{"audio_format":{"encoding":"pcm_s16le","sample_rate":24000,"channels":1}}',
            Config(Include(), None, AudioFormat(sample_rate=24000)),
        ),
    ],
)
def test_valid_text_messages(text: str, expected: Config | Close) -> None:
    assert read_text(text) == expected


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("{", "not JSON"),
        ('{"include":[}', "not JSON"),
        ("[" * 60_000, "not a JSON object"),
        ('{"goal_dimensions":' + "[" * 60_000, "not JSON"),
        ("null", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('"session.close"', "not a JSON object"),
        ("7", "not a JSON object"),
        ('{"type":"session.open"}', "`type`"),
        ('{"type":7}', "`type`"),
        ('{"type":null}', "`type`"),
        ('{"include":"evidence"}', "`include`"),
        ('{"include":[7]}', "`include`"),
        ('{"include":{"a":1}}', "`include`"),
        ('{"model":"inter-3"}', "`model`"),
        ('{"model":"inter-2-deep"}', "`model`"),
        ('{"model":["inter-2"]}', "`model`"),
        ('{"audio_format":"wav"}', "`audio_format`"),
        ('{"audio_format":{"encoding":"mp3"}}', "`audio_format`"),
        ('{"audio_format":{"sample_rate":44100}}', "`audio_format`"),
        ('{"audio_format":{"sample_rate":"16000"}}', "`audio_format`"),
        ('{"audio_format":{"channels":2}}', "`audio_format`"),
        ('{"goal_dimensions":"clarity"}', "`goal_dimensions`"),
        (" " * (MAX_TEXT_LENGTH + 1), str(MAX_TEXT_LENGTH)),
    ],
)
def test_invalid_text_messages(text: str, mentioned: str) -> None:
    with pytest.raises(Problem) as caught:
        read_text(text)
    assert caught.value.error_id == "ih6001"
    assert mentioned in caught.value.message
    assert "the session continues" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "SECRET",
        '{"type":"SECRET"}',
        '{"include":"SECRET"}',
        '{"include":[{"SECRET":1}]}',
        '{"model":"SECRET"}',
        '{"audio_format":{"encoding":"SECRET"}}',
        '{"SECRET":',
    ],
)
def test_errors_never_quote_what_the_client_sent(text: str) -> None:
    with pytest.raises(Problem) as caught:
        read_text(text)
    assert "SECRET" not in caught.value.message


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(("type", "include", "model", "audio_format", "goal_dimensions", "x"))


@given(st.text() | st.dictionaries(fields, json_values).map(json.dumps))
def test_any_text_gives_a_frame_or_a_problem(text: str) -> None:
    try:
        read: Close | Config | ClientTranscript | Problem = read_text(text)
    except Problem as problem:
        read = problem
    assert isinstance(read, Close | Config | ClientTranscript) or read.error_id == "ih6001"
