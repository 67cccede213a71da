"""One Modbus connection that never repeats a request and never comes back by itself.

The library's own retries and reconnects are off: a repeated write could divert twice. A serial
line is shared by its devices and rests after an unanswered request, until nothing late can come.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar
from weakref import WeakValueDictionary

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.conveyor.modbus_settings import ModbusSettings
from drivers.errors import DriverBusyError, DriverLostError, DriverProtocolError
from drivers.wire.conveyor_map import Span, Write

REPLY_S: Final = 0.5
QUIET_S: Final = 1.0  # at least so long a serial line rests after an unanswered request
BITS_A_REGISTER: Final = 2 * 11
FRAME_REGISTERS: Final = 50  # more than the longest pair of frames that is sent
Answer = TypeVar("Answer")
_REFUSED: Final = {
    1: "function not allowed",
    2: "address not allowed",
    3: "value not allowed",
}
# The request reached somebody; whether it was obeyed only the registers can tell.
_UNSURE: Final = {
    4: "device failure",
    5: "taken, still at work",
    10: "gateway without a path",
    11: "gateway without an answer",
}
_BUSY: Final = 6


class Link(Protocol):
    """What the driver needs of a connection; a test may bring its own."""

    @property
    def is_open(self) -> bool:
        """Return whether a request could leave now."""

    async def open(self, lost: Callable[[], None]) -> None:
        """Connect; `lost` is called once, when the connection is gone. Raises DriverLostError."""

    def close(self) -> None:
        """Drop the connection; harmless twice."""

    async def read(self, span: Span, *, inputs: bool) -> list[int]:
        """Return registers of one request.

        Raises DriverLostError, DriverProtocolError, DriverBusyError: ask again later.
        """

    async def write(self, write: Write) -> None:
        """Write once. Raises DriverLostError: it may have been obeyed; the others: it was not."""

    async def exchange(self, write: Write, span: Span) -> list[int]:
        """Write and read in one request (function 23). Raises as `write` does."""


class ModbusLink:
    """A connection to one device; one request at a time."""

    def __init__(self, who: str, settings: ModbusSettings) -> None:
        self._who = who
        self._settings = settings
        self._line: _Line | None = None
        self._lost: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        """Return whether a request could leave now."""
        return self._lost is not None and self._line is not None and self._line.is_open

    async def open(self, lost: Callable[[], None]) -> None:
        """Connect; `lost` is called once, as soon as the connection is gone, by whoever ended it.

        Raises DriverLostError; nothing is left open then.
        """
        self.close()
        if self._line is None:
            self._line = _line_of(self._who, self._settings)
        await self._line.join(self._who, self._gone)
        self._lost = lost

    def close(self) -> None:
        """Drop the connection; harmless twice."""
        if self._line is not None:
            self._line.leave(self._gone)
        self._gone()

    def _gone(self) -> None:
        lost, self._lost = self._lost, None
        if lost is not None:
            lost()

    async def read(self, span: Span, *, inputs: bool) -> list[int]:
        """Return registers in one request."""

        def ask(client: ModbusBaseClient) -> Awaitable[ModbusPDU]:
            read = client.read_input_registers if inputs else client.read_holding_registers
            return read(span.address, count=span.count, device_id=self._settings.device_id)

        function = 4 if inputs else 3
        reply = await self._request(f"read {span.count} registers at {span.address}", function, ask)
        return self._registers(reply, span)

    async def write(self, write: Write) -> None:
        """Write in one request, once."""

        def ask(client: ModbusBaseClient) -> Awaitable[ModbusPDU]:
            if write.is_coil:
                return client.write_coil(
                    write.address, bool(write.values[0]), device_id=self._settings.device_id
                )
            return client.write_registers(
                write.address, list(write.values), device_id=self._settings.device_id
            )

        tried = f"write {len(write.values)} at {write.address}"
        reply = await self._request(tried, 5 if write.is_coil else 16, ask)
        if reply.address != write.address:
            raise self._mistrusted(tried, "the reply is another one's")

    async def exchange(self, write: Write, span: Span) -> list[int]:
        """Write and read in one request, once."""
        reply = await self._request(
            f"write {len(write.values)} at {write.address} and read",
            23,
            lambda client: client.readwrite_registers(
                read_address=span.address,
                read_count=span.count,
                write_address=write.address,
                values=list(write.values),
                device_id=self._settings.device_id,
            ),
        )
        return self._registers(reply, span)

    def _registers(self, reply: ModbusPDU, span: Span) -> list[int]:
        if len(reply.registers) != span.count:
            raise self._mistrusted("read", f"{len(reply.registers)} registers came")
        return list(reply.registers)

    def _mistrusted(self, tried: str, happened: str) -> DriverLostError:
        """What was asked is unknown, and what comes next on this line may answer something else."""
        if self._line is not None:
            self._line.distrust()
        return DriverLostError(self._who, tried, happened)

    async def _request(
        self, tried: str, function: int, ask: Callable[[ModbusBaseClient], Awaitable[ModbusPDU]]
    ) -> ModbusPDU:
        if self._lost is None or self._line is None:
            raise DriverLostError(self._who, tried, "not connected")
        reply = await self._line.request(self._who, tried, ask)
        if reply.function_code & 0x7F != function:
            raise self._mistrusted(tried, "the reply is another one's")
        if not reply.isError():
            return reply
        code = reply.exception_code
        if code == _BUSY:
            raise DriverBusyError(self._who, tried, "device busy")
        if code in _REFUSED:
            raise DriverProtocolError(self._who, tried, _REFUSED[code])
        raise DriverLostError(self._who, tried, _UNSURE.get(code, f"exception {code}"))


class _Line:
    """A client of the library and everybody who speaks through it."""

    def __init__(self, settings: ModbusSettings) -> None:
        self.settings = settings
        self.loop = asyncio.get_running_loop()
        self._client: ModbusBaseClient | None = None
        self._turn = asyncio.Lock()
        self._members: list[Callable[[], None]] = []
        self._rests_until = 0.0

    @property
    def is_open(self) -> bool:
        return self._client is not None and self._client.connected

    async def join(self, who: str, gone: Callable[[], None]) -> None:
        async with self._turn:
            if not self.is_open:
                await self._connect(who)
            self._members.append(gone)

    def leave(self, gone: Callable[[], None]) -> None:
        if gone in self._members:
            self._members.remove(gone)
        if not self._members:
            self.drop()

    def drop(self) -> None:
        """End the connection for everybody on it."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        members, self._members = self._members, []
        for gone in members:
            gone()

    async def request(
        self, who: str, tried: str, ask: Callable[[ModbusBaseClient], Awaitable[ModbusPDU]]
    ) -> ModbusPDU:
        async with self._turn:
            client = self._client
            if client is None or not client.connected:
                raise DriverLostError(who, tried, "not connected")
            is_answered = False
            try:
                reply = await _uncut(ask(client))
                is_answered = True
            except ModbusException as error:
                raise DriverLostError(who, tried, "no reply") from error
            finally:
                # A reply that comes late must never be taken for the answer to the next request.
                if not is_answered:
                    self.distrust()
            return reply

    def distrust(self) -> None:
        """End the connection, and let a serial line rest until nothing late can come."""
        self.drop()
        if self.settings.is_serial:
            quiet_s = max(QUIET_S, self.settings.reply_ms / 1000)
            self._rests_until = asyncio.get_running_loop().time() + quiet_s

    async def _connect(self, who: str) -> None:
        left_s = self._rests_until - asyncio.get_running_loop().time()
        if left_s > 0:
            await asyncio.sleep(left_s)
        client = self._made(who)
        is_connected = False
        try:
            is_connected = await _uncut(client.connect())
        finally:
            if not is_connected:
                client.close()
        if not is_connected:
            raise DriverLostError(who, "connect", "no answer")
        self._client = client

    def _made(self, who: str) -> ModbusBaseClient:
        settings = self.settings
        host, port = settings.address
        if not settings.is_serial:
            return AsyncModbusTcpClient(
                host,
                port=port,
                timeout=REPLY_S,
                retries=0,
                reconnect_delay=0,
                name=who,
                trace_connect=lambda is_up: None if is_up else self.drop(),
            )
        return AsyncModbusSerialClient(
            host,
            baudrate=settings.baudrate,
            bytesize=8,
            parity=settings.parity,
            stopbits=settings.stopbits,
            timeout=reply_s(settings),
            retries=0,
            reconnect_delay=0,
            name=who,
            trace_connect=lambda is_up: None if is_up else self.drop(),
        )


def reply_s(settings: ModbusSettings) -> float:
    """Return how long a serial slave may take: its own time thrice, and the frames on the wire."""
    wire_s = FRAME_REGISTERS * BITS_A_REGISTER / settings.baudrate
    return 3 * settings.reply_ms / 1000 + wire_s


# One a serial port, for as long as any device on it has a driver.
_LINES: Final[WeakValueDictionary[str, _Line]] = WeakValueDictionary()


def _line_of(who: str, settings: ModbusSettings) -> _Line:
    if not settings.is_serial:
        return _Line(settings)
    line = _LINES.get(settings.address[0])
    if line is None or line.loop is not asyncio.get_running_loop():
        line = _LINES[settings.address[0]] = _Line(settings)
    mine = (settings.baudrate, settings.parity, settings.stopbits)
    other = line.settings
    if mine != (other.baudrate, other.parity, other.stopbits):
        raise DriverProtocolError(who, "join the serial line", "another speed or parity is in use")
    return line


async def _uncut(waiting: Awaitable[Answer]) -> Answer:
    """Await the library without losing a cancellation.

    It uses asyncio.wait_for, which up to Python 3.11 drops a cancellation that meets the answer.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    answer = await waiting
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return answer
