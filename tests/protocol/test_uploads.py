import re
from dataclasses import replace

import msgspec
import pytest

from backchannel.errors import Problem
from backchannel.protocol import tokens
from backchannel.protocol.include import Include
from backchannel.protocol.multipart import Form
from backchannel.protocol.uploads import (
    JobRequest,
    check_container,
    file_problem,
    read_job_request,
    result_body,
)
from backchannel.store import tokens as stored
from backchannel.values import EngagementSpan, Evidence, Quality, SegmentResult, Signal, Span

NEUTRAL = Quality(50, 50, 50, 50, 50)
PLAIN = JobRequest("inter-2", 0.0, Include(), signals=False)
MERGED = JobRequest("inter-2", 0.0, Include(), signals=True)


def signal(kind: str, start_s: float, end_s: float, probability: str = "medium", why: str = "") -> Signal:
    return msgspec.convert(
        {
            "type": kind,
            "span": {"start_s": start_s, "end_s": end_s},
            "probability": probability,
            "rationale": why or f"{kind} {probability}",
            "modalities": ["audio"],
            "score": 1.0,
            "evidence": [],
        },
        Signal,
    )


def smiled(start_s: float, end_s: float, probability: str) -> Signal:
    """Interest, from a smile all along."""
    smile = Evidence("smile", "", "visual", Span(start_s, end_s), 0.1, "", None, 1.0)
    return replace(signal("interest", start_s, end_s, probability), evidence=(smile,))


def window(index: int, *signals: Signal, states: tuple[EngagementSpan, ...] = ()) -> SegmentResult:
    span = Span(5.0 * index, 5.0 * index + 5.0)
    return SegmentResult(span, (), signals, states, NEUTRAL, NEUTRAL)


def test_protocol_and_store_agree_on_token_lifetimes() -> None:
    assert (tokens.MIN_EXPIRES_S, tokens.DEFAULT_EXPIRES_S, tokens.MAX_EXPIRES_S) == (
        stored.MIN_EXPIRES_S,
        stored.DEFAULT_EXPIRES_S,
        stored.MAX_EXPIRES_S,
    )


def test_a_window_has_one_signal_of_each_type_over_its_whole_span() -> None:
    body = result_body(
        [
            window(
                0,
                signal("interest", 0.5, 1.0, "low"),
                signal("stress", 1.0, 2.0),
                signal("interest", 3.0, 4.5, "high"),
            )
        ],
        PLAIN,
    )
    reported = [(one.type, one.start, one.end, one.probability) for one in body.windows[0].signals]
    assert sorted(reported) == [("interest", 0, 5, "high"), ("stress", 0, 5, "medium")]
    assert (body.signals, body.conversation_quality) == (msgspec.UNSET, msgspec.UNSET)


def test_merged_signals_keep_their_own_times_and_continue_across_windows() -> None:
    body = result_body(
        [
            window(0, smiled(1.5, 5, "low"), signal("stress", 0, 1)),
            window(1, smiled(5, 6.4, "high")),
            window(2, signal("interest", 12, 13)),
        ],
        MERGED,
    )
    assert isinstance(body.signals, tuple)
    reported = [(one.type, one.start, one.end, one.rationale) for one in body.signals]
    assert reported == [
        ("stress", 0, 1, "stress medium"),
        ("interest", 1.5, 6.4, "Smiled twice. There was no sound."),
        ("interest", 12, 13, "interest medium"),
    ]
    assert [len(one.signals) for one in body.windows] == [2, 1, 1]


def test_the_audio_model_reports_only_audio_signals() -> None:
    request = JobRequest("inter-2-audio", 0.0, Include(), signals=True)
    body = result_body([window(0, signal("stress", 0, 1), signal("hesitation", 0, 1))], request)
    assert [one.type for one in body.windows[0].signals] == ["hesitation"]
    assert isinstance(body.signals, tuple)
    assert [one.type for one in body.signals] == ["hesitation"]


def test_a_window_has_the_engagement_state_with_the_longest_share() -> None:
    states = (
        EngagementSpan(Span(0, 2), "engaged"),
        EngagementSpan(Span(2, 3), "neutral"),
        EngagementSpan(Span(3, 4.5), "engaged"),
        EngagementSpan(Span(4.5, 5), "disengaged"),
    )
    body = result_body([window(0, states=states), window(1)], PLAIN)
    assert [one.engagement_status for one in body.windows] == ["engaged", "neutral"]


def test_quality_has_only_the_requested_parts() -> None:
    asked = JobRequest("inter-2", 0.0, Include(quality_timeline=True), signals=False)
    encoded = msgspec.json.decode(msgspec.json.encode(result_body([window(0), window(1)], asked)))
    assert set(encoded["conversation_quality"]) == {"timeline"}
    assert [entry["start"] for entry in encoded["conversation_quality"]["timeline"]] == [0, 5]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"model": ["inter-2"]}, ("inter-2", 0.0, False)),
        ({"model": ["inter-2-audio"], "wait_seconds": ["120"]}, ("inter-2-audio", 120.0, False)),
        ({"model": ["inter-2"], "wait_seconds": [""], "include[]": ["signals", "x"]}, ("inter-2", 0.0, True)),
        ({"model": ["inter-2"], "wait_seconds": ["1.5"], "include": ["signals"]}, ("inter-2", 1.5, True)),
    ],
)
def test_parameters_of_a_job(fields: dict[str, list[str]], expected: tuple[str, float, bool]) -> None:
    asked = read_job_request(Form(fields, bytearray(b"x")))
    assert (asked.model, asked.wait_s, asked.signals) == expected


def test_supported_containers() -> None:
    mp4, wav, ogg = b"\0\0\0\x18ftypisom", b"RIFF\0\0\0\0WAVE", b"OggS" + b"\0" * 20
    check_container(mp4)
    for sound in (wav, ogg):
        check_container(sound, sound_files=True)
        with pytest.raises(Problem, match=r"has no video.*webm\.$"):
            check_container(sound)
    with pytest.raises(Problem, match=r"not a supported video or audio file.*m4a, ogg\.$"):
        check_container(b"MZ", sound_files=True)


def test_problems_of_segments_become_problems_of_files() -> None:
    short = file_problem(Problem("ih5006", "The segment holds 1.00 s of media; at least 2.75 s is needed."))
    assert (short.error_id, re.findall("file|segment", short.message)) == ("ih4007", ["file"])
    assert file_problem(Problem("ih5004", "Broken.")).error_id == "ih5002"
    assert file_problem(Problem("ih1003", "No.", 3.0)).retry_after_s == 3.0


@pytest.mark.parametrize("asked", [("interhumanai.stream.inter-2",), ("interhumanai.stream",), None])
def test_older_scope_names_are_accepted(asked: tuple[str, ...] | None) -> None:
    assert tokens.read_scopes(asked, (tokens.STREAM,)) == (tokens.STREAM,)


def test_errors_never_quote_a_credential() -> None:
    with pytest.raises(Problem) as caught:
        tokens.read_body(b'{"api_key": ["bk_live_secret"]}', tokens.MintRequest)
    assert "secret" not in caught.value.message
    assert "api_key" in caught.value.message
