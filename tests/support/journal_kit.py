"""Events, settings and a clock for tests of journal, sync and feeds."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.clock import SystemClock
from edge.events import (
    Draft,
    Encoded,
    EventId,
    Origin,
    ParcelId,
    Stamp,
    Subject,
    UnitId,
    UnitParked,
    encode,
)
from edge.events.kinds import Payload
from edge.journal.writer import Identity, Journal, Submission
from edge.settings.model import JournalSettings, TargetKind, TargetSettings

IDENTITY = Identity(
    namespace="https://returns.example.com", site="msk1", station="st07", machine_id="m1"
)
WALL_MS = 1_764_000_000_000

_numbers = itertools.count(1)


class HandClock:
    """A wall clock that stands where the test puts it; monotonic time runs and can be pushed on."""

    def __init__(self) -> None:
        self.now_ms = WALL_MS
        self._pushed_ns = 0

    def monotonic_ns(self) -> int:
        return SystemClock().monotonic_ns() + self._pushed_ns

    def push_ms(self, by_ms: int) -> None:
        """Let this much monotonic time have passed."""
        self._pushed_ns += by_ms * 1_000_000

    def wall_ms(self) -> int:
        return self.now_ms


# How full the disk under the tests is, is none of their business.
ROOMY = JournalSettings(warn_percent=200, high_percent=210, full_percent=220)


def uuid7(number: int) -> str:
    """A canonical UUIDv7 that is different for each number."""
    return f"0193a5c0-0000-7000-8000-{number:012x}"


def origin(journal_id: str = "3f9a61c2", mode: str = "live") -> Origin:
    return Origin(
        namespace=IDENTITY.namespace,
        site=IDENTITY.site,
        station=IDENTITY.station,
        journal_id=journal_id,
        boot="b00t",
        config="c0",
        tz="+03:00",
        mode=mode,
    )


def event(
    payload: Payload | None = None,
    *,
    unit: str | None = None,
    parcel: str | None = None,
    given: str | None = None,
    mode: str = "live",
    key: str | None = None,
    audit: bool = False,
) -> Encoded:
    """One encoded event with an id of its own; `key` keeps it apart from other processes' ids."""
    subject = Subject(
        unit=UnitId(unit) if unit else None, parcel=ParcelId(parcel) if parcel else None
    )
    stamp = Stamp(
        id=EventId(key or uuid7(next(_numbers))),
        time_ms=WALL_MS,
        mono_ms=5,
        operator="0417",
        input=given,
        audit=audit,
    )
    draft = Draft(payload=payload or UnitParked(), subject=subject)
    return encode(draft, stamp, origin(mode=mode))


def one(given: str | None = None) -> Submission:
    """A submission of one event."""
    return Submission(events=(event(unit=uuid7(7), given=given),))


def target(name: str = "platform", *globs: str, url: str = "http://127.0.0.1:1/") -> TargetSettings:
    return TargetSettings(name=name, kind=TargetKind.HTTP_BATCH, url=url, events=globs or ("*",))


@asynccontextmanager
async def opened(
    folder: Path,
    *targets: TargetSettings,
    budget: JournalSettings | None = None,
    clock: HandClock | None = None,
    identity: Identity = IDENTITY,
) -> AsyncIterator[Journal]:
    budget = budget or ROOMY
    async with Journal(
        folder / "journal.db",
        identity,
        targets=targets,
        budget=budget,
        clock=clock or HandClock(),
    ) as journal:
        yield journal


def batches(items: list[Encoded], size: int) -> Iterator[Submission]:
    """Submissions of `size` events each."""
    for at in range(0, len(items), size):
        yield Submission(events=tuple(items[at : at + size]))


async def cancelled_after(
    work: Coroutine[Any, Any, None], is_met: Callable[[], bool], seconds: float = 60.0
) -> None:
    """Run something endless until a condition holds, then cancel it."""
    task = asyncio.create_task(work, name="endless")
    try:
        async with asyncio.timeout(seconds):
            while not is_met() and not task.done():  # noqa: ASYNC110 - any condition
                await asyncio.sleep(0.005)
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]
