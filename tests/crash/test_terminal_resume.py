"""The service dies with power; the screen shows the same step as soon as it is back."""

from pathlib import Path

import pytest

from killed_shift import boundaries
from shop import Shop


@pytest.mark.timeout(180)
def test_after_a_kill_the_same_terminal_shows_the_same_step(tmp_path: Path) -> None:
    """A sample; `scripts/bench terminal` kills after every commit of a longer shift."""
    with Shop(tmp_path) as shop:
        kills = list(boundaries(shop, parcels=1, every=5))
    assert len({one.state for one in kills}) >= 2
    assert all(one.is_same for one in kills), kills
    assert not any(one.lost for one in kills)
