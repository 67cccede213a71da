"""A belt with diverters that lives in this process and keeps the promises of the register contract.

For tests and stations without hardware. It obeys once per sequence number, refuses what a PLC
refuses, and can be told to misbehave like one.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from drivers.errors import DriverBusyError, DriverLostError, DriverProtocolError
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
from drivers.wire.conveyor_map import WORD
from drivers.wire.conveyor_profile import Finding, Ground
from drivers.wire.conveyor_proof import SeqResult, ordered, settle

READ_S: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryConveyorSettings:
    """Lanes from 1; a divert takes `divert_ms`, the way to the lane sensor as long again."""

    lanes: int = 3
    lane_sensor: bool = True
    divert_ms: int = 20
    exit_s: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.lanes <= 8:
            raise ValueError(f"lanes: {self.lanes} does not fit: 1 to 8")
        if self.divert_ms < 0 or self.exit_s < 0:
            raise ValueError("divert_ms: a time is negative: 0 or more")


@dataclass(slots=True, kw_only=True)
class BeltFaults:
    """What goes wrong next; each is used up by one command, but for `is_down` and `is_held`."""

    reject: int = 0
    fail: int = 0
    unheard: bool = False
    no_exit: bool = False
    exit_lane: int = 0
    is_down: bool = False
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    command: DivertCommand
    ends_ns: int
    exits_ns: int | None


class MemoryBelt:
    """The belt itself. `diverts` counts physical diverts by token: more than one is a double."""

    def __init__(self, settings: MemoryConveyorSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._running: _Running | None = None
        self._leaving: _Running | None = None
        self._last = DivertCommand(token=0, lane=0, seq=0, boot_id=0, count_before=0, exit_before=0)
        self._seq_result = SeqResult.NONE
        self._done_result = SeqResult.NONE
        self._reject_reason = 0
        self._fault = 0
        self._exit = (0, 0)  # lane, token
        self._is_running = True
        self._is_host_lost = False
        self._beat = 0
        self.faults = BeltFaults()
        self.lanes_full: frozenset[int] = frozenset()
        self.diverts: Counter[int] = Counter()
        self.boot_id = 1
        self.seq_seen = 0
        self.divert_count = 0
        self.exit_count = 0

    def restart(self) -> None:
        """Lose everything, as a PLC does that was switched off; physical diverts stay counted."""
        fresh = MemoryBelt(self._settings, self._clock)
        fresh.diverts, fresh.boot_id, fresh.faults = self.diverts, self.boot_id + 1, self.faults
        self.__dict__.update(fresh.__dict__)

    def status(self) -> ConveyorStatus:
        """Return what a PLC would show now."""
        now_ns = self._clock.monotonic_ns()
        self._move(now_ns)
        self._beat = (self._beat + 1) % WORD
        return ConveyorStatus(
            received_ns=now_ns,
            boot_id=self.boot_id,
            running=self._is_running and not self._fault,
            fault=self._fault,
            host_lost=self._is_host_lost,
            busy=self._running is not None,
            seq_seen=self.seq_seen,
            seq_result=int(self._seq_result),
            done_seq=self._last.seq,
            done_result=int(self._done_result),
            done_item=self._last.token,
            divert_count=self.divert_count,
            reject_reason=self._reject_reason,
            exit_lane=self._exit[0],
            exit_count=self.exit_count,
            exit_item=self._exit[1],
            lanes_full=self.lanes_full,
            plc_hb=self._beat,
        )

    def take(self, command: DivertCommand) -> None:
        """Act once per new sequence number; a refused command leaves the running one alone."""
        self._move(self._clock.monotonic_ns())
        if self.faults.unheard:
            self.faults.unheard = False
        elif command.seq not in (0, self.seq_seen):
            self.seq_seen = command.seq
            self._reject_reason = self._refusal(command)
            self.faults.reject = 0
            self._seq_result = SeqResult.REJECTED if self._reject_reason else SeqResult.EXECUTING
            if not self._reject_reason:
                self._begin(command)

    def lose_host(self) -> None:
        """Stop, as a PLC does that hears its host no more."""
        self._move(self._clock.monotonic_ns())
        self._is_running, self._is_host_lost = False, True

    def order(self, command: BeltCommand, seq: int) -> None:
        """Act once per new number; a belt that has a fault starts only after a reset."""
        self._move(self._clock.monotonic_ns())
        if self.faults.unheard:
            self.faults.unheard = False
        elif seq not in (0, self.seq_seen):
            self.seq_seen = seq
            self._reject_reason = 4 if command is BeltCommand.START and self._fault else 0
            self._seq_result = SeqResult.REJECTED if self._reject_reason else SeqResult.DONE
            if not self._reject_reason:
                self._obey(command)

    def _obey(self, command: BeltCommand) -> None:
        match command:
            case BeltCommand.STOP:
                self._is_running = False
            case BeltCommand.START:
                self._is_running, self._is_host_lost = True, False
            case BeltCommand.RESET:
                self._fault = 0
            case BeltCommand.CANCEL:
                cancelled, self._running = self._running, None
                if cancelled is not None:
                    self._last, self._done_result = cancelled.command, SeqResult.FAILED

    def _refusal(self, command: DivertCommand) -> int:
        if self.faults.reject:
            return self.faults.reject
        checks = (
            (self._running is not None, 1),
            (not 1 <= command.lane <= self._settings.lanes, 2),
            (not self._is_running, 3),
            (command.lane in self.lanes_full, 9),
        )
        return next((reason for fails, reason in checks if fails), 0)

    def _begin(self, command: DivertCommand) -> None:
        span_ns = self._settings.divert_ms * 1_000_000
        ends_ns = self._clock.monotonic_ns() + span_ns
        exits_ns = None if self.faults.no_exit else ends_ns + span_ns
        self.faults.no_exit = False
        self._running = _Running(command=command, ends_ns=ends_ns, exits_ns=exits_ns)

    def _move(self, now_ns: int) -> None:
        running, leaving = self._running, self._leaving
        stands = self.faults.is_held or not self._is_running
        if running is not None and now_ns >= running.ends_ns and not stands:
            self._running, self._last = None, running.command
            self._fault, self.faults.fail = self.faults.fail, 0
            self._done_result = SeqResult.FAILED if self._fault else SeqResult.DONE
            if self.seq_seen == running.command.seq:
                self._seq_result = self._done_result
            if not self._fault:
                self.diverts[running.command.token] += 1
                self.divert_count = (self.divert_count + 1) % WORD
                self._leaving = leaving = running
        if leaving is not None and leaving.exits_ns is not None and now_ns >= leaving.exits_ns:
            self._leaving = None
            self.exit_count = (self.exit_count + 1) % WORD
            self._exit = (self.faults.exit_lane or leaving.command.lane, leaving.command.token)
            self.faults.exit_lane = 0


class MemoryConveyor:
    """The driver of a MemoryBelt. A second one with the same `belt` is a service that restarted."""

    def __init__(self, name: DeviceName, settings: MemoryConveyorSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._is_open = False
        self._light = HealthFeed(name)
        self.belt = MemoryBelt(settings, clock)

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return BELT_ORDERS, and LANE_SENSOR if the belt has one."""
        sensor = {Capability.LANE_SENSOR} if self._settings.lane_sensor else set()
        return frozenset({Capability.BELT_ORDERS} | sensor)

    async def __aenter__(self) -> Self:
        """Open the belt; never fails."""
        self._is_open = True
        self._light.show(HealthState.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the belt."""
        self._is_open = False
        self._light.show(HealthState.LOST, "closed")

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change."""
        return self._light.stream()

    def status(self) -> ConveyorStatus | None:
        """Return the belt's status while it is open and not down, else None."""
        return self.belt.status() if self._is_reachable else None

    def hold_heartbeat(self, is_held: bool) -> None:
        """Hold back the host heartbeat: the belt of this double stops at once."""
        if is_held:
            self.belt.lose_host()

    async def reconcile(self, deadline: Deadline) -> ConveyorStatus:
        """Return the belt's status; a belt that is down is awaited. Raises DriverLostError."""
        await asyncio.sleep(0 if self._is_reachable else deadline.remaining_s(self._clock))
        return self._reached("reconcile")

    async def write(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:  # noqa: ARG002 the belt answers at once
        """Hand over one command. Returns SEEN, REJECTED, NOT_SEEN or IN_DOUBT."""
        if not 1 <= command.lane <= self._settings.lanes or not command.token:
            raise DriverProtocolError(self._name, "write divert", "no such lane, or no token")
        found = self._settle(command, self._reached("write divert"))
        if found.is_behind:
            raise DriverBusyError(self._name, "write divert", "the belt is busy")
        if found.ground is Ground.UNSEEN:
            self.belt.take(command)
            found = self._settle(command, self.belt.status())
        match found.phase:
            case DivertPhase.REJECTED | DivertPhase.IN_DOUBT | DivertPhase.NOT_SEEN:
                return self._told(command, found)
            case _:
                return self._told(command, Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN))

    async def finish(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Only read until the belt proves how the command ended."""
        exit_ns: int | None = None
        while deadline.remaining_s(self._clock) > 0:
            status = self.status()
            found = self._settle(command, status) if status is not None else None
            if found is not None and found.ground in (Ground.FINAL, Ground.UNSEEN):
                return self._told(command, found)
            if found is not None and found.ground is Ground.EXIT:
                exit_ns = exit_ns if exit_ns is not None else self._clock.monotonic_ns()
                if self._clock.monotonic_ns() - exit_ns >= self._settings.exit_s * 1e9:
                    return self._told(command, found)
            await asyncio.sleep(READ_S)
        if not self._is_reachable:
            raise DriverLostError(self._name, "follow a divert", "no belt")
        doubt = Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason="no_end")
        return self._told(command, doubt)

    async def order(self, command: BeltCommand, seq: int, deadline: Deadline) -> DivertStatus:  # noqa: ARG002 the belt answers at once
        """Hand over one order. Returns SEEN, REJECTED or NOT_SEEN."""
        self._reached(command)
        self.belt.order(command, seq)
        return self._told(None, ordered(self.belt.status(), seq))

    def _reached(self, tried: str) -> ConveyorStatus:
        status = self.status()
        if status is None:
            raise DriverLostError(self._name, tried, "no belt")
        return status

    @property
    def _is_reachable(self) -> bool:
        return self._is_open and not self.belt.faults.is_down

    def _settle(self, command: DivertCommand, status: ConveyorStatus) -> Finding:
        return settle(status, command, lane_sensor=self._settings.lane_sensor)

    def _told(self, command: DivertCommand | None, found: Finding) -> DivertStatus:
        status = self.belt.status()
        return DivertStatus(
            token=command.token if command is not None else 0,
            phase=found.phase,
            at_ns=status.received_ns,
            code=found.code,
            count_after=status.divert_count,
            exit_lane=status.exit_lane,
            reason=found.reason,
        )
