"""The running station: wires receiving, dispatch, devices, terminals and sync to each other."""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from drivers.protocols import (
    DeviceHealth,
    ScanOutcome,
)
from edge.barcodes.classify import classify
from edge.barcodes.meanings import Meaning
from edge.barcodes.numbers import compile_rules, rows_of
from edge.dispatch.dispatch import Dispatch
from edge.events import (
    ConfigActivated,
    Draft,
)
from edge.feeds.accept import FeedReport
from edge.feeds.fetch import poll
from edge.intake import ScannerIntake, Supervisor
from edge.labels.shift_report import ShiftFacts
from edge.receiving.local import offset_s
from edge.receiving.loop import Receiving, Reply
from edge.service.devices import Configured
from edge.service.hold_desk import HoldDesk
from edge.service.label_desk import LabelDesk
from edge.service.lights import Lights
from edge.service.live_figures import LiveFigures
from edge.service.photographer import Photographer, judged, lenses
from edge.service.proofs import is_test_due
from edge.service.recent import Recent
from edge.service.robot_seen import with_robot
from edge.service.room import Room
from edge.service.shift_facts import shift_facts
from edge.service.timers import look_at_timers
from edge.service.training import Classroom
from edge.service.typed import typed_scan
from edge.service.upkeep import Upkeep
from edge.service.wall_clock import BUILT_MS, SYNCED, WallClock
from edge.service.watch import Watch
from edge.service.world import Stores, World
from edge.settings.proof import profile_sha256
from edge.sounds.player import Sounds
from edge.station import by_hand
from edge.station.decision import PhotoRequest
from edge.station.inputs import (
    DeviceInput,
    FeedInput,
    Input,
    KeyInput,
    Lookups,
    ScanInput,
    StartInput,
    StorageEvent,
    StorageInput,
    SyncEvent,
    SyncInput,
)
from edge.station.present import Shown, present
from edge.station.state import State
from edge.sync.photo_http import upload
from edge.sync.pump import pump
from edge.sync.reports import Reports
from edge.sync.target import TargetStatus
from edge.terminal_server import TerminalServer
from edge.views import Ack, Key, StationView, TypedScan

TICK_S: Final = 1.0  # clock on the screen, lock timer, probe of a full disk
LAG_S_MAX: Final = 0.25

log = logging.getLogger("service")


class Station:
    """One station's parts and the few calls between them."""

    def __init__(self, world: World, stores: Stores, state: State, watch: Watch) -> None:
        settings, devices, origin = world.settings, world.devices, world.origin
        self._world = world
        self._stores = stores
        self._watch = watch
        self._rev = 0
        self._typed = 0
        self._wall_clock = WallClock(world.clock, built_ms=BUILT_MS)
        self._clock_news = 0
        self._dirty = asyncio.Event()
        self._room: Classroom | None = None
        self.receiving = Receiving(
            stores.journal,
            origin,
            context=world.context,
            clock=world.clock,
            effects=self,
            state=state,
        )
        self._lights = Lights(
            origin.station, settings.floor, robots=devices.robots, changed=self._dirty.set
        )
        self._reports = Reports(self.record_sync, world.clock)
        self._dispatch = Dispatch(
            settings.floor,
            robots=devices.robots,
            conveyors=devices.conveyors,
            desk=self,
            clock=world.clock,
            station=origin.station,
            epoch=origin.journal_id + origin.boot,
        )
        self._photographer = Photographer(
            lenses(devices),
            stores.photos,
            clock=world.clock,
            wait_s=settings.station.photo.wait_s,
            submit=self.receiving.submit,
            judge=lambda one, photo: judged(self.receiving.state, one, photo, self._rules),
        )
        self._sounds = Sounds(settings.station.sound.player, stores.sounds)
        self._upkeep = Upkeep(
            stores.journal,
            stores.photos,
            lost=stores.lost,
            clock=world.clock,
            is_clean=stores.is_clean,
            record=self.record_storage,
        )
        self._live = _live_figures(world, stores)
        self._recent = Recent(world.clock, undo_s=settings.station.terminal.undo_bar_s)
        self._labels = self._label_desk()
        self._holds = HoldDesk(
            stores.reference,
            clock=world.clock,
            state=lambda: self.receiving.state,
            submit=self.receiving.submit,
        )
        self._rules = world.rules
        self._intakes = {
            name: self._intake(one)
            for one in devices.every
            if (name := str(one.settings.name)) in devices.scanners
        }
        self._take_numbers()

    def _label_desk(self) -> LabelDesk:
        return LabelDesk(
            self._world.settings.station.lpn,
            packs=self._world.context.packs,
            clock=self._world.clock,
            submit=self.receiving.submit,
            report=self._shift_facts,
        )

    # ------------------------------------------------------------ work, or the training room

    def attach(self, room: Classroom | None) -> None:
        """Put up the training room, where a course is configured."""
        self._room = room

    async def begin(self, started: StartInput) -> None:
        """Record the start, of the room, too."""
        await self.receiving.submit(started)
        if self._room is not None:
            await self._room.begin()

    @property
    def _open_room(self) -> Classroom | None:
        return self._room if self._room is not None and self._room.is_open else None

    @property
    def _front(self) -> Receiving:
        """Return where the person's keys and scans go."""
        room = self._open_room
        return self.receiving if room is None else room.receiving

    async def _hand_in(self, given: Input) -> Reply:
        """Hand in what the person did; a supervisor's word may open the room, or close it."""
        reply = await self._front.submit(given)
        if reply.mode and self._room is not None:
            context = self._world.context.during(self.receiving.state)
            rules = context.packs[context.active]
            await self._room.turn(reply.mode, self.receiving.state, rules)
        return reply

    # ------------------------------------------------------------ what dispatch sees

    @property
    def state(self) -> State:
        """Return the committed state."""
        return self.receiving.state

    @property
    def is_writable(self) -> bool:
        """Return whether the journal takes events."""
        return self.receiving.stopped is None

    async def commit(self, given: Input) -> bool:
        """Hand in an input; True when it was committed."""
        reply = await self.receiving.submit(given)
        return bool(reply.kinds)

    # ------------------------------------------------------------ effects of a commit

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None:
        """Give the hand its tone."""
        if device in self._intakes:
            self._intakes[device].tone(scan_no, outcome)

    def photograph(self, request: PhotoRequest) -> None:
        """Take a photograph; it comes back as an input."""
        self._photographer.ask(request)

    def committed(self, drafts: tuple[Draft, ...]) -> None:
        """Show the new state and wake dispatch."""
        self._dirty.set()
        for draft in drafts:
            self._watch.count(draft.payload)
            self._labels.take(draft, self.receiving.state)
            if isinstance(draft.payload, ConfigActivated):
                self._take_numbers()
        if drafts:
            self._dispatch.wake()

    def _take_numbers(self) -> None:
        """Know the numbers that the packs in force bring beside the station's own."""
        context = self._world.context.during(self.receiving.state)
        names = dict.fromkeys((context.active, *context.serving))
        rows = [row for name in names for row in rows_of(context.packs[name].terms)]
        own = self._world.rules
        self._rules = replace(own, numbers=(*own.numbers, *compile_rules(rows)))
        for intake in self._intakes.values():
            intake.rules = self._rules

    # ------------------------------------------------------------ what terminals see

    def view(self) -> StationView:
        """Return the whole screen as it is now."""
        self._rev += 1
        cache_age_s = self._stores.reference.age_s("returns")
        is_due = is_test_due(
            self._world.settings.devices, self.receiving.state.proven, self._world.clock.wall_ms()
        )
        head = self._lights.head(
            self._dispatch.doubtful(),
            cache_age_s,
            is_test_due=is_due,
            disk_days=self._live.room.days,
        )
        front, room = self._front, self._open_room
        state = front.state
        day, shift = self._live.shown(state.shift)
        shown = Shown(
            head=head,
            seq=room.last_seq if room else self._stores.journal.last_seq,
            rev=self._rev,
            clock_text=head.at[11:19],
            scan=front.scan,
            stopped=front.stopped,
            day=day,
            shift=shift,
        )
        own = room.context if room else self._world.context
        wall_ms = self._world.clock.wall_ms()
        context = replace(own.during(state), wall_ms=wall_ms, offset_s=offset_s(wall_ms))
        view = present(state, front.screen, shown, context)
        view = view if room else self._recent.on_view(view)
        robots, floor = self._world.devices.robots, self._world.settings.floor
        view = with_robot(view, robots, floor, self._world.clock)
        return self._sounds.on_view(self._photographer.on_view(view, state.hand))

    def _shift_facts(self) -> ShiftFacts:
        state = self.receiving.state
        return shift_facts(
            self._world.origin.station,
            state,
            self._live.shown(state.shift)[1],
            unsent=sum(status.pending for status in self._lights.targets),
            wall_ms=self._world.clock.wall_ms(),
        )

    async def act(self, connection: str, act: Key | TypedScan) -> Ack:
        """Take a key or a typed code of a terminal; answers after the commit."""
        key = f"{connection}/{act.id}"
        given: Input
        entry = self._front.screen.entry
        match act:
            case Key(k="enter") if entry:
                given = self._typed_scan(key, TypedScan(id=act.id, src="typed", text=entry))
            case Key():
                is_asked = act.k == by_hand.KEY or self.receiving.screen.overlay == "help"
                lookups = self._look_up(()) if is_asked else Lookups()
                given = KeyInput(input=key, key=act.k, epoch=act.epoch, lookups=lookups)
            case TypedScan():
                given = self._typed_scan(key, act)
        front = self._front
        reply = await self._hand_in(given)
        note = front.screen.note
        return Ack(
            id=act.id,
            did=reply.kinds[-1] if reply.kinds and reply.no is None else None,
            seq=reply.seq,
            no=reply.no,
            p=dict(note.p) if reply.no is not None and note is not None else {},
        )

    def _typed_scan(self, key: str, act: TypedScan) -> ScanInput:
        self._typed += 1
        scan = typed_scan(act, self._typed, self._world.clock.monotonic_ns())
        meanings = classify(scan, self._rules.at(self._world.clock.wall_ms()))
        lookups = self._look_up(meanings)
        return ScanInput(input=key, scan=scan, meanings=meanings, lookups=lookups)

    def _look_up(self, meanings: tuple[Meaning, ...]) -> Lookups:
        """Look up what was read; a person without a code names a line of the open parcel."""
        also: tuple[str, ...] = ()
        if by_hand.is_asked(meanings):
            parcel = self.receiving.state.parcel
            lines = parcel.lines if parcel is not None else ()
            also = tuple(line.gtin for line in lines if line.gtin)
        state = self.receiving.state
        is_idle = state.parcel is None and state.unit is None
        return self._world.look_up(meanings, also, is_idle=is_idle)

    # ------------------------------------------------------------ tasks

    async def run(self, terminals: TerminalServer) -> None:
        """Run every task of the station, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.receiving.run(), name="receiving")
            group.create_task(self._dispatch.run(), name="dispatch")
            group.create_task(self._photographer.run(), name="photographer")
            group.create_task(self._show(terminals), name="views")
            group.create_task(self._tick(), name="tick")
            group.create_task(self._sounds.run(), name="sounds")
            group.create_task(self._upkeep.run(), name="upkeep")
            group.create_task(self._labels.run(), name="labels")
            group.create_task(self._holds.run(), name="holds")
            if self._room is not None:
                group.create_task(self._room.receiving.run(), name="training")
                group.create_task(self._room.record(), name="recorder")
            for one in self._world.devices.every:
                group.create_task(self._supervise(one), name=f"device[{one.settings.name}]")
            self._start_sync(group)

    def _start_sync(self, group: asyncio.TaskGroup) -> None:
        world, stores = self._world, self._stores
        group.create_task(self._reports.run(), name="sync-reports")
        for target in world.settings.targets:
            if not target.takes_events:
                photos = upload(
                    target,
                    stores.journal,
                    stores.photos,
                    clock=world.clock,
                    rng=world.rng,
                    on_state=self._target_state,
                    on_lost=self._upkeep.lost,
                )
                group.create_task(photos, name=f"sync[{target.name}]")
                continue
            work = pump(
                target,
                stores.journal,
                clock=world.clock,
                rng=world.rng,
                on_state=self._target_state,
                on_dead=self._reports.dead,
                outward=world.settings.outward[target.name],
            )
            group.create_task(work, name=f"sync[{target.name}]")
        for feed in world.settings.feeds:
            fetch = poll(
                feed,
                stores.reference,
                clock=world.clock,
                rng=world.rng,
                on_report=self._feed_report,
            )
            group.create_task(fetch, name=f"feed[{feed.name}]")

    def _target_state(self, status: TargetStatus) -> None:
        self._lights.target(status)
        self._reports.state(status)

    async def record_storage(self, event: StorageEvent, once: str) -> bool:
        """Journal news of what is stored here; False = no room now."""
        reply = await self.receiving.submit(StorageInput(event=event, input=once))
        return bool(reply.kinds)

    async def record_sync(self, event: SyncEvent, once: str | None) -> bool:
        """Journal news of sync; False = no room now."""
        reply = await self.receiving.submit(SyncInput(event=event, input=once))
        return bool(reply.kinds)

    async def _feed_report(self, report: FeedReport) -> None:
        if not report.ok:
            rows = "; ".join(str(row) for row in report.refused[:20])
            await self.receiving.submit(FeedInput(feed=report.feed, error=rows))
        elif report.feed == "releases":
            look_up = self._world.look_up
            told: tuple[Input, ...] = (*look_up.claims(), *look_up.absent())
            for one in told:
                await self.receiving.submit(one)
        self._dirty.set()

    async def _supervise(self, one: Configured) -> None:
        intake = self._intakes.get(str(one.settings.name))
        device_class = one.settings.device_class

        async def on_light(health: DeviceHealth) -> None:
            self._lights.device(device_class, health)
            if intake is not None:
                intake.usb_id = health.usb_id
            given = DeviceInput(
                device=health.device,
                device_class=device_class,
                state=health.state,
                reason=health.reason,
            )
            await self.receiving.submit(given)

        supervisor = Supervisor(one.device, rng=self._world.rng, on_light=on_light)
        await supervisor.run(intake.read if intake else None)

    async def _show(self, terminals: TerminalServer) -> None:
        """Publish a view after every change; changes of one moment make one view."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            terminals.publish(self.view())

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            lag_s = loop.time() - due
            if lag_s > LAG_S_MAX:
                log.warning("loop: %d ms late", int(lag_s * 1000))
            self._live.turn(self.receiving.state.shift, self._world.clock.wall_ms())
            self._dirty.set()
            stopped = self.receiving.stopped or ""
            self._watch.tick(stopped, self._lights.targets, lag_s=lag_s)
            await self._look_at_clock()
            await look_at_timers(
                self._front,
                self.receiving,
                times=self._world.settings.station.terminal,
                clock=self._world.clock,
            )

    async def _look_at_clock(self) -> None:
        news = self._wall_clock.look(self._stores.journal.newest_ms)
        self.receiving.clock_state = self._wall_clock.state
        self._watch.metrics.clock_synced.set(self._wall_clock.state == SYNCED)
        if news is not None:
            self._clock_news += 1
            await self.record_storage(news, f"clock/{self._world.origin.boot}/{self._clock_news}")

    def _intake(self, one: Configured) -> ScannerIntake:
        intake = ScannerIntake(
            self._world.devices.scanners[str(one.settings.name)],
            self._world.rules,
            may=one.settings.may,
            boot=self._world.origin.boot,
            submit=self._hand_in,
            look_up=self._look_up,
            clock=self._world.clock,
            profile=profile_sha256(one.settings),
        )
        intake.limits = one.settings.codes
        intake.place = one.settings.place
        return intake


def _live_figures(world: World, stores: Stores) -> LiveFigures:
    budget_mb = world.settings.station.journal.budget_mb
    room = Room(stores.journal, stores.reader, world.clock, budget_mb=budget_mb)
    return LiveFigures(stores.reader, world.context.packs, room)
