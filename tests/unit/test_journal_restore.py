"""Events put back: only what the chain proves, from files and from segments."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli import main
from edge.journal.reader import Reader
from edge.journal.restore import RestoreError, bodies_in, restore
from edge.journal.writer import Submission
from journal_kit import event, opened, uuid7


async def _filled(folder: Path, count: int = 6) -> list[bytes]:
    async with opened(folder) as journal:
        for n in range(count):
            await journal.commit(Submission(events=(event(unit=uuid7(7), given=f"i/{n}"),)))
    with Reader(folder / "journal.db") as reader:
        return [body for _, body, _ in reader.bodies(1)]


def _sql(folder: Path, query: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        connection.execute(query, values)
        connection.commit()


def _report(folder: Path) -> tuple[bool, int]:
    with Reader(folder / "journal.db") as reader:
        report = reader.verify(deep=True)
    return report.is_good, report.events


async def test_a_damaged_body_comes_back_byte_for_byte(tmp_path: Path) -> None:
    bodies = await _filled(tmp_path)
    _sql(tmp_path, "UPDATE event SET body = ? WHERE seq = 3", bodies[2].replace(b"0417", b"0418"))
    _sql(tmp_path, "INSERT INTO parked VALUES (3, 'scrub', 0)")
    assert _report(tmp_path)[0] is False
    done = restore(tmp_path / "journal.db", bodies)
    assert (done.seqs, done.offered) == ((3,), 6)
    assert _report(tmp_path) == (True, 6)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        assert connection.execute("SELECT count(*) FROM parked").fetchone() == (0,)


async def test_a_run_of_absent_events_comes_back_from_behind(tmp_path: Path) -> None:
    bodies = await _filled(tmp_path)
    _sql(tmp_path, "DELETE FROM event WHERE seq BETWEEN 2 AND 4")
    assert restore(tmp_path / "journal.db", bodies[1:4]).seqs == (2, 3, 4)
    assert _report(tmp_path) == (True, 6)


async def test_a_body_that_nothing_vouches_for_is_refused(tmp_path: Path) -> None:
    bodies = await _filled(tmp_path)
    forged = bodies[2].replace(b"0417", b"0666")
    _sql(tmp_path, "DELETE FROM event WHERE seq = 3")
    assert restore(tmp_path / "journal.db", [forged, b"no event", b"{}"]).seqs == ()
    assert _report(tmp_path)[0] is False
    assert restore(tmp_path / "journal.db", [bodies[2]]).seqs == (3,)


async def test_a_segment_gives_back_what_the_journal_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb", reason="the extra bi is not installed")
    bodies = await _filled(tmp_path)
    data = ["--data", str(tmp_path)]
    assert main(["export", "segments", "--tail", *data]) == 0
    _sql(tmp_path, "UPDATE event SET body = ? WHERE seq = 5", bodies[4][:-9])
    capsys.readouterr()
    assert main(["journal", "restore", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["restored"] == [5]
    assert _report(tmp_path) == (True, 6)


def test_files_are_read_as_lists_and_as_lines_and_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "got"
    path.write_text('{"b":1,"a":"я"}\n{"c":2}\n', encoding="utf-8")
    assert list(bodies_in(path)) == ['{"a":"я","b":1}'.encode(), b'{"c":2}']
    path.write_text('[{"b":1,"a":2}]', encoding="utf-8")
    assert list(bodies_in(path)) == [b'{"a":2,"b":1}']
    path.write_text("<html>", encoding="utf-8")
    with pytest.raises(RestoreError, match="got"):
        list(bodies_in(path))


async def test_the_verb_needs_a_journal_that_nobody_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "restore", "--data", str(tmp_path)]) == 1
    assert "there is no such file" in capsys.readouterr().err
    async with opened(tmp_path):
        assert main(["journal", "restore", "--data", str(tmp_path)]) == 1
    assert "in use" in capsys.readouterr().err
