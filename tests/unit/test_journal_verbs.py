"""`receiving-edge journal` and `sync` on a real file."""

import json
import sqlite3
from pathlib import Path

import pytest

from edge.cli import main
from edge.journal.outbox import Ack, DeadLetter
from edge.journal.writer import Submission
from journal_kit import event, opened, target, uuid7


async def _filled(folder: Path) -> None:
    dead = DeadLetter(seq=2, n=2, code="422", reason="no such unit", attempts=1, first_ms=0)
    async with opened(folder, target("oms")) as journal:
        await journal.commit(Submission(events=tuple(event(unit=uuid7(n)) for n in range(5))))
        journal.ack(Ack(target="oms", cursor_seq=2, dead=(dead,)))


async def test_a_good_chain_is_proven_and_an_altered_event_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _filled(tmp_path)
    given = ["journal", "verify", "--data", str(tmp_path), "--json"]
    assert main(given) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 5
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute("UPDATE event SET digest = zeroblob(32) WHERE seq = 4")
    connection.commit()
    connection.close()
    assert main(given) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["chain"], told["broken"]) == (False, "broken", [4])
    assert told["damage"] == [{"seq": 4, "what": ["digest"], "text": ""}]
    assert main(given[:-1]) == 1
    assert "\n4: digest" in capsys.readouterr().out


async def test_events_are_shown_newest_by_default_or_as_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _filled(tmp_path)
    show = ["journal", "show", "--data", str(tmp_path)]
    for more, expected in (
        (["--limit", "2"], ["4", "5"]),
        (["--unit", uuid7(2)], ["3"]),
        (["--parcel", uuid7(2)], []),
        (["--from-seq", "2", "--limit", "3"], ["2", "3", "4"]),
    ):
        assert main([*show, *more]) == 0
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == expected


async def test_what_is_unsent_and_what_was_refused_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _filled(tmp_path)
    assert main(["sync", "status", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(
        "oms: idle, 3 unsent, oldest of 2025-11-24T16:00:00.000Z"
    )
    assert main(["sync", "dead", "--data", str(tmp_path), "--json"]) == 0
    letter = json.loads(capsys.readouterr().out)
    assert (letter["target"], letter["seq"], letter["reason"]) == ("oms", 2, "no such unit")


@pytest.mark.parametrize("verb", [["journal", "verify"], ["sync", "status"]])
def test_where_there_is_no_journal_the_verb_says_so(
    tmp_path: Path, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*verb, "--data", str(tmp_path)]) == 1
    assert "journal.db" in capsys.readouterr().err
