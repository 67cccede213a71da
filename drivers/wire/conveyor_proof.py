"""What the PLC's registers prove about one divert. Pure; a restart changes nothing about it."""

from enum import IntEnum
from typing import Final

from drivers.protocols import ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_map import grown
from drivers.wire.conveyor_profile import Finding, Ground

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


class SeqResult(IntEnum):
    """Values of `seq_result` (B+103) and `done_result` (B+112)."""

    NONE = 0
    EXECUTING = 1
    DONE = 2
    REJECTED = 3
    FAILED = 4


def fault_name(fault: int) -> str:
    """Return the short word of a fault number; a vendor's own is told by its number."""
    return FAULTS.get(fault, f"fault_{fault}")


_TAKEN = Finding(phase=DivertPhase.SEEN, ground=Ground.FINAL)


def settle(status: ConveyorStatus, command: DivertCommand, *, lane_sensor: bool) -> Finding:
    """Return what one block says about a command. Counters wrap at 65536."""
    if status.boot_id != command.boot_id:
        return doubt("boot_changed")
    if status.done_seq == command.seq and grown(status.divert_count, command.count_before):
        return _done(status, command, lane_sensor=lane_sensor)
    has_failed = status.done_result == SeqResult.FAILED and status.done_item == command.token
    if status.done_seq == command.seq and has_failed:
        return failed(status)
    if status.seq_seen == command.seq:
        return _seen(status)
    if status.busy or status.seq_result == SeqResult.EXECUTING:
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.OPEN, reason="busy")
    if status.divert_count != command.count_before:
        return doubt("count_moved")
    return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)


def ordered(status: ConveyorStatus, seq: int) -> Finding:
    """Return what one block says about an order to the belt itself: stop, start, reset, cancel."""
    if status.seq_seen != seq:
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)
    return _refused(status) if status.seq_result == SeqResult.REJECTED else _TAKEN


def _done(status: ConveyorStatus, command: DivertCommand, *, lane_sensor: bool) -> Finding:
    if status.done_result == SeqResult.FAILED:
        return failed(status)
    is_ours = status.done_item == command.token
    if not is_ours or grown(status.divert_count, command.count_before) != 1:
        return doubt("done_mismatch")
    if status.done_result != SeqResult.DONE:
        return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)
    if not lane_sensor:
        return Finding(phase=DivertPhase.DONE, ground=Ground.FINAL)
    return left(status, command)


def left(status: ConveyorStatus, command: DivertCommand) -> Finding:
    """Return what the lane sensor says: exactly one item must have passed, in our lane, ours."""
    exits = grown(status.exit_count, command.exit_before)
    if exits == 0:
        return Finding(phase=DivertPhase.UNCONFIRMED, ground=Ground.EXIT, reason="no_exit")
    if exits > 1:
        return _unconfirmed("exit_count")
    if status.exit_lane != command.lane:
        return Finding(phase=DivertPhase.WRONG_LANE, ground=Ground.FINAL, reason="wrong_lane")
    if status.exit_item not in (command.token, 0):
        return _unconfirmed("exit_item")
    return Finding(phase=DivertPhase.DONE, ground=Ground.FINAL)


def _seen(status: ConveyorStatus) -> Finding:
    match status.seq_result:
        case SeqResult.REJECTED:
            return _refused(status)
        case SeqResult.FAILED:
            return failed(status)
        case _:
            return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)


def _refused(status: ConveyorStatus) -> Finding:
    code = status.reject_reason
    reason = REJECT_REASONS.get(code, f"reject_{code}")
    return Finding(phase=DivertPhase.REJECTED, ground=Ground.FINAL, code=code, reason=reason)


def failed(status: ConveyorStatus) -> Finding:
    """Return that the divert ended without its item being where it should be."""
    return Finding(
        phase=DivertPhase.FAILED,
        ground=Ground.FINAL,
        code=status.fault,
        reason=fault_name(status.fault) if status.fault else "cancelled",
    )


def doubt(reason: str) -> Finding:
    """Return that nobody can tell what happened."""
    return Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason=reason)


def _unconfirmed(reason: str) -> Finding:
    return Finding(phase=DivertPhase.UNCONFIRMED, ground=Ground.FINAL, reason=reason)
