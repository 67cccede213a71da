"""The first release's journal: read, migrated and gone on with, nothing of it changed."""

import gzip
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.journal.outbox import Outbox
from edge.journal.reader import Reader
from edge.journal.schema import MIGRATIONS, open_writer
from edge.journal.writer import Identity, Journal, Submission
from edge.station.apply import apply
from edge.station.state import State
from journal_kit import event, opened, target, uuid7

FIRST = Path(__file__).parents[1] / "data" / "journals" / "release-1.db.gz"
EVENTS = 48
STATION = Identity(
    namespace="https://returns.example.com", site="msk1", station="ST-01", machine_id="m1"
)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    path.write_bytes(gzip.decompress(FIRST.read_bytes()))
    return path


def _bodies(path: Path) -> list[tuple[int, bytes, bytes]]:
    with Reader(path) as reader:
        return list(reader.bodies(1))


def _state(path: Path) -> State:
    state = State()
    with Reader(path) as reader:
        for event in reader.replay():
            assert event.payload is not None, f"{event.kind} is not known any more"
            state = apply(state, event)
    return state


async def _on(path: Path) -> Journal:
    async with opened(path.parent, target("oms"), target("bi"), identity=STATION) as journal:
        newest = event(unit=uuid7(7), key=uuid7(10**9))  # its ids begin at 1, too
        receipt = await journal.commit(Submission(events=(newest,)))
        assert receipt.first_seq == EVENTS + 1
    return journal


def test_it_is_proven_and_read_before_anything_is_migrated(journal: Path) -> None:
    with Reader(journal) as reader:
        report = reader.verify(deep=True)
        kinds = {event.kind for event in reader.events(1) if event.payload is not None}
    assert (report.is_good, report.events) == (True, EVENTS)
    assert {"parcel.arrived", "verdict.made", "put.wrong", "photo.taken"} <= kinds
    state = _state(journal)
    assert (len(state.parcels), len(state.moves)) == (1, 2)


async def test_it_is_migrated_and_gone_on_with(journal: Path) -> None:
    before, state = _bodies(journal), _state(journal)
    opened_journal = await _on(journal)
    assert opened_journal.salvaged is None
    assert not opened_journal.fresh
    after = _bodies(journal)
    assert after[:EVENTS] == before
    assert len(after) == EVENTS + 1
    with Reader(journal) as reader:
        assert reader.verify(deep=True).is_good
        assert reader.count_verdicts(1, EVENTS) == 2
        assert len(reader.activations()) == 1
    assert _state(journal) == state


async def test_what_was_owed_to_targets_still_is(journal: Path) -> None:
    await _on(journal)
    outbox = Outbox(journal, "oms")
    rows = outbox.read(outbox.cursor_seq, 100)
    outbox.close()
    assert [row.n for row in rows] == list(range(rows[0].n, rows[0].n + len(rows)))
    connection = sqlite3.connect(journal)
    dead = connection.execute("SELECT seq, code, state FROM dead").fetchall()
    connection.close()
    assert dead == [(4, "422", "dead")]


async def test_every_migration_is_recorded_and_done_once(journal: Path) -> None:
    await _on(journal)
    connection = sqlite3.connect(journal)
    query = "SELECT name FROM _sqlite_migrations ORDER BY name"
    done = [name for (name,) in connection.execute(query)]
    connection.close()
    assert tuple(done) == MIGRATIONS


def test_a_journal_of_this_release_is_opened_without_the_tool_of_migrations(
    tmp_path: Path,
) -> None:
    """It takes as long to load as all else that a start does with the journal."""
    open_writer(tmp_path / "journal.db", pages_max=100_000).close()
    code = (
        "import sys; from pathlib import Path; from edge.journal.schema import open_writer;"
        f"open_writer(Path({str(tmp_path / 'journal.db')!r}), pages_max=100000).close();"
        "sys.exit('sqlite_utils' in sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, timeout=20)
    assert (tmp_path / "journal.db").exists()
