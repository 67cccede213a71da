"""A target that has more of a journal than the disk: the journal goes on behind it, newly named."""

import asyncio
import json
import random
import shutil
from pathlib import Path

import pytest

from edge.cli import main
from edge.events import SequenceRange, StationJournal
from edge.journal.reader import Reader
from edge.journal.rows import JournalTailLostError
from edge.journal.tail import LEAP_MAX, NOTE
from edge.journal.writer import Journal, Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.pump import pump
from http_sink import HttpSink, Say
from journal_kit import HandClock, cancelled_after, event, opened


async def _append(journal: Journal, count: int) -> None:
    await journal.commit(Submission(events=tuple(event() for _ in range(count))))


async def _begin(journal: Journal) -> None:
    """Write the first event as the service does."""
    kin = journal.ancestry
    payload = StationJournal(reason=journal.reason, previous=kin.previous, lost=kin.lost)
    await journal.commit(Submission(events=(event(payload),)))


async def _image_of_before(folder: Path) -> str:
    """A journal of 5 events whose disk has forgotten 3 more; return its id."""
    async with opened(folder) as journal:
        await _append(journal, 5)
        name = journal.journal_id
    image = folder / "image"
    image.mkdir()
    _copy(folder, image)
    async with opened(folder) as journal:
        await _append(journal, 3)
    bodies = [json.loads(body) for _, body, _ in _rows(folder, 6)]
    (folder / "got.json").write_text(json.dumps(bodies), encoding="utf-8")
    _copy(image, folder)
    return name


def _copy(source: Path, target: Path) -> None:
    for path in source.glob("journal.db*"):
        shutil.copy(path, target / path.name)


def _rows(folder: Path, first: int) -> list[tuple[int, bytes, bytes]]:
    with Reader(folder / "journal.db") as reader:
        return list(reader.bodies(first))


async def test_a_journal_goes_on_behind_what_a_target_has(tmp_path: Path) -> None:
    name = await _image_of_before(tmp_path)
    async with opened(tmp_path) as journal:
        assert journal.last_seq == 5
        with pytest.raises(JournalTailLostError, match="crm has events up to 8"):
            journal.need_tail("crm", 8)
    async with opened(tmp_path) as journal:
        assert (journal.reason, journal.last_seq) == ("tail_lost", 8)
        assert journal.ancestry.lost == (SequenceRange(first=6, last=8),)
        previous = journal.ancestry.previous
        assert previous is not None
        assert (previous.journal_id, previous.last_sequence) == (name, 8)
        assert journal.journal_id != name
        await _begin(journal)
        assert journal.last_seq == 9
    assert not (tmp_path / NOTE).exists()
    async with opened(tmp_path) as journal:
        assert (journal.reason, journal.last_seq) == ("", 9)
    with Reader(tmp_path / "journal.db") as reader:
        report = reader.verify(deep=True)
    assert report.is_good
    assert (report.gaps, report.lost) == ((), ((6, 8),))


async def test_a_crash_before_the_first_event_forgets_nothing(tmp_path: Path) -> None:
    await _image_of_before(tmp_path)
    async with opened(tmp_path) as journal:
        with pytest.raises(JournalTailLostError):
            journal.need_tail("crm", 8)
    async with opened(tmp_path) as journal:
        told = journal.ancestry
    async with opened(tmp_path) as journal:
        assert journal.ancestry == told


async def test_what_a_target_has_of_another_journal_or_beyond_reason_changes_nothing(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        await _append(journal, 5)
        journal.need_tail("crm", 5)
        journal.need_tail("crm", 5 + LEAP_MAX + 1)
    note = {"target": "crm", "journal_id": "00000000", "have": 9}
    (tmp_path / NOTE).write_text(json.dumps(note), encoding="utf-8")
    async with opened(tmp_path) as journal:
        assert (journal.reason, journal.last_seq) == ("", 5)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"have": "x", "journal_id": "00000000"}'])
async def test_a_note_that_was_not_flushed_changes_nothing(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as journal:
        await _append(journal, 2)
    (tmp_path / NOTE).write_text(text, encoding="utf-8")
    async with opened(tmp_path) as journal:
        assert (journal.reason, journal.last_seq) == ("", 2)


async def test_lost_events_come_back_from_what_the_target_got(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _image_of_before(tmp_path)
    async with opened(tmp_path) as journal:
        with pytest.raises(JournalTailLostError):
            journal.need_tail("crm", 8)
    async with opened(tmp_path) as journal:
        await _begin(journal)
    data = ["--data", str(tmp_path)]
    got = await asyncio.to_thread(
        main, ["journal", "restore", str(tmp_path / "got.json"), "--json", *data]
    )
    assert got == 0
    assert json.loads(capsys.readouterr().out) == {"restored": [6, 7, 8], "offered": 3}
    with Reader(tmp_path / "journal.db") as reader:
        report = reader.verify(deep=True)
    assert report.is_good
    assert (report.events, report.lost) == (9, ())


async def test_the_pump_hears_that_the_receiver_has_more(tmp_path: Path) -> None:
    async with HttpSink(lambda _: Say.as_json({"have": f"{8:020}"})) as sink:
        target = TargetSettings(name="crm", kind=TargetKind.HTTP_BATCH, url=sink.url, events=("*",))
        await _image_of_before(tmp_path)
        async with opened(tmp_path, target) as journal:
            await _append(journal, 1)
            work = pump(
                target,
                journal,
                clock=HandClock(),
                rng=random.Random(1),
                on_state=lambda _status: None,
            )
            with pytest.raises(JournalTailLostError, match="ends at 6, crm has events up to 8"):
                await cancelled_after(work, lambda: False)


async def test_a_commit_that_was_sent_before_it_was_told_is_no_lost_tail(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await _append(journal, 3)
        told = journal.last_seq
        journal.last_seq = told - 1  # the committing thread is done, the loop has not heard of it
        journal.need_tail("crm", told)
        with pytest.raises(JournalTailLostError):
            journal.need_tail("crm", told + 1)
