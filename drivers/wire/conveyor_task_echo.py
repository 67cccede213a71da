"""Style `task_echo`: a task number is written, the PLC shows it while it works and then clears it.

Known from drives with a task table such as SEW's MOVIPRO: a handshake bit changes with every task,
a fault is reset by the edge 0-1-0, and the fieldbus watchdog, 100 ms as delivered, is armed by the
first write. Such a PLC numbers no starts, so a lost reply that leaves no echo stays in doubt. Pure.
"""

from collections.abc import Sequence
from typing import Final

from drivers.protocols import BeltCommand, ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_map import MapOptions, Span, Write, block_of, check_names
from drivers.wire.conveyor_profile import Finding, Ground, Reading, Sent, Traits
from drivers.wire.conveyor_proof import SeqResult, doubt, failed, left
from drivers.wire.conveyor_registers import lanes_full

HOST: Final = {"lane": 0, "item": 1, "task": 3, "control": 4}
STATUS: Final = {"status": 100, "task_echo": 101, "task_done": 102, "fault": 103}
EXIT: Final = {"exit_lane": 104, "exit_count": 105}
NAMES: Final = (*HOST, *STATUS, *EXIT)
BOOT: Final = 1  # this style has no number of starts
HANDSHAKE: Final = 1 << 0  # of `control`; its echo is bit 7 of `status`
RESET: Final = 1 << 1
HALT: Final = 1 << 2
ECHO: Final = 1 << 7


class TaskEcho:
    """The task number is the station's number of the command.

    `control` is a level: what was ordered last stands in every later write; before any order a
    belt that stands is left standing.
    """

    def __init__(self, options: MapOptions) -> None:
        check_names(options, NAMES)
        self._options = options
        self._host = block_of(HOST, options, last="control")
        self._control = block_of({"control": HOST["control"]}, options)
        wanted = STATUS | (EXIT if options.lane_sensor else {})
        self._block = block_of(wanted, options, first=options.read_from)
        self._is_halted: bool | None = None

    @property
    def traits(self) -> Traits:
        """Return that neither starts nor a running program can be told."""
        return Traits(has_orders=True)

    def span(self, *, is_short: bool = False) -> Span | None:  # noqa: ARG002 every register is needed
        """Return the status block."""
        return self._block.span()

    def read(self, registers: Sequence[int], span: Span | None, received_ns: int) -> Reading:
        """Return the block. Raises ValueError for another length."""
        values = self._block.decode(registers, span or self._block.span())
        bits, echo, done = values["status"], values["task_echo"], values["task_done"]
        status = ConveyorStatus(
            received_ns=received_ns,
            boot_id=BOOT,
            running=bool(bits & 1),
            fault=values["fault"] or (65535 if bits & 2 else 0),
            host_lost=bool(bits & 4),
            busy=bool(bits & 8) or echo != 0,
            seq_seen=echo or done,
            seq_result=SeqResult.EXECUTING if echo else SeqResult.DONE,
            done_seq=done,
            done_result=SeqResult.DONE,
            done_item=0,
            divert_count=0,
            reject_reason=0,
            exit_lane=values.get("exit_lane", 0),
            exit_count=values.get("exit_count", 0),
            exit_item=0,
            lanes_full=lanes_full(bits) if self._options.lane_full else frozenset(),
        )
        return Reading(status=status, values=values)

    def divert(self, command: DivertCommand, host_hb: int, reading: Reading) -> Write:  # noqa: ARG002 control is the heartbeat
        """Return lane, token, task number and the changed handshake bit, which stands last."""
        return self._host.encode(
            {
                "lane": command.lane,
                "item": command.token,
                "task": command.seq,
                "control": _handshake(reading) ^ HANDSHAKE | self._halt(reading),
            }
        )

    def order(self, command: BeltCommand, seq: int, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 levels, not numbers
        """Return a changed level of `control`; a reset is the edge that the next write ends."""
        if command is BeltCommand.CANCEL:
            return None
        if command is not BeltCommand.RESET:
            self._is_halted = command is BeltCommand.STOP
        edge = RESET if command is BeltCommand.RESET else 0
        level = _handshake(reading) | self._halt(reading) | edge
        return self._control.encode({"control": level})

    def heartbeat(self, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 any write feeds the watchdog
        """Return `control` with the handshake as the PLC shows it: nothing begins by it."""
        return self._control.encode({"control": _handshake(reading) | self._halt(reading)})

    def _halt(self, reading: Reading) -> int:
        is_halted = not reading.status.running if self._is_halted is None else self._is_halted
        return HALT if is_halted else 0

    def closing(self, command: DivertCommand, reading: Reading) -> Write | None:  # noqa: ARG002 the PLC clears
        """Return nothing: the PLC clears its echo by itself."""
        return None

    def settle(self, status: ConveyorStatus, command: DivertCommand, sent: Sent) -> Finding:
        """Return what echo and last finished task say."""
        if status.busy and status.seq_seen == command.seq:
            if status.fault:
                return failed(status)
            return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)
        if status.done_seq == command.seq:
            if not self._options.lane_sensor:
                return Finding(phase=DivertPhase.DONE, ground=Ground.FINAL)
            return left(status, command)
        if sent is Sent.MAYBE:
            return doubt("no_boot_id")
        if sent is Sent.ANSWERED:
            return failed(status) if status.fault else _TAKEN
        if status.busy:
            return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.OPEN, reason="busy")
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)

    def ordered(self, status: ConveyorStatus, seq: int) -> Finding:  # noqa: ARG002 levels have no number
        """Return that an answered level was taken: this style echoes no order."""
        return Finding(phase=DivertPhase.SEEN, ground=Ground.FINAL)


_TAKEN: Final = Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)


def _handshake(reading: Reading) -> int:
    return HANDSHAKE if reading.values["status"] & ECHO else 0
