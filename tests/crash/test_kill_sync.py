"""SIGKILL while events are appended and sent: none lost, none twice at the sink, all in order."""

from pathlib import Path

import pytest

from kill_loop import kill_often


@pytest.mark.timeout(120)
@pytest.mark.parametrize("producers", [1, 32])
async def test_a_writer_that_is_killed_again_and_again_delivers_each_event_once(
    tmp_path: Path, producers: int
) -> None:
    counts = await kill_often(tmp_path, kills=15, producers=producers, seed=producers)
    assert counts.delivered == counts.stored >= counts.acknowledged > 0
