"""Style `release_counter`: a changed release value lets one item go, its echo says it was taken.

Known from zone controllers such as ConveyLinx: counters roll from 65535 to 0, tracking words travel
with the item, what left must be confirmed. No start is numbered: a lost reply stays in doubt. Pure.
"""

from collections.abc import Sequence
from typing import Final

from drivers.protocols import BeltCommand, ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_map import MapOptions, Span, Write, block_of, check_names, grown
from drivers.wire.conveyor_profile import Finding, Ground, Reading, Sent, Traits
from drivers.wire.conveyor_proof import SeqResult, doubt, failed, left
from drivers.wire.conveyor_registers import lanes_full

HOST: Final = {"confirm": 0, "lane": 1, "item": 2, "release": 4}
STATUS: Final = {
    "status": 100,
    "release_count": 101,
    "arrivals": 102,
    "departures": 103,
    "done_item": 104,
    "fault": 106,
}
EXIT: Final = {"exit_lane": 107, "exit_count": 108}
NAMES: Final = (*HOST, *STATUS, *EXIT)
BOOT: Final = 1  # this style has no number of starts


class ReleaseCounter:
    """The release value is the station's number of the command."""

    def __init__(self, options: MapOptions) -> None:
        check_names(options, NAMES)
        self._options = options
        self._host = block_of(HOST, options, last="release")
        self._confirm = block_of({"confirm": HOST["confirm"]}, options)
        wanted = STATUS | (EXIT if options.lane_sensor else {})
        self._block = block_of(wanted, options, first=options.read_from)

    @property
    def traits(self) -> Traits:
        """Return that neither starts nor a running program can be told."""
        return Traits()

    def span(self, *, is_short: bool = False) -> Span | None:  # noqa: ARG002 every register is needed
        """Return the status block."""
        return self._block.span()

    def read(self, registers: Sequence[int], span: Span | None, received_ns: int) -> Reading:
        """Return the block. Raises ValueError for another length."""
        values = self._block.decode(registers, span or self._block.span())
        bits, count = values["status"], values["release_count"]
        is_busy = bool(bits & 8) or values["arrivals"] != values["departures"]
        status = ConveyorStatus(
            received_ns=received_ns,
            boot_id=BOOT,
            running=bool(bits & 1),
            fault=values["fault"] or (65535 if bits & 2 else 0),
            host_lost=bool(bits & 4),
            busy=is_busy,
            seq_seen=count,
            seq_result=SeqResult.EXECUTING if is_busy else SeqResult.DONE,
            done_seq=0 if is_busy else count,
            done_result=SeqResult.NONE if is_busy else SeqResult.DONE,
            done_item=values["done_item"],
            divert_count=values["departures"],
            reject_reason=0,
            exit_lane=values.get("exit_lane", 0),
            exit_count=values.get("exit_count", 0),
            exit_item=0,
            lanes_full=lanes_full(bits) if self._options.lane_full else frozenset(),
        )
        return Reading(status=status, values=values)

    def divert(self, command: DivertCommand, host_hb: int, reading: Reading) -> Write:  # noqa: ARG002 no heartbeat here
        """Return lane, tracking words and the changed release value, which stands last."""
        return self._host.encode(
            {
                "confirm": reading.status.divert_count,
                "lane": command.lane,
                "item": command.token,
                "release": command.seq,
            }
        )

    def order(self, command: BeltCommand, seq: int, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 no such register
        """Return nothing: such a zone is stopped and started by its own wiring."""
        return None

    def heartbeat(self, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 no such register
        """Return nothing: such a zone watches no host."""
        return None

    def closing(self, command: DivertCommand, reading: Reading) -> Write | None:  # noqa: ARG002 the counter says it
        """Return the departures counted so far: what left has arrived."""
        return self._confirm.encode({"confirm": reading.status.divert_count})

    def settle(self, status: ConveyorStatus, command: DivertCommand, sent: Sent) -> Finding:
        """Return what echo, departures and tracking words say."""
        gone = grown(status.divert_count, command.count_before)
        if gone > 1:
            return doubt("count_moved")
        if status.seq_seen != command.seq:
            return _unseen(status, gone, sent)
        if gone == 1:
            return self._left(status, command)
        if status.fault:
            return failed(status)
        return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)

    def _left(self, status: ConveyorStatus, command: DivertCommand) -> Finding:
        if status.done_item != command.token:
            return doubt("done_mismatch")
        if not self._options.lane_sensor:
            return Finding(phase=DivertPhase.DONE, ground=Ground.FINAL)
        return left(status, command)

    def ordered(self, status: ConveyorStatus, seq: int) -> Finding:  # noqa: ARG002 never asked
        """Return that nothing can have been ordered."""
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.FINAL, reason="no_such_order")


def _unseen(status: ConveyorStatus, gone: int, sent: Sent) -> Finding:
    if gone:
        return doubt("count_moved")
    if sent is Sent.MAYBE:
        return doubt("no_boot_id")
    if sent is Sent.ANSWERED:
        return Finding(phase=DivertPhase.SEEN, ground=Ground.OPEN)
    if status.busy:
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.OPEN, reason="busy")
    return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)
