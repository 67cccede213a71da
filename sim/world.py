"""The world around the station in one process: scanner, camera, vehicles, sorter, platform.

It never speaks to the product but over these wires; what it knows of tests is behind sim.sock.
"""

import asyncio
import base64
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sim import control, labels, web
from sim.bench.layout import layout
from sim.camera import stream as camera_stream
from sim.camera.picture import Scene
from sim.camera.stream import Camera
from sim.central import platform
from sim.central.alone import feeds_of
from sim.central.platform import Platform
from sim.conveyor import modbus
from sim.conveyor.book import BeltBook
from sim.conveyor.faults import set_fault
from sim.conveyor.plc import Belt, Plc
from sim.door import SOCKET
from sim.robot import remote
from sim.robot.floor import FloorBook, Hall
from sim.robot.link import Account, Link, fleet, real_epoch
from sim.scanner import PtyScanner, code_bytes, plugged_in
from sim.site import Pace, Site
from sim.truth.model import Truth, Unit
from sim.truth.parcels import draw
from sim.truth.rows import plan_parcels

ONLINE_S: Final = 10.0


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that is there. `answer` serves the control socket."""

    site: Site
    truth: Truth
    scanner: PtyScanner
    camera: Camera
    platform: Platform
    floor: FloorBook
    belts: BeltBook
    plcs: tuple[Plc, ...]
    links: tuple[Link, ...]
    boots: random.Random
    _units: dict[str, Unit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._units = {unit.scan: unit for parcel in self.truth.parcels for unit in parcel.units}

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what was asked. Raises KeyError, TypeError, ValueError, TimeoutError."""
        match request["do"]:
            case "bench":
                return {"groups": self._bench()}
            case "scan":
                return await self._scan(str(request["text"]), str(request.get("aim", "]C0")))
            case "raw":
                data = base64.b64decode(str(request["b64"]), validate=True)
                return {"at_ns": await self.scanner.send(data), "idle": self._idle()}
            case "idle":
                return {"idle": self._idle()}
            case "show":
                self.camera.show(Scene(code=str(request["code"] or "")))
                return {}
            case "stats":
                return self._stats()
            case "plan":
                return self._plan()
            case "platform_units":
                return {"units": self.platform.units()}
            case "where":
                return {"where": self._where(str(request["move"]))}
            case "fault":
                return self._fault(request, on=bool(request["on"]))
            case "power":
                await remote.power(remote.chosen(self.links, request["robot"]), on=request["on"])
                return {}
            case other:
                raise ValueError(f"{other!r} is not known here")

    async def _scan(self, text: str, aim: str) -> dict[str, Any]:
        """The hand lays the item on the mat, then the scanner reads it."""
        unit = self._units.get(text)
        if unit is not None:
            self.camera.show(_scene(unit))
        idle = self._idle()
        return {"at_ns": await self.scanner.send(code_bytes(text, aim)), "idle": idle}

    def _idle(self) -> dict[str, Any]:
        """What could obey at once: measured before the scan that asks for it."""
        now = time.monotonic_ns()
        return {
            "robots": sum(
                link.online.is_set() and link.vehicle.is_idle(time.monotonic())
                for link in self.links
            ),
            "conveyor": bool(self.plcs) and all(plc.is_ready(now) for plc in self.plcs),
        }

    def _bench(self) -> list[Any]:
        arrived = {code for codes in self.platform.ledger.parcels.values() for code in codes}
        done = frozenset(p.tracking for p in self.truth.parcels if p.tracking in arrived)
        return layout(self.site, self.truth, self._away(), done)

    def _away(self) -> frozenset[str]:
        """Trays that are on their way: a tray is back on the bench when its last leg is done."""
        moves = self.platform.ledger.moves.values()
        return frozenset(move.tray for move in moves if len(move.done) < move.legs)

    def _stats(self) -> dict[str, Any]:
        tones = self.scanner.tones
        return {
            **self.floor.stats(),
            **self.belts.stats(),
            "tones": tones.good,
            "bad_tones": tones.bad,
            "platform": self.platform.stats(),
        }

    def _plan(self) -> dict[str, Any]:
        away, key = self._away(), self.site.key
        return {
            "badges": [
                {"no": p.no, "role": p.role, "code": labels.badge(p.no, key)}
                for p in self.site.people
            ],
            "trays": [
                {
                    "id": tray.id,
                    "zone": tray.zone,
                    "disposition": tray.disposition,
                    "fixed": tray.fixed,
                    "away": tray.id in away,
                    "code": labels.tray(tray.zone, tray.id, key),
                }
                for tray in self.site.trays
            ],
            "first_legs": dict(self.site.first_legs),
            "parcels": plan_parcels(self.truth),
        }

    def _where(self, move: str) -> str:
        """Where the load of a move really is: at_pickup, on_belt, on_robot or at_target."""
        seen = self.platform.ledger.moves.get(move)
        tokens = seen.tokens if seen else set()
        if any(self.floor.picks[load] for load in self.floor.picks if load.startswith(move)):
            return self.floor.where(move)
        if any(self.belts.diverts[token] for token in tokens):
            return "at_target" if seen is not None and seen.legs == 1 else "at_handover"
        return "on_belt" if any(token in self.belts.seen for token in tokens) else "at_pickup"

    def _fault(self, request: dict[str, Any], *, on: bool) -> dict[str, Any]:
        name = str(request["name"])
        if remote.is_quirk(name):
            return remote.fault(remote.chosen(self.links, request.get("robot")), name, on=on)
        if name in platform.FAULTS:
            (self.platform.faults.add if on else self.platform.faults.discard)(name)
        elif name in {f"camera_{fault}" for fault in camera_stream.FAULTS}:
            faults = self.camera.faults
            (faults.add if on else faults.discard)(name.removeprefix("camera_"))
        elif name == "robots_mute":
            remote.fault(self.links, "mute", on=on)
        elif name == "plc_reboot" and on:
            for plc in self.plcs:
                plc.reboot(self.boots.randrange(1, 65536), time.monotonic_ns())
        elif name.startswith("plc_") and name != "plc_reboot":
            for plc in self.plcs:
                set_fault(plc.faults, name.removeprefix("plc_"), request.get("value", on))
        elif name != "plc_reboot":
            raise ValueError(f"{name}: no such fault")
        return {"faults": sorted(self.platform.faults)}


@contextlib.asynccontextmanager
async def running(
    site: Site, run: Path, *, seed: int, parcels: int, speed: float | None
) -> AsyncIterator[World]:
    """Bring the whole world up; on leaving everything is closed, in reverse order."""
    pace = site.pace if speed is None else replace(site.pace, speed=speed)
    truth = draw(seed, parcels)
    boots = random.Random(seed ^ time.time_ns())  # a PLC's boot id must differ at every start
    floor, belts = FloorBook(), BeltBook()
    receiver = Platform(feeds_of(truth))
    camera = Camera()
    async with contextlib.AsyncExitStack() as stack:
        scanner = stack.enter_context(plugged_in(run / "scanner"))
        if site.central is not None:
            door = site.central
            await stack.enter_async_context(
                web.serving(door.host, door.port, receiver.answer, name="central")
            )
        if site.camera is not None:
            door = site.camera
            await stack.enter_async_context(
                web.serving(door.host, door.port, camera.answer, name="camera")
            )
        plcs = tuple(_plc(pace, place.lanes, boots, belts) for place in site.belts)
        for place, plc in zip(site.belts, plcs, strict=True):
            await stack.enter_async_context(modbus.serving(place, plc))
        hall = Hall(nodes=site.nodes, ways=site.edges, pace=pace, book=floor, epoch=real_epoch())
        account = Account(broker=site.broker) if site.broker is not None else None
        links = await stack.enter_async_context(fleet(site.robots, hall, account, seed=seed))
        world = World(
            site=site,
            truth=truth,
            scanner=scanner,
            camera=camera,
            platform=receiver,
            floor=floor,
            belts=belts,
            plcs=plcs,
            links=links,
            boots=boots,
        )
        await stack.enter_async_context(control.serving(run / SOCKET, world.answer))
        yield world


async def online(world: World) -> bool:
    """Wait until every vehicle met the broker; False when one did not in time."""
    waits = [link.online.wait() for link in world.links]
    try:
        async with asyncio.timeout(ONLINE_S):
            await asyncio.gather(*waits)
    except TimeoutError:
        return False
    return True


def _plc(pace: Pace, lanes: int, boots: random.Random, book: BeltBook) -> Plc:
    divert_s = pace.belt_s / pace.speed
    belt = Belt(lanes=lanes, divert_ns=int(divert_s * 1e9), exit_ns=int(divert_s * 2e8))
    return Plc(belt, boots.randrange(1, 65536), time.monotonic_ns(), book.notice)


def _scene(unit: Unit) -> Scene:
    """The item without a readable code: the hand scanner reads it, the camera photographs it."""
    lines = (f"GTIN {unit.article.gtin}", f"RMA {unit.rma}", unit.serial[-6:])
    return Scene(title=unit.article.en, lines=lines, tint=int(unit.article.gtin[-4:-1]))
