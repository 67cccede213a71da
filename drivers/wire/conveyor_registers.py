"""Register map `conveyor/1`: commands to sixteen-bit registers, status blocks back to values. Pure.

All addresses are holding registers counted from 0 behind the base B of the configuration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from drivers.protocols import ConveyorStatus

MAP_VERSION: Final = 1
STATUS_OFFSET: Final = 100
STATUS_REGISTERS: Final = 15  # up to host_timeout
STATUS_REGISTERS_WITH_EXIT: Final = 20  # with the lane sensor's registers
WORD: Final = 1 << 16
HOST_LOST_BIT: Final = 2
REJECT_REASONS: Final = {
    1: "busy",
    2: "bad_lane",
    3: "not_running",
    4: "fault",
    5: "unknown_command",
    6: "host_lost",
    8: "local_mode",
    9: "lane_full",
}
FAULTS: Final = {
    21: "diverter_position",
    22: "drive",
    23: "item_lost",
    24: "jam_at_infeed",
    25: "safety_chain",
}


class Command(IntEnum):
    """Values of `cmd` (B+1)."""

    DIVERT = 1
    STOP = 2
    START = 3
    RESET = 4
    CANCEL = 5


class SeqResult(IntEnum):
    """Values of `seq_result` (B+103) and `done_result` (B+112)."""

    NONE = 0
    EXECUTING = 1
    DONE = 2
    REJECTED = 3
    FAILED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusBlock:
    """One read of B+100…, as it stands in the PLC; exit registers are 0 without a lane sensor."""

    plc_hb: int
    running: bool
    fault_bit: bool
    host_lost: bool
    busy: bool
    seq_seen: int
    seq_result: int
    fault: int
    lane_now: int
    done_item: int
    divert_count: int
    boot_id: int
    done_seq: int
    reject_reason: int
    done_result: int
    map_version: int
    host_timeout: int
    exit_lane: int = 0
    exit_count: int = 0
    exit_item: int = 0
    infeed: bool = False
    local: bool = False
    safety_open: bool = False
    lanes_full: frozenset[int] = frozenset()


def encode_command(
    command: Command, *, host_hb: int, seq: int, lane: int = 0, item: int = 0
) -> list[int]:
    """Return B+0..B+7 for one FC16 write; `seq` stands last, so it arrives with all the rest.

    Raises ValueError for a number that its register cannot hold, and for seq 0.
    """
    if not 1 <= seq < WORD:
        raise ValueError(f"seq {seq} does not fit: 1 to 65535")
    if not (0 <= lane < WORD and 0 <= item < WORD * WORD and 0 <= host_hb < WORD):
        raise ValueError(f"lane {lane} or item {item} does not fit its register")
    return [host_hb, int(command), lane, item >> 16, item % WORD, 0, 0, seq]


def decode_status(registers: Sequence[int]) -> StatusBlock:
    """Return the block of B+100…; 15 registers, or 20 with the lane sensor.

    Raises ValueError for another length, a map that is not `conveyor/1`, and boot_id 0.
    """
    if len(registers) not in (STATUS_REGISTERS, STATUS_REGISTERS_WITH_EXIT):
        raise ValueError(f"{len(registers)} registers came: 15 or 20")
    has_exit = len(registers) == STATUS_REGISTERS_WITH_EXIT
    bits = registers[1]
    block = StatusBlock(
        plc_hb=registers[0],
        running=bool(bits & 1),
        fault_bit=bool(bits & 2),
        host_lost=bool(bits & 4),
        busy=bool(bits & 8),
        seq_seen=registers[2],
        seq_result=registers[3],
        fault=registers[4],
        lane_now=registers[5],
        done_item=registers[6] * WORD + registers[7],
        divert_count=registers[8],
        boot_id=registers[9],
        done_seq=registers[10],
        reject_reason=registers[11],
        done_result=registers[12],
        map_version=registers[13],
        host_timeout=registers[14],
        exit_lane=registers[15] if has_exit else 0,
        exit_count=registers[16] if has_exit else 0,
        exit_item=registers[17] * WORD + registers[18] if has_exit else 0,
        infeed=bool(bits & 16),
        local=bool(bits & 32),
        safety_open=bool(bits & 64),
        lanes_full=frozenset(lane for lane in range(1, 9) if bits >> 7 + lane & 1),
    )
    if block.map_version != MAP_VERSION:
        raise ValueError(f"map_version {block.map_version} is not spoken: {MAP_VERSION}")
    if block.boot_id == 0:
        raise ValueError("boot_id is 0: a PLC must count its starts")
    return block


def status_of(block: StatusBlock, received_ns: int) -> ConveyorStatus:
    """Return the block as the contract has it; a fault bit without a number is fault 65535."""
    return ConveyorStatus(
        received_ns=received_ns,
        boot_id=block.boot_id,
        running=block.running,
        fault=block.fault or (WORD - 1 if block.fault_bit else 0),
        host_lost=block.host_lost,
        busy=block.busy,
        seq_seen=block.seq_seen,
        seq_result=block.seq_result,
        done_seq=block.done_seq,
        done_result=block.done_result,
        done_item=block.done_item,
        divert_count=block.divert_count,
        reject_reason=block.reject_reason,
        exit_lane=block.exit_lane,
        exit_count=block.exit_count,
        exit_item=block.exit_item,
        lane_now=block.lane_now,
        plc_hb=block.plc_hb,
        map_version=block.map_version,
        host_timeout_ms=block.host_timeout * 100 or None,
    )


def next_host_hb(host_hb: int) -> int:
    """Return the next host heartbeat: 65535 is followed by 1."""
    return host_hb % (WORD - 1) + 1


def start_seq(status: ConveyorStatus) -> int:
    """Return a number for a start command that no divert of the station is near.

    Diverts count on from `done_seq`; half the circle away they do not meet.
    """
    seq = (status.done_seq + WORD // 2 - 1) % (WORD - 1) + 1
    return seq if seq != status.seq_seen else next_host_hb(seq)


def grown(now: int, before: int) -> int:
    """Return by how much a wrapping sixteen-bit counter has grown."""
    return (now - before) % WORD
