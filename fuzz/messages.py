"""Targets in `backchannel.protocol`, and in what is kept: texts, bodies, forms, machines and states."""

from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import TypeVar

import msgspec

from backchannel.conversation.codec import pack_conversation, unpack_conversation
from backchannel.conversation.interpret import interpret
from backchannel.conversation.state import Conversation
from backchannel.cues.words.find import word_cues
from backchannel.cues.words.given import given_phrases
from backchannel.errors import Problem
from backchannel.media.stream.codec import pack_stream, unpack_stream
from backchannel.media.stream.continuity import StreamState, continue_stream
from backchannel.packing import pack_value, unpack_value
from backchannel.perception.perceive import Carry
from backchannel.protocol import event_messages, events, realtime, v0
from backchannel.protocol.client_transcript import read_transcript
from backchannel.protocol.config_frame import read_text
from backchannel.protocol.errors import ErrorLinks, IllegalEventError
from backchannel.protocol.include import Include
from backchannel.protocol.multipart import FormReader
from backchannel.protocol.talk import Talk
from backchannel.protocol.tokens import (
    STREAM,
    UPLOAD,
    ExchangeRequest,
    MintRequest,
    RevokeRequest,
    clamp_expires,
    read_body,
    read_origins,
    read_scopes,
)
from backchannel.report.recording import decode_recording, encode_recording
from backchannel.tracks import Tracks
from backchannel.updates import Changes
from fuzz.mutate import pieces
from fuzz.target import Target, recordings

SomeTalk = TypeVar("SomeTalk", bound=Talk)
LINKS = ErrorLinks("http://127.0.0.1:8000")
LIMITS = events.Limits(300.0, 3600.0, 30.0, 60.0, 32 * 1024 * 1024)
TEXTS = [
    b'{"type":"session.close"}',
    b'{"include":["conversation_quality_overall","evidence"],"model":"inter-2"}',
    b'{"audio_format":{"encoding":"pcm_s16le","sample_rate":16000,"channels":1},"model":"inter-2-audio"}',
    b'{"include":[],"goal_dimensions":["clarity"]}',
    b'{"type":"transcript.updated","transcript":[{"start":0,"end":2,"text":"I am not sure.","speaker":0}]}',
    b'{"analysis_groups":["audio"],"realtime_recommendation_instructions":"Coach.","goal_dimensions":[]}',
    b"[" * 3000,
    b'{"include":' + b"[" * 3000,
]
TRANSCRIPTS = [
    b'{"type":"transcript.updated","transcript":[{"start":0,"end":2,"text":"I am not sure.","speaker":0}]}',
    '[{"start":1.5,"end":1.5,"text":"Je ne sais pas ?"},{"start":3,"end":9,"text":"不明かも"}]'.encode(),
    b'{"transcript":[{"start":0,"end":1e300,"text":"he said \\"no\\", I, I think"}],"language":"en"}',
]
BOUNDARY = "frontier"
FORM = (
    b'--frontier\r\nContent-Disposition: form-data; name="model"\r\n\r\ninter-2\r\n'
    b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n'
    b"Content-Type: video/mp4\r\n\r\n\x00\x00\x00\x18ftypmp42\r\n--frontier--\r\n"
)
MAX_FILE_BYTES = 64 * 1024


def config_frame(data: bytes) -> None:
    """Read a text message of a v1 or v2 stream."""
    read_text(data.decode("utf-8", "replace"))


def multipart(data: bytes) -> None:
    """Read a form that arrives in pieces. The first line may be another content type."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    if data[:1] == b"#":
        line, _, data = data[1:].partition(b"\n")
        kind = line.decode("latin-1")
    reader = FormReader(kind, MAX_FILE_BYTES, data[-20:].decode("latin-1"))
    for piece in pieces(data, Random(len(data))):  # noqa: S311
        reader.feed(piece)
    form = reader.finish()
    assert form.file is not None
    assert len(form.file) <= MAX_FILE_BYTES


def tokens(data: bytes) -> None:
    """Read the bodies of requests about client tokens."""
    for kind in (RevokeRequest, ExchangeRequest):
        try:
            read_body(data, kind)
        except Problem:
            continue
    request = read_body(data, MintRequest)
    assert 60 <= clamp_expires(request.expires_in) <= 3600
    assert set(read_scopes(request.scopes, (STREAM, UPLOAD))) <= {STREAM, UPLOAD}
    for origin in read_origins(request.allowed_origins):
        assert origin == origin.strip().lower()


def v0_messages(data: bytes) -> None:
    """Read what a v0 server sends, and write it again."""
    message = v0.decode(data.decode("utf-8", "replace"))
    assert v0.decode(v0.encode(message)) == message


def v0_machine(data: bytes) -> None:
    """Do the events of a v0 session in any order. Numbers stay in order whatever happens."""
    session = v0.Session("id", Include(), LINKS, LIMITS.max_message_bytes)
    for event in data[:500]:
        try:
            session = _v0_event(session, event)
        except IllegalEventError:
            continue
        assert 0 <= session.answered <= session.received


def _v0_event(session: v0.Session, event: int) -> v0.Session:
    match event % 6:
        case 0:
            return session.media(event << 18)[0]
        case 1:
            return session.text(TEXTS[event % len(TEXTS)].decode())[0]
        case 2:
            return session.answer(session.answered + 1, None)[0]
        case 3:
            return session.refuse(session.answered + 1, Problem("ih5004", "Bad."))[0]
        case 4 if event > 200:
            return session.drain()
        case _:
            return session if event < 250 else session.end(Problem("ih6003", "Idle."))[0]


def event_machine(data: bytes) -> None:
    """Do the events of a v1 or v2 session in any order, with texts from the input."""
    session = events.Session("v2" if data[:1] > b"\x80" else "v1", LINKS, LIMITS)
    for place, event in enumerate(data[:300]):
        before = session.received
        try:
            session = _event(session, event, data[place : place + 200])
        except IllegalEventError:
            continue
        assert session.received >= before


def realtime_machine(data: bytes) -> None:
    """Do the events of a realtime session in any order, with texts from the input."""
    session = realtime.Session(events.Session("v1", LINKS, LIMITS))
    for place, event in enumerate(data[:300]):
        with suppress(IllegalEventError):
            session = _event(session, event, data[place : place + 200])


def client_transcript(data: bytes) -> None:
    """Read a client's own transcript, and find the cues in its words."""
    read = read_transcript(data.decode("utf-8", "replace"))
    for phrase in given_phrases(read.waiting, 1e9, ""):
        assert all(phrase.span.start_s <= word.span.start_s <= phrase.span.end_s for word in phrase.words)
        word_cues(phrase)


def _event(session: SomeTalk, event: int, rest: bytes) -> SomeTalk:
    problem = Problem("ih5004", "Bad.")
    actions = (
        lambda: session.open()[0],
        lambda: session.media(event << 18)[0],
        lambda: session.text(rest.decode("utf-8", "replace"))[0],
        lambda: session.text(TEXTS[event % len(TEXTS)].decode())[0],
        lambda: session.progress(Changes(float(event)))[0],
        lambda: session.refuse(event, problem)[0],
        lambda: session.time_over(problem, "idle_timeout")[0],
        session.shut_down,
        lambda: session.end()[0],
        lambda: session.break_off(problem)[0],
    )
    # The last four end a session, so they are rarer.
    return actions[event % 6 if event < 230 else event % len(actions)]()


def server_events(data: bytes) -> None:
    """Read what a v1 or v2 server sends."""
    event_messages.decode(data)


def conversation(data: bytes) -> None:
    """Read a conversation that somebody kept."""
    assert isinstance(unpack_conversation(data), Conversation)


def packing(data: bytes) -> None:
    """Read packed values of several kinds, and write them again."""
    for kind in (Conversation, Carry, Tracks):
        try:
            value = unpack_value(data, kind)
        except msgspec.MsgspecError:
            continue
        pack_value(value)


def stream_state(data: bytes) -> None:
    """Read a stream's state that somebody kept."""
    unpack_stream(data)


def recording(data: bytes) -> None:
    """Read a recording that a browser posted."""
    encode_recording(decode_recording(data))


def _conversations() -> list[Conversation]:
    silence = Tracks(3.0, None, None, None)
    first, _ = interpret(Conversation(), silence, closes_window=True)
    second, _ = interpret(first, replace(silence, stream_start_s=4.0))
    return [Conversation(), first, second]


def _packed() -> list[bytes]:
    values = [*_conversations(), Carry(), Tracks(3.0, 1.5, None, None)]
    return [pack_value(value) for value in values]


def _stream_states() -> list[bytes]:
    states = [continue_stream(StreamState(), data)[0] for data in recordings("webm-vp8", "mp4")]
    return [pack_stream(state) for state in (StreamState(), *states)]


_SENT = [
    b'{"status":"processing","segment":2,"correlation_id":"id","bytes":1200000}',
    b'{"status":"completed","segment":2,"correlation_id":"id"}',
    (
        b'{"status":"error","segment":null,"correlation_id":"id","error_id":"ih6001","link":"l","message":"m",'
        b'"retryable":false}'
    ),
    (
        b'{"status":"result","segment":1,"correlation_id":"id","signals":[{"type":"interest","start":0,"end":2,'
        b'"probability":"low","rationale":"r"}],"engagement_state":[{"start":0,"end":5,"state":"neutral"}]}'
    ),
]
_EVENTS = [
    (
        b'{"type":"signal.ended","timestamp":"2026-01-01T00:00:00Z","correlation_id":"id",'
        b'"data":{"signal_type":"interest","end":3.5}}'
    ),
    (
        b'{"type":"coverage.degraded","timestamp":"2026-01-01T00:00:00Z","correlation_id":"id",'
        b'"data":{"ranges":[{"start":1,"end":2}],"reason":"video_gap"}}'
    ),
]
_BODIES = [
    b'{"api_key":"bk_live_x","scopes":["interhumanai.stream.inter-2"],"expires_in":300,"max_bytes":1000}',
    b'{"api_key":"k","allowed_origins":["https://App.example.com/","http://[::1]:8000"]}',
    b'{"api_key":"k","token":"t"}',
    b'{"a":' * 2000,
]
_RECORDINGS = [
    (
        b'{"source":"talk.mp4","analyzed_at":"2026-01-01T00:00:00Z","duration":10,"signals":[],'
        b'"engagement":[{"start":0,"end":10,"state":"engaged"}],"coverage":{"dropped":[{"start":1,"end":2}]}}'
    ),
]

TARGETS = (
    Target("config-frame", config_frame, (Problem,), lambda: TEXTS),
    Target("multipart", multipart, (Problem,), lambda: [FORM, b"#multipart/form-data; boundary=a\n" + FORM]),
    Target("tokens", tokens, (Problem,), lambda: _BODIES),
    Target("v0-messages", v0_messages, (msgspec.MsgspecError,), lambda: _SENT),
    Target("v0-machine", v0_machine, (), lambda: [bytes(range(256)), bytes(range(0, 250, 3))]),
    Target("event-machine", event_machine, (), lambda: [bytes(range(256)), b"\x90\x00" + bytes(range(200))]),
    Target("realtime-machine", realtime_machine, (), lambda: [bytes(range(256)), bytes(range(9, 200))]),
    Target("client-transcript", client_transcript, (Problem,), lambda: TRANSCRIPTS),
    Target("event-messages", server_events, (msgspec.MsgspecError,), lambda: _EVENTS),
    Target(
        "conversation", conversation, (Problem,), lambda: [pack_conversation(one) for one in _conversations()]
    ),
    Target("packing", packing, (), _packed),
    Target("stream-state", stream_state, (Problem,), _stream_states),
    Target("recording", recording, (Problem,), lambda: _RECORDINGS),
)
