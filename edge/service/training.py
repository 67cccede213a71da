"""The training room: a desk of its own with a journal of its own, beside the work that goes on.

Only what the person scans and presses goes there while it is open. Devices, feeds and sync stay
with the work; nothing of the room reaches them.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from drivers.protocols import Clock, ScanOutcome
from edge.course import Course
from edge.dispatch.recorder import Recorder
from edge.events import DocumentRef, Draft, Origin
from edge.floor import FloorSettings, HoldRules, LpnRules
from edge.journal.reader import SQLITE_VERSION, Reader
from edge.journal.writer import Identity, Journal
from edge.quality import QualityRules
from edge.receiving.loop import Receiving
from edge.service.replay import replayed
from edge.settings.model import Settings
from edge.station.decision import Context, PhotoRequest
from edge.station.inputs import CourseInput, Input, StartInput
from edge.station.state import State
from edge.station.training import TRAINING
from zoning.pack import Pack

FOLDER: Final = "training"
Tone = Callable[[str, int, ScanOutcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is on disk of the room: its journal, and the state that it leaves."""

    journal: Journal
    state: State


async def open_books(
    stack: AsyncExitStack, settings: Settings, data: Path, *, identity: Identity, clock: Clock
) -> Books | None:
    """Open the journal of the room; None where no course is configured.

    It has no target, so no event of it is ever kept for one.
    """
    if settings.course is None:
        return None
    budget = replace(settings.station.journal, ballast_mb=0, segments=False)
    path = data / FOLDER / "journal.db"
    journal = await stack.enter_async_context(
        Journal(path, identity, targets=(), budget=budget, clock=clock, salvages=True)
    )
    reader = stack.enter_context(Reader(path))
    return Books(journal=journal, state=replayed(reader, reader.activations())[0])


def both(work: State, books: Books | None) -> State:
    """Return the work's state with the units of the room: their rules are needed, too."""
    trained = books.state.units if books is not None else {}
    return replace(work, units={**trained, **work.units})


class Classroom:
    """One person is trained at a time; `is_open` = the station's keys and scans go here."""

    def __init__(
        self,
        books: Books,
        work: Context,
        *,
        origin: Origin,
        course: Course | None,
        clock: Clock,
        changed: Callable[[], None],
        tone: Tone,
    ) -> None:
        known = books.state.active if books.state.active in work.packs else ""
        self.context = _context(work, course)
        self.receiving = Receiving(
            books.journal,
            replace(origin, journal_id=books.journal.journal_id, mode=TRAINING),
            context=self.context,
            clock=clock,
            effects=self,
            state=replace(books.state, active=known),
        )
        self.is_open = books.state.shift is not None
        self._journal = books.journal
        self._recorder = Recorder(self)
        self._changed = changed
        self._tone = tone

    @property
    def state(self) -> State:
        """Return the room's committed state."""
        return self.receiving.state

    @property
    def is_writable(self) -> bool:
        """Return whether the room's journal takes events."""
        return self.receiving.stopped is None

    @property
    def last_seq(self) -> int:
        """Return the newest sequence of the room's journal."""
        return self._journal.last_seq

    async def commit(self, given: Input) -> bool:
        """Hand in an input of the recorder; True when it was committed."""
        reply = await self.receiving.submit(given)
        return bool(reply.kinds)

    async def begin(self) -> None:
        """Record the start of the service: the first event of a new journal is among it."""
        started = StartInput(
            version=version("receiving-edge"),
            sqlite=SQLITE_VERSION,
            replay_ms=0,
            new_journal=self._journal.reason,
            previous=self._journal.ancestry.previous,
            lost=self._journal.ancestry.lost,
        )
        await self.receiving.submit(started)

    async def turn(self, mode: str, work: State, pack: Pack) -> None:
        """Open the room for the person at the work's screen, or close it."""
        shift = work.shift
        if mode == TRAINING and shift is not None:
            rules = DocumentRef(id=pack.id, version=pack.version, sha256=pack.sha256)
            person = self.context.people[shift.operator]
            await self.receiving.submit(
                CourseInput(operator=person.no, role=person.role, policy=rules)
            )
        self.is_open = mode == TRAINING
        self._changed()

    async def record(self) -> None:
        """Write down for ever what would have moved."""
        self._recorder.wake()
        await self._recorder.run()

    # ------------------------------------------------------------ effects of a commit

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None:
        """Give the hand its tone: the scanner is the work's own."""
        self._tone(device, scan_no, outcome)

    def photograph(self, request: PhotoRequest) -> None:
        """Take none: a photograph is evidence, and here is nothing to prove."""

    def committed(self, drafts: tuple[Draft, ...]) -> None:
        """Show the new state and write down what would have moved."""
        self._changed()
        if drafts:
            self._recorder.wake()


def _context(work: Context, course: Course | None) -> Context:
    """The same rules and people; no camera, no printed numbers, no container that fills."""
    return replace(
        work,
        course=course,
        can_train=False,
        camera_roles=frozenset(),
        floor=_floor(work.floor),
        lpn=LpnRules(),
        hold=HoldRules(),
        quality=QualityRules(),
    )


def _floor(floor: FloorSettings) -> FloorSettings:
    trays = {name: replace(tray, fixed=True, container=None) for name, tray in floor.trays.items()}
    return replace(floor, trays=trays, containers=())
