"""`sync feeds`: what a person is told of each feed."""

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.journal.reference import EntryChange, Progress, Reference, Trouble, What
from journal_kit import WALL_MS


async def test_state_age_and_refusals_are_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Reference(tmp_path / "reference.db") as reference:
        await reference.register("returns")
        entry = EntryChange(key="k", code="reason", body="{}")
        await reference.put("codes", [entry], Progress(at_ms=WALL_MS))
        refusal = Trouble(what=What.REFUSED, at_ms=WALL_MS + 1, reason="row 2: x", name="2.csv")
        await reference.note("codes", refusal)
        await reference.note("returns", Trouble(what=What.AWAY, at_ms=WALL_MS, reason="answer 503"))
    bad = tmp_path / "inbox" / "policies" / "bad"
    bad.mkdir(parents=True)
    (bad / "p.zip.err").write_text("zone.csv:8: refused\nmore\n", encoding="utf-8")

    rc = main(["sync", "feeds", "--data", str(tmp_path)])
    out = capfd.readouterr().out
    lines = out.splitlines()
    assert rc == 0
    assert lines[0].startswith("codes: refused, 1 rows, ")
    assert lines[0].endswith("; refused 2.csv 2025-11-24T16:00:00.001Z: row 2: x")
    assert lines[1] == (
        "returns: away, 0 rows, never complete; away since 2025-11-24T16:00:00.000Z: answer 503"
    )
    assert lines[2].startswith("policies: p.zip refused ")
    assert lines[2].endswith(": zone.csv:8: refused")

    main(["sync", "feeds", "--data", str(tmp_path), "--json"])
    out = capfd.readouterr().out
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows[0]["refusal"]["reason"] == "row 2: x"
    assert rows[0]["age_s"] > 0
    assert rows[1]["state"] == "away"


def test_without_a_file_it_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", "feeds", "--data", str(tmp_path)]) == 1
    assert "reference.db" in capfd.readouterr().err
