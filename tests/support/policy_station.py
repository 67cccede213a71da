"""A station around the policy inbox: journal on disk, the real loop, real packs, a hand clock."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import Bench, context
from config_folder import make_config
from drivers.protocols import ScanOutcome
from edge.events import ConfigActivated, ConfigRefused, Draft, Event, UnitId
from edge.feeds.pack_gate import Proofs
from edge.feeds.policy_inbox import INBOX, Desk, PolicyInbox
from edge.journal.reader import Reader
from edge.receiving.loop import Receiving, Reply
from edge.service.packs import COPIES, PROOFS, Packs, cameras_of, open_packs
from edge.service.policy_desk import PolicyDesk
from edge.settings.load import load
from edge.settings.model import JournalSettings
from edge.station.apply import apply
from edge.station.decision import PhotoRequest
from edge.station.inputs import Input, KeyInput, StartInput
from edge.station.state import State
from journal_kit import HandClock, opened, origin
from policy_kit import default_pack, pack_files
from seal_kit import Office, write_files

NOW_MS = 1_790_000_000_000


class Nothing:
    """Effects that nobody waits for."""

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None: ...

    def photograph(self, request: PhotoRequest) -> None: ...

    def committed(self, drafts: tuple[Draft, ...]) -> None: ...


@dataclass
class Hand(Bench):
    """A person whose acts are handed to a running loop one by one."""

    inputs: list[Input] = field(default_factory=list)

    def take(self, given: Input) -> list[str]:
        self.count += 1
        self.now_ms += 2_000
        self.inputs.append(given)
        return []


@dataclass(kw_only=True)
class Running:
    """One start of the station."""

    receiving: Receiving
    inbox: PolicyInbox
    packs: Packs
    clock: HandClock
    hand: Hand

    async def act(self) -> Reply:
        """Let the loop take what the hand did last."""
        given = self.hand.inputs.pop()
        if isinstance(given, KeyInput):
            given = replace(given, epoch=self.receiving.screen.epoch)
        return await self.receiving.submit(given)

    async def begin_shirt(self) -> UnitId:
        """Log in, open the parcel, take the T-shirt; return the unit."""
        self.hand.badge()
        await self.act()
        self.hand.scan("RB123456785RU")
        await self.act()
        self.hand.shirt()
        assert (await self.act()).kinds
        (unit,) = self.receiving.state.units
        return unit

    async def finish(self) -> None:
        """Say that all is well, and put into the tray for new goods."""
        if self.receiving.screen.is_resuming:
            self.hand.press("enter")
            await self.act()
        self.hand.press("0")
        await self.act()
        self.hand.tray("A1")
        assert "put.confirmed" in (await self.act()).kinds


@dataclass(kw_only=True)
class PolicySite:
    """A minimal station's configuration and data."""

    config: Path
    data: Path
    budget: JournalSettings = field(default_factory=JournalSettings)

    @classmethod
    def made(cls, folder: Path, office: Office, *, signed: bool) -> "PolicySite":
        """Write a configuration, `signed` = with policy keys; the shipped pack is proved."""
        config = make_config(folder, "minimal", {"run_dir": str(folder)})
        if signed:
            office.configure(config)
        copies = folder / "data" / COPIES
        write_files(copies / default_pack().sha256, pack_files())
        Proofs(folder=copies / PROOFS, cameras=None).add(default_pack().sha256)
        return cls(config=config, data=folder / "data")

    @property
    def inbox(self) -> Path:
        """Return the folder that packs are dropped into."""
        return self.data / INBOX

    def configure(self, files: dict[str, bytes]) -> None:
        """Put other files into the configured pack's folder."""
        pack = self.config / "packs" / "default"
        shutil.rmtree(pack)
        write_files(pack, files)

    def drop(self, pack: Path, name: str) -> None:
        """Put a copy of a pack into the inbox under a name."""
        self.inbox.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if pack.is_dir() else shutil.copy
        copy(pack, self.inbox / f".{name}")
        (self.inbox / f".{name}").rename(self.inbox / name)

    def lying(self, where: str = ".") -> list[str]:
        """Return what lies in a folder of the inbox."""
        return sorted(p.name for p in (self.inbox / where).iterdir() if p.name not in ASIDE)

    def events(self, kind: str = "config.") -> list[Event]:
        """Return the journalled events of a kind or family."""
        with Reader(self.data / "journal.db") as reader:
            return [event for event in reader.events(1) if event.kind.startswith(kind)]

    def policy(self) -> list[ConfigActivated | ConfigRefused]:
        """Return the payloads of what was activated and refused, in order."""
        payloads = (event.payload for event in self.events())
        return [one for one in payloads if isinstance(one, ConfigActivated | ConfigRefused)]

    @asynccontextmanager
    async def started(self, desk: type[PolicyDesk] = PolicyDesk) -> AsyncIterator[Running]:
        """Start as the service does, from the journal; raises PackError as it does."""
        settings = load(self.config, data=self.data)
        self.data.mkdir(exist_ok=True)
        clock = HandClock()
        clock.now_ms = NOW_MS
        async with opened(self.data, budget=self.budget, clock=clock) as journal:
            with Reader(self.data / "journal.db") as reader:
                activations = reader.activations()
                state = State()
                for event in (*activations, *reader.replay()):
                    state = apply(state, event)
            packs = await open_packs(
                settings, self.data, activations=activations, state=state, clock=clock
            )
            receiving = Receiving(
                journal,
                origin(journal.journal_id),
                context=context(packs=packs.by_digest, active=packs.active),
                clock=clock,
                effects=Nothing(),
                state=replace(state, active=packs.in_force),
            )
            counter: Desk = desk(receiving, packs.by_digest, self.data / COPIES)
            inbox = PolicyInbox(
                self.data,
                keys=settings.policy_keys,
                cameras=cameras_of(settings),
                desk=counter,
                clock=clock,
            )
            loop = asyncio.create_task(receiving.run(), name="receiving")
            try:
                start = StartInput(
                    version="0", sqlite="3", replay_ms=0, new_journal="", configs=packs.news
                )
                await receiving.submit(start)
                hand = Hand(count=journal.last_seq * 1000)
                yield Running(receiving=receiving, inbox=inbox, packs=packs, clock=clock, hand=hand)
            finally:
                loop.cancel()
                await asyncio.gather(loop, return_exceptions=True)


ASIDE = ("done", "bad")
