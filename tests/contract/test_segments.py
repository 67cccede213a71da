"""A journal as Parquet: every body exact, every segment once, facts as flat columns."""

import hashlib
import json
import sqlite3
from pathlib import Path
from random import Random

import duckdb
import pytest

from edge.cli import main
from edge.commands import export
from edge.events import Encoded, PhotoTaken
from edge.journal.reader import Reader
from edge.sync.segments import seal as sealing
from edge.sync.segments.facts import derive
from edge.sync.segments.files import SegmentError, listed
from edge.sync.segments.seal import Sealed, seal
from history_kit import kept, unit_events, write_days
from journal_kit import event, uuid7
from policy_kit import default_pack, pack_files
from zoning import sql
from zoning.model import Facts

FIRST, SECOND, THIRD = "2025-11-24", "2025-11-25", "2025-11-26"


def units(count: int, start: int = 0) -> list[Encoded]:
    rng = Random(start)
    return [e for n in range(count) for e in unit_events(default_pack(), start + n, rng)]


def sealed(data: Path, *, today: str = "2026-01-01", is_tail: bool = False) -> Sealed:
    journal = data / "journal.db"
    return seal(journal, data, today=today, is_tail=is_tail, tell=lambda _: None)


def read(folder: Path, query: str) -> list[tuple[object, ...]]:
    files = f"read_parquet('{folder}/**/*.parquet', union_by_name = true)"
    with duckdb.connect() as connection:
        return connection.execute(query.replace("FILES", files)).fetchall()


async def test_every_body_is_in_a_segment_byte_for_byte(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(3), units(2, 10)])
    names = sealed(tmp_path).segments
    assert [name.day for name in names] == [FIRST, SECOND]
    rows = read(tmp_path / "segments", "SELECT sequence, body, kind FROM FILES ORDER BY sequence")
    with Reader(tmp_path / "journal.db") as reader:
        stored = list(reader.bodies(1))
    assert [(seq, body.encode()) for seq, body, _ in rows] == [(s, b) for s, b, _ in stored]  # type: ignore[attr-defined]
    assert hashlib.sha256(stored[-1][1]).hexdigest()[:8] == names[-1].mark
    assert {kind for _, _, kind in rows} >= {"unit.opened", "verdict.made"}


async def test_columns_of_a_segment_tell_what_the_body_tells(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(4)])
    sealed(tmp_path)
    columns = "sequence, id, station, tenant, unit, parcel, zone, disposition, row, policy_sha256"
    query = f"SELECT {columns}, body FROM FILES WHERE kind = 'verdict.made'"
    for *told, body in read(tmp_path / "segments", query):
        said = json.loads(str(body))
        data = said["data"]
        expected = [int(said["sequence"]), said["id"], "msk1.st07", data["tenant"], data["unit"]]
        expected += [data["parcel"], data["zone"], data["disposition"], data["row"]]
        assert told == [*expected, data["policy"]["sha256"]]


async def test_what_is_sealed_stays_and_only_new_events_follow(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(2)])
    first = sealed(tmp_path).segments
    path = first[0].below(tmp_path / "segments")
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    assert sealed(tmp_path).segments == ()
    await write_days(tmp_path, [units(1, 50)])
    second = sealed(tmp_path).segments
    assert [(name.first, name.last) for name in second] == [(first[0].last + 1, second[0].last)]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


async def test_a_day_that_is_not_over_waits_unless_its_tail_is_wanted(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(1), units(1, 10)])
    done = sealed(tmp_path, today=SECOND)
    assert ([name.day for name in done.segments], done.waiting > 0) == ([FIRST], True)
    rest = sealed(tmp_path, today=SECOND, is_tail=True)
    assert ([name.day for name in rest.segments], rest.waiting) == ([SECOND], 0)


async def test_a_full_segment_ends_within_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "EVENTS_MAX", 10)
    await write_days(tmp_path, [units(4)])
    names = sealed(tmp_path, today=FIRST).segments
    assert all(name.last - name.first == 9 for name in names)
    assert [name.first for name in names] == list(range(1, len(names) * 10, 10))


async def test_a_half_written_file_of_a_crash_is_replaced(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(1)])
    name = sealed(tmp_path).segments[0]
    path = name.below(tmp_path / "segments")
    path.rename(path.with_name(f".{path.name}.tmp"))
    assert sealed(tmp_path).segments == (name,)
    assert [child.name for child in path.parent.iterdir()] == [path.name]


async def test_an_altered_event_is_never_sealed(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(1)])
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute(
        "UPDATE event SET body = CAST(replace(body, 'u', 'v') AS BLOB) WHERE seq = 3"
    )
    connection.commit()
    connection.close()
    with pytest.raises(SegmentError, match="event 3"):
        sealed(tmp_path)
    assert listed(tmp_path / "segments") == ()


async def test_segments_of_another_journal_are_refused(tmp_path: Path) -> None:
    await write_days(tmp_path / "a", [units(1)])
    await write_days(tmp_path / "b", [units(1, 3)])
    sealed(tmp_path / "a")
    (tmp_path / "a" / "segments").rename(tmp_path / "b" / "segments")
    with pytest.raises(SegmentError, match="not of this journal"):
        sealed(tmp_path / "b")


async def test_flat_facts_are_the_facts_of_the_verdict(tmp_path: Path) -> None:
    pack = kept(pack_files(), tmp_path)
    await write_days(tmp_path, [units(40)])
    sealed(tmp_path)
    derive(tmp_path, {pack.sha256: pack}, tell=lambda _: None)
    domains = pack.policy.domains
    columns = [column.sql for column in sql.fact_columns(domains)]
    query = f"SELECT sequence, f_flags, {', '.join(columns)} FROM FILES ORDER BY sequence"
    rows = read(tmp_path / "verdicts", query)
    with Reader(tmp_path / "journal.db") as reader:
        bodies = [body for _, body in reader.verdicts(1, reader.last_seq())]
    assert len(rows) == 40
    for (_, flags, *flat), body in zip(rows, bodies, strict=True):
        facts = json.loads(body)["data"]["facts"]
        values = sql.lifted(dict(zip(columns, flat, strict=True)), domains)
        assert values == Facts.from_json(facts).values
        assert flags == facts["known"]["flags"]


async def test_photographs_of_a_unit_stand_beside_its_verdict(tmp_path: Path) -> None:
    pack = kept(pack_files(), tmp_path)
    photo = PhotoTaken(
        sha256="ab" * 32, bytes=9, mime="image/jpeg", width=1, height=1, slot="item", camera="top",
        sharpness=99, mean=99, clipped=0, bound_by="open_window",
    )  # fmt: skip
    seen, unseen = units(1), units(1, 5)
    taken = event(photo, unit=seen[0].unit)
    await write_days(tmp_path, [[*seen, taken, *unseen]])
    sealed(tmp_path)
    derive(tmp_path, {pack.sha256: pack}, tell=lambda _: None)
    rows = read(tmp_path / "verdicts", "SELECT unit, photos FROM FILES ORDER BY sequence")
    assert rows == [(seen[0].unit, ["ab" * 32]), (unseen[0].unit, [])]


async def test_a_segment_without_a_verdict_gives_an_empty_file(tmp_path: Path) -> None:
    await write_days(tmp_path, [[event(unit=uuid7(5))]])
    sealed(tmp_path)
    names = derive(tmp_path, {}, tell=lambda _: None)
    assert len(names) == 1
    assert read(tmp_path / "verdicts", "SELECT count(*) FROM FILES") == [(0,)]
    assert derive(tmp_path, {}, tell=lambda _: None) == ()


async def test_a_verdict_of_a_pack_that_is_not_at_hand_is_an_error(tmp_path: Path) -> None:
    await write_days(tmp_path, [units(1)])
    sealed(tmp_path)
    with pytest.raises(SegmentError, match=default_pack().sha256):
        derive(tmp_path, {}, tell=lambda _: None)
    assert listed(tmp_path / "verdicts") == ()


async def test_the_verb_exports_once_and_takes_the_packs_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = kept(pack_files(), tmp_path / "data")
    await write_days(tmp_path / "data", [units(2)])
    given = ["export", "segments", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    assert main(given) == 0
    assert "1 segments, 1 files of verdicts" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "out" / "packs").iterdir()] == [pack.sha256]
    assert main(given) == 0
    assert "0 segments, 0 files of verdicts" in capsys.readouterr().out


def test_without_a_journal_the_verb_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "segments", "--data", str(tmp_path)]) == 1
    assert "journal.db" in capsys.readouterr().err


def test_without_the_extra_the_verb_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "find_spec", lambda _: None)
    assert main(["export", "segments", "--data", str(tmp_path)]) == 2
    assert "receiving-edge[bi]" in capsys.readouterr().err
