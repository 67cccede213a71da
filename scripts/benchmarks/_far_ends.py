"""Robots on a broker and PLCs on ports, in a process of their own; says `ready` when all are on.

Its one argument is a JSON object: broker, password, robots, ports, pace, interval_s.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack

from sim.conveyor.modbus import serving
from sim.conveyor.plc import Belt, Plc
from sim.robot.floor import FloorBook, Hall
from sim.robot.link import Account, fleet, real_epoch
from sim.site import Address, BeltPlace, Pace, RobotPlace

MS = 1_000_000
BELT = Belt(lanes=8, divert_ns=20 * MS, exit_ns=5 * MS)


async def main() -> None:
    """Play until the parent closes standard input."""
    plan = json.loads(sys.argv[1])
    robots, pace = plan["robots"], Pace(battery_start_percent=100.0, **plan["pace"])
    nodes = {f"P{n}": (float(n), 0.0) for n in range(robots)} | {"A": (0.0, 5.0), "B": (0.0, 9.0)}
    ways = {
        way: 5.0
        for n in range(robots)
        for way in ((f"P{n}", "A"), ("A", f"P{n}"), ("B", f"P{n}"), (f"P{n}", "B"))
    } | {("A", "B"): 4.0, ("B", "A"): 4.0}
    hall = Hall(nodes=nodes, ways=ways, pace=pace, book=FloorBook(), epoch=real_epoch())
    places = tuple(
        RobotPlace(
            id=f"r{n}", manufacturer="ACME", serial=f"A-{n}", home=f"P{n}", interface="uagv",
            version="2.1.0", order_interval_s=plan["interval_s"],
        )
        for n in range(robots)
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        for port in plan["ports"]:
            place = BeltPlace(
                name=f"c{port}", address=Address(host="127.0.0.1", port=port), base=100, lanes=8,
                device_id=1,
            )  # fmt: skip
            now_ns = asyncio.get_running_loop().time() * 1e9
            plc = Plc(BELT, 1, int(now_ns), lambda _: None)
            await stack.enter_async_context(serving(place, plc))
        account = Account(
            broker=Address(host="127.0.0.1", port=plan["broker"]), password=plan["password"]
        )
        links = await stack.enter_async_context(fleet(places, hall, account))
        for link in links:
            await link.online.wait()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
