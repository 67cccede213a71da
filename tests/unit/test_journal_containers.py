"""Containers may fill for months: an index of their own finds them, no start replays from there."""

from pathlib import Path

from edge.events import ContainerClosed, ContainerOpened, ContainerUnitAdded, UnitId
from edge.journal.reader import Reader
from edge.journal.schema import open_reader
from edge.journal.writer import LiveRow, Submission
from edge.station.container import found
from journal_kit import event, one, opened, uuid7

UNIT = uuid7(0xA1)
LATER = 40


def opening(number: str) -> Submission:
    begun = ContainerOpened(container=number, tenant="a", zone="hold", disposition="HOLD_VALUE")
    added = ContainerUnitAdded(container=number, unit=UNIT, weight_g=300, move="manual")
    live = LiveRow(subject=f"container/{number}", is_open=True)
    return Submission(events=(event(begun), event(added, unit=UNIT)), live=(live,))


def gone(number: str) -> Submission:
    closed = ContainerClosed(container=number, count=1)
    return Submission(
        events=(event(closed),), live=(LiveRow(subject=f"container/{number}", is_open=False),)
    )


async def _filled(folder: Path) -> Path:
    async with opened(folder) as journal:
        await journal.commit(opening("K00001"))
        await journal.commit(opening("K00002"))
        for _ in range(LATER):
            await journal.commit(one())
        await journal.commit(gone("K00002"))
        parcel = LiveRow(subject="parcel/p", is_open=True)
        await journal.commit(Submission(events=(event(unit=UNIT),), live=(parcel,)))
    return folder / "journal.db"


async def test_what_fills_is_found_again_and_what_is_gone_is_not(tmp_path: Path) -> None:
    with Reader(await _filled(tmp_path)) as reader:
        numbers, told = reader.containers()
    containers = found(told, numbers)
    assert list(containers) == ["K00001"]
    box = containers["K00001"]
    assert dict(box.units) == {UnitId(UNIT): 300}
    assert box.by_hand == frozenset((UnitId(UNIT),))
    assert (box.tenant, box.zone, box.disposition) == ("a", "hold", "HOLD_VALUE")


async def test_replay_begins_with_what_else_is_open_not_with_a_container(tmp_path: Path) -> None:
    with Reader(await _filled(tmp_path)) as reader:
        assert len(list(reader.replay())) == 1


async def test_no_other_event_is_read_for_it(tmp_path: Path) -> None:
    query = "SELECT seq, body FROM event WHERE kind GLOB 'container.*' AND seq >= 1 ORDER BY seq"
    connection = open_reader(await _filled(tmp_path))
    plan = " ".join(str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    connection.close()
    assert "event_container" in plan


async def test_a_journal_without_containers_has_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(one())
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.containers() == ((), ())
