"""The power cord pulled at random points: all acknowledged is on what is left.

The unmodified program works on a file system that records what it writes and flushes. Three
controls show that the method sees what it is for: each leaves out one thing and must lose.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crash_disk import Step
from edge.journal.rows import Submission
from edge.journal.store import Store, open_store
from journal_kit import IDENTITY, HandClock, event
from power_loss import (
    ROOMY,
    Fault,
    count_faults,
    photo_last,
    recorded,
    soak,
    whole_station,
    why_no_fuse,
    without_photo_folder_flushes,
)

SEED = 20261128
POINTS = 120

LEFT = "SELECT name FROM sqlite_schema WHERE name = 'scratch'"

pytestmark = [
    pytest.mark.skipif(bool(why_no_fuse()), reason=why_no_fuse()),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    return recorded(tmp_path_factory.mktemp("cut"), soak(150, 1))


def test_every_acknowledged_event_and_photograph_is_on_the_disk(steps: list[Step]) -> None:
    assert count_faults(steps, POINTS, SEED) == {}


def test_the_same_holds_for_many_producers(tmp_path: Path) -> None:
    assert count_faults(recorded(tmp_path, soak(400, 32)), POINTS, SEED) == {}


@pytest.mark.slow
def test_the_same_holds_for_the_whole_station(tmp_path: Path) -> None:
    assert count_faults(recorded(tmp_path, whole_station(4, 7)), POINTS, SEED) == {}


def test_a_cut_while_the_log_is_grown_leaves_no_table_behind(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for _ in range(2):
        with closing(_opened(path)) as store:
            store.append([Submission(events=(event(),))], ())
        with closing(sqlite3.connect(path)) as connection:
            assert not connection.execute(LEFT).fetchall()
            connection.execute("CREATE TABLE scratch (filling BLOB)")


def test_a_journal_that_does_not_flush_each_commit_loses_some(tmp_path: Path) -> None:
    found = count_faults(recorded(tmp_path, soak(150, 1, synchronous="normal")), 60, SEED)
    assert found[Fault.LOST] > 0


def test_photographs_whose_folder_is_not_flushed_are_lost(steps: list[Step]) -> None:
    found = count_faults(without_photo_folder_flushes(steps), 60, SEED)
    assert found[Fault.PHOTO_LOST] > 0


def test_an_event_before_its_photograph_names_what_is_not_there(tmp_path: Path) -> None:
    found = count_faults(recorded(tmp_path, photo_last(40)), 100, SEED)
    assert found[Fault.PHOTO_LOST] > 0
    assert set(found) == {Fault.PHOTO_LOST}


def _opened(path: Path) -> Store:
    return open_store(path, IDENTITY, targets=(), budget=ROOMY, clock=HandClock())
