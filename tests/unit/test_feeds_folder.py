"""Files dropped into a folder: each whole or not at all, never twice."""

import os
import random
from pathlib import Path

import pytest

from edge.feeds import drop_folder
from edge.feeds.accept import FeedReport
from edge.feeds.drop_folder import DAY_MS, forget, take_all, watch
from edge.feeds.fetch import poll
from edge.journal.reference import Reference
from edge.settings.model import FeedSettings
from journal_kit import HandClock, cancelled_after

GOOD = """rma,line,tenant,gtin,qty,serials,tracking,reason,title_ru,title_en
88123,1,shop-a,04601234567893,1,,RB123456785RU,C02,Футболка синяя M,T-shirt blue M
"""


async def _taken(folder: Path, reference: Reference) -> tuple[FeedReport, ...]:
    feed = FeedSettings(name="returns", kind="folder", folder=folder)
    return await take_all(feed, reference, clock=HandClock())


async def test_a_file_is_taken_in_name_order_and_laid_aside(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "2.jsonl").write_text(
        '{"op":"delete","rma":"88123","line":"1","tenant":"shop-a"}\n\n', encoding="utf-8"
    )
    (inbox / "1.csv").write_text("\ufeff" + GOOD, encoding="utf-8")
    (inbox / "3.csv.part").write_text("half")
    with Reference(tmp_path / "reference.db") as reference:
        reports = await _taken(inbox, reference)
        assert [(report.name, report.ok, report.rows) for report in reports] == [
            ("1.csv", True, 1),
            ("2.jsonl", True, 1),
        ]
        assert reference.find("88123") == ()
        assert reference.age_s("returns") is not None
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["1.csv", "2.jsonl"]
    assert (inbox / "3.csv.part").exists()


async def test_the_same_file_is_not_taken_twice(tmp_path: Path) -> None:
    with Reference(tmp_path / "reference.db") as reference:
        for name in ("a.csv", "b.csv"):
            (tmp_path / name).write_text(GOOD, encoding="utf-8")
            (report,) = await _taken(tmp_path, reference)
            assert report.ok
            assert report.rows == (1 if name == "a.csv" else 0)


async def test_a_bad_row_refuses_the_file_and_the_old_copy_stays(tmp_path: Path) -> None:
    with Reference(tmp_path / "reference.db") as reference:
        (tmp_path / "1.csv").write_text(GOOD, encoding="utf-8")
        await _taken(tmp_path, reference)
        second = GOOD.replace("04601234567893,1", "04601234567893,0") + "88123,2,shop-a\n"
        (tmp_path / "2.csv").write_text(second, encoding="utf-8")
        (report,) = await _taken(tmp_path, reference)
        assert not report.ok
        assert [str(problem) for problem in report.refused] == [
            "row 1: qty: a whole number from 1 is expected",
            "row 2: : 3 fields instead of 10",
        ]
        (candidate,) = reference.find("rb 123456785ru")
        assert candidate.lines[0].qty == 1
    error = (tmp_path / "bad" / "2.csv.err").read_text(encoding="utf-8")
    assert error.splitlines()[1] == "1\tqty\ta whole number from 1 is expected"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"rma;line\n1;2\n"),
        ("x.csv", b""),
        ("x.csv", b"rma,line,tenant,gtin,qty\n\xff\xfe,1,1,1,1\n"),
        ("x.csv", b'rma,line,tenant,gtin,qty\n"a"b,1,1,1,1\n'),
        ("x.jsonl", b"{broken\n"),
        ("x.jsonl", b"[]\n"),
        ("x.jsonl", b"\xff\n"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with Reference(tmp_path / "reference.db") as reference:
        (report,) = await _taken(tmp_path, reference)
        assert not report.ok
        assert reference.age_s("returns") is None
    assert (tmp_path / "bad" / f"{name}.err").exists()


async def test_a_file_beyond_the_bound_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(drop_folder.FILE_BYTES_MAX + 1)
    with Reference(tmp_path / "reference.db") as reference:
        (report,) = await _taken(tmp_path, reference)
    assert "bytes" in str(report.refused[0])


async def test_polling_serves_folders_too(tmp_path: Path) -> None:
    feed = FeedSettings(name="returns", kind="folder", folder=tmp_path / "inbox")
    reports: list[FeedReport] = []

    async def keep(report: FeedReport) -> None:
        reports.append(report)

    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "1.csv").write_text(GOOD, encoding="utf-8")
    with Reference(tmp_path / "reference.db") as reference:
        work = poll(feed, reference, clock=HandClock(), rng=random.Random(1), on_report=keep)
        await cancelled_after(work, lambda: bool(reports))
        assert len(reference.find("88123")) == 1


async def test_what_was_laid_aside_is_deleted_after_its_days_and_nothing_else(
    tmp_path: Path,
) -> None:
    """A refused file lies as it came: a customer's name in it stays no longer than is agreed."""
    clock = HandClock()
    feed = FeedSettings(name="returns", kind="folder", folder=tmp_path, keep_days=3)
    (tmp_path / "1.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "2.csv").write_text("rma,customer_name\n88123,Somebody\n", encoding="utf-8")
    os.utime(tmp_path / "2.csv", (0, 0))  # its own age is not that of its stay
    with Reference(tmp_path / "reference.db") as reference:
        await take_all(feed, reference, clock=clock)
        os.utime(tmp_path / "bad" / "2.csv.err", (clock.now_ms / 1000,) * 2)
        (tmp_path / "new.csv.part").write_text("half")
        (tmp_path / "bad" / "kept").mkdir()
        clock.now_ms += 3 * DAY_MS
        assert forget(feed, clock=clock) == 0
        clock.now_ms += 1
        assert forget(feed, clock=clock) == 3
    assert _left(tmp_path) == ["bad", "bad/kept", "done", "new.csv.part"]
    assert forget(feed, clock=clock) == 0


def _left(folder: Path) -> list[str]:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    return [name for name in names if "reference" not in name]


async def test_a_running_feed_deletes_what_lies_too_long_by_itself(tmp_path: Path) -> None:
    clock = HandClock()
    feed = FeedSettings(name="returns", kind="folder", folder=tmp_path, keep_days=1, poll_s=0.01)
    old = tmp_path / "bad" / "old.csv"
    old.parent.mkdir()
    old.write_text("a customer's name")
    os.utime(old, ((clock.now_ms - 2 * DAY_MS) / 1000,) * 2)

    async def heard(_: FeedReport) -> None:
        raise AssertionError("nothing was dropped")

    with Reference(tmp_path / "reference.db") as reference:
        running = watch(feed, reference, clock=clock, on_report=heard)
        await cancelled_after(running, lambda: not old.exists())
        assert _left(tmp_path) == ["bad", "done"]
