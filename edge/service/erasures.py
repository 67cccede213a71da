"""Demands to erase a photograph as files: `DATA/inbox/photos/<name>.json`, renamed into place.

The file of the photograph goes with the commit of `photo.erased`. Taken once more after a crash
a demand changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.catalogue import Person
from edge.events import PhotoErased
from edge.inbox import Drop, DropRefusedError, Inbox, object_of
from edge.journal.reader import Reader
from edge.records import from_json

INBOX: Final = Path("inbox", "photos")
BYTES_MAX: Final = 4096
SUPERVISOR: Final = "supervisor"

Commit = Callable[[PhotoErased, str], Awaitable[bool]]


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
        self.inbox = Inbox(data / INBOX, self._follow, what="erasures", bytes_max=BYTES_MAX)
        self._journal = journal
        self._people = people
        self._commit = commit

    async def _follow(self, drop: Drop) -> bool:
        demand = read_demand(drop.body)
        self._need(demand)
        event = PhotoErased(sha256=demand.sha256, reason=demand.reason, by=demand.by)
        return await self._commit(event, f"{PhotoErased.KIND}/{demand.sha256}")

    def _need(self, demand: Demand) -> None:
        person = self._people.get(demand.by)
        if person is None or person.role != SUPERVISOR:
            raise DropRefusedError(f"{demand.by!r} is no supervisor")
        with Reader(self._journal) as reader:
            if demand.sha256 not in reader.photos():
                raise DropRefusedError(f"no event names a photograph {demand.sha256}")


def read_demand(body: bytes) -> Demand:
    """Return the demand that a file holds. Raises DropRefusedError."""
    try:
        demand = from_json(Demand, object_of(body))
    except (ValueError, TypeError) as error:
        raise DropRefusedError(f"no demand: {error}") from error
    if not demand.reason:
        raise DropRefusedError("a reason is missing")
    return demand
