"""A conveyor with diverters behind a PLC that keeps the register contract `conveyor/1`, Modbus TCP.

A command is written once and then only read for. Refuses to write on a link whose PLC it has not
seen alive twice, and to write again what may have arrived.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from drivers.conveyor.modbus_link import ModbusLink
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
from drivers.wire.conveyor_proof import Finding, Ground, ordered, settle
from drivers.wire.conveyor_registers import (
    FAULTS,
    STATUS_OFFSET,
    STATUS_REGISTERS,
    STATUS_REGISTERS_WITH_EXIT,
    Command,
    SeqResult,
    StatusBlock,
    decode_status,
    encode_command,
    next_host_hb,
    start_seq,
    status_of,
)

COHERENT_S: Final = 1.0  # plc_hb changes every 100 ms; a program that stands still is no PLC
COHERENT_POLL_S: Final = 0.025
ECHO_POLL_S: Final = 0.01
RECONNECT_S: Final = (0.1, 2.0)
START_AGAIN_S: Final = 2.0
WRITTEN_MAX: Final = 16  # commands remembered as acknowledged; one is in flight at a time

_URL: Final = re.compile(r"tcp://(?P<host>[^\s/:]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?")

_ORDERS: Final = {
    BeltCommand.STOP: Command.STOP,
    BeltCommand.START: Command.START,
    BeltCommand.RESET: Command.RESET,
    BeltCommand.CANCEL: Command.CANCEL,
}

log = logging.getLogger("conveyor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusSettings:
    """Where the PLC is and which parts of the register map it has. `base` = B, from 0.

    `auto_start` starts a belt that stands because it lost its host, or that nobody has commanded
    since the PLC's start; never while a divert of this process is open or in doubt.
    """

    url: str
    base: int = 100
    device_id: int = 1
    lanes: int = 1
    lane_sensor: bool = False
    read_fc: int = 3
    auto_start: bool = True
    poll_ms: int = 200
    open_poll_ms: int = 50
    heartbeat_ms: int = 500
    exit_s: float = 5.0

    def __post_init__(self) -> None:
        match = _URL.fullmatch(self.url)
        if match is None or not 1 <= int(match["port"] or 502) <= 65535:
            raise ValueError(f"url: {self.url!r} does not fit: tcp://host:port")
        for key, value, low, high in (
            ("base", self.base, 0, 65535 - STATUS_OFFSET - STATUS_REGISTERS_WITH_EXIT),
            ("device_id", self.device_id, 1, 247),
            ("lanes", self.lanes, 1, 8),
            ("read_fc", self.read_fc, 3, 4),
            ("poll_ms", self.poll_ms, 10, 1000),
            ("open_poll_ms", self.open_poll_ms, 5, 1000),
            ("heartbeat_ms", self.heartbeat_ms, 50, 1000),
        ):
            if not low <= value <= high:
                raise ValueError(f"{key}: {value} does not fit: {low} to {high}")
        if self.exit_s < 0:
            raise ValueError(f"exit_s: {self.exit_s} does not fit: 0 or more")

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        match = _URL.fullmatch(self.url)
        assert match is not None, "checked when the settings were made"
        return match["host"].strip("[]"), int(match["port"] or 502)


class ModbusConveyor:
    """One PLC link: a task keeps it connected, polled and alive; commands run beside it."""

    def __init__(self, name: DeviceName, settings: ModbusSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._link = ModbusLink(str(name), settings.address, settings.device_id)
        self._keeper: asyncio.Task[None] | None = None
        self._clean = asyncio.Event()
        self._broken = asyncio.Event()
        self._block: StatusBlock | None = None
        self._status: ConveyorStatus | None = None
        self._alive_ns = 0
        self._host_hb = 0
        self._started_ns: int | None = None
        self._on_belt: set[tuple[int, int]] = set()
        self._acknowledged: dict[tuple[int, int], bool] = {}  # boot, seq → seen by the PLC
        self._light = HealthFeed(name)

    # ------------------------------------------------------------ device

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return LANE_SENSOR if the belt has one."""
        has_sensor = self._settings.lane_sensor
        return frozenset({Capability.LANE_SENSOR} if has_sensor else ())

    async def __aenter__(self) -> Self:
        """Start connecting. A PLC that is off is no error: the light says `lost` until it is on."""
        self._light.show(HealthState.LOST, "connecting")
        self._keeper = asyncio.create_task(self._keep(), name=f"conveyor[{self._name}]")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect. The heartbeat stops, so the belt stops after the PLC's own time."""
        keeper, self._keeper = self._keeper, None
        self._light.show(HealthState.LOST, "closed")
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait({keeper})
            if not keeper.cancelled():
                keeper.result()  # it ends by itself only by a bug, which must not vanish
        self._link.close()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change."""
        return self._light.stream()

    # ------------------------------------------------------------ commands

    def status(self) -> ConveyorStatus | None:
        """Return the newest coherent block while the link is clean, else None."""
        return self._status if self._clean.is_set() else None

    async def reconcile(self, deadline: Deadline) -> ConveyorStatus:
        """Wait for a clean link and read two coherent blocks. Raises DriverError."""
        await self._await_clean(deadline)
        await self._read_coherent()
        assert self._status is not None, "a block was just read"
        return self._status

    async def write(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Write one divert command and wait for the PLC's echo of its sequence number.

        Reads first: what the PLC already has is not written. Returns SEEN, REJECTED, NOT_SEEN or
        IN_DOUBT. Raises DriverLostError, DriverBusyError or DriverProtocolError (lane unknown,
        or the PLC answered with a Modbus exception) when nothing was written.
        """
        values = self._encoded(command)
        if not self._clean.is_set():
            raise DriverLostError(self._name, "write divert", "the link is not clean")
        found = self._settle(command, await self._read())
        if found.reason == "busy":
            raise DriverBusyError(self._name, "write divert", "the belt is busy")
        if found.ground is not Ground.UNSEEN:
            return self._echoed(command, found)
        key = (command.boot_id, command.seq)
        self._on_belt.add(key)
        try:
            await self._link.write(self._settings.base, values)
        except DriverLostError as error:
            log.warning("%s", error)  # it may have arrived: only the registers can tell
        except DriverProtocolError:
            self._on_belt.discard(key)
            raise
        else:
            self._remember(key, seen=False)
        return await self._await_echo(command, deadline)

    async def order(self, command: BeltCommand, seq: int, deadline: Deadline) -> DivertStatus:
        """Write one order to the belt, beside an open divert too, and wait for its echo."""
        if not self._clean.is_set():
            raise DriverLostError(self._name, command, "the link is not clean")
        found = ordered(status_of(await self._read(), self._clock.monotonic_ns()), seq)
        if found.ground is Ground.UNSEEN:
            values = encode_command(_ORDERS[command], host_hb=self._beat(), seq=seq)
            try:
                await self._link.write(self._settings.base, values)
            except DriverLostError as error:
                log.warning("%s", error)  # only the registers can tell
            found = await self._await_order(seq, deadline)
        return self._told(None, found.phase, code=found.code, reason=found.reason)

    async def _await_order(self, seq: int, deadline: Deadline) -> Finding:
        """Two blocks without the number, the second with a later heartbeat: it never came."""
        first: StatusBlock | None = None
        while (block := await self._next_block(deadline)) is not None:
            found = ordered(status_of(block, self._clock.monotonic_ns()), seq)
            if found.ground is Ground.FINAL:
                return found
            first = first if first is not None and first.boot_id == block.boot_id else block
            if block.plc_hb != first.plc_hb:
                return found
            await asyncio.sleep(ECHO_POLL_S)
        return Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason="no_echo")

    async def finish(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Only read until the registers prove how this command ended; also after a restart.

        Raises DriverLostError when the link is down at the deadline: ask again later.
        """
        unseen: StatusBlock | None = None
        exit_ns: int | None = None
        while (block := await self._next_block(deadline)) is not None:
            found = self._settle(command, block)
            match found.ground:
                case Ground.FINAL:
                    return self._ended(command, found)
                case Ground.EXIT:
                    exit_ns = exit_ns if exit_ns is not None else self._clock.monotonic_ns()
                    if self._clock.monotonic_ns() - exit_ns >= self._settings.exit_s * 1e9:
                        return self._ended(command, found)
                case Ground.UNSEEN:
                    verdict = self._unseen(command, unseen, block)
                    if verdict is not None:
                        return self._ended(command, verdict)
                    unseen = unseen if unseen is not None else block
                case Ground.OPEN:
                    unseen = None
            await asyncio.sleep(self._settings.open_poll_ms / 1000)
        if not self._clean.is_set():
            raise DriverLostError(self._name, "follow a divert", "no link")
        phase = DivertPhase.IN_DOUBT if exit_ns is None else DivertPhase.UNCONFIRMED
        reason = "no_end" if exit_ns is None else "no_exit"
        return self._ended(command, Finding(phase=phase, ground=Ground.FINAL, reason=reason))

    def _encoded(self, command: DivertCommand) -> list[int]:
        if not 1 <= command.lane <= self._settings.lanes or not command.token:
            raise DriverProtocolError(
                self._name, "write divert", f"no lane {command.lane} or no token"
            )
        try:
            return encode_command(
                Command.DIVERT,
                host_hb=self._beat(),
                seq=command.seq,
                lane=command.lane,
                item=command.token,
            )
        except ValueError as error:
            raise DriverProtocolError(self._name, "write divert", str(error)) from error

    # ------------------------------------------------------------ proof

    def _settle(self, command: DivertCommand, block: StatusBlock) -> Finding:
        status = status_of(block, self._clock.monotonic_ns())
        found = settle(status, command, lane_sensor=self._settings.lane_sensor)
        if found.ground is not Ground.UNSEEN and found.reason != "busy":
            self._remember((command.boot_id, command.seq), seen=True)
        return found

    def _unseen(
        self, command: DivertCommand, first: StatusBlock | None, block: StatusBlock
    ) -> Finding | None:
        """Two blocks of a running PLC without our number: it never came. None = read on."""
        seen = self._acknowledged.get((command.boot_id, command.seq))
        if seen:
            return Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason="overtaken")
        if seen is not None or first is None or first.plc_hb == block.plc_hb:
            return None
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.FINAL)

    async def _await_echo(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        key = (command.boot_id, command.seq)
        while (block := await self._next_block(deadline)) is not None:
            found = self._settle(command, block)
            # A link that broke is clean again only after two coherent blocks of a live PLC.
            is_proof = found.ground is not Ground.UNSEEN or key not in self._acknowledged
            if is_proof and found.reason != "busy":
                return self._echoed(command, found)
            await asyncio.sleep(ECHO_POLL_S)
        return self._told(command, DivertPhase.IN_DOUBT, reason="no_echo")

    def _echoed(self, command: DivertCommand, found: Finding) -> DivertStatus:
        match found.phase:
            case DivertPhase.REJECTED | DivertPhase.IN_DOUBT | DivertPhase.NOT_SEEN:
                return self._ended(command, found)
            case _:
                return self._told(command, DivertPhase.SEEN)

    def _ended(self, command: DivertCommand, found: Finding) -> DivertStatus:
        """A divert in doubt stays on the belt: nothing may start by itself then."""
        if found.phase is not DivertPhase.IN_DOUBT:
            self._on_belt.discard((command.boot_id, command.seq))
        return self._told(command, found.phase, code=found.code, reason=found.reason)

    def _told(
        self, command: DivertCommand | None, phase: DivertPhase, *, code: int = 0, reason: str = ""
    ) -> DivertStatus:
        block = self._block
        return DivertStatus(
            token=command.token if command is not None else 0,
            phase=phase,
            at_ns=self._clock.monotonic_ns(),
            code=code,
            count_after=block.divert_count if block else 0,
            exit_lane=block.exit_lane if block else 0,
            reason=reason,
        )

    def _remember(self, key: tuple[int, int], *, seen: bool) -> None:
        self._acknowledged[key] = seen or self._acknowledged.get(key, False)
        while len(self._acknowledged) > WRITTEN_MAX:
            del self._acknowledged[next(iter(self._acknowledged))]

    # ------------------------------------------------------------ the link

    async def _await_clean(self, deadline: Deadline) -> None:
        try:
            async with asyncio.timeout(deadline.remaining_s(self._clock)):
                await self._clean.wait()
        except TimeoutError as error:
            raise DriverTimeoutError(
                self._name, "wait for the PLC", self._light.now.reason
            ) from error

    async def _next_block(self, deadline: Deadline) -> StatusBlock | None:
        """Return the next block, over broken links; None at the deadline."""
        while deadline.remaining_s(self._clock) > 0:
            with contextlib.suppress(DriverError):
                await self._await_clean(deadline)
                return await self._read()
            await asyncio.sleep(ECHO_POLL_S)
        return None

    async def _read(self) -> StatusBlock:
        """Read one block. A PLC that started anew or whose program stands makes the link dirty."""
        settings, before = self._settings, self._block
        count = STATUS_REGISTERS_WITH_EXIT if settings.lane_sensor else STATUS_REGISTERS
        registers = await self._link.read(
            settings.base + STATUS_OFFSET, count, inputs=settings.read_fc == 4
        )
        now_ns = self._clock.monotonic_ns()
        try:
            block = decode_status(registers)
        except ValueError as error:
            self._link.close()
            raise DriverProtocolError(self._name, "read status", str(error)) from error
        self._block, self._status = block, status_of(block, now_ns)
        if before is None or before.plc_hb != block.plc_hb:
            self._alive_ns = now_ns
        is_restarted = before is not None and before.boot_id != block.boot_id
        if self._clean.is_set() and (is_restarted or now_ns - self._alive_ns > COHERENT_S * 1e9):
            self._link.close()
            what = "the PLC has started anew" if is_restarted else "the PLC's program stands still"
            raise DriverLostError(self._name, "read status", what)
        return block

    async def _read_coherent(self) -> None:
        """Read until two blocks agree: same start of the PLC, and its heartbeat went on."""
        first = await self._read()
        deadline = Deadline.after(COHERENT_S, self._clock)
        while deadline.remaining_s(self._clock) > 0:
            await asyncio.sleep(COHERENT_POLL_S)
            block = await self._read()
            if block.boot_id != first.boot_id:
                first = block
            elif block.plc_hb != first.plc_hb:
                return
        raise DriverProtocolError(self._name, "reconcile", "the PLC's heartbeat stands still")

    def _beat(self) -> int:
        self._host_hb = next_host_hb(self._host_hb)
        return self._host_hb

    # ------------------------------------------------------------ the keeper

    async def _keep(self) -> None:
        """Connect, reconcile, poll and beat, for ever. The library's own reconnect is off."""
        delay_s = RECONNECT_S[0]
        while True:
            try:
                await self._session()
            except DriverError as error:
                if self._light.now.reason != error.happened:
                    log.warning("%s", error)
                self._light.show(HealthState.LOST, error.happened)
            finally:
                was_clean = self._clean.is_set() or self._broken.is_set()
                self._break()
            delay_s = RECONNECT_S[0] if was_clean else min(delay_s * 2, RECONNECT_S[1])
            await asyncio.sleep(delay_s)

    async def _session(self) -> None:
        """One connection, from open to broken. Raises DriverError at its end."""
        self._broken.clear()
        self._block = None
        await self._link.open(self._break)
        try:
            await self._read_coherent()
            self._clean.set()
            beat_ns = poll_ns = 0
            while not self._broken.is_set():
                now_ns = self._clock.monotonic_ns()
                if now_ns >= beat_ns:
                    await self._link.write(self._settings.base, [self._beat()])
                    beat_ns = now_ns + self._settings.heartbeat_ms * 1_000_000
                if now_ns >= poll_ns:
                    await self._poll()
                    poll_ns = now_ns + self._settings.poll_ms * 1_000_000
                await self._pause(min(beat_ns, poll_ns))
            raise DriverLostError(self._name, "keep the link", "it broke")
        finally:
            self._link.close()

    async def _pause(self, until_ns: int) -> None:
        left_s = max(0.0, (until_ns - self._clock.monotonic_ns()) / 1e9)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await self._broken.wait()

    def _break(self) -> None:
        """Nothing is written any more until two blocks of a live PLC were read again."""
        self._clean.clear()
        self._broken.set()

    async def _poll(self) -> None:
        status = status_of(await self._read(), self._clock.monotonic_ns())
        if self._may_start(status):
            self._started_ns = self._clock.monotonic_ns()
            log.info("%s: start belt", self._name)
            values = encode_command(Command.START, host_hb=self._beat(), seq=start_seq(status))
            await self._link.write(self._settings.base, values)
        self._show(status)

    def _may_start(self, status: ConveyorStatus) -> bool:
        stands = not (status.running or status.fault or status.busy)
        is_open = bool(self._on_belt) or status.seq_result == SeqResult.EXECUTING
        is_ours = status.host_lost or status.seq_seen == 0
        now_ns = self._clock.monotonic_ns()
        waited = self._started_ns is None or now_ns - self._started_ns >= START_AGAIN_S * 1e9
        return self._settings.auto_start and stands and is_ours and not is_open and waited

    def _show(self, status: ConveyorStatus) -> None:
        if status.fault:
            reason = FAULTS.get(status.fault, f"fault_{status.fault}")
        elif status.host_lost:
            reason = "host_lost"
        else:
            reason = "" if status.running else "stopped"
        self._light.show(HealthState.DEGRADED if reason else HealthState.OK, reason)
