"""The PLC on Modbus TCP: holding and input registers are one block, coils do not exist."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sim.conveyor.plc import HOST_WORDS, STATUS_AT, STATUS_WORDS, Plc
from sim.site import BeltPlace

REGISTER_FUNCTIONS: Final = (3, 4, 6, 16, 23)
TICK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Registers:
    """Answers every request from the PLC's program."""

    plc: Plc
    base: int

    async def act(self, *request: Any) -> ExcCodes | None:
        """Bring the registers up to date, or take a write into the host block.

        The server says: function, first register of the block, address, count, registers of the
        block, and the values to write, None for a read.
        """
        function, start, address, count, registers, values = request
        now = time.monotonic_ns()
        if function not in REGISTER_FUNCTIONS:
            return ExcCodes.ILLEGAL_FUNCTION
        if values is not None:
            if not (self.base <= address and address + count <= self.base + HOST_WORDS):
                return ExcCodes.ILLEGAL_ADDRESS
            self.plc.on_write(address - self.base, [int(value) for value in values], now)
        at = self.base + STATUS_AT - start
        registers[at : at + STATUS_WORDS] = self.plc.on_read(now)
        return None


@asynccontextmanager
async def serving(place: BeltPlace, plc: Plc) -> AsyncIterator[None]:
    """Serve the register map of one PLC; on leaving the port is closed."""
    words = Registers(plc, place.base)
    device = SimDevice(
        place.device_id,
        simdata=[
            SimData(place.base, count=HOST_WORDS, values=0, datatype=DataType.REGISTERS),
            SimData(
                place.base + STATUS_AT, count=STATUS_WORDS, values=0, datatype=DataType.REGISTERS
            ),
        ],
        action=words.act,
    )
    server = ModbusTcpServer(device, address=(place.address.host, place.address.port))
    await server.serve_forever(background=True)
    belt = asyncio.create_task(_roll(plc), name=f"belt[{place.name}]")
    try:
        yield
    finally:
        belt.cancel()
        await asyncio.gather(belt, return_exceptions=True)
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it bare


async def _roll(plc: Plc) -> None:
    """The belt moves whether or not anybody reads its registers."""
    while True:
        await asyncio.sleep(TICK_S)
        plc.tick(time.monotonic_ns())
