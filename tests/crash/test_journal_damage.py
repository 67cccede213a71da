"""The whole service over a damaged journal: it saves what is whole and works on, or says why."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.journal.reader import Reader

COMMAND = str(Path(sys.executable).with_name("receiving-edge"))
EXIT_BUG = 70


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    assert main(["init", str(folder), "--profile", "minimal"]) == 0
    station = folder / "station.toml"
    text = station.read_text(encoding="utf-8").partition("[metrics]")[0]
    socket = tmp_path / "terminal.sock"
    text = re.sub(r'(?m)^socket = "[^"]*"', f'socket = "{socket}"', text)
    station.write_text(text, encoding="utf-8")
    return folder


def _served(config: Path, data: Path) -> tuple[str, int, str]:
    """Start the service, end it when it is ready; its first line, exit code and log."""
    log = data.with_name("serve.log")
    with (
        log.open("w") as file,
        subprocess.Popen(
            [COMMAND, "serve", "--config", str(config), "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        ) as service,
    ):
        assert service.stdout is not None
        line = service.stdout.readline()
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=30)
    return line, service.returncode, log.read_text(encoding="utf-8")


@pytest.mark.timeout(120)
def test_the_service_saves_a_damaged_journal_and_works_on(config: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert _served(config, data)[:2] == ("ready\n", 0)
    connection = sqlite3.connect(data / "journal.db")
    (newest,) = connection.execute("SELECT max(seq) FROM event").fetchone()
    connection.execute("UPDATE event SET body = zeroblob(700) WHERE seq = ?", (newest,))
    connection.commit()
    connection.close()
    line, code, log = _served(config, data)
    assert (line, code) == ("ready\n", 0)
    assert "1 lost" in log
    with Reader(data / "journal.db") as reader:
        report = reader.verify(deep=True)
        kinds = [event.kind for event in reader.events(newest + 1)]
    assert report.is_good
    assert report.lost == ((newest, newest),)
    assert kinds[:2] == ["station.journal", "station.started"]
    assert len(list((data / "salvage").iterdir())) == 1


@pytest.mark.timeout(120)
def test_a_file_that_is_no_journal_ends_the_service_with_its_reason(
    config: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "journal.db").write_bytes(b"somebody's letters, not a journal\n" * 300)
    line, code, log = _served(config, data)
    assert (line, code) == ("", EXIT_BUG)
    assert "no event of a journal was found" in log
    assert "Traceback" not in log
    assert (data / "journal.db").read_bytes().startswith(b"somebody's letters")


@pytest.mark.parametrize("verb", [["journal", "verify"], ["journal", "show"], ["sync", "status"]])
@pytest.mark.parametrize("content", [b"", b"not a database at all\n" * 300, b"SQLite format 3\0"])
def test_verbs_that_look_at_an_unreadable_journal_say_so_in_one_line(
    tmp_path: Path, verb: list[str], content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "journal.db").write_bytes(content)
    assert main([*verb, "--data", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("journal: read")
    assert told.err.count("\n") == 1
