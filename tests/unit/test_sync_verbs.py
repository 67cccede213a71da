"""`receiving-edge sync`: words about targets reach the working service and are answered."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from edge.catalogue import Person
from edge.cli import main
from edge.journal.accounts import accounts
from edge.journal.outbox import Ack, DeadLetter
from edge.journal.writer import Journal, Submission
from edge.sync.orders import INBOX, Orders
from journal_kit import event, opened, target, uuid7
from stored_events import PAGE, without_log

PEOPLE = {"0900": Person(no="0900", name={"ru": "Б", "en": "B"}, role="supervisor")}


@asynccontextmanager
async def _serving(data: Path) -> AsyncIterator[Journal]:
    """A journal with three events, the second refused, and the inbox of orders at work."""
    async with opened(data, target("oms")) as journal:
        for n in range(3):
            await journal.commit(Submission(events=(event(unit=uuid7(n)),)))
        letter = DeadLetter(seq=2, n=2, code="422", reason="no such unit", attempts=1, first_ms=5)
        journal.ack(Ack(target="oms", cursor_seq=2, dead=(letter,)))

        async def commit(told: Any, once: str | None) -> bool:
            await journal.commit(Submission(events=(event(told, given=once),)))
            return True

        orders = Orders(data, journal, people=PEOPLE, commit=commit)
        task = asyncio.create_task(orders.inbox.run(), name="sync-orders")
        try:
            yield journal
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _run(data: Path, *words: str) -> int:
    return await asyncio.to_thread(main, ["sync", *words, "--data", str(data)])


async def test_a_word_is_followed_and_answered_while_the_service_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _serving(tmp_path):
        assert await _run(tmp_path, "pause", "--target", "oms", "--wait", "10") == 0
        assert capsys.readouterr().out == "oms: pause: done\n"
        assert await _run(tmp_path, "status", "--json") == 0
        assert json.loads(capsys.readouterr().out)["state"] == "paused"
        words = ["replay", "--target", "oms", "--dead", "--wait", "10", "--json"]
        assert await _run(tmp_path, *words) == 0
        assert json.loads(capsys.readouterr().out) == {
            "target": "oms",
            "act": "replay",
            "state": "done",
            "reason": "",
        }
        (account,) = accounts(tmp_path / "journal.db")
        assert account.replay_pending == 1


async def test_a_word_that_cannot_be_followed_ends_with_1_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _serving(tmp_path):
        words = ["retire", "--target", "oms", "--by", "0417", "--reason", "x", "--wait", "10"]
        assert await _run(tmp_path, *words) == 1
        assert "'0417' is no supervisor" in capsys.readouterr().out
        assert await _run(tmp_path, "pause", "--target", "erp", "--wait", "10") == 1
        assert "unknown target 'erp': known are oms" in capsys.readouterr().out


async def test_without_a_service_the_word_waits_in_the_inbox_and_is_taken_at_its_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await _run(tmp_path, "resume", "--target", "oms") == 0
    assert capsys.readouterr().out == "oms: resume: handed in\n"
    assert await _run(tmp_path, "resume", "--target", "oms", "--wait", "0.05") == 1
    assert "is the service running?" in capsys.readouterr().err
    async with _serving(tmp_path):
        async with asyncio.timeout(10):
            while len(list((tmp_path / INBOX / "done").glob("*.json"))) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "--target", "oms"],
        ["replay", "--target", "oms", "--dead", "--since", "2026-01-01"],
        ["waive", "--target", "oms", "--dead"],
        ["retire", "--target", "oms", "--by", "0900"],
    ],
)
def test_words_that_lack_something_are_refused_at_once(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sync", *words, "--data", str(tmp_path)])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [(["--since", "tomorrow"], "--since"), (["--from-seq", "5"], "to_seq is missing")],
)
def test_a_range_that_says_too_little_is_refused_before_it_is_handed_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    assert main(["sync", "replay", "--target", "oms", *words, "--data", str(tmp_path)]) == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / INBOX).exists()


async def test_a_journal_that_is_damaged_anywhere_gives_an_answer_or_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, target("oms")) as journal:
        for n in range(5):
            await journal.commit(Submission(events=(event(unit=uuid7(n)),)))
    path = tmp_path / "journal.db"
    without_log(path)
    whole = path.read_bytes()
    used = [at for at in range(0, len(whole), PAGE) if any(whole[at : at + PAGE])][:60]
    for at in used:
        path.write_bytes(whole[:at] + b"\xa5" * PAGE + whole[at + PAGE :])
        for word in ("status", "dead"):
            code = main(["sync", word, "--data", str(tmp_path)])
            said = capsys.readouterr()
            assert (code, bool(said.err)) in ((0, False), (1, True)), at


def test_events_that_are_gone_while_they_are_owed_are_told_as_owed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def filled() -> None:
        async with opened(tmp_path, target("oms")) as journal:
            for n in range(3):
                await journal.commit(Submission(events=(event(unit=uuid7(n)),)))

    asyncio.run(filled())
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("DELETE FROM event WHERE seq = 1")
        connection.commit()
    assert main(["sync", "status", "--data", str(tmp_path)]) == 0
    assert "oms: idle, 3 unsent, 0 refused" in capsys.readouterr().out


def test_a_reader_that_has_had_enough_is_no_fault(tmp_path: Path) -> None:
    async def filled() -> None:
        async with opened(tmp_path) as journal:
            for n in range(400):
                await journal.commit(Submission(events=(event(unit=uuid7(n)),)))

    asyncio.run(filled())
    program = Path(sys.executable).with_name("receiving-edge")
    words = f"{program} journal show --from-seq 1 --limit 400 --json --data {tmp_path} | head -n 1"
    done = subprocess.run(words, shell=True, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
