"""`receiving-edge journal soak`: what it prints is on disk; a station's journal is left alone."""

import argparse
import asyncio
import inspect
import sqlite3
from pathlib import Path

import pytest

from edge.cli import main
from edge.commands import serve
from edge.journal.photos import PhotoStore
from edge.journal.reader import Reader
from edge.journal.schema import Synchronous
from edge.journal.writer import Journal
from edge.service import root
from edge.settings import model
from journal_kit import one, opened


def _soak(folder: Path, *more: str) -> int:
    return main(["journal", "soak", "--data", str(folder), "--print-acks", *more])


def test_every_number_that_is_printed_is_in_the_journal_also_after_a_second_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert _soak(tmp_path / "new", "--events", "40", "--producers", "4") == 0
    told = capsys.readouterr().out.splitlines()
    assert sorted(map(int, told)) == list(range(1, 81))
    with Reader(tmp_path / "new" / "journal.db") as reader:
        report = reader.verify()
    assert (report.is_good, report.events) == (True, 80)


def test_a_photograph_stands_behind_its_event_and_is_on_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _soak(tmp_path, "--events", "30", "--photos") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    named = {int(line[0]): line[1] for line in lines if len(line) == 2}
    assert len(named) == 3
    with Reader(tmp_path / "journal.db") as reader:
        taken = {
            one.seq: one.data["sha256"] for one in reader.events(1) if one.kind == "photo.taken"
        }
    assert taken == named
    assert all(PhotoStore(tmp_path / "photos").read(sha256) for sha256 in named.values())


async def _filled(folder: Path) -> None:
    async with opened(folder) as journal:
        await journal.commit(one())


def test_a_stations_journal_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_filled(tmp_path))
    assert _soak(tmp_path, "--events", "5") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "belongs to a station" in told.err


def test_the_control_that_loses_events_is_a_choice_of_the_trial_alone(tmp_path: Path) -> None:
    assert _soak(tmp_path, "--events", "2", "--synchronous", "normal") == 0
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    assert "synchronous" not in parser.format_help()
    served = inspect.signature(root.serve).parameters["synchronous"]
    assert served.default is Synchronous.FULL
    assert "ynchronous" not in inspect.getsource(serve) + inspect.getsource(model)
    default = inspect.signature(Journal.__init__).parameters["synchronous"].default
    assert default is Synchronous.FULL
    connection = sqlite3.connect(tmp_path / "journal.db")
    assert connection.execute("SELECT count(*) FROM event").fetchone() == (2,)
    connection.close()
