"""The service has segments sealed; what is in none stays in the journal."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from edge.journal.retention import Keep, sealed_seq
from edge.journal.writer import Submission
from edge.service.sealing import Sealing
from edge.settings.model import JournalSettings
from journal_kit import cancelled_after, event, opened

pytestmark = pytest.mark.timeout(120)
pytest.importorskip("duckdb", reason="the extra bi is not installed")


async def test_events_of_past_days_are_sealed_while_the_journal_is_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(20))))
        sealing = Sealing(tmp_path, first_s=0.0, every_s=60.0)
        await cancelled_after(sealing.run(), lambda: sealing.sealed == 1)
    assert sealed_seq(tmp_path / "segments") == 20


async def test_a_run_that_fails_is_logged_and_is_no_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "journal.db").write_bytes(b"no journal" * 1000)
    sealing = Sealing(tmp_path, first_s=0.0, every_s=60.0)
    with caplog.at_level(logging.ERROR):
        await cancelled_after(sealing.run(), lambda: "not sealed" in caplog.text)
    assert sealing.sealed == 0


async def test_a_journal_with_two_identities_and_a_hole_is_sealed_in_parts(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(3))))
        with pytest.raises(Exception, match="oms has events up to 9"):
            journal.need_tail("oms", 9)
    async with opened(tmp_path) as journal:
        moved = event()
        told = moved.tail.replace(b"3f9a61c2", b"00000001")
        assert told != moved.tail
        await journal.commit(Submission(events=(replace(moved, tail=told),)))
        assert journal.last_seq == 10
        sealing = Sealing(tmp_path, first_s=0.0, every_s=60.0)
        await cancelled_after(sealing.run(), lambda: sealing.sealed == 1)
    names = sorted(path.name[:5] for path in (tmp_path / "segments").glob("*/*/*.parquet"))
    assert names == ["1-3-" + names[0][4], "10-10"]


def test_only_where_segments_are_made_they_hold_events_back(tmp_path: Path) -> None:
    keep = Keep.of(JournalSettings(), tmp_path, has_photo_target=False)
    assert keep.segments is None
    keep = Keep.of(JournalSettings(segments=True), tmp_path, has_photo_target=False)
    assert keep.segments == tmp_path / "segments"
    assert sealed_seq(keep.segments) == 0
