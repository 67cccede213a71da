"""Conveyors and diverters: commands, and what registers prove."""

from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from drivers.protocols.devices import Deadline, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class ConveyorStatus:
    """One coherent status block of the PLC (register map `conveyor/1`)."""

    received_ns: int
    boot_id: int
    running: bool
    fault: int
    host_lost: bool
    busy: bool
    seq_seen: int
    seq_result: int
    done_seq: int
    done_result: int
    done_item: int
    divert_count: int
    reject_reason: int
    exit_lane: int
    exit_count: int
    exit_item: int
    lane_now: int = 0
    lanes_full: frozenset[int] = frozenset()
    infeed: bool | None = None  # None = the belt has no such sensor
    local: bool = False  # somebody works it by hand
    safety_ok: bool = True
    plc_hb: int = 0
    map_version: int = 1
    host_timeout_ms: int | None = None  # None = the PLC does not tell


class BeltCommand(StrEnum):
    """What may be ordered of a belt at any time, while a divert is open too."""

    STOP = "stop"
    START = "start"
    RESET = "reset"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertCommand:
    """One divert, as committed: the numbers are those of the status read before the intent."""

    token: int
    lane: int
    seq: int
    boot_id: int
    count_before: int
    exit_before: int


class DivertPhase(StrEnum):
    """What the PLC's own registers prove about one divert."""

    NOT_SEEN = "not_seen"  # two coherent blocks with the old seq: the same seq may be written again
    SEEN = "seen"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    WRONG_LANE = "wrong_lane"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertStatus:
    """Evidence about one divert, from a status block."""

    token: int
    phase: DivertPhase
    at_ns: int
    code: int = 0
    count_after: int = 0
    exit_lane: int = 0
    reason: str = ""


class ConveyorDriver(Device, Protocol):
    """One PLC link."""

    def status(self) -> ConveyorStatus | None:
        """Return the newest coherent block while the link is clean, else None."""

    def hold_heartbeat(self, is_held: bool) -> None:
        """Hold back the host heartbeat, so that the PLC stops its belt by itself, or go on."""

    async def reconcile(self, deadline: Deadline) -> ConveyorStatus:
        """Read two coherent blocks and declare the link clean. Raises DriverError."""

    async def write(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Write one divert command and wait for the PLC's echo of its sequence number.

        Returns SEEN, REJECTED, NOT_SEEN or IN_DOUBT; IN_DOUBT if the deadline passes after
        the write: the belt may have obeyed. Raises DriverLostError before anything was written.
        """

    async def finish(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Only read until the registers prove how this command ended; also after a restart.

        Returns NOT_SEEN, DONE, REJECTED, FAILED, UNCONFIRMED, WRONG_LANE or IN_DOUBT.
        """

    async def order(self, command: BeltCommand, seq: int, deadline: Deadline) -> DivertStatus:
        """Write one order to the belt, beside an open divert too, and wait for its echo.

        `seq` is a new committed number; an open divert is then followed by `done_seq`. Returns
        SEEN, REJECTED, NOT_SEEN (it never came, the same number may be ordered again) or IN_DOUBT;
        `token` is 0. Raises DriverLostError before anything was written.
        """


class ConveyorProbe(Protocol):
    """A tester's end of a PLC of style `seq_ack`: every write as it is, nothing settled, no gate.

    Entering connects; the host heartbeat runs while `is_beating`.
    """

    is_beating: bool

    async def __aenter__(self) -> Self:
        """Connect. Raises DriverError."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; the heartbeat ends."""

    async def status(self) -> ConveyorStatus:
        """Read one block. Raises DriverError."""

    async def command(self, cmd: int, *, seq: int, lane: int = 0, token: int = 0) -> None:
        """Write the host block once, whatever the numbers are. Raises DriverError."""

    async def command_unheard(self, cmd: int, *, seq: int, lane: int = 0, token: int = 0) -> None:
        """Write the host block, do not wait for the reply, and connect anew. Raises DriverError."""

    async def trespass(self, *, coil: bool) -> int:
        """Write a status register, or a coil; return the Modbus exception code, 0 = it was taken.

        Raises DriverError.
        """
