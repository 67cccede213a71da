"""What every scenario stands on: the PLC, numbers for its commands, and waiting with an end."""

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from drivers.protocols import Clock, ConveyorProbe, ConveyorStatus, Deadline
from edge.commands.doctor.trial import Ask
from edge.commands.doctor.verdict import (
    Note,
    NotRunnableError,
    ScenarioFailedError,
)

POLL_S: Final = 0.01
DIVERT, STOP, START, RESET, CANCEL = 1, 2, 3, 4, 5
DONE, REJECTED, FAILED = 2, 3, 4
WORD: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Longest times, in seconds."""

    divert_s: float = 15.0
    exit_s: float = 5.0
    echo_s: float = 2.0
    person_s: float = 300.0


@dataclass(slots=True, kw_only=True)
class Stage:
    """One PLC under test. `lanes` and `lane_sensor` are what the configuration says."""

    probe: ConveyorProbe
    clock: Clock
    lanes: int
    lane_sensor: bool
    is_serial: bool
    host_timeout_s: float
    ask: Ask
    limits: Limits = field(default_factory=Limits)
    restart_command: str = ""
    fault_command: str = ""
    notes: list[Note] = field(default_factory=list)
    token: int = 0x0070_0000

    def note(self, key: str, *values: object) -> None:
        """Keep something worth telling."""
        self.notes.append(Note(key, values))

    def next_token(self) -> int:
        """Return a token of its own for the next item."""
        self.token += 1
        return self.token

    async def status(self) -> ConveyorStatus:
        """Read one block."""
        return await self.probe.status()

    async def until(
        self, is_it: Callable[[ConveyorStatus], bool], otherwise: str, seconds: float
    ) -> ConveyorStatus:
        """Read until a block shows it. Raises ScenarioFailedError."""
        deadline = Deadline.after(seconds, self.clock)
        while not is_it(status := await self.status()):
            if not deadline.remaining_s(self.clock):
                raise ScenarioFailedError(otherwise)
            await asyncio.sleep(POLL_S)
        return status

    async def order(self, command: int) -> ConveyorStatus:
        """Give the belt an order with a number of its own; return the block that shows it."""
        seq = next_seq(await self.status())
        await self.probe.command(command, seq=seq)
        return await self.until(lambda s: s.seq_seen == seq, "no_echo", self.limits.echo_s)

    async def ready(self) -> ConveyorStatus:
        """Bring the belt to where a divert may be taken, or say why that cannot be."""
        status = await self.status()
        if status.fault:
            status = await self.order(RESET)
        if not status.running:
            await self.order(START)
            await asyncio.sleep(POLL_S)
        deadline = Deadline.after(self.limits.divert_s, self.clock)
        while (why := _unready(status := await self.status())) is not None:
            if not deadline.remaining_s(self.clock):
                raise NotRunnableError("not_ready", why)
            await asyncio.sleep(POLL_S)
        return status

    async def divert(self, lane: int, *, seq: int | None = None) -> ConveyorStatus:
        """Divert one item as a station does; return the block at its end."""
        before = await self.ready()
        number, token = seq or next_seq(before), self.next_token()
        await self.probe.command(DIVERT, seq=number, lane=lane, token=token)
        return await self.ended(before, number, token, lane)

    async def ended(
        self, before: ConveyorStatus, seq: int, token: int, lane: int
    ) -> ConveyorStatus:
        """Follow one divert to its end and its lane; every register must tell the same."""
        status = await self.until(
            lambda s: seq in (s.seq_seen, s.done_seq), "no_echo", self.limits.echo_s
        )
        if status.seq_seen == seq and status.seq_result == REJECTED:
            raise ScenarioFailedError("rejected", status.reject_reason)
        status = await self.until(
            lambda s: s.done_seq == seq and not s.busy, "no_end", self.limits.divert_s
        )
        if status.done_result != DONE:
            raise ScenarioFailedError("not_done", status.done_result, status.fault)
        if status.done_item != token:
            raise ScenarioFailedError("other_item", status.done_item, token)
        if (moved := (status.divert_count - before.divert_count) % WORD) != 1:
            raise ScenarioFailedError("diverts", moved)
        return await self._left(before, lane) if self.lane_sensor else status

    async def _left(self, before: ConveyorStatus, lane: int) -> ConveyorStatus:
        status = await self.until(
            lambda s: s.exit_count != before.exit_count, "no_exit", self.limits.exit_s
        )
        if (passed := (status.exit_count - before.exit_count) % WORD) != 1:
            raise ScenarioFailedError("exits", passed)
        if status.exit_lane != lane:
            raise ScenarioFailedError("wrong_lane", status.exit_lane, lane)
        return status

    async def outside(self, command: str, question: str) -> None:
        """Run a command of whoever tests, or ask a person. Raises NotRunnableError."""
        if not command:
            if not await self.ask(question):
                raise NotRunnableError("nobody_there")
            return
        process = await asyncio.create_subprocess_exec(*shlex.split(command))
        try:
            async with asyncio.timeout(self.limits.person_s):
                code = await process.wait()
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise NotRunnableError("command_failed", command, "timeout") from error
        if code:
            raise NotRunnableError("command_failed", command, code)


def next_seq(status: ConveyorStatus) -> int:
    """Return a number that the PLC has not seen last."""
    return status.seq_seen % (WORD - 1) + 1


def _unready(status: ConveyorStatus) -> str | None:
    reasons = (
        (status.fault != 0, f"fault {status.fault}"),
        (status.host_lost, "host lost"),
        (status.busy, "busy"),
        (not status.running, "not running"),
    )
    return next((why for is_so, why in reasons if is_so), None)
