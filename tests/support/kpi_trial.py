"""Key figures of simulated days from the functions and from SQL, side by side."""

from dataclasses import dataclass
from pathlib import Path

import kpi_sql
from edge.commands.kpi import measure
from edge.kpi.measure import Period
from edge.sync.segments.seal import seal
from history_kit import write_days
from journal_kit import WALL_MS
from kpi_kit import BANDS, DAY_MS, days
from kpi_sql import Answer, Key

NEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many events and figures were compared, and those that are not the same twice."""

    events: int
    figures: int
    wrong: dict[Key, tuple[Answer | None, Answer | None]]


async def differences(folder: Path, *, units: int, seed: int, parcels_a_day: int) -> Found:
    """Simulate, write the journal, export its segments, compare: all but the first day."""
    history = days(units, seed, parcels_a_day=parcels_a_day)
    await write_days(folder, [history.encoded])
    seal(folder / "journal.db", folder, today="2020-01-01", is_tail=True, tell=lambda _: None)
    end_ms = history.now_ms - 60_000
    period = Period(since_ms=(WALL_MS // DAY_MS + 1) * DAY_MS, until_ms=end_ms, at_ms=end_ms)
    measured = measure(folder / "journal.db", period, BANDS)
    ours: dict[Key, Answer] = {
        (one.name, one.statistic, one.by, one.of): (one.value, one.n, one.k) for one in measured
    }
    theirs = kpi_sql.answers(
        folder / "segments", since_ms=period.since_ms, until_ms=end_ms, at_ms=end_ms
    )
    wrong = {
        key: (ours.get(key), theirs.get(key))
        for key in ours.keys() | theirs.keys()
        if not _is_same(ours.get(key), theirs.get(key))
    }
    return Found(events=len(history.encoded), figures=len(ours), wrong=wrong)


def _is_same(ours: Answer | None, theirs: Answer | None) -> bool:
    if ours is None or theirs is None or ours[1:] != theirs[1:]:
        return False
    if ours[0] is None or theirs[0] is None:
        return ours[0] is theirs[0]
    return abs(ours[0] - theirs[0]) < NEAR
