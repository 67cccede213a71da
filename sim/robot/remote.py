"""What a control door may do to vehicles: faults, power, counts."""

import time
from collections.abc import Iterable
from typing import Any

from sim.robot.floor import FloorBook
from sim.robot.link import Link
from sim.robot.quirks import Quirk


def is_quirk(name: str) -> bool:
    """Return whether a fault's name, with or without a value, is a vehicle's."""
    return name.partition("=")[0] in set(Quirk)


def fault(links: Iterable[Link], name: str, *, on: bool) -> dict[str, Any]:
    """Switch a fault on or off at these vehicles. Raises ValueError for an unknown one."""
    for link in links:
        link.publish(link.vehicle.fault(name, time.monotonic(), on=on))
    return {"faults": sorted({str(quirk) for link in links for quirk in link.vehicle.quirks.given})}


async def power(links: Iterable[Link], *, on: bool) -> None:
    """Switch vehicles off where they are, or on again."""
    for link in links:
        if link.vehicle.is_on and not on:
            await link.switch_off()
        elif on and not link.vehicle.is_on:
            link.switch_on()


def chosen(links: Iterable[Link], robot: str | None) -> tuple[Link, ...]:
    """Return the vehicle of that id, without an id all. Raises KeyError for an unknown one."""
    found = tuple(link for link in links if robot is None or link.vehicle.id == robot)
    if not found:
        raise KeyError(robot)
    return found


def seen(links: Iterable[Link], book: FloorBook) -> dict[str, Any]:
    """Return what was counted and where every vehicle is."""
    robots = {
        link.vehicle.id: {
            "node": link.vehicle.cart.node,
            "load": link.vehicle.cart.load,
            "charge": round(link.vehicle.cart.charge, 1),
            "busy": link.vehicle.is_busy(),
            "on": link.vehicle.is_on,
            "online": link.online.is_set(),
        }
        for link in links
    }
    return {**book.stats(), "robots": robots}
