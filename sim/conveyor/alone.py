"""One PLC alone, on TCP or on a serial line, with faults from the start or through its door."""

import argparse
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sim import control
from sim.conveyor.book import BeltBook
from sim.conveyor.faults import FAULTS, set_fault
from sim.conveyor.modbus import SerialPort, serving
from sim.conveyor.plc import Belt, Program
from sim.conveyor.styles import PROGRAMS
from sim.door import SOCKET
from sim.site import Address, BeltPlace


@dataclass(slots=True, kw_only=True)
class Alone:
    """A PLC, what it did, and the door to it."""

    plc: Program
    book: BeltBook
    boots: random.Random

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what was asked. Raises KeyError, TypeError, ValueError."""
        match request["do"]:
            case "stats":
                return self.book.stats()
            case "fault" if request["name"] == "reboot":
                self.plc.reboot(self.boots.randrange(1, 65536), time.monotonic_ns())
                return {}
            case "fault":
                value = request.get("value", request.get("on", True))
                set_fault(self.plc.faults, str(request["name"]), value)
                return {}
            case other:
                raise ValueError(f"{other!r} is not known here")


@contextlib.asynccontextmanager
async def running(args: argparse.Namespace) -> AsyncIterator[Alone]:
    """Bring one PLC up as the arguments say; on leaving everything is closed."""
    book, boots = BeltBook(), random.Random(args.seed ^ time.time_ns())
    belt = Belt(
        lanes=args.lanes,
        divert_ns=args.divert_ms * 1_000_000,
        exit_ns=args.exit_ms * 1_000_000,
        host_timeout_ns=args.host_timeout_ms * 1_000_000,
    )
    plc = PROGRAMS[args.profile](belt, boots.randrange(1, 65536), time.monotonic_ns(), book.notice)
    for name in FAULTS:
        if hasattr(args, name) and getattr(args, name):
            set_fault(plc.faults, name, getattr(args, name))
    place = BeltPlace(
        name="plc",
        address=Address(host="127.0.0.1", port=args.port or 0),
        base=args.map_base,
        lanes=args.lanes,
        device_id=args.device_id,
    )
    line = SerialPort(path=args.rtu, baudrate=args.baudrate, parity=args.parity)
    alone = Alone(plc=plc, book=book, boots=boots)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(serving(place, plc, line if args.rtu else None))
        if args.run is not None:
            await stack.enter_async_context(control.serving(args.run / SOCKET, alone.answer))
        yield alone
