"""Robots and a PLC in a process of their own, until standard input ends; then what they did."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from typing import Final

from sim.conveyor.modbus import serving
from sim.conveyor.plc import Belt, Happening, Plc
from sim.robot.floor import FloorBook, Hall
from sim.robot.link import Account, fleet, real_epoch
from sim.site import Address, BeltPlace, Pace, RobotPlace

MS: Final = 1_000_000
XY: Final = {f"P{n}": (float(n), 0.0) for n in range(4)} | {"A": (0.0, 4.0), "B": (0.0, 8.0)}
WAYS: Final = (("A", "B"), *((f"P{n}", to) for n in range(4) for to in "AB"))


async def main() -> None:
    """Play."""
    broker, port = map(int, sys.argv[1:])
    pace = Pace(speed=1.0, robot_m_per_s=8.0, pick_s=0.1, drop_s=0.1)
    ways = {way: 4.0 for one, two in WAYS for way in ((one, two), (two, one))}
    book, diverts = FloorBook(), dict[int, int]()

    def notice(happening: Happening) -> None:
        if happening.kind == "diverted":
            diverts[happening.token] = diverts.get(happening.token, 0) + 1

    places = tuple(
        RobotPlace(
            id=f"r{n}",
            manufacturer="ACME",
            serial=f"A-{n}",
            home=f"P{n}",
            interface="uagv",
            version="2.1.0",
        )
        for n in range(4)
    )
    belt = BeltPlace(
        name="c1", address=Address(host="127.0.0.1", port=port), base=100, lanes=3, device_id=1
    )
    hall = Hall(nodes=XY, ways=ways, pace=pace, book=book, epoch=real_epoch())
    async with AsyncExitStack() as stack:
        now_ns = int(asyncio.get_running_loop().time() * 1e9)
        plc = Plc(Belt(divert_ns=300 * MS, exit_ns=50 * MS), 1, now_ns, notice)
        await stack.enter_async_context(serving(belt, plc))
        account = Account(broker=Address(host="127.0.0.1", port=broker))
        for link in await stack.enter_async_context(fleet(places, hall, account)):
            await link.online.wait()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    sys.stdout.write(
        json.dumps({"picks": book.picks, "drops": book.drops, "diverts": diverts}) + "\n"
    )


if __name__ == "__main__":
    asyncio.run(main())
