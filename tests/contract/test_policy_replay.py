"""`policy replay` over real journals: what was decided comes out again, or is named."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from bench import Bench, pack
from edge.cli import main
from history_kit import early_events, inspection, kept, unit_events, write_bench, write_days
from policy_kit import pack_files, unit, with_file
from zoning import session
from zoning.model import AnsweredBy
from zoning.pack import load_pack


def replayed(data: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = main(["policy", "replay", "--data", str(data), "--json"])
    return code, json.loads(capsys.readouterr().out)


def worked() -> Bench:
    """A shift with marks, a withdrawn mark, a number, a danger, a put scan and a parked unit."""
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("3")
    bench.press("backspace")
    bench.press("5")
    bench.press("enter")
    bench.press("esc", "5")
    bench.press("enter")
    bench.tray("D1")
    bench.phone()
    for keys in ("1", "1", "2", "1", "97", "2"):
        bench.press(*((*keys, "enter") if len(keys) > 1 else keys))
    bench.tray("B1")
    return bench


async def test_what_a_person_did_at_the_bench_comes_out_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(pack_files(), tmp_path)
    await write_bench(tmp_path, worked())
    code, told = replayed(tmp_path, capsys)
    assert (code, told["ok"], told["differences"]) == (0, True, [])
    assert told["verdicts"] == 3
    assert told["packs"] == [pack().sha256]


async def test_random_units_under_two_packs_come_out_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = kept(pack_files(), tmp_path)
    second = kept(with_file("zone.csv", "R14,B|C,", "R14,C|B,"), tmp_path)
    third = kept(with_file("policy.toml", "0..<500000", "0..<400000"), tmp_path)
    assert first.sha256 == second.sha256, "the order of values in a cell is no content"
    rng = Random(5)
    units = [unit_events((first, third)[n % 2], n, rng) for n in range(60)]
    await write_days(tmp_path, [[event for unit in units for event in unit]])
    code, told = replayed(tmp_path, capsys)
    assert (code, told["verdicts"], told["differing"]) == (0, 60, 0)
    assert told["packs"] == sorted((first.sha256, third.sha256))


async def test_units_that_were_finished_early_come_out_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    default = kept(pack_files(), tmp_path)
    units = [early_events(default, n) for n in range(12)]
    assert all(b'"settled_early":true' in unit[-1].head for unit in units)
    await write_days(tmp_path, [[event for unit in units for event in unit]])
    code, told = replayed(tmp_path, capsys)
    assert (code, told["verdicts"], told["differing"]) == (0, 12, 0)


async def test_a_pack_that_is_gone_is_named_with_its_verdicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = load_pack(with_file("policy.toml", "0..<500000", "0..<400000"))
    kept(pack_files(), tmp_path)
    await write_days(tmp_path, [unit_events(other, 1, Random(1))])
    code, told = replayed(tmp_path, capsys)
    assert (code, told["unknown_packs"]) == (1, {other.sha256: 1})
    assert main(["policy", "replay", "--data", str(tmp_path), "--lang", "ru"]) == 1
    assert f"пакета {other.sha256} нет" in capsys.readouterr().out


def replaced(data: Path, kind: str, change: Callable[[bytes], bytes]) -> None:
    """Alter the stored bodies of a kind."""
    connection = sqlite3.connect(data / "journal.db")
    rows = connection.execute("SELECT seq, body FROM event WHERE kind = ?", (kind,)).fetchall()
    for seq, body in rows:
        connection.execute("UPDATE event SET body = ? WHERE seq = ?", (change(body), seq))
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("kind", "old", "new", "fields"),
    [
        ("verdict.made", b'"row":"R13"', b'"row":"R14"', ["row"]),
        ("verdict.made", b'"seal":"sealed"', b'"seal":"opened"', ["facts"]),
        ("verdict.made", b'"in_window":"static"', b'"in_window":"guess"', ["facts"]),
        ("verdict.made", b'"move":"auto"', b'"move":"manual"', ["move"]),
        ("inspection.finished", b'"by":"default"', b'"by":"key"', ["answers"]),
        ("inspection.started", b'"in_window":true', b'"in_window":false', None),
    ],
)
async def test_a_difference_is_named_with_unit_and_field(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    old: bytes,
    new: bytes,
    fields: list[str] | None,
) -> None:
    default = kept(pack_files(), tmp_path)
    run = session.begin(default, unit("apparel", attrs=frozenset()))
    for step, answer in (("seal", "sealed"), ("identity", "match")):
        run = session.answer(run, step, answer, AnsweredBy.AUTO)
    await write_days(tmp_path, [inspection(run, "u1")])
    assert replayed(tmp_path, capsys)[0] == 0
    replaced(tmp_path, kind, lambda body: body.replace(old, new))
    code, told = replayed(tmp_path, capsys)
    found = [one["field"] for one in told["differences"]]  # type: ignore[attr-defined]
    assert code == 1
    assert found == fields if fields else {"facts", "refund", "caps"} <= set(found)
    assert told["differences"][0]["unit"] == "u1"  # type: ignore[index]


def test_without_a_journal_the_verb_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "replay", "--data", str(tmp_path)]) == 1
    assert "journal.db" in capsys.readouterr().err
