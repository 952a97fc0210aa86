import pytest

from backchannel.errors import Problem
from backchannel.server.sessions import OpenSessions


def test_each_key_has_its_own_places_and_gets_them_back() -> None:
    sessions = OpenSessions(per_key=1)
    with sessions.one_more("a"), sessions.one_more("b"):
        with pytest.raises(Problem) as caught, sessions.one_more("a"):
            pass
        assert caught.value.error_id == "ih3002"
        assert caught.value.retry_after_s is not None
    with pytest.raises(KeyError), sessions.one_more("a"):
        raise KeyError
    with sessions.one_more("a"):
        pass
