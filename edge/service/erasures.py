"""Demands to erase a photograph as files: `DATA/inbox/photos/<name>.json`, renamed into place.

The file of the photograph goes with the commit of `photo.erased`; the demand is laid aside in
`done/`, or in `bad/` beside `<name>.err`. Taken once more after a crash it changes nothing.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.catalogue import Person
from edge.events import PhotoErased
from edge.journal.reader import Reader
from edge.records import from_json

INBOX: Final = Path("inbox", "photos")
POLL_S: Final = 0.5
BYTES_MAX: Final = 4096
SUPERVISOR: Final = "supervisor"

Commit = Callable[[PhotoErased, str], Awaitable[bool]]

log = logging.getLogger("erasures")


class ErasureRefusedError(ValueError):
    """A demand that is not followed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Which photograph goes, who says so and why."""

    sha256: str
    by: str
    reason: str


class Erasures:
    """Takes demands and follows them. `commit` returns False where no room is."""

    def __init__(
        self, data: Path, journal: Path, *, people: Mapping[str, Person], commit: Commit
    ) -> None:
        self._inbox = data / INBOX
        self._journal = journal
        self._people = people
        self._commit = commit

    async def run(self) -> None:
        """Take what is dropped, for ever."""
        while True:
            try:
                await self.take_all()
            except OSError as error:
                log.warning("erasures: inbox: %s", error)
            await asyncio.sleep(POLL_S)

    async def take_all(self) -> None:
        """Take what lies there, in name order. Raises OSError."""
        for name in ("done", "bad"):
            (self._inbox / name).mkdir(parents=True, exist_ok=True)
        for path in sorted(self._inbox.glob("*.json")):
            await self._take(path)

    async def _take(self, path: Path) -> None:
        try:
            demand = read_demand(_read(path))
            self._need(demand)
        except ErasureRefusedError as error:
            log.error("erasures: %s refused: %s", path.name, error)  # noqa: TRY400 - no trace is needed
            self._refuse(path, str(error))
            return
        event = PhotoErased(sha256=demand.sha256, reason=demand.reason, by=demand.by)
        if await self._commit(event, f"{PhotoErased.KIND}/{demand.sha256}"):
            self._lay_aside(path, "done")

    def _refuse(self, path: Path, why: str) -> None:
        (self._inbox / "bad" / f"{path.name}.err").write_text(f"{why}\n", encoding="utf-8")
        self._lay_aside(path, "bad")

    def _lay_aside(self, path: Path, where: str) -> None:
        path.rename(self._inbox / where / path.name)

    def _need(self, demand: Demand) -> None:
        person = self._people.get(demand.by)
        if person is None or person.role != SUPERVISOR:
            raise ErasureRefusedError(f"{demand.by!r} is no supervisor")
        with Reader(self._journal) as reader:
            if demand.sha256 not in reader.photos():
                raise ErasureRefusedError(f"no event names a photograph {demand.sha256}")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BYTES_MAX + 1)  # one more tells that it is too long


def read_demand(body: bytes) -> Demand:
    """Return the demand that a file holds. Raises ErasureRefusedError."""
    if len(body) > BYTES_MAX:
        raise ErasureRefusedError(f"longer than {BYTES_MAX} bytes")
    try:
        found: Any = json.loads(body)
        demand = from_json(Demand, found)
    except (ValueError, TypeError, KeyError) as error:
        raise ErasureRefusedError(f"no demand: {error}") from error
    if not demand.reason:
        raise ErasureRefusedError("a reason is missing")
    return demand
