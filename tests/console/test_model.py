"""The model of the page: all results of a conversation, on one clock, within bounds."""

import json
from typing import Any, Final, get_args

import pytest
from playwright.sync_api import Page

from backchannel.cues.thresholds import cue_table
from backchannel.html.words import headline, likely
from backchannel.report.page import render_report
from backchannel.report.recording import decode_recording
from backchannel.signals.phrases import PHRASES
from backchannel.values import BEHAVIOUR_NOTE, Probability, SignalType
from tests.console.conftest import Open, keep_figures
from tests.console.modules import run
from tests.server.live import Live

pytestmark = pytest.mark.slow

QUALITY: Final = dict.fromkeys(("quality_index", "clarity", "authority", "energy", "rapport", "learning"), 60)


def event(kind: str, offset: float = 0.0, **data: Any) -> dict[str, object]:
    return {"type": kind, "data": data, "offset": offset}


def detected(start: float, offset: float = 0.0, **more: object) -> dict[str, object]:
    evidence = {"cue": "nod", "modality": "visual", "start": start, "end": start + 1, "value": 9.0}
    evidence |= {"unit": "deg", "baseline": None, "weight": 1.9}
    signal = {"signal_type": "agreement", "start": start, "probability": "low", "rationale": "Nodded."}
    return event("signal.detected", offset, **(signal | {"evidence": [evidence]} | more))


def measured(start: float, offset: float = 0.0, **more: object) -> dict[str, object]:
    face = {"left": 0.3, "top": 0.2, "width": 0.3, "height": 0.5, "gaze_yaw_deg": 0, "gaze_pitch_deg": 0}
    seen = {"picture": True, "sound": True, "face_share": 1, "brightness": 0.5, "level_dbfs": -30.0}
    return event(
        "coverage.measured", offset, **(seen | {"start": start, "end": start + 1, "face": face} | more)
    )


CONVERSATION: Final = """
  const conversation = new model.Conversation();
  for (const event of given.events) {
    if (event.close) conversation.closeSession(event.close);
    else conversation.apply(event);
  }
"""


def test_a_signal_lasts_from_its_detection_to_its_end(blank_page: Page) -> None:
    story = [
        measured(0),
        detected(0.5),
        measured(1),
        event(
            "signal.updated",
            signal_type="agreement",
            start=0.5,
            probability="high",
            rationale="Nodded twice.",
        ),
        event("signal.ended", signal_type="agreement", end=1.8),
        event("signal.ended", signal_type="interest", end=1.8),
        detected(4.0),
    ]
    code = (
        CONVERSATION
        + "return conversation.signals.map(({start, end, probability}) => [start, end, probability])"
    )
    assert run(blank_page, code, {"events": story}) == [[0.5, 1.8, "high"], [4, None, "low"]]


def test_a_second_session_continues_on_the_same_clock(blank_page: Page) -> None:
    story: list[dict[str, Any]] = [
        measured(0),
        event("engagement.updated", state="engaged", start=0),
        detected(0.5),
        event(
            "conversation_quality.updated",
            overall=QUALITY,
            timeline=[{"start": 0, "end": 5, "values": QUALITY}],
        ),
        {"close": 1},
        detected(0.5, offset=60),
        event("engagement.updated", 60, state="engaged", start=1),
        measured(2, offset=60),
        event(
            "conversation_quality.updated",
            60,
            overall=QUALITY | {"quality_index": 90},
            timeline=[{"start": 0, "end": 10, "values": QUALITY}],
        ),
    ]
    code = (
        CONVERSATION
        + """
      const { signals, overall, reachedS } = conversation;
      return [
        signals.map(({start, end, evidence}) => [start, end, evidence[0].start]),
        conversation.periods().map(({start, end}) => [start, end]),
        overall.quality_index, reachedS,
        conversation.view(60.6).active.length, conversation.view(30).engagement,
      ]"""
    )
    assert run(blank_page, code, {"events": story}) == [
        [[0.5, 1, 0.5], [60.5, None, 60.5]],
        [[0, 1], [61, 63]],
        80,  # 60 for 5 s and 90 for 10 s
        63,
        1,
        None,
    ]


NOBODY: Final = {"face_share": 0, "face": None}
SMALL: Final = {
    "left": 0.5,
    "top": 0.5,
    "width": 0.05,
    "height": 0.1,
    "gaze_yaw_deg": None,
    "gaze_pitch_deg": None,
}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([{}] * 12, []),
        ([NOBODY] * 12, ["noFace"]),
        ([{}] * 11 + [NOBODY], []),
        ([NOBODY | {"brightness": 0.02}] * 12, ["dark"]),
        ([{"brightness": 0.05}] * 12, ["dark"]),
        ([{"face": SMALL}] * 12, ["far"]),
        ([{"level_dbfs": -100.0}] * 12, ["noSound"]),
        ([{"level_dbfs": -100.0}] * 5, []),
        ([{"level_dbfs": -62.0}] * 12, []),
        ([{"sound": False, "level_dbfs": None}] * 12, ["noSound"]),
        ([{"analysis_rate_hz": 15.0}] * 12, []),
        ([{}] * 11 + [{"analysis_rate_hz": 8.0}], ["reduced"]),
        ([{"picture": False, "face_share": None, "face": None, "brightness": None}] * 12, []),
    ],
)
def test_conditions_that_impair_the_analysis(
    blank_page: Page, seconds: list[dict[str, Any]], expected: list[str]
) -> None:
    story = [measured(at, **more) for at, more in enumerate(seconds)]
    assert (
        run(
            blank_page,
            CONVERSATION + "return health.conditionsOf(conversation, conversation.reachedS + 1)",
            {"events": story},
        )
        == expected
    )


def test_late_results_and_missing_ones_are_different_conditions(blank_page: Page) -> None:
    story = [measured(0), event("coverage.dropped", ranges=[{"start": 1, "end": 3}]), measured(3)]
    code = (
        CONVERSATION
        + """
      const word = (nowS) => health.healthOf(conversation, nowS).text;
      const found = (nowS) => [health.conditionsOf(conversation, nowS), word(nowS)];
      const states = [found(5)];
      for (let at = 4; at < 20; at += 1) conversation.apply({ ...given.events[0], offset: at });
      const { analysed } = conversation.coverage;
      return [...states, found(21), found(28), analysed]"""
    )
    assert run(blank_page, code, {"events": story}) == [
        [["missing"], "a part is missing"],
        [[], "keeping up"],
        [["late"], "8 s behind"],
        pytest.approx(0.9),
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([{}] * 4, [["neutral", 0, 4]]),
        ([{}] * 4 + [NOBODY] * 3, [["neutral", 0, 4], ["unseen", 4, 7]]),
        ([{}] * 2 + [NOBODY] * 2 + [{}] * 2, [["neutral", 0, 2], ["unseen", 2, 4], ["neutral", 4, 6]]),
        # Half a second without a face is no absence, and without a picture nothing can be absent from it.
        ([{}] * 2 + [NOBODY | {"end": 2.5}], [["neutral", 0, 2.5]]),
        ([{"picture": False, "face_share": None, "face": None}] * 3, [["neutral", 0, 3]]),
    ],
)
def test_without_a_face_the_person_is_not_visible_and_not_neutral(
    blank_page: Page, seconds: list[dict[str, Any]], expected: list[list[Any]]
) -> None:
    story = [event("engagement.updated", state="neutral", start=0)]
    story += [measured(at, **more) for at, more in enumerate(seconds)]
    code = (
        CONVERSATION
        + """
      const shown = conversation.seenPeriods().map(({ state, start, end }) => [state, start, end]);
      const recording = conversation.recording({ recordedAt: new Date() });
      return [shown, conversation.view().engagement, recording.engagement]"""
    )
    shown, now, recorded = run(blank_page, code, {"events": story})
    assert shown == expected
    assert now == expected[-1][0]
    # The recording keeps what the server decided.
    assert {period["state"] for period in recorded} == {"neutral"}


def test_a_view_shows_a_moment_as_it_was(blank_page: Page) -> None:
    story = [
        measured(0),
        detected(0.5),
        event("signal.ended", signal_type="agreement", end=1.5),
        detected(4.0, signal_type="interest"),
        *(measured(at) for at in range(1, 6)),
    ]
    code = (
        CONVERSATION
        + """
      const shown = (at) => {
        const { active, before } = conversation.view(at);
        return [active.map(({ type }) => type), before.map(({ type }) => type)];
      };
      return [shown(0.2), shown(1), shown(3), shown(4.5), shown(null)]"""
    )
    assert run(blank_page, code, {"events": story}) == [
        [[], []],
        [["agreement"], []],
        [[], ["agreement"]],
        [["interest"], ["agreement"]],
        [["interest"], ["agreement"]],
    ]


def test_the_words_of_the_page_are_those_of_reports(blank_page: Page) -> None:
    rationales = [f"{phrase.several or phrase.one}. No face was in view." for phrase in PHRASES.values()]
    code = """
      const levels = ["low", "medium", "high"];
      const signals = given.types.flatMap((type) => levels.map((probability) => ({ type, probability })));
      return [given.rationales.map(words.headline), signals.map(words.likely)]"""
    given = {"rationales": rationales, "types": get_args(SignalType)}
    headlines, shown = run(blank_page, code, given)
    assert headlines == [headline(one) for one in rationales]
    assert shown == [likely(level, name) for name in get_args(SignalType) for level in get_args(Probability)]


def test_every_cue_that_is_shown_as_a_tag_has_plain_words(blank_page: Page) -> None:
    code = "return given.cues.map((cue) => words.doing({ cue, direction: '', count: 3 }))"
    tags = run(blank_page, code, {"cues": list(cue_table())})
    assert "nodding ×3" in tags
    assert "smiling ×3" in tags
    assert not [tag for tag in tags if tag and "_" in tag]
    code = (
        "return ['down', 'left'].map((direction) => words.doing({ cue: 'gaze_away', direction, count: 1 }))"
    )
    assert run(blank_page, code) == ["looking down", "looking away"]


def test_the_result_of_a_job_becomes_a_conversation(blank_page: Page) -> None:
    cue = {"cue": "nod", "modality": "visual", "start": 1.0, "end": 2.0, "value": 9.0, "unit": "deg"}
    cue |= {"certainty": 0.9, "direction": "", "measures": [["count", 3, ""]]}
    away = cue | {"cue": "face_absent", "start": 6.0, "end": 9.0, "measures": []}
    job = {
        "duration_seconds": 9,
        "signals": [
            {
                "type": "agreement",
                "start": 1,
                "end": 2,
                "probability": "high",
                "rationale": "Nodded.",
                "evidence": [],
            }
        ],
        "cues": [cue, away],
        "engagement_state": [
            {"start": 0, "end": 2, "state": "neutral"},
            {"start": 2, "end": 9, "state": "engaged"},
        ],
        "conversation_quality": {"overall": QUALITY, "timeline": [{"start": 0, "end": 5, "values": QUALITY}]},
        "coverage": {
            "picture": True,
            "sound": True,
            "face_share": 0.7,
            "speech_share": 0.2,
            "analysis_rate_hz": 15.0,
            "notes": [],
        },
    }
    code = """
      const conversation = new model.Conversation();
      conversation.load(given);
      return [
        conversation.recording({ source: "talk.mp4", recordedAt: new Date() }),
        conversation.seenPeriods().map(({ state, start, end }) => [state, start, end]),
        conversation.countOf(conversation.cues[0]),
      ]"""
    written, periods, count = run(blank_page, code, job)
    recording = decode_recording(json.dumps(written))
    assert [(one.type, one.start, one.end, one.probability) for one in recording.signals] == [
        ("agreement", 1, 2, "high")
    ]
    assert list(recording.cues[0].measures) == [("count", 3, "")]
    coverage = recording.coverage
    assert (recording.duration, coverage.speech_share, coverage.analysis_rate_hz) == (9, 0.2, 15)
    assert recording.quality.overall is not None
    assert periods == [["neutral", 0, 2], ["engaged", 2, 6], ["unseen", 6, 9]]
    assert count == 3


def test_a_conversation_becomes_a_recording(blank_page: Page) -> None:
    story = [
        event("session.ready", engine="backchannel-1"),
        measured(0),
        event("engagement.updated", state="neutral", start=0),
        detected(0.5),
        event(
            "cue.detected",
            cue="tilt",
            modality="visual",
            start=0.2,
            end=0.9,
            value=9.5,
            unit="deg",
            baseline=1.0,
            certainty=0.8,
            direction="left",
        ),
        event("coverage.dropped", ranges=[{"start": 1, "end": 2}]),
        event("coverage.degraded", ranges=[{"start": 2, "end": 3}], reason="video_gap"),
        event(
            "conversation_quality.updated",
            overall=QUALITY,
            timeline=[{"start": 0, "end": 5, "values": QUALITY}],
        ),
        {"close": 3},
        detected(1.0, offset=30),
        measured(2.0, offset=30),
    ]
    code = (
        CONVERSATION
        + """
      return conversation.recording({ source: "Live", recordedAt: new Date() })"""
    )
    recording = decode_recording(json.dumps(run(blank_page, code, {"events": story})))
    assert (recording.duration, recording.engine) == (33.0, "backchannel-1")
    assert [signal.start for signal in recording.signals] == [0.5, 31.0]
    assert recording.signals[1].evidence[0].start == 31.0
    assert recording.cues[0].direction == "left"
    assert recording.quality.overall is not None
    assert (len(recording.coverage.dropped), len(recording.coverage.degraded)) == (1, 1)
    assert "Nodded." in render_report(recording)


def test_under_the_policy_behaviour_a_recording_has_no_quality_and_says_why(blank_page: Page) -> None:
    story = [
        event("session.ready", policy="behaviour"),
        measured(0),
        event(
            "conversation_quality.updated",
            overall=QUALITY,
            timeline=[{"start": 0, "end": 5, "values": QUALITY}],
        ),
    ]
    code = CONVERSATION + 'return conversation.recording({ source: "Live", recordedAt: new Date() })'
    recording = decode_recording(json.dumps(run(blank_page, code, {"events": story})))
    assert recording.quality.overall is None
    assert recording.coverage.policy == "behaviour"
    assert BEHAVIOUR_NOTE in render_report(recording)


def test_an_hour_needs_little_more_memory_than_ten_minutes(live: Live, browse: Open) -> None:
    page = browse()
    page.goto(live.http)
    page.evaluate(
        """async () => {
          const [{ Conversation }, { Timeline }, { NowView }] = await Promise.all(
            ["model", "timeline", "now"].map((name) => import(`/console/${name}.js`)));
          const conversation = new Conversation();
          const timeline = new Timeline(() => {}, () => {});
          document.querySelector("#course").hidden = false;
          document.querySelector("#cues-toggle").click();
          const now = new NowView(() => {});
          window.live = { conversation, timeline, now, minute: 0 };
        }"""
    )
    devtools = page.context.new_cdp_session(page)

    def after(minutes: int, minute: dict[str, Any]) -> tuple[float, int]:
        page.evaluate(
            """([minutes, minute]) => {
              const { conversation, timeline, now } = window.live;
              for (; window.live.minute < minutes; window.live.minute += 1) {
                const offset = window.live.minute * 60;
                for (const second of minute) {
                  for (const event of second) conversation.apply({ ...event, offset });
                  if (conversation.reachedS % 4) continue;
                  now.draw(conversation.view());
                  timeline.draw(conversation, conversation.reachedS);
                }
              }
            }""",
            [minutes, minute],
        )
        devtools.send("HeapProfiler.collectGarbage")
        heap: Any = devtools.send("Runtime.getHeapUsage")
        nodes: Any = devtools.send("Memory.getDOMCounters")
        return heap["usedSize"] / 2**20, nodes["nodes"]

    minute: Any = [busy_second(at) for at in range(60)]
    early_mb, early_nodes = after(10, minute)
    late_mb, late_nodes = after(60, minute)
    assert page.locator(".bar-item").count() > 10
    keep_figures(
        heap_after_10_min_mb=early_mb, heap_after_60_min_mb=late_mb, nodes_10=early_nodes, nodes_60=late_nodes
    )
    assert late_nodes < early_nodes * 1.2
    assert late_mb - early_mb < 10


def busy_second(at: int) -> list[dict[str, object]]:
    """Return the events of one second of a lively conversation: more than in any labelled clip."""
    events = [measured(at)]
    for name in ("blink", "nod", "speaking") if at % 3 == 0 else ():
        cue: dict[str, Any] = {
            "cue": name,
            "modality": "visual",
            "start": at,
            "end": at + 0.4,
            "value": 1.5,
            "unit": "s",
        }
        events.append(event("cue.detected", **cue, baseline=None, certainty=0.9))
    if at % 6 == 0:
        events += [event("signal.ended", signal_type="agreement", end=at), detected(at)]
        events.append(event("engagement.updated", state="neutral" if at % 12 else "engaged", start=at))
    if at % 5 == 0:
        window = {"start": at, "end": at + 5, "values": QUALITY}
        events.append(event("conversation_quality.updated", overall=QUALITY, timeline=[window]))
    return events


def test_lists_are_bounded(blank_page: Page) -> None:
    code = """
      const conversation = new model.Conversation();
      const tell = (type, data) => conversation.apply({ type, data, offset: 0 });
      for (let at = 0; at < model.MAX_CUES + 100; at += 1) {
        tell("cue.detected", { cue: "blink", start: at, end: at });
        tell("signal.detected", { signal_type: "stress", start: at });
        tell("signal.ended", { signal_type: "stress", end: at });
        tell("coverage.dropped", { ranges: [{ start: at, end: at + 0.5 }] });
      }
      const { cues, signals, dropped } = conversation;
      return [cues.length === model.MAX_CUES, signals.length === model.MAX_SIGNALS,
        dropped.length === model.MAX_SPANS, cues.at(-1).start === model.MAX_CUES + 99]"""
    assert run(blank_page, code) == [True, True, True, True]
