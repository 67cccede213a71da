"""Conformance runs against a simulated vehicle on a real broker, at a speed that tests can bear."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from drivers.clock import SystemClock
from drivers.protocols import DeviceName, GraphEdge, GraphNode, NodeId
from drivers.registry import settings_class
from drivers.robot.post import RobotUnit
from drivers.wire.vda5050.profile import RobotProfile
from edge.commands.doctor.robot import Wish, examine
from edge.commands.doctor.robot_report import Report
from edge.commands.doctor.robot_scenarios.stage import Limits
from edge.floor import FloorSettings
from edge.settings.model import DeviceClass, DeviceSettings
from sim.robot.floor import FloorBook, Hall
from sim.robot.link import Account, Link, fleet, real_epoch
from sim.site import Address, Pace, RobotPlace

PLACES: Final = {"P1": (0.0, 0.0), "A": (1.0, 0.0), "B": (4.0, 0.0), "C": (7.0, 0.0)}
ROADS: Final = (("P1", "A"), ("A", "B"), ("B", "C"))
LENGTHS: Final = {
    way: abs(PLACES[one][0] - PLACES[two][0])
    for one, two in ROADS
    for way in ((one, two), (two, one))
}
FLOOR: Final = FloorSettings(
    nodes={
        NodeId(name): GraphNode(id=NodeId(name), x=x, y=y, theta=0.0, map_id="hall")
        for name, (x, y) in PLACES.items()
    },
    edges=tuple(
        GraphEdge(start=NodeId(one), end=NodeId(two), length=length)
        for (one, two), length in LENGTHS.items()
    ),
)
QUICK: Final = Limits(
    answer_s=1.0, order_s=6.0, cancel_s=2.0, settle_s=0.2, restart_s=6.0, orders=3
)
# For what must pass on a busy machine: these times are waited for only when something is wrong.
PATIENT: Final = replace(QUICK, answer_s=5.0, order_s=20.0, restart_s=20.0)
SPEED: Final = 12.0


@dataclass(slots=True)
class Bench:
    """One simulated vehicle, and how it is examined."""

    port: int
    version: str
    link: Link
    book: FloorBook
    restart_command: str = ""
    power_command: str = ""
    answers: list[str] = field(default_factory=list)

    async def examine(self, *scenarios: str, limits: Limits = PATIENT) -> Report:
        """Play these scenarios, or all, with motion allowed."""
        wish = Wish(
            robot="r1",
            scenarios=scenarios,
            allow_motion=True,
            pick="A",
            drop="C",
            restart_command=self.restart_command,
            power_command=self.power_command,
            limits=limits,
        )
        return await examine(
            device(self.port, self.version), FLOOR, wish, clock=SystemClock(), ask=self._ask
        )

    async def _ask(self, question: str) -> bool:
        """Be the person at the robot's switch."""
        self.answers.append(question)
        if question == "ask_power_off":
            await self.link.switch_off()
        else:
            self.link.switch_on()
        return True


def device(port: int, version: str, *, manufacturer: str = "ACME") -> DeviceSettings:
    """Return the broker's settings with one robot, as configuration would."""
    profile = RobotProfile(version=version, min_order_interval_s=0.05)
    unit = RobotUnit(id="r1", manufacturer=manufacturer, serial="A-1", profile=profile)
    settings = settings_class("robot.vda5050_mqtt")(
        host="127.0.0.1", port=port, station="st01", robots=(unit,)
    )
    return DeviceSettings(
        name=DeviceName("robots"),
        device_class=DeviceClass.ROBOTS,
        driver="robot.vda5050_mqtt",
        settings=settings,
    )


@contextlib.asynccontextmanager
async def bench(
    port: int, version: str = "2.1.0", faults: Iterable[str] = (), *, speed: float = SPEED
) -> AsyncIterator[Bench]:
    """Run one vehicle of a version with some faults."""
    interface = "uagv" if version.startswith("2") else "vda5050"
    place = RobotPlace(
        id="r1",
        manufacturer="ACME",
        serial="A-1",
        home="P1",
        interface=interface,
        version=version,
    )
    book = FloorBook()
    hall = Hall(nodes=PLACES, ways=LENGTHS, pace=Pace(speed=speed), book=book, epoch=real_epoch())
    account = Account(broker=Address(host="127.0.0.1", port=port))
    async with fleet((place,), hall, account, faults=faults) as (link,):
        await link.online.wait()
        yield Bench(port=port, version=version, link=link, book=book)


def verdicts(report: Report) -> dict[str, str]:
    """Return the verdict of every scenario."""
    return {result.id: str(result.verdict) for result in report.results}


def notes(report: Report, scenario: str) -> list[str]:
    """Return the keys of what a scenario noted."""
    return [note.key for one in report.results if one.id == scenario for note in one.notes]
