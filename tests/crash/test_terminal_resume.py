"""The service dies with power; the screen shows the same step as soon as it is back."""

from pathlib import Path

import pytest

from cases import Group
from killed_shift import boundaries
from recorded_shift import record, resumed
from shift_cases import SHIFT_CASES
from shop import Shop


@pytest.mark.timeout(180)
def test_after_a_kill_the_same_terminal_shows_the_same_step(tmp_path: Path) -> None:
    """A sample; `scripts/bench terminal` kills after every commit of a longer shift."""
    with Shop(tmp_path) as shop:
        kills = list(boundaries(shop, parcels=1, every=5))
    assert len({one.state for one in kills}) >= 2
    assert all(one.is_same for one in kills), kills
    assert not any(one.lost for one in kills)


@pytest.mark.timeout(180)
def test_what_each_commit_leaves_is_started_at_the_same_step(tmp_path: Path) -> None:
    """A dangerous piece; `scripts/campaign resume` does it with a whole shift."""
    group = Group(cases={"danger": SHIFT_CASES["danger"]})
    bench, wrong = record(tmp_path, group, kill_every=3, tell=lambda *_: None)
    started = list(resumed(bench))
    assert not wrong
    assert "HAZARD" in {one.state for one in started}
    assert len(started) == len(bench.moments) >= 4
    assert len(bench.killed) >= 1
    unlike = [(one.n, one.state, one.unlike) for one in (*started, *bench.killed) if one.unlike]
    assert not unlike
