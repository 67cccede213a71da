"""The tables beside the events, saved from a damaged journal: copied, or made anew from events."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from edge.journal.identity import KEYS
from edge.journal.inserts import insert_rows
from edge.journal.outbox import Rights, is_wanted
from edge.journal.rows import id_text
from edge.settings.model import TargetSettings

STEP_ROWS: Final = 500
LEAP_MAX: Final = 10_000  # a number further beyond the newest event is damage, not a lost tail
LOOK_BACK: Final = 50_000  # an open subject had an event among that many newest
MOVES_BACK: Final = 2_000

_OPENS: Final = {"parcel.arrived": "parcel", "unit.opened": "unit"}
_CLOSES: Final = {"parcel.closed": "parcel", "unit.closed": "unit"}
_SHIFT: Final = {"operator.in": True, "operator.handover": True, "operator.out": False}


class Beside:
    """One salvage's work on them; `incomplete` = tables that could not be read whole."""

    def __init__(self, source: sqlite3.Connection | None, target: sqlite3.Connection) -> None:
        self._source = source
        self._target = target
        self.incomplete: set[str] = set()

    def copy(self) -> None:
        """Copy every row that can be read; what names an event far beyond the newest is none."""
        tables = self._target.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'event'"
            " AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()
        for (table,) in tables:
            if self._source is None or not self._copy_table(table):
                self.incomplete.add(table)
        self._target.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in KEYS])
        self._drop_leaps()

    def mend(self, targets: tuple[TargetSettings, ...]) -> None:
        """Make anew, from the events, what could not be read whole."""
        if self.incomplete & {"target", "outbox"}:
            for one in targets:
                if one.takes_events:
                    self._mend_outbox(one)
        if "live" in self.incomplete:
            self._mend_live()
        if "photo" in self.incomplete:
            self._mend_photos()
        self._target.execute("DELETE FROM outbox WHERE seq NOT IN (SELECT seq FROM event)")

    def _copy_table(self, table: str) -> bool:
        assert self._source is not None, "asked before"
        names = [row[1] for row in self._target.execute(f"PRAGMA table_info({table})")]
        try:
            there = {row[1] for row in self._source.execute(f"PRAGMA table_info({table})")}
            columns = ", ".join(name for name in names if name in there)
            if not columns:
                return True  # a table that is newer than the file
            marks = ", ".join("?" * (columns.count(",") + 1))
            self._target.executemany(
                f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
                self._source.execute(f"SELECT {columns} FROM {table}"),  # noqa: S608 - own names
            )
        except sqlite3.DatabaseError:
            return False
        return True

    def _drop_leaps(self) -> None:
        (newest,) = self._target.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
        for table, column in (("target", "cursor_seq"), ("live", "first_seq"), ("outbox", "seq")):
            dropped = self._target.execute(
                f"DELETE FROM {table} WHERE {column} > ?",  # noqa: S608 - own names
                (newest + LEAP_MAX,),
            )
            if dropped.rowcount:
                self.incomplete.add(table)
        self._fit_accounts()

    def _fit_accounts(self) -> None:
        """What is owed to a target nobody knows is owed to those that are configured."""
        unknown = "DELETE FROM outbox WHERE target NOT IN (SELECT id FROM target)"
        if self._target.execute(unknown).rowcount:
            self.incomplete.add("target")
        self._target.execute(
            "UPDATE target SET next_n = max(next_n, coalesce("
            "(SELECT max(n) FROM outbox o WHERE o.target = target.id), 0) + 1)"
        )

    # ------------------------------------------------------------ made anew

    def _mend_outbox(self, target: TargetSettings) -> None:
        """Send again what may not have been sent: the receiver knows what it has by the ids."""
        self._target.execute(
            "INSERT OR IGNORE INTO target (name, durable, state, next_n, cursor_seq)"
            " VALUES (?, ?, 'idle', 1, 0)",
            (target.name, int(target.durable)),
        )
        key, next_n, cursor = self._target.execute(
            "SELECT id, next_n, cursor_seq FROM target WHERE name = ?", (target.name,)
        ).fetchone()
        self._target.execute("DELETE FROM outbox WHERE target = ?", (key,))
        wanted: list[tuple[int, int, int]] = []
        rights = Rights(tenants=target.tenants, audit=target.audit)
        for seq, kind, data in self._events(cursor + 1):
            is_own = kind.startswith("sync.") and data.get("target") == target.name
            is_due = data.get("mode") == "live" and is_wanted(kind, target.events) and not is_own
            is_audit = bool(data.get("audit"))
            if is_due and rights.allow(str(data.get("tenant")), is_audit=is_audit):
                wanted.append((seq, key, next_n + len(wanted)))
        insert_rows(self._target, "outbox", wanted)
        self._target.execute(
            "UPDATE target SET next_n = ? WHERE id = ?", (next_n + len(wanted), key)
        )

    def _mend_live(self) -> None:
        (newest,) = self._target.execute("SELECT max(seq) FROM event").fetchone()
        open_: dict[str, int] = {}
        for seq, kind, data in self._events(newest - LOOK_BACK):
            if kind in _OPENS:
                open_.setdefault(f"{_OPENS[kind]}/{data.get(_OPENS[kind])}", seq)
            elif kind in _CLOSES:
                open_.pop(f"{_CLOSES[kind]}/{data.get(_CLOSES[kind])}", None)
            elif kind == "move.planned" and seq > newest - MOVES_BACK:
                open_.setdefault(f"move/{data.get('move')}", seq)
            elif _SHIFT.get(kind):
                open_.setdefault("shift", seq)
            elif kind in _SHIFT:
                open_.pop("shift", None)
        self._target.executemany("INSERT OR IGNORE INTO live VALUES (?, ?)", list(open_.items()))

    def _mend_photos(self) -> None:
        for seq, kind, data in self._events(0):
            if kind == "photo.taken":
                self._target.execute(
                    "INSERT OR IGNORE INTO photo (sha256, bytes, state, seq)"
                    " VALUES (?, ?, 'kept', ?)",
                    (bytes.fromhex(data["sha256"]), data["bytes"], seq),
                )

    def _events(self, first: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Yield sequence, kind and data of the saved events; unit and parcel as the columns say."""
        while found := self._target.execute(
            "SELECT seq, kind, parcel, unit, body FROM event WHERE seq >= ? ORDER BY seq LIMIT ?",
            (first, STEP_ROWS),
        ).fetchall():
            for seq, kind, parcel, unit, body in found:
                data = json.loads(body)["data"]
                named = {"parcel": parcel, "unit": unit}
                ids = {name: id_text(key) for name, key in named.items() if key is not None}
                yield seq, kind, {**data, **ids}
            first = found[-1][0] + 1
