"""A PLC on Modbus TCP or RTU: holding and input registers are one block, coils do not exist."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sim.conveyor.plc import STATUS_AT, Program
from sim.site import BeltPlace

REGISTER_FUNCTIONS: Final = (3, 4, 6, 16, 23)
WRITES: Final = (6, 16, 23)
TICK_S: Final = 0.05


@dataclass(slots=True)
class Registers:
    """Answers every request from the PLC's program; loses or delays what its faults say."""

    plc: Program
    base: int
    only_device: int | None = None  # on a shared line nobody answers for another one
    _mutes: int = field(default=0, init=False)

    async def act(self, *request: Any) -> ExcCodes | None:
        """Bring the registers up to date, or take a write into the host block.

        The server says: function, first register of the block, address, count, registers of the
        block, and the values to write, None for a read. A late reply shows what was there before.
        """
        function, start, address, count, registers, values = request
        now = time.monotonic_ns()
        if function not in REGISTER_FUNCTIONS:
            return ExcCodes.ILLEGAL_FUNCTION
        if values is not None:
            if not (self.base <= address and address + count <= self.base + self.plc.host_words):
                return ExcCodes.ILLEGAL_ADDRESS
            self._take(address - self.base, [int(value) for value in values], now)
        at = self.base + STATUS_AT - start
        registers[at : at + self.plc.status_words] = self.plc.on_read(now)
        await self._dawdle(is_command=values is not None and count > 1)
        return None

    def sent(self, sending: bool, packet: bytes) -> bytes:
        """Let a reply go, or not."""
        if sending and self.only_device not in (None, packet[0]):
            return b""
        if sending and self._mutes:
            self._mutes -= 1
            return b""
        return packet

    def _take(self, offset: int, words: list[int], now: int) -> None:
        """A write of more than a heartbeat is what faults of the wire are about."""
        faults, is_command = self.plc.faults, len(words) > 1
        if is_command and faults.lose_writes:
            faults.lose_writes -= 1
            self._mutes += 1
            return
        self.plc.on_write(offset, words, now)
        if is_command and faults.drop_replies:
            faults.drop_replies -= 1
            self._mutes += 1

    async def _dawdle(self, *, is_command: bool) -> None:
        faults = self.plc.faults
        if not (faults.late_reply_ms and is_command):
            return
        late_ms = faults.late_reply_ms
        if faults.late_replies:
            faults.late_replies -= 1
            faults.late_reply_ms = late_ms if faults.late_replies else 0
        await asyncio.sleep(late_ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialPort:
    """A serial line that a PLC listens on."""

    path: str
    baudrate: int = 19200
    parity: str = "E"


@asynccontextmanager
async def serving(
    place: BeltPlace, plc: Program, serial: SerialPort | None = None
) -> AsyncIterator[None]:
    """Serve the registers of one PLC; on leaving the port is closed."""
    words = Registers(plc, place.base, only_device=place.device_id if serial else None)
    server = _server(place, words, serial)
    await server.serve_forever(background=True)
    belt = asyncio.create_task(_roll(plc), name=f"belt[{place.name}]")
    try:
        yield
    finally:
        belt.cancel()
        await asyncio.gather(belt, return_exceptions=True)
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it bare


def _server(
    place: BeltPlace, words: Registers, serial: SerialPort | None
) -> ModbusTcpServer | ModbusSerialServer:
    plc, base = words.plc, place.base
    host, status = plc.host_words, plc.status_words
    device = SimDevice(
        place.device_id,
        simdata=[
            SimData(base, count=host, values=0, datatype=DataType.REGISTERS),
            SimData(base + STATUS_AT, count=status, values=0, datatype=DataType.REGISTERS),
        ],
        action=words.act,
    )
    if serial is None:
        address = (place.address.host, place.address.port)
        return ModbusTcpServer(device, address=address, trace_packet=words.sent)
    return ModbusSerialServer(
        device,
        framer=FramerType.RTU,
        port=serial.path,
        baudrate=serial.baudrate,
        parity=serial.parity,
        ignore_missing_devices=True,
        trace_packet=words.sent,
    )


async def _roll(plc: Program) -> None:
    """The belt moves whether or not anybody reads its registers."""
    while True:
        await asyncio.sleep(TICK_S)
        plc.tick(time.monotonic_ns())
