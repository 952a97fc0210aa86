from backchannel.server.streams.seal import Seal


def test_only_the_token_opens_what_it_closed() -> None:
    seal = Seal.new()
    closed = seal.close(b"what was said", "state")
    assert b"said" not in closed
    assert Seal(seal.token).open(closed, "state") == b"what was said"
    assert Seal.new().open(closed, "state") is None
    assert Seal(seal.token[:-1]).open(closed, "state") is None


def test_nothing_can_be_exchanged_or_changed() -> None:
    seal = Seal.new()
    closed = seal.close(b"first", "1")
    assert seal.open(closed, "2") is None
    assert seal.open(closed[:-1] + bytes([closed[-1] ^ 1]), "1") is None
    assert seal.open(b"", "1") is None
    assert seal.close(b"first", "1") != closed


def test_the_id_does_not_show_the_token() -> None:
    seal = Seal.new()
    assert seal.id == Seal(seal.token).id != Seal.new().id
    assert seal.token not in seal.id
    assert len(seal.id) == 64


def test_any_text_may_come_as_a_token() -> None:
    assert Seal("ä" * 10_000 + "\udcff").open(b"x" * 99, "state") is None
