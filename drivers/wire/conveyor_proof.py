"""What the PLC's registers prove about one divert. Pure; a restart changes nothing about it."""

from dataclasses import dataclass
from enum import Enum, auto

from drivers.protocols import ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_registers import (
    FAULTS,
    REJECT_REASONS,
    SeqResult,
    grown,
)


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


_TAKEN = Finding(phase=DivertPhase.SEEN, ground=Ground.FINAL)


def settle(status: ConveyorStatus, command: DivertCommand, *, lane_sensor: bool) -> Finding:
    """Return what one block says about a command. Counters wrap at 65536."""
    if status.boot_id != command.boot_id:
        return _doubt("boot_changed")
    if status.done_seq == command.seq and grown(status.divert_count, command.count_before):
        return _done(status, command, lane_sensor=lane_sensor)
    has_failed = status.done_result == SeqResult.FAILED and status.done_item == command.token
    if status.done_seq == command.seq and has_failed:
        return _failed(status)
    if status.seq_seen == command.seq:
        return _seen(status)
    if status.busy or status.seq_result == SeqResult.EXECUTING:
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.OPEN, reason="busy")
    if status.divert_count != command.count_before:
        return _doubt("count_moved")
    return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)


def ordered(status: ConveyorStatus, seq: int) -> Finding:
    """Return what one block says about an order to the belt itself: stop, start, reset, cancel."""
    if status.seq_seen != seq:
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)
    return _refused(status) if status.seq_result == SeqResult.REJECTED else _TAKEN


def _done(status: ConveyorStatus, command: DivertCommand, *, lane_sensor: bool) -> Finding:
    if status.done_result == SeqResult.FAILED:
        return _failed(status)
    is_ours = status.done_item == command.token
    if not is_ours or grown(status.divert_count, command.count_before) != 1:
        return _doubt("done_mismatch")
    if status.done_result != SeqResult.DONE:
        return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)
    if not lane_sensor:
        return Finding(phase=DivertPhase.DONE, ground=Ground.FINAL)
    return _left(status, command)


def _left(status: ConveyorStatus, command: DivertCommand) -> Finding:
    """The lane sensor: exactly one item must have passed, in our lane, and it must be ours."""
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
            return _failed(status)
        case _:
            return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)


def _refused(status: ConveyorStatus) -> Finding:
    code = status.reject_reason
    reason = REJECT_REASONS.get(code, f"reject_{code}")
    return Finding(phase=DivertPhase.REJECTED, ground=Ground.FINAL, code=code, reason=reason)


def _failed(status: ConveyorStatus) -> Finding:
    reason = FAULTS.get(status.fault, f"fault_{status.fault}")
    return Finding(phase=DivertPhase.FAILED, ground=Ground.FINAL, code=status.fault, reason=reason)


def _doubt(reason: str) -> Finding:
    return Finding(phase=DivertPhase.IN_DOUBT, ground=Ground.FINAL, reason=reason)


def _unconfirmed(reason: str) -> Finding:
    return Finding(phase=DivertPhase.UNCONFIRMED, ground=Ground.FINAL, reason=reason)
