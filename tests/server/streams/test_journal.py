"""What is said is kept before it is sent, with a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from backchannel.errors import Problem
from backchannel.server.access.ledger import Ledger
from backchannel.server.holders import Holder
from backchannel.server.streams import journal as journals
from backchannel.server.streams.intake import Intake
from backchannel.server.streams.journal import Journal, SupersededError
from backchannel.server.streams.kept import VERSION, Kept, KeptSegments, keep_intake, pack_kept
from backchannel.server.streams.seal import Seal
from backchannel.store import Store, StoreUnavailableError, open_store
from backchannel.values import Quality

QUALITY = Quality(50, 50, 50, 50, 50)
Test = Callable[["Desk"], Awaitable[None]]


class Desk:
    """A store, and journals of one session in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ledger = Ledger(store)
        self.seal = Seal.new()
        self.sent: list[str] = []

    def journal(self, key_id: str = "key", seal: Seal | None = None) -> Journal:
        held = Holder(asyncio.timeout(None))
        return Journal(self.store, self.ledger, seal or self.seal, key_id, held, 60.0)

    async def begun(self) -> Journal:
        journal = self.journal()
        await journal.connect("place")
        await self.say(journal)
        return journal

    async def say(self, journal: Journal, *texts: str) -> None:
        def writing(text: str) -> Callable[[int], str]:
            return lambda seq: f"{text} {seq}"

        def state(version: str = VERSION) -> bytes:
            kept = Kept(version, "v0", journal.seq, 1.0, keep_intake(Intake()), KeptSegments(QUALITY))
            return pack_kept(kept)

        async def send(text: str) -> None:
            self.sent.append(text)

        await journal.say([writing(text) for text in texts], state, send)

    async def claimed(self) -> Journal:
        journal = self.journal()
        await journal.claim("v0")
        return journal


def run(tmp_path: Path, test: Test) -> None:
    async def bounded() -> None:
        with open_store(tmp_path) as store:
            async with asyncio.timeout(20):
                await test(Desk(store))

    asyncio.run(bounded())


def test_messages_are_numbered_and_those_not_read_come_again(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        first = await desk.begun()
        await desk.say(first, "a", "b")
        await desk.say(first, "c")
        assert desk.sent == ["a 1", "b 2", "c 3"]
        second = await desk.claimed()
        assert second.missed(0) == (["a 1", "b 2", "c 3"], 0)
        assert second.missed(1) == (["b 2", "c 3"], 0)
        assert second.missed(3) == second.missed(99) == ([], 0)
        await desk.say(second, "d")
        assert desk.sent[-1] == "d 4"

    run(tmp_path, test)


def test_what_is_too_old_is_counted_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "MAX_SAID_BYTES", 1000)

    async def test(desk: Desk) -> None:
        first = await desk.begun()
        for _ in range(10):
            await desk.say(first, "x" * 300)
        second = await desk.claimed()
        missed, lost = second.missed(2)
        assert [text[-2:].strip() for text in missed] == ["8", "9", "10"]
        assert lost == 5

    run(tmp_path, test)


def test_nothing_is_sent_that_the_store_does_not_know(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        old = await desk.begun()
        await desk.claimed()
        with pytest.raises(SupersededError):
            await desk.say(old, "late")
        assert desk.sent == []

    run(tmp_path, test)


def test_while_the_store_is_down_it_goes_on_and_all_is_kept_later(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        first = await desk.begun()
        desk.ledger.failed(StoreUnavailableError("locked"))
        await desk.say(first, "a")
        await desk.say(first, "b")
        assert desk.sent == ["a 1", "b 2"]
        durable = [first.durable]
        desk.ledger.catch_up()
        await desk.say(first, "c")
        assert [*durable, first.durable] == [False, True]
        assert (await desk.claimed()).missed(0) == (["a 1", "b 2", "c 3"], 0)

    run(tmp_path, test)


def test_another_key_another_token_and_another_stream_resume_nothing(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        await desk.begun()
        for journal, api in (
            (desk.journal("other"), "v0"),
            (desk.journal(seal=Seal.new()), "v0"),
            (desk.journal(), "v2"),
        ):
            with pytest.raises(Problem, match="no session to resume"):
                await journal.claim(api)

    run(tmp_path, test)


def test_what_another_version_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(desk: Desk) -> None:
        await desk.begun()
        monkeypatch.setattr("backchannel.server.streams.kept.VERSION", "0.0.1/1")
        with pytest.raises(Problem, match="no session to resume"):
            await desk.claimed()

    run(tmp_path, test)


def test_one_that_has_ended_is_gone(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        first = await desk.begun()
        await first.forget()
        await first.disconnect()
        with pytest.raises(Problem):
            await desk.claimed()

    run(tmp_path, test)


def test_nobody_can_read_it_in_the_database(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        await desk.say(await desk.begun(), "Shook the head")
        await asyncio.to_thread(desk.store.close)
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert desk.seal.id.encode() in files
        assert b"Shook" not in files
        assert desk.seal.token.encode() not in files

    run(tmp_path, test)
