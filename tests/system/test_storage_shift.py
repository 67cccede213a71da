"""What goes wrong with disk, journal and clock while a real station works, and what it says."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from cases import SHIRT, box, items, line, press, put, tray
from moved_clock import COMPILER, MovedClock
from real_bench import RealBench

ROWS: Final = tuple(line(f"ST-{n}", "1", SHIRT, box(960 + n)) for n in range(4))
HOURS: Final = 3600
HIGH_PERCENT: Final = 88
WAIT_S: Final = 30.0


def _receive(bench: RealBench, n: int) -> None:
    bench.scan(box(960 + n))
    bench.item(SHIRT)
    put(bench)


def _where(journal: Path, seq: int, text: bytes = b"}") -> int:
    """Return where the last such text of an event's body begins in the file of the journal."""
    with sqlite3.connect(journal) as db:  # the last one to close it copies the log back
        (body,) = db.execute("SELECT body FROM event WHERE seq = ?", (seq,)).fetchone()
    db.close()
    at = journal.read_bytes().find(body)
    assert at > 0, "the body does not lie in one piece"
    return at + int(body.rfind(text))


def _flip(journal: Path, at: int) -> None:
    """Turn one bit in the file, as a disk does."""
    handle = os.open(journal, os.O_RDWR | os.O_CLOEXEC)
    (byte,) = os.pread(handle, 1, at)
    os.pwrite(handle, bytes((byte ^ 1,)), at)
    os.close(handle)


@pytest.mark.timeout(120)
@pytest.mark.shift("damage")
def test_a_bit_that_flips_under_a_station_is_told_and_the_work_goes_on(tmp_path: Path) -> None:
    with RealBench(tmp_path, returns=ROWS, items=items()) as bench:
        bench.badge()
        _receive(bench, 0)
        damaged = next(n for n, kind in enumerate(bench.kinds(), 1) if kind == "operator.in")
        bench.kill()
        at = _where(bench.data / "journal.db", damaged)
        bench.start()
        _flip(bench.data / "journal.db", at)
        _until(bench, lambda: "station.corrupt" in bench.kinds())
        told = [data for kind, data in bench.told(damaged) if kind == "station.corrupt"]
        assert [one["sequences"] for one in told] == [[damaged]]
        bench.badge()
        _receive(bench, 1)
        assert bench.kinds().count("put.confirmed") == 2


@pytest.mark.timeout(120)
def test_a_parcel_whose_past_was_altered_ends_the_service_once_and_what_is_whole_is_saved(
    tmp_path: Path,
) -> None:
    """What was altered is still JSON: another zone than the one that was decided."""
    with RealBench(tmp_path, returns=ROWS, items=items()) as bench:
        bench.badge()
        _receive(bench, 0)
        damaged = next(n for n, kind in enumerate(bench.kinds(), 1) if kind == "verdict.made")
        bench.kill()
        at = _where(bench.data / "journal.db", damaged, b"resale")
        bench.start()
        _flip(bench.data / "journal.db", at)
        with pytest.raises(OSError):  # noqa: PT011 - the door is gone, in the midst or before
            bench.scan(box(960))
        bench.kill()
        bench.start()
        kinds = bench.kinds()
        assert bench.events("station.journal")[-1]["reason"] == "salvage"
        assert "verdict.made" not in kinds
        assert kinds.count("put.confirmed") == 1
        bench.scan(box(960))
        bench.press("esc")
        _receive(bench, 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder of a station whose data lie on a small file system of their own."""
    data = tmp_path / "data"
    data.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(data)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system: a full disk is not tried")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(data)], check=True)


@pytest.mark.timeout(120)
@pytest.mark.shift("disk")
def test_a_disk_that_fills_stops_new_parcels_and_what_is_in_the_hand_is_finished(
    small_disk: Path,
) -> None:
    with RealBench(small_disk, returns=ROWS, items=items()) as bench:
        bench.badge()
        bench.scan(box(960))
        bench.item(SHIRT)
        foreign = bench.data / "foreign"
        disk = os.statvfs(bench.data)
        used = disk.f_blocks - disk.f_bfree
        with foreign.open("wb") as file:
            file.write(bytes((disk.f_blocks * HIGH_PERCENT // 100 - used) * disk.f_frsize))
        _told(bench, "high")
        assert "put.confirmed" in bench.tray("A1").kinds
        assert bench.scan(box(961)).no == "E62"
        foreign.unlink()
        _told(bench, "normal")
        _receive(bench, 1)


def _told(bench: RealBench, level: str) -> None:
    """Room is measured when something is recorded, once a second: scan until it is told."""
    _until(bench, lambda: [one["level"] for one in bench.events("station.disk")][-1:] == [level],
           meanwhile=lambda: bench.scan("NOBODY-KNOWS-IT"))  # fmt: skip


@pytest.mark.timeout(120)
@pytest.mark.skipif(COMPILER is None, reason="no C compiler: no clock can be moved")
@pytest.mark.shift("clock")
def test_a_clock_that_jumps_is_told_and_a_hold_that_is_late_by_it_is_told_once(
    tmp_path: Path,
) -> None:
    more = "\n[hold]\nhours = 24\n"
    with MovedClock(tmp_path) as clock:
        bench = RealBench(tmp_path, returns=ROWS, items=items(), more=more)
        bench.env |= clock.env
        with bench:
            bench.badge()
            bench.scan(box(960))
            bench.item(SHIRT)
            press("enter")(bench)
            press("4")(bench)
            assert "hold.placed" in tray("H1")(bench).kinds
            clock.move(25 * HOURS)
            _until(bench, lambda: "sla.warning" in bench.kinds())
            _until(bench, lambda: any(one["step_ms"] for one in bench.events("station.clock")))
            stepped = next(one for one in bench.events("station.clock") if one["step_ms"])
            assert stepped["now"] == "stepped"
            assert 24 * HOURS < stepped["step_ms"] / 1000 < 26 * HOURS
            bench.kill()
            bench.start()
            bench.badge()
            _receive(bench, 1)
            assert bench.kinds().count("sla.warning") == 1


def _until(
    bench: RealBench, is_so: Callable[[], bool], meanwhile: Callable[[], object] | None = None
) -> None:
    """Go on until it is so; nobody does anything but what is said."""
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, bench.kinds()
        if meanwhile is not None:
            meanwhile()
        bench.next_view()
