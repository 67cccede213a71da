"""A conveyor with diverters behind a PLC, over Modbus TCP or RTU, in one of four styles.

A command is written once and then only read for. Refuses to write on a link whose PLC it has not
seen alive twice, and to write again what may have arrived.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Final, Self

from drivers.conveyor.modbus_keeper import Keeper
from drivers.conveyor.modbus_link import Link, ModbusLink
from drivers.conveyor.modbus_settings import ModbusSettings
from drivers.errors import (
    DriverBusyError,
    DriverError,
    DriverLostError,
    DriverProtocolError,
    DriverTimeoutError,
)
from drivers.protocols import (
    BeltCommand,
    Capability,
    Clock,
    ConveyorStatus,
    Deadline,
    DeviceHealth,
    DeviceName,
    DivertCommand,
    DivertPhase,
    DivertStatus,
    HealthState,
)
from drivers.thread_bridge import HealthFeed
from drivers.wire.conveyor_map import Write
from drivers.wire.conveyor_profile import Finding, Ground, Reading, Sent

__all__ = ["ModbusConveyor", "ModbusSettings"]

ECHO_POLL_S: Final = 0.002  # TCP: the echo is what a person waits for
WRITTEN_MAX: Final = 16  # commands remembered as written; one is in flight at a time

log = logging.getLogger("conveyor")


class ModbusConveyor:
    """One PLC link: a task keeps it connected, polled and alive; commands run beside it."""

    def __init__(
        self,
        name: DeviceName,
        settings: ModbusSettings,
        clock: Clock,
        *,
        link: Link | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._profile = settings.made_profile()
        self._keeping: asyncio.Task[None] | None = None
        self._written: dict[tuple[int, int], Sent] = {}  # boot, seq → what came back
        self._shown: set[tuple[int, int]] = set()  # those that the PLC has shown
        self._light = HealthFeed(name)
        self._keeper = Keeper(
            str(name),
            settings,
            self._profile,
            link=link if link is not None else ModbusLink(str(name), settings),
            clock=clock,
            light=self._light,
        )

    # ------------------------------------------------------------ device

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return LANE_SENSOR, BELT_ORDERS, and AUTO_START if the station may start the belt."""
        has = (
            (self._profile.traits.has_orders, Capability.BELT_ORDERS),
            (self._settings.lane_sensor, Capability.LANE_SENSOR),
            (self._settings.auto_start, Capability.AUTO_START),
        )
        return frozenset(capability for is_there, capability in has if is_there)

    async def __aenter__(self) -> Self:
        """Start connecting. A PLC that is off is no error: the light says `lost` until it is on."""
        self._light.show(HealthState.LOST, "connecting")
        self._keeping = asyncio.create_task(self._keeper.keep(), name=f"conveyor[{self._name}]")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect. The heartbeat stops, so the belt stops after the PLC's own time."""
        keeping, self._keeping = self._keeping, None
        self._light.show(HealthState.LOST, "closed")
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait({keeping})
            if not keeping.cancelled():
                keeping.result()  # it ends by itself only by a bug, which must not vanish
        self._keeper.link.close()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change."""
        return self._light.stream()

    # ------------------------------------------------------------ commands

    def status(self) -> ConveyorStatus | None:
        """Return the newest coherent block while the link is clean, else None."""
        return self._keeper.status

    def hold_heartbeat(self, is_held: bool) -> None:
        """Hold back the host heartbeat, so that the PLC stops its belt by itself, or go on."""
        self._keeper.is_silent = is_held

    async def reconcile(self, deadline: Deadline) -> ConveyorStatus:
        """Wait for a clean link and read two coherent blocks. Raises DriverError."""
        try:
            async with asyncio.timeout(deadline.remaining_s(self._clock)):
                await self._keeper.clean.wait()
        except TimeoutError as error:
            raise DriverTimeoutError(
                self._name, "wait for the PLC", self._light.now.reason
            ) from error
        return (await self._keeper.read_coherent()).status

    async def write(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Write one divert command and wait for the PLC's echo of its sequence number.

        Reads first: what the PLC already has is not written. Returns SEEN, REJECTED, NOT_SEEN or
        IN_DOUBT. Raises DriverLostError, DriverBusyError or DriverProtocolError (lane unknown,
        or the PLC answered with a Modbus exception) when nothing was written.
        """
        self._need_lane(command)
        self._need_clean("write divert")
        reading = await self._keeper.read()
        write = self._encoded(command, reading)
        found = self._settle(command, reading, self._sent(command))
        if found.is_behind:
            raise DriverBusyError(self._name, "write divert", "the belt is busy")
        if found.ground is not Ground.UNSEEN:
            return self._echoed(command, found)
        shown = await self._send(command, write, reading)
        if shown is not None:
            found = self._settle(command, shown, self._sent(command))
            if found.ground is not Ground.UNSEEN and not found.is_behind:
                return self._echoed(command, found)
        return await self._await_echo(command, deadline)

    async def finish(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Only read until the registers prove how this command ended; also after a restart.

        Raises DriverLostError when the link is down at the deadline: ask again later.
        """
        unseen: Reading | None = None
        exit_ns: int | None = None
        while (reading := await self._keeper.next_reading(deadline)) is not None:
            found = self._settle(command, reading, self._sent_before(command))
            match found.ground:
                case Ground.FINAL:
                    return await self._ended(command, found, reading)
                case Ground.EXIT:
                    exit_ns = exit_ns if exit_ns is not None else self._clock.monotonic_ns()
                    if self._clock.monotonic_ns() - exit_ns >= self._settings.exit_s * 1e9:
                        return await self._ended(command, found, reading)
                case Ground.UNSEEN:
                    verdict = self._unseen(command, unseen, reading)
                    if verdict is not None:
                        return self._told(command, verdict)
                    unseen = unseen if unseen is not None else reading
                case Ground.OPEN:
                    unseen = None
            await asyncio.sleep(self._settings.poll_s[1])
        if not self._keeper.clean.is_set():
            raise DriverLostError(self._name, "follow a divert", "no link")
        return self._told(command, _NO_END if exit_ns is None else _NO_EXIT)

    async def order(self, command: BeltCommand, seq: int, deadline: Deadline) -> DivertStatus:
        """Write one order to the belt, beside an open divert too, and wait for its echo.

        Raises DriverProtocolError where this style of PLC has no such order.
        """
        self._need_clean(command)
        reading = await self._keeper.read()
        write = self._profile.order(command, seq, self._keeper.beat(), reading)
        if write is None:
            raise DriverProtocolError(self._name, command, "this PLC has no such order")
        found = self._profile.ordered(reading.status, seq)
        if found.ground is Ground.UNSEEN or not self._profile.traits.has_boot_id:
            with _logged(DriverLostError):  # only the registers can tell
                await self._keeper.write(write)
            found = await self._await_order(seq, deadline)
        return self._told(None, found)

    def _need_clean(self, tried: str) -> None:
        if not self._keeper.clean.is_set():
            raise DriverLostError(self._name, tried, "the link is not clean")

    def _need_lane(self, command: DivertCommand) -> None:
        if not 1 <= command.lane <= self._settings.lanes or not command.token:
            what = f"no lane {command.lane} or no token"
            raise DriverProtocolError(self._name, "write divert", what)

    def _encoded(self, command: DivertCommand, reading: Reading) -> Write:
        try:
            return self._profile.divert(command, self._keeper.beat(), reading)
        except ValueError as error:
            raise DriverProtocolError(self._name, "write divert", str(error)) from error

    async def _send(self, command: DivertCommand, write: Write, reading: Reading) -> Reading | None:
        """Write once; return what came with the reply. What is not refused may have arrived."""
        self._remember(command, Sent.MAYBE)
        shown: Reading | None = None
        try:
            shown = await self._put(write)
        except DriverLostError as error:
            log.warning("%s", error)  # it may have arrived: only the registers can tell
        except (DriverProtocolError, DriverBusyError):
            self._written.pop(_key(command), None)
            raise
        else:
            self._remember(command, Sent.ANSWERED)
            await self._close_pulse(command, reading)
        return shown

    async def _put(self, write: Write) -> Reading | None:
        span = self._profile.span() if self._settings.fc23 else None
        if span is None or write.is_coil:
            await self._keeper.write(write)
            return None
        return self._keeper.take_full(await self._keeper.link.exchange(write, span))

    async def _close_pulse(self, command: DivertCommand, reading: Reading) -> None:
        """Take the level of a pulse back; a level that stays starts nothing, it is tried again."""
        if self._profile.traits.has_echo:
            return
        await asyncio.sleep(self._settings.pulse_ms / 1000)
        closing = self._profile.closing(command, reading)
        if closing is not None:
            with _logged(DriverError):
                await self._keeper.write(closing)

    # ------------------------------------------------------------ proof

    def _sent(self, command: DivertCommand) -> Sent:
        return self._written.get(_key(command), Sent.NEVER)

    def _sent_before(self, command: DivertCommand) -> Sent:
        """What is only followed here may have been written by the process before this one."""
        return self._written.get(_key(command), Sent.MAYBE)

    def _settle(self, command: DivertCommand, reading: Reading, sent: Sent) -> Finding:
        found = self._profile.settle(reading.status, command, sent)
        if found.ground is not Ground.UNSEEN and not found.is_behind:
            self._shown.add(_key(command))
        return found

    def _unseen(
        self, command: DivertCommand, first: Reading | None, reading: Reading
    ) -> Finding | None:
        """Two blocks of a running PLC without our number: it never came. None = read on."""
        if _key(command) in self._shown:
            return Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason="overtaken")
        if self._sent(command) is Sent.ANSWERED or first is None:
            return None
        if first.status.plc_hb == reading.status.plc_hb:
            return None
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.FINAL)

    async def _await_echo(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        while (reading := await self._keeper.next_reading(deadline)) is not None:
            found = self._settle(command, reading, self._sent(command))
            # A link that broke is clean again only after two coherent blocks of a live PLC.
            is_proof = found.ground is not Ground.UNSEEN or self._sent(command) is Sent.MAYBE
            may_still_come = found.phase is DivertPhase.IN_DOUBT and found.ground is Ground.EXIT
            if is_proof and not may_still_come and not found.is_behind:
                return self._echoed(command, found)
            await asyncio.sleep(ECHO_POLL_S)
        return self._told(command, _NO_ECHO)

    async def _await_order(self, seq: int, deadline: Deadline) -> Finding:
        """Two blocks without the number, the second with a later heartbeat: it never came."""
        first: Reading | None = None
        while (reading := await self._keeper.next_reading(deadline)) is not None:
            found = self._profile.ordered(reading.status, seq)
            if found.ground is Ground.FINAL:
                return found
            is_same = first is not None and first.status.boot_id == reading.status.boot_id
            first = first if is_same and first is not None else reading
            if reading.status.plc_hb != first.status.plc_hb:
                return found
            await asyncio.sleep(ECHO_POLL_S)
        return _NO_ECHO

    def _echoed(self, command: DivertCommand, found: Finding) -> DivertStatus:
        match found.phase:
            case DivertPhase.REJECTED | DivertPhase.IN_DOUBT | DivertPhase.NOT_SEEN:
                return self._told(command, found)
            case _:
                return self._told(command, _SEEN)

    async def _ended(
        self, command: DivertCommand, found: Finding, reading: Reading
    ) -> DivertStatus:
        """Tell the end; what a PLC wants to be told after it is told, and may be told again."""
        closing = self._profile.closing(command, reading)
        if found.phase is DivertPhase.DONE and closing is not None:
            with _logged(DriverError):
                await self._keeper.write(closing)
        return self._told(command, found)

    def _told(self, command: DivertCommand | None, found: Finding) -> DivertStatus:
        reading = self._keeper.reading
        status = reading.status if reading is not None else None
        return DivertStatus(
            token=command.token if command is not None else 0,
            phase=found.phase,
            at_ns=self._clock.monotonic_ns(),
            code=found.code,
            count_after=status.divert_count if status else 0,
            exit_lane=status.exit_lane if status else 0,
            reason=found.reason,
        )

    def _remember(self, command: DivertCommand, sent: Sent) -> None:
        self._written[_key(command)] = sent
        while len(self._written) > WRITTEN_MAX:
            oldest = next(iter(self._written))
            del self._written[oldest]
            self._shown.discard(oldest)


_SEEN: Final = Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)
_NO_ECHO: Final = Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason="no_echo")
_NO_END: Final = Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason="no_end")
_NO_EXIT: Final = Finding(phase=DivertPhase.UNCONFIRMED, ground=Ground.FINAL, reason="no_exit")


def _key(command: DivertCommand) -> tuple[int, int]:
    return command.boot_id, command.seq


@contextlib.contextmanager
def _logged(kind: type[DriverError]) -> Iterator[None]:
    """What is lost here is found out by reading."""
    try:
        yield
    except kind as error:
        log.warning("%s", error)
