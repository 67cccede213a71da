"""A tester's end of a PLC: writes what it is told, also what a station must never write."""

import asyncio
import contextlib
from types import TracebackType
from typing import Final, Self

from drivers.conveyor.modbus_link import ModbusLink
from drivers.conveyor.modbus_settings import ModbusSettings
from drivers.errors import DriverError, DriverProtocolError
from drivers.protocols import Clock, ConveyorStatus, Deadline, DeviceName
from drivers.wire.conveyor_map import Write
from drivers.wire.conveyor_registers import SeqAck, next_host_hb

CONNECT_S: Final = 5.0
RETRY_S: Final = 0.1
SENT_S: Final = 0.003  # long enough that a request is on its way, too short for most replies
_CODES: Final = {"function not allowed": 1, "address not allowed": 2, "value not allowed": 3}


class ModbusProbe:
    """One connection to a PLC of style `seq_ack`, without the driver's care."""

    def __init__(self, name: DeviceName, settings: ModbusSettings, clock: Clock) -> None:
        profile = settings.made_profile()
        if not isinstance(profile, SeqAck):
            raise DriverProtocolError(name, "test a PLC", f"the style is {settings.profile}")
        self._name = name
        self._settings = settings
        self._clock = clock
        self._profile = profile
        self._link = ModbusLink(str(name), settings)
        self._host_hb = 0
        self._beating: asyncio.Task[None] | None = None
        self.is_beating = True

    async def __aenter__(self) -> Self:
        """Connect and begin to beat."""
        await self._connect()
        self._beating = asyncio.create_task(self._beat(), name=f"probe[{self._name}]")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the heartbeat and disconnect."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        self._link.close()

    async def status(self) -> ConveyorStatus:
        """Read one block; a connection that was lost is made anew first."""
        await self._connect()
        span = self._profile.span()
        assert span is not None, "this style has a block"
        registers = await self._link.read(span, inputs=self._settings.read_fc == 4)
        try:
            return self._profile.read(registers, span, self._clock.monotonic_ns()).status
        except ValueError as error:
            raise DriverProtocolError(self._name, "read status", str(error)) from error

    async def command(self, cmd: int, *, seq: int, lane: int = 0, token: int = 0) -> None:
        """Write the host block once and await the reply."""
        await self._connect()
        await self._link.write(self._encoded(cmd, seq=seq, lane=lane, token=token))

    async def command_unheard(self, cmd: int, *, seq: int, lane: int = 0, token: int = 0) -> None:
        """Write the host block and hang up before the reply can be read."""
        await self._connect()
        write = self._encoded(cmd, seq=seq, lane=lane, token=token)
        with contextlib.suppress(TimeoutError, DriverError):
            async with asyncio.timeout(SENT_S):
                await self._link.write(write)
        self._link.close()
        await self._connect()

    async def trespass(self, *, coil: bool) -> int:
        """Write where a host must not."""
        await self._connect()
        span = self._profile.span()
        assert span is not None, "this style has a block"
        try:
            await self._link.write(Write(address=span.address, values=(1,), is_coil=coil))
        except DriverProtocolError as error:
            return _CODES.get(error.happened, -1)
        return 0

    def _encoded(self, cmd: int, *, seq: int, lane: int, token: int) -> Write:
        self._host_hb = next_host_hb(self._host_hb)
        return self._profile.encode(cmd, host_hb=self._host_hb, seq=seq, lane=lane, item=token)

    async def _connect(self) -> None:
        deadline = Deadline.after(CONNECT_S, self._clock)
        while not self._link.is_open:
            try:
                await self._link.open(lambda: None)
            except DriverError:
                if not deadline.remaining_s(self._clock):
                    raise
                await asyncio.sleep(RETRY_S)

    async def _beat(self) -> None:
        while True:
            if self.is_beating and self._link.is_open:
                self._host_hb = next_host_hb(self._host_hb)
                with contextlib.suppress(DriverError):  # the next act connects anew
                    await self._link.write(self._profile.beat(self._host_hb))
            await asyncio.sleep(self._settings.heartbeat_ms / 1000)
