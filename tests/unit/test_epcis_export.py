"""`receiving-edge export epcis`: documents of a range, hashes beside, nothing that was altered."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli import main
from edge.journal.writer import Submission
from edge.sync.epcis.check import problems
from edge.sync.epcis.event_hash import event_hash
from edge.sync.epcis.names import Names
from epcis_kit import NAMESPACE, arrived, encoded, identified, put, verdict
from journal_kit import event, opened, uuid7

NAMES = Names(namespace=NAMESPACE, site="msk1", station="st07", gln="4601234000000")


async def _filled(folder: Path) -> None:
    story = (arrived(), identified(), verdict("resale", "RESTOCK"), put("resale", "A1"))
    async with opened(folder) as journal:
        for seq, given in enumerate(story, start=1):
            await journal.commit(Submission(events=(encoded(given, seq),)))
        await journal.commit(Submission(events=(event(mode="training", key=uuid7(900)),)))


def _exported(folder: Path, *words: str) -> int:
    return main(["export", "epcis", "--data", str(folder), "--gln", NAMES.gln, *words])


async def test_documents_stand_in_files_with_hashes_beside(tmp_path: Path) -> None:
    await _filled(tmp_path)
    assert _exported(tmp_path, "--with-hashes") == 0
    (path,) = (tmp_path / "epcis").glob("*.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert problems(document) == ()
    events = document["epcisBody"]["eventList"]
    assert [one["bizStep"] for one in events[:3]] == ["accepting", "receiving", "inspecting"]
    with path.with_suffix(".hashes.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    prefixes = {"retx": NAMES.vocabulary}
    assert [row["hash"] for row in table] == [event_hash(one, prefixes) for one in events]
    assert [row["eventID"] for row in table] == [one["eventID"] for one in events]
    assert not any("hash" in key.lower() for one in events for key in one)


async def test_a_range_is_all_that_is_written(tmp_path: Path) -> None:
    await _filled(tmp_path)
    out = tmp_path / "out"
    assert _exported(tmp_path, "--from-seq", "2", "--to-seq", "3", "--out", str(out)) == 0
    assert [path.name for path in out.iterdir()] == ["epcis-2-3.json"]


# The second is read with its piece, the fifth (training) with none and goes nowhere.
@pytest.mark.parametrize("seq", [2, 5])
async def test_an_altered_event_ends_the_export(
    seq: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        change = "UPDATE event SET body = CAST(body || ' ' AS BLOB) WHERE seq = ?"
        connection.execute(change, (seq,))
        connection.commit()
    assert _exported(tmp_path) == 1
    assert f"event {seq} is altered" in capsys.readouterr().err


def test_without_a_journal_the_reason_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _exported(tmp_path) == 1
    assert "there is no such file" in capsys.readouterr().err
