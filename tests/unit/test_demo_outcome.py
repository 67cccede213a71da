"""The account of a headless run is one moment's: a station that lives on records more."""

from dataclasses import replace
from pathlib import Path

from config_folder import make_config
from edge.commands.demo.children import Child
from edge.commands.demo.outcome import journal_counts
from edge.commands.demo.stage import Stage
from edge.events import MoveChanged, MoveState
from edge.journal.writer import Submission
from journal_kit import event, opened, uuid7

DOUBT = MoveChanged(move="m", leg=0, state=MoveState.IN_DOUBT, robot="r1")


async def test_what_came_after_the_comparison_is_not_counted_as_lost(tmp_path: Path) -> None:
    make_config(tmp_path)
    idle = Child("nobody", (), tmp_path / "log")
    stage = Stage(folder=tmp_path, world=idle, service=idle, central_url="")
    stage.journal.parent.mkdir()
    async with opened(stage.journal.parent) as journal:
        for state in (MoveState.IN_DOUBT, MoveState.RESOLVED, MoveState.IN_DOUBT):
            told = event(replace(DOUBT, state=state), unit=uuid7(7), parcel=uuid7(8))
            await journal.commit(Submission(events=(told,)))
        last = journal.last_seq
        whole, before = journal_counts(stage, last), journal_counts(stage, last - 1)
    assert (whole["events"], whole["in_doubt"]) == (last, 1)
    assert (before["events"], before["in_doubt"]) == (last - 1, 0)
