"""`receiving-edge export kpi`: a table for people in two languages, CSV and JSON for programs."""

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from edge.cli import main
from edge.commands.kpi import in_cell
from edge.commands.kpi_words import NAMES, table
from edge.kpi.book import Book
from edge.kpi.measure import Period, figures
from history_kit import write_days
from kpi_kit import Days, days


async def journal(folder: Path, history: Days) -> str:
    await write_days(folder, [history.encoded])
    return str(folder)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["export", "kpi", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["=1+1", "+7", "-2", "@x", "\t=1"])
def test_a_name_from_outside_is_no_formula_of_a_spreadsheet(name: str) -> None:
    assert in_cell(name) == f"'{name}"
    assert [in_cell(value) for value in ("shoes", -2.5, None, "")] == ["shoes", -2.5, None, ""]


async def test_figures_come_out_in_three_forms_that_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = await journal(tmp_path, days(12, 3))
    told = json.loads(printed(capsys, "--data", data, "--json"))
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--data", data, "--csv"))))
    lines = printed(capsys, "--data", data).splitlines()
    assert len(rows) == len(told["figures"]) == len(lines) - 2
    for row, figure in zip(rows, told["figures"], strict=True):
        assert row["name"] == figure["name"]
        value = figure["value"]
        assert row["value"] == ("not measured" if value is None else str(value))
        is_counted = figure["k"] is not None
        assert is_counted == ((figure["upper"] is not None) or (figure["lower"] is not None))
    assert told["so_far"] is True
    assert lines[0].endswith("(so far)")


async def test_nobody_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = await journal(tmp_path, days(6, 3))
    assert "0417" not in printed(capsys, "--data", data, "--json").replace("0.0417", "")


async def test_a_table_speaks_russian(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = await journal(tmp_path, days(6, 3))
    said = printed(capsys, "--data", data, "--lang", "ru", "--until", "2025-11-25")
    assert "пока" not in said.splitlines()[0]
    assert "не измерено" in said
    assert "без исправлений" in said


async def test_the_journal_is_not_written(tmp_path: Path) -> None:
    data = await journal(tmp_path, days(3, 3))
    before = sqlite3.connect(tmp_path / "journal.db")
    count = before.execute("SELECT count(*), max(seq) FROM event").fetchone()
    assert main(["export", "kpi", "--data", data]) == 0
    assert before.execute("SELECT count(*), max(seq) FROM event").fetchone() == count
    before.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--until", "2025-13-01"),
        ("--since", "2025-11-25", "--until", "2025-11-25"),
    ],
)  # fmt: skip
def test_times_that_are_none_are_refused(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "kpi", "--data", str(tmp_path), *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err or "--until" in arguments


def test_a_folder_without_a_journal_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "kpi", "--data", str(tmp_path)]) == 1
    assert "journal.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_every_figure_has_a_name_in_both_languages() -> None:
    made = figures(Book(), Period(since_ms=0, until_ms=1, at_ms=1), {})
    assert {one.name for one in made} <= NAMES.keys()
    for language in ("ru", "en"):
        lines = table(made, language, since="", until="T", is_so_far=False)
        assert len(lines) == len(made) + 2
