"""Rehearsal over flat facts: DuckDB decides and adds up, only groups and listed units come out.

Says what the fold over a journal says; the SQL is that of `zoning.sql`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from edge.sync.segments.files import SegmentError, connect, fetched, quoted
from zoning import sql
from zoning.model import Domain, Facts, Kind
from zoning.pack import Pack
from zoning.replay.past import EARLY, NO_PACK, Decided, View
from zoning.replay.tally import PAIRS_MAX, Example, Group, Sum, Tally

# One group of rows: all columns that its outcome, its name in the report or its gap depends on.
_KEY: Final = (
    "zone",
    "disposition",
    '"row"',
    "refund",
    "move",
    "category",
    "tenant",
    "checklist",
    "settled_early",
    "n_row",
    "n_open",
    "n_refund",
    "n_move",
    "n_asked",
    "n_hangs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatPast:
    """A folder of flat facts. `since` = first day, `2026-11-23`, or None for all."""

    folder: Path
    since: str | None = None

    @property
    def table(self) -> str:
        """Return the verdicts as a table of SQL."""
        files = quoted(self.folder / "**" / "*.parquet")
        read = f"read_parquet({files}, union_by_name = true, hive_partitioning = false)"
        if self.since is None:
            return f"(SELECT * FROM {read})"  # noqa: S608 - a path, quoted
        return f"(SELECT * FROM {read} WHERE recordedtime >= {quoted(self.since)}::TIMESTAMP)"  # noqa: S608


def newest_policy(folder: Path) -> str:
    """Return the digest of the pack that the newest verdict names; empty = there is none."""
    newest = "arg_max(policy_sha256, (recordedtime, sequence))"
    query = f"SELECT {newest} FROM {FlatPast(folder=folder).table}"  # noqa: S608
    with connect() as connection:
        found = next(fetched(connection, query), (None,))[0]
    return str(found or "")


def rehearse(past: FlatPast, new: Pack, packs: Mapping[str, Pack], limit: int) -> Tally:
    """Return the sums of all verdicts under a candidate. Raises SegmentError.

    `packs` = those of the past by digest. A set that does not go on where the old one ended
    cannot be read from masks.
    """
    tally = Tally(limit=limit)
    with connect() as connection:
        table = past.table
        query = f"SELECT station, count(*) FROM {table} GROUP BY station ORDER BY station"  # noqa: S608
        tally.stations.update((str(name), _int(n)) for name, n in fetched(connection, query))
        query = f"SELECT DISTINCT policy_sha256 FROM {table} ORDER BY policy_sha256"  # noqa: S608
        for (sha256,) in list(fetched(connection, query)):
            old = packs.get(str(sha256))
            if old is None:
                _skip(connection, table, str(sha256), tally)
            else:
                _Rehearsal(connection, table, old, new).add_to(tally)
    return tally


def _skip(connection: duckdb.DuckDBPyConnection, table: str, sha256: str, tally: Tally) -> None:
    """Count the verdicts of a pack that is not at hand."""
    query = _grouped(_KEY[:7], f"{table} WHERE policy_sha256 = {quoted(sha256)}")
    for *words, units, value, valued in fetched(connection, query):
        nothing = Decided("", "", "", "", "")
        group = Group(
            sha256, Decided(*map(str, words[:5])), nothing, NO_PACK, *map(_text, words[5:])
        )
        tally.groups[group] = Sum(units=_int(units), value=_int(value), valued=_int(valued))


class _Rehearsal:
    """The verdicts of one pack of the past under the candidate."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: str, old: Pack, new: Pack
    ) -> None:
        self._connection = connection
        self._old = old
        self._new = new
        self._view = View(old, new)
        self._check_sets()
        chosen = f"SELECT * FROM {table} WHERE policy_sha256 = {quoted(old.sha256)}"  # noqa: S608
        self._decided = self._asked(sql.decision(new, f"({self._projected(chosen)})"))

    def add_to(self, tally: Tally) -> None:
        """Add all verdicts to a tally, and the listed units."""
        query = _grouped(_KEY, f"({self._decided})")
        changed: dict[tuple[str, str], list[tuple[object, ...]]] = {}
        for row in fetched(self._connection, query):
            *words, units, value, valued = row
            group = self._group(words)
            sums = Sum(units=_int(units), value=_int(value), valued=_int(valued))
            tally.groups.setdefault(group, Sum()).add(sums)
            if group.is_changed:
                pair = (group.before.row, group.after.row)
                changed.setdefault(pair, []).append(tuple(words))
        if changed and tally.limit:
            kept = sorted(changed)[:PAIRS_MAX]
            examples = self._examples([key for pair in kept for key in changed[pair]], tally.limit)
            listed = Tally(limit=tally.limit)
            for example in examples:
                listed.show(example)
            tally.merge(listed)

    def _check_sets(self) -> None:
        for name, domain in self._view.columns.items():
            before = self._old.policy.domains[name].values
            if domain.kind is Kind.SET and domain.values[: len(before)] != before:
                raise SegmentError(
                    f"{name}: members were moved or taken out of the set: the bits of stored facts"
                    " mean something else; sets are append-only"
                )

    def _projected(self, chosen: str) -> str:
        """Return the facts as the candidate takes them, beside everything that was recorded."""
        new = self._new.policy.domains
        columns = [
            column for name in new for column in self._taken(name, self._view.columns.get(name))
        ]
        recorded = (
            "station, sequence, unit, photos, tenant, checklist, settled_early, zone, disposition,"
            ' "row", refund, move, value, category'
        )
        kept = ", ".join([recorded, *columns, *self._kept()])
        return f"SELECT {kept} FROM ({chosen})"  # noqa: S608

    def _taken(self, name: str, domain: Domain | None) -> Iterator[str]:
        """Yield the flat columns of one fact of the candidate."""
        declared = {name: domain or self._new.policy.domains[name]}
        for column in sql.fact_columns(declared):
            if domain is None:
                yield f"NULL::{column.type} AS {column.sql}"
            elif column.is_unknown:
                added = sql.mask(self._view.added[name], domain)
                yield f"({column.sql} | {added})::BIGINT AS {column.sql}"
            elif domain.kind is Kind.ENUM:
                listed = ", ".join(map(quoted, domain.values))
                yield f"CASE WHEN {column.sql} IN ({listed}) THEN {column.sql} END AS {column.sql}"
            elif domain.is_number:
                held = f"{column.sql} BETWEEN {domain.range.low} AND {domain.range.high}"
                yield f"CASE WHEN {held} THEN {column.sql} END AS {column.sql}"
            else:
                yield column.sql

    def _kept(self) -> Iterator[str]:
        """Yield the recorded facts under names of their own, for the list of units."""
        for column in sql.fact_columns(self._old.policy.domains):
            yield f"{column.sql} AS was_{column.sql}"

    def _asked(self, decided: str) -> str:
        """Add what only some records need.

        `n_hangs`: an unknown condition caps a unit that was finished early. `n_asked`: the row if
        members that were never asked about were absent.
        """
        loose = (
            sql.refund_case(self._new, "n_row", is_strict=False),
            sql.move_case(self._new, "n_row", is_strict=False),
        )
        hangs = f"settled_early AND ({loose[0]} <> n_refund OR {loose[1]} <> n_move) AS n_hangs"
        added = {name: names for name, names in self._view.added.items() if names}
        if not added:
            return f"SELECT *, {hangs}, n_row AS n_asked FROM ({decided})"  # noqa: S608
        absent = ", ".join(
            f"({column} & ~{sql.mask(names, self._new.policy.domains[name])})::BIGINT AS {column}"
            for name, names in added.items()
            for column in (sql.masks(name)[1],)
        )
        decided = f"SELECT *, {hangs} FROM ({decided})"  # noqa: S608
        again = f"CASE WHEN n_row = {sql.MISSING_ROW} THEN {sql.row_case(self._new)} ELSE n_row END"
        return f"SELECT *, {again} AS n_asked FROM (SELECT * REPLACE ({absent}) FROM ({decided}))"  # noqa: S608

    def _group(self, words: list[Any]) -> Group:
        """Return the group of a row of `_KEY`."""
        recorded, category, tenant, checklist, is_early = words[:5], *words[5:9]
        row, first, refund, move, asked, hangs = words[9:]
        answer = sql.Answer(row=row, open=first, refund=refund, move=move)
        after = Decided(*sql.decided(self._new, answer))
        gap = EARLY if hangs else self._gap(answer, str(checklist), is_early=is_early, asked=asked)
        return Group(
            self._old.sha256, Decided(*recorded), after, gap, _text(category), _text(tenant)
        )

    def _gap(self, answer: sql.Answer, checklist: str, *, is_early: bool, asked: int) -> str:
        """Return what was never asked and would matter, as `View.decide` does."""
        if answer.row != sql.MISSING_ROW:
            return ""
        if is_early:
            return EARLY
        cells = self._new.table.rows[answer.open - 1].cells
        unasked = self._view.unasked(checklist)
        never = next((name for name in cells if name in unasked), "")
        grown = next((name for name in cells if self._view.added.get(name)), "")
        return never or (grown if asked != sql.MISSING_ROW else "")

    def _examples(self, keys: Iterable[tuple[object, ...]], limit: int) -> Iterator[Example]:
        """Yield the first units of each pair of rows, of these groups."""
        names = ", ".join(_KEY)
        like = f"SELECT {names} FROM ({self._decided}) LIMIT 0"  # noqa: S608
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {like}")
        marks = ", ".join("?" * len(_KEY))
        self._connection.executemany(f"INSERT INTO changed VALUES ({marks})", list(keys))  # noqa: S608
        same = " AND ".join(f"d.{name} IS NOT DISTINCT FROM c.{name}" for name in _KEY)
        was = [column.sql for column in sql.fact_columns(self._old.policy.domains)]
        chosen = ", ".join(
            [*(f"d.{name}" for name in _KEY), "station", "sequence", "unit", "photos"]
            + [f"was_{name}" for name in was]
        )
        query = (
            f"SELECT {chosen} FROM ({self._decided}) AS d SEMI JOIN changed AS c ON {same}"  # noqa: S608
            ' QUALIFY row_number() OVER (PARTITION BY d."row", n_row ORDER BY station, sequence)'
            f" <= {limit} ORDER BY station, sequence"
        )
        for row in fetched(self._connection, query):
            yield self._example(list(row), was)

    def _example(self, row: list[Any], was: list[str]) -> Example:
        group = self._group(row[: len(_KEY)])
        station, sequence, unit, photos, *facts = row[len(_KEY) :]
        domains = self._old.policy.domains
        values = sql.lifted(dict(zip(was, facts, strict=True)), domains)
        return Example(
            station=station,
            sequence=sequence,
            unit=unit,
            facts=Facts(policy_sha256=self._old.sha256, values=values),
            before=group.before,
            after=group.after,
            photos=tuple(photos),
        )


def _grouped(key: Iterable[str], source: str) -> str:
    """Return the query of groups, their units, their value and how many of them had one."""
    sums = "count(*), sum(value), count(value)"
    return f"SELECT {', '.join(key)}, {sums} FROM {source} GROUP BY ALL ORDER BY ALL"  # noqa: S608


def _int(value: object) -> int:
    return int(value) if isinstance(value, int) else 0


def _text(value: object) -> str:
    return "" if value is None else str(value)
