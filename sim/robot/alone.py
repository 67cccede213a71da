"""A fleet alone on a broker: for a robot's conformance run without a robot, and for load."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sim import control
from sim.door import SOCKET
from sim.robot import remote
from sim.robot.floor import FloorBook, Hall
from sim.robot.link import Account, Link, fleet, real_epoch
from sim.site import Pace, RobotPlace, Site

VERSIONS: Final = {"2.0": "2.0.0", "2.1": "2.1.0", "3.0": "3.0.0"}
ROW_M: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to play. Without a site the hall is a row of homes, a hand-over HO1 and a zone Z."""

    account: Account
    version: str
    fleet: int = 1
    seed: int = 1
    speed: float = 1.0
    faults: tuple[str, ...] = ()
    site: Site | None = None


@dataclass(slots=True, kw_only=True)
class Fleet:
    """The running vehicles; `answer` serves the control socket."""

    links: tuple[Link, ...]
    book: FloorBook = field(default_factory=FloorBook)

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what was asked. Raises KeyError, TypeError, ValueError."""
        links = remote.chosen(self.links, request.get("robot"))
        match request["do"]:
            case "stats":
                return remote.seen(self.links, self.book)
            case "fault":
                return remote.fault(links, str(request["name"]), on=bool(request["on"]))
            case "power":
                await remote.power(links, on=bool(request["on"]))
                return {}
            case other:
                raise ValueError(f"{other!r} is not known here")


@contextlib.asynccontextmanager
async def running(plan: Plan, run: Path | None) -> AsyncIterator[Fleet]:
    """Bring the fleet up; on leaving all vehicles say OFFLINE. `run` gets the control socket."""
    book = FloorBook()
    hall, places = _own(plan, book) if plan.site is None else _of_site(plan, plan.site, book)
    async with contextlib.AsyncExitStack() as stack:
        links = await stack.enter_async_context(
            fleet(places, hall, plan.account, seed=plan.seed, faults=plan.faults)
        )
        played = Fleet(links=links, book=book)
        if run is not None:
            await asyncio.to_thread(run.mkdir, parents=True, exist_ok=True)
            await stack.enter_async_context(control.serving(run / SOCKET, played.answer))
        yield played


def _of_site(plan: Plan, site: Site, book: FloorBook) -> tuple[Hall, tuple[RobotPlace, ...]]:
    pace = replace(site.pace, speed=plan.speed)
    hall = Hall(nodes=site.nodes, ways=site.edges, pace=pace, book=book, epoch=real_epoch())
    version = VERSIONS.get(plan.version)
    if version is None:
        return hall, site.robots
    return hall, tuple(replace(place, version=version) for place in site.robots)


def _own(plan: Plan, book: FloorBook) -> tuple[Hall, tuple[RobotPlace, ...]]:
    version = VERSIONS[plan.version or "2.1"]
    interface = "vda5050" if version.startswith("3") else "uagv"
    homes = [f"P{number}" for number in range(1, plan.fleet + 1)]
    nodes = {home: (0.0, ROW_M * row) for row, home in enumerate(homes)}
    nodes |= {"HO1": (3.0, 0.0), "Z": (9.0, 0.0)}
    roads = [*((home, "HO1") for home in homes), ("HO1", "Z"), *((home, "Z") for home in homes)]
    ways = {
        way: ((nodes[one][0] - nodes[two][0]) ** 2 + (nodes[one][1] - nodes[two][1]) ** 2) ** 0.5
        for one, two in roads
        for way in ((one, two), (two, one))
    }
    pace = Pace(speed=plan.speed)
    hall = Hall(nodes=nodes, ways=ways, pace=pace, book=book, epoch=real_epoch())
    places = tuple(
        RobotPlace(
            id=f"r{number}",
            manufacturer="SIM",
            serial=f"S-{number}",
            home=home,
            interface=interface,
            version=version,
        )
        for number, home in enumerate(homes, 1)
    )
    return hall, places
