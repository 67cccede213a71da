"""`receiving-edge sync`: words about targets reach the working service and are answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
        task = asyncio.create_task(orders.run(), name="sync-orders")
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
