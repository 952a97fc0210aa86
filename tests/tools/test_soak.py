"""The soaks, a few seconds of each, with real workers. The long runs are in `docs/reliability.md`."""

from pathlib import Path

import pytest

from tools.soak.hostile import run_hostile
from tools.soak.outages import Plan, run_outages
from tools.soak.stopping import run_stopping

pytestmark = pytest.mark.slow


def test_damaged_segments_are_all_answered_and_harm_nobody_else(tmp_path: Path) -> None:
    found = run_hostile(tmp_path, seed=1, segments=60, attackers=2, alone_s=2.0)
    assert found.faults == []
    assert sum(found.attackers.outcomes.values()) == 60
    assert found.beside.outcomes["completed"] == len(found.beside.latencies_s) > 0
    assert not found.logged


def test_sessions_outlive_killed_workers_and_a_store_that_fails(tmp_path: Path) -> None:
    plan = Plan(seed=1, segments=1, events=1, minutes=0.25, kill_every_s=6.0, fault_s=2.0, locks=2)
    found = run_outages(tmp_path, plan)
    assert found.faults == []
    assert found.v0.outcomes["completed"] == found.expected > 0
    assert found.done["workers killed"] > 0
    assert found.done["store locked"] > 0


def test_nothing_accepted_goes_unanswered_when_the_server_stops(tmp_path: Path) -> None:
    found = run_stopping(tmp_path, seed=1, rounds=1, sessions=1)
    assert found.faults == []
    assert found.v0.outcomes["completed"] > 0
    assert found.v0.outcomes["closed 1013"] == 1
    assert found.v2.outcomes["ended: server_shutdown"] == 1
