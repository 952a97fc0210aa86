"""What is kept of a session that can be resumed."""

from dataclasses import replace

from backchannel.protocol import events, v0
from backchannel.protocol.client_transcript import ClientTranscript
from backchannel.protocol.errors import ErrorLinks
from backchannel.protocol.include import Include
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.kept import (
    KeptEvents,
    keep_events,
    transcript_of,
    unpack_kept,
    words_taken,
)
from backchannel.values import Said, Span
from tests.protocol.test_events import streaming

OWN = ClientTranscript((Said(Span(1.0, 2.0), "SECRET"),), taken_s=2.0)


def resumed(session: events.Session) -> events.Session:
    packed = keep_events(session, Intake(), 1, 0.0, closing=False)
    assert b"SECRET" not in packed, "no words are kept"
    kept = unpack_kept(packed)
    assert kept is not None
    assert isinstance(kept.session, KeptEvents)
    return kept.session.given_to(streaming(), 1)


def test_a_client_with_its_own_words_keeps_them_to_itself() -> None:
    said = resumed(replace(streaming(), said=OWN, words=True)).said
    assert said is not None, "or the server would listen again"
    assert (said.phrases, said.taken_s) == ((), 2.0)
    assert said.replaced(OWN).waiting.phrases == (), "what was taken is not taken again"


def test_a_client_without_its_own_words_has_none() -> None:
    assert resumed(streaming()).said is None


def test_v0_keeps_the_same() -> None:
    session = v0.Session("id", Include(), ErrorLinks("https://here"), 10, said=OWN)
    assert words_taken(session.said) == 2.0
    assert transcript_of(words_taken(None)) is None
