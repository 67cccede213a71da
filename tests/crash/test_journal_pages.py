"""Any one page of a journal's file torn: what was whole is there afterwards, the rest is named."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.journal.reader import Reader
from edge.journal.rows import JournalDamagedError
from edge.journal.writer import Journal, Submission
from edge.settings.model import JournalSettings
from journal_kit import IDENTITY, HandClock, event, one, opened, target, uuid7
from stored_events import PAGE, cells, without_log

EVENTS = 40
SMALL = JournalSettings(
    budget_mb=2, warn_percent=200, high_percent=210, full_percent=220, ballast_mb=0
)
TARGET = target("oms", "*")


async def _made(folder: Path) -> Path:
    async with opened(folder, TARGET, budget=SMALL) as journal:
        made = (event(unit=uuid7(n % 7), given=f"b/{n}") for n in range(EVENTS))
        await journal.commit(Submission(events=tuple(made)))
    without_log(folder / "journal.db")
    return folder / "journal.db"


def _in_use(path: Path) -> Iterator[int]:
    connection = sqlite3.connect(path)
    yield from (row[0] for row in connection.execute("SELECT DISTINCT pageno FROM dbstat"))
    connection.close()


def _torn(path: Path, page: int, filling: bytes) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE + PAGE // 2)
        file.write(filling * (PAGE // 2))


async def _worked_on(folder: Path) -> int:
    """Open as the service does, as often as it takes, and append; the sequence of that."""
    for _ in range(3):
        try:
            async with Journal(
                folder / "journal.db",
                IDENTITY,
                targets=(TARGET,),
                budget=SMALL,
                clock=HandClock(),
                salvages=True,
            ) as journal:
                return (await journal.commit(one("new"))).first_seq
        except JournalDamagedError:
            continue  # it was marked: the next start salvages
    pytest.fail("the journal does not come back")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("filling", [b"\0", b"\xa5"])
async def test_one_torn_page_costs_no_event_that_was_not_on_it(
    tmp_path: Path, filling: bytes
) -> None:
    whole = await _made(tmp_path / "whole")
    on_page: dict[int, set[int]] = {}
    for cell in cells(whole):
        for place in (cell.start, cell.end - 1):
            on_page.setdefault(place // PAGE + 1, set()).add(cell.seq)
    with Reader(whole) as reader:
        bodies = {seq: body for seq, body, _ in reader.bodies(1)}
    for page in _in_use(whole):
        folder = tmp_path / f"page-{page}"
        shutil.copytree(whole.parent, folder)
        _torn(folder / "journal.db", page, filling)
        seq = await _worked_on(folder)
        assert seq > EVENTS, f"page {page}: a number was given twice"
        with Reader(folder / "journal.db") as reader:
            report = reader.verify()
            kept = {seq: body for seq, body, _ in reader.bodies(1) if seq <= EVENTS}
        hit = on_page.get(page, set())
        absent = {seq for first, last in report.lost for seq in range(first, last + 1)}
        assert absent <= hit, f"page {page}: lost {absent - hit}"
        assert report.is_good, f"page {page}: {report.damage} {report.gaps}"
        assert all(kept[seq] == bodies[seq] for seq in bodies.keys() - absent), page
        shutil.rmtree(folder)
