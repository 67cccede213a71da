"""What every style of PLC is to the driver: registers to values, commands to writes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from drivers.protocols import BeltCommand, ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_map import Span, Write


class Sent(Enum):
    """What the driver knows about the write of a command."""

    NEVER = auto()  # this process has not written it, and no other did
    MAYBE = auto()  # no reply came, or another process may have written it
    ANSWERED = auto()


class Ground(Enum):
    """How firm a finding is."""

    FINAL = auto()
    OPEN = auto()  # more must come, read on
    EXIT = auto()  # done, and the item must still pass the lane sensor
    UNSEEN = auto()  # looks as if the PLC never got it; needs a second coherent block


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Phase, how firm it is, and the numbers that go into the evidence."""

    phase: DivertPhase
    ground: Ground
    code: int = 0
    reason: str = ""

    @property
    def is_behind(self) -> bool:
        """Return whether another command keeps the belt busy; a refusal as busy is none of that."""
        return self.phase is DivertPhase.NOT_SEEN and self.ground is Ground.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One block that was read: in the words of the contract, and as the PLC has it."""

    status: ConveyorStatus
    values: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a style can prove. Without a boot number a lost reply is never proved harmless."""

    has_boot_id: bool = False
    has_plc_heartbeat: bool = False
    has_echo: bool = True
    has_orders: bool = False


class BeltProfile(Protocol):
    """One style of PLC. Its numbers are those of `ConveyorStatus`; what it lacks is 0."""

    @property
    def traits(self) -> Traits:
        """Return what this style can prove."""

    def span(self, *, is_short: bool = False) -> Span | None:
        """Return what to read; `is_short` leaves out a last register that nobody misses."""

    def read(self, registers: Sequence[int], span: Span | None, received_ns: int) -> Reading:
        """Return the block. Raises ValueError for a block that this PLC cannot have written."""

    def divert(self, command: DivertCommand, host_hb: int, reading: Reading) -> Write:
        """Return the one write of a divert. Raises ValueError where a number does not fit."""

    def order(self, command: BeltCommand, seq: int, host_hb: int, reading: Reading) -> Write | None:
        """Return the one write of an order to the belt, None where the style has no such order."""

    def heartbeat(self, host_hb: int, reading: Reading) -> Write | None:
        """Return the write that only says that the host is alive; it may be repeated."""

    def closing(self, command: DivertCommand, reading: Reading) -> Write | None:
        """Return the write that a PLC expects after a divert; it may be repeated."""

    def settle(self, status: ConveyorStatus, command: DivertCommand, sent: Sent) -> Finding:
        """Return what one block says about a divert."""

    def ordered(self, status: ConveyorStatus, seq: int) -> Finding:
        """Return what one block says about an order."""
