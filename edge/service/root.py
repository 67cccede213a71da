"""Composition root of `serve`: stores opened, journal replayed, station run, ended in order."""

import asyncio
import gc
import logging
import random
import secrets
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from drivers.clock import SystemClock
from drivers.protocols import Clock, RobotDriver
from edge.barcodes.classify import Rules
from edge.barcodes.marks import GROUPS
from edge.barcodes.numbers import compile_rules
from edge.events import Origin, ParcelId, UnitId
from edge.feeds.policy_inbox import PolicyInbox
from edge.journal.photos import PhotoStore
from edge.journal.reader import SQLITE_VERSION, Reader
from edge.journal.reference import Reference
from edge.journal.writer import Identity, Journal, Synchronous, machine_id
from edge.service.devices import make_devices
from edge.service.erasures import Erasures
from edge.service.label_desk import numbers_given
from edge.service.look_up import LookUp
from edge.service.monitoring import MonitoringDoor
from edge.service.move_times import MoveTimes
from edge.service.notify import Notifier
from edge.service.packs import COPIES, Packs, cameras_of, open_packs
from edge.service.policy_desk import PolicyDesk
from edge.service.proofs import proof_inbox, proofs_at_start
from edge.service.replay import replayed
from edge.service.sealing import Sealing
from edge.service.station import Station
from edge.service.training import Books, Classroom, both, open_books
from edge.service.watch import Watch
from edge.service.world import Stores, World
from edge.settings.model import Settings
from edge.station.decision import Context, Fresh
from edge.station.inputs import StartInput, StopInput
from edge.sync.orders import Orders
from edge.terminal_server import TerminalServer

STOP_S: Final = 2.0  # for the last event and the goodbye; correctness does not depend on it

log = logging.getLogger("service")


async def serve(
    settings: Settings,
    data: Path,
    *,
    notify: str | None = None,
    synchronous: Synchronous = Synchronous.FULL,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises what must end the process with a fault.

    `notify` = the address at which a service manager wants to be told, None where there is none.
    `synchronous` is not FULL in the control of power cuts alone.
    """
    clock = SystemClock()
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(_journal(settings, data, clock, synchronous))
        reader = stack.enter_context(Reader(data / "journal.db"))
        reference = stack.enter_context(Reference(data / "reference.db"))
        photos = await stack.enter_async_context(PhotoStore(data / "photos"))
        is_clean = reader.was_stopped()
        stores = Stores(
            journal=journal,
            reader=reader,
            reference=reference,
            photos=photos,
            sounds=data / "sounds",
            lost=await photos.reconcile(reader.photos(), reader.given_up_photos()),
            is_clean=is_clean is not False,
        )
        started_ns = clock.monotonic_ns()
        activations = reader.activations()
        state, events = replayed(reader, activations)
        replay_ms = (clock.monotonic_ns() - started_ns) // 1_000_000
        books = await open_books(stack, settings, data, identity=_identity(settings), clock=clock)
        packs = await open_packs(
            settings, data, activations=activations, state=both(state, books), clock=clock
        )
        proven = proofs_at_start(settings, data)
        numbers = numbers_given(reader, settings.station.lpn)
        serving = packs.still_there(state.serving)
        state = replace(state, active=packs.in_force, serving=serving, proven=proven)
        state = replace(state, numbers=numbers)
        origin = _origin(settings, journal)
        world = _world(settings, origin, packs, LookUp(reference, reader), clock)
        watch = await _watch(stack, settings, stores, Notifier(notify), robots=world.devices.robots)
        watch.metrics.restart_s.set(replay_ms / 1000)
        station = Station(world, stores, state, watch)
        _attach_room(station, world, books)
        idle_ms = clock.wall_ms() - reader.newest_ms()
        locks = idle_ms > settings.station.terminal.lock_s * 1000
        started = _start_input(journal, packs, replay_ms, is_clean=is_clean, locks=locks)
        started = replace(started, events=events)
        inboxes = _inboxes(station, journal, settings, packs=packs, data=data)
        await _run(
            station,
            origin,
            settings,
            inboxes=inboxes,
            started=started,
            ending=ending,
            notifier=watch.notifier,
        )


def _journal(settings: Settings, data: Path, clock: Clock, synchronous: Synchronous) -> Journal:
    return Journal(
        data / "journal.db",
        _identity(settings),
        targets=settings.targets,
        budget=settings.station.journal,
        clock=clock,
        synchronous=synchronous,
        salvages=True,
    )


def _attach_room(station: Station, world: World, books: Books | None) -> None:
    """Put up the training room, where a course is configured."""
    if books is not None:
        room = Classroom(
            books,
            world.context,
            origin=world.origin,
            course=world.settings.course,
            clock=world.clock,
            changed=lambda: station.committed(()),
            tone=station.tone,
        )
        station.attach(room)


def _inboxes(
    station: Station, journal: Journal, settings: Settings, *, packs: Packs, data: Path
) -> Mapping[str, Callable[[], Coroutine[Any, Any, None]]]:
    """Return what takes files in beside the devices, by task name."""
    desk = PolicyDesk(station.receiving, packs.by_digest, data / COPIES)
    policies = PolicyInbox(
        data,
        keys=settings.policy_keys,
        cameras=cameras_of(settings),
        desk=desk,
        clock=SystemClock(),
    )
    orders = Orders(
        data,
        journal,
        people=settings.people,
        commit=station.record_sync,
        photo_targets=frozenset(one.name for one in settings.targets if not one.takes_events),
    )
    proofs = proof_inbox(settings, data, desk)
    erasures = Erasures(data, journal.path, people=settings.people, commit=station.record_storage)
    sealing = {"segments": Sealing(data).run} if settings.station.journal.segments else {}
    return {
        "feed[policies]": policies.run,
        "sync-orders": orders.inbox.run,
        "feed[proofs]": proofs.inbox.run,
        "erasures": erasures.inbox.run,
        **sealing,
    }


async def _watch(
    stack: AsyncExitStack,
    settings: Settings,
    stores: Stores,
    notifier: Notifier,
    *,
    robots: RobotDriver | None,
) -> Watch:
    clock = SystemClock()
    door = MonitoringDoor(settings.station.metrics, stores.journal.metrics, clock)
    return Watch(
        door=await stack.enter_async_context(door),
        notifier=notifier,
        journal=stores.journal,
        reference=stores.reference,
        feeds=tuple(feed.name for feed in settings.feeds),
        clock=clock,
        times=MoveTimes(stores.journal.metrics),
        robots=robots,
    )


async def _run(
    station: Station,
    origin: Origin,
    settings: Settings,
    *,
    inboxes: Mapping[str, Callable[[], Coroutine[Any, Any, None]]],
    started: StartInput,
    ending: asyncio.Event,
    notifier: Notifier,
) -> None:
    terminals = TerminalServer(
        settings.station.socket,
        station.act,
        station=origin.station,
        boot=origin.boot,
        version=started.version,
    )
    async with terminals.serving():
        work = [asyncio.create_task(station.run(terminals), name="station")]
        try:
            await station.begin(started)
            work += [asyncio.create_task(run(), name=name) for name, run in inboxes.items()]
            gc.freeze()  # what was loaded stays for ever: looking through it again costs scans
            notifier.ready()
            print("ready", flush=True)  # noqa: T201 - the parent process waits for this line
            stop = asyncio.create_task(ending.wait(), name="ending")
            await asyncio.wait((*work, stop), return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            notifier.stopping()
            if not any(task.done() for task in work):
                async with asyncio.timeout(STOP_S):
                    await station.receiving.submit(StopInput())
        finally:
            for task in work:
                task.cancel()
            ended = await asyncio.gather(*work, return_exceptions=True)
    _raise_fault(ended)


def _raise_fault(ended: Sequence[BaseException | None]) -> None:
    for result in ended:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result


def _identity(settings: Settings) -> Identity:
    station = settings.station
    return Identity(
        namespace=station.namespace,
        site=station.site,
        station=station.station,
        machine_id=machine_id(),
    )


def _origin(settings: Settings, journal: Journal) -> Origin:
    offset = f"{datetime.now().astimezone():%z}"
    return Origin(
        namespace=settings.station.namespace,
        site=settings.station.site,
        station=settings.station.station,
        journal_id=journal.journal_id,
        boot=secrets.token_hex(4),
        config=settings.digest,
        tz=f"{offset[:3]}:{offset[3:]}",
    )


def _world(
    settings: Settings, origin: Origin, packs: Packs, look_up: LookUp, clock: Clock
) -> World:
    context = Context(
        wall_ms=clock.wall_ms(),
        mono_ns=clock.monotonic_ns(),
        fresh=Fresh(parcel=ParcelId(""), unit=UnitId(""), move="", number=0),
        station=settings.station.station,
        packs=packs.by_digest,
        active=packs.active,
        floor=settings.floor,
        people=settings.people,
        camera_roles=settings.camera_roles,
        dup_ns=int(settings.station.terminal.dup_s * 1e9),
        free_disposal_below_minor=settings.station.terminal.free_disposal_below_minor,
        lpn=settings.station.lpn,
        hold=settings.station.hold,
        quality=settings.station.quality,
        site_key=settings.site_key,
        can_train=settings.course is not None,
    )
    return World(
        settings=settings,
        devices=make_devices(settings.devices, clock),
        origin=origin,
        context=context,
        rules=Rules(
            site_keys=settings.site_keys,
            previous_until_ms=settings.previous_until_ms,
            numbers=compile_rules(settings.numbers),
            groups=settings.marks or GROUPS,
        ),
        look_up=look_up,
        clock=clock,
        rng=random.Random(secrets.randbits(64)),  # noqa: S311 - jitter, no secret
    )


def _start_input(
    journal: Journal, packs: Packs, replay_ms: int, *, is_clean: bool | None, locks: bool
) -> StartInput:
    return StartInput(
        version=version("receiving-edge"),
        sqlite=SQLITE_VERSION,
        replay_ms=replay_ms,
        new_journal=journal.reason,
        previous=journal.ancestry.previous,
        lost=journal.ancestry.lost,
        clean=is_clean,
        locks=locks,
        configs=packs.news,
    )
