"""The journal's verdicts: found by their index alone, cut out of their bodies, by time."""

import sqlite3
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.commands.policy.recorded import cut, past, station_of
from edge.events import ShadowVerdict, splice
from edge.journal.reader import Reader
from edge.journal.schema import open_writer
from history_kit import DAY_MS, unit_events, write_days
from journal_kit import WALL_MS, event
from policy_kit import default_pack
from zoning.replay.past import number_limits


async def test_verdicts_are_read_alone_and_in_order(tmp_path: Path) -> None:
    rng = Random(1)
    await write_days(tmp_path, [[e for n in range(6) for e in unit_events(default_pack(), n, rng)]])
    with Reader(tmp_path / "journal.db") as reader:
        every = [e for e in reader.events(1) if e.kind == "verdict.made"]
        last = reader.last_seq()
        found = list(reader.verdicts(1, last))
        assert [seq for seq, _ in found] == [e.seq for e in every]
        assert reader.count_verdicts(1, last) == 6
        assert reader.count_verdicts(every[1].seq, every[3].seq) == 3
        assert [seq for seq, _ in reader.verdicts(every[1].seq, every[3].seq)] == [
            e.seq for e in every[1:4]
        ]
        assert reader.newest_verdict() == found[-1][1]
        bodies = reader.bodies_of_unit(every[0].unit or "")
        assert [kind for _, kind, _ in bodies][-2:] == ["inspection.finished", "verdict.made"]


async def test_a_sequence_is_found_by_its_time(tmp_path: Path) -> None:
    days = [[event() for _ in range(n)] for n in (3, 0, 2)]
    await write_days(tmp_path, days)
    with Reader(tmp_path / "journal.db") as reader:
        assert [reader.seq_at(WALL_MS + d * DAY_MS) for d in (-1, 0, 1, 2, 3)] == [1, 1, 4, 4, 6]
        assert reader.newest_verdict() is None
        assert (reader.first_seq(), reader.count_verdicts(1, 99)) == (1, 0)


def test_no_other_event_is_looked_at(tmp_path: Path) -> None:
    connection = open_writer(tmp_path / "journal.db", pages_max=1000)
    for query in ("SELECT seq, body", "SELECT count(*)"):
        asked = f"{query} FROM event WHERE kind = 'verdict.made' AND seq BETWEEN 1 AND 9"
        (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall()
        assert "INDEX event_verdict" in plan[3]
    connection.close()


def test_a_journal_of_an_older_release_gets_the_index(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_writer(path, pages_max=1000).close()
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX event_verdict")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0002_verdicts'")
    connection.commit()
    connection.close()
    again = open_writer(path, pages_max=1000)
    names = {row[0] for row in again.execute("SELECT name FROM sqlite_master").fetchall()}
    again.close()
    assert "event_verdict" in names


@cache
def verdict_body(seed: int) -> bytes:
    """A verdict of a random unit as it is stored, sometimes with a candidate's word beside it."""
    rng = Random(seed)
    made = unit_events(default_pack(), seed % 1000, rng)[-1]
    if rng.random() < 0.5:
        head = made.head.replace(b'"shadow":[]', f'"shadow":[{_shadow()}]'.encode())
        assert head != made.head
        made = type(made)(**{**{f: getattr(made, f) for f in made.__slots__}, "head": head})
    return splice(made, prevhash="0" * 64, recorded_ms=WALL_MS, seq=seed)


def _shadow() -> str:
    words = ShadowVerdict(
        sha256="e" * 64, row="R99", zone="hazmat", disposition="X", refund="blocked", move="manual"
    )
    names = ("disposition", "gap", "move", "refund", "row", "sha256", "zone")
    return "{" + ",".join(f'"{name}":"{getattr(words, name)}"' for name in names) + "}"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=12))
def test_equal_cuts_are_equal_records(seeds: list[int]) -> None:
    limits = number_limits(default_pack(), "value")
    seen: dict[tuple[object, ...], tuple[object, ...]] = {}
    for seq, seed in enumerate(seeds):
        body = verdict_body(seed)
        whole, parts = past(seq, body), cut(body, limits)
        values = {name: v for name, v in whole.facts.values.items() if name != "value"}
        said = (whole.decided, whole.tenant, whole.checklist, whole.policy_sha256, values)
        assert parts.value == whole.value
        assert station_of(parts.source.decode()) == whole.station == "msk1.st07"
        assert seen.setdefault(parts.key, said) == said


def test_bytes_that_are_no_verdict_are_refused() -> None:
    for body in (b"", b"{}", b'{"data":{"zone":"resale"}}'):
        with pytest.raises(ValueError, match=r".*"):
            cut(body, ())
        with pytest.raises(ValueError, match=r".*"):
            past(1, body)
