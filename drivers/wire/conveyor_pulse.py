"""Style `pulse`: a lane number in a register, or a lane's coil, for a moment. Nothing is echoed.

A lost reply can be settled by the lane sensor alone; without one it stays in doubt. Pure.
"""

from collections.abc import Sequence
from typing import Final

from drivers.protocols import BeltCommand, ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_map import MapOptions, Span, Write, block_of, check_names, grown
from drivers.wire.conveyor_profile import Finding, Ground, Reading, Sent, Traits
from drivers.wire.conveyor_proof import left

HOST: Final = {"lane": 0}
EXIT: Final = {"exit_lane": 100, "exit_count": 101}
NAMES: Final = (*HOST, *EXIT)
BOOT: Final = 1  # this style has no number of starts


class Pulse:
    """A divert is an edge from 0; the driver takes the level back."""

    def __init__(self, options: MapOptions) -> None:
        check_names(options, NAMES)
        self._options = options
        self._host = block_of(HOST, options)
        self._block = (
            block_of(EXIT, options, first=options.read_from) if options.lane_sensor else None
        )

    @property
    def traits(self) -> Traits:
        """Return that nothing is echoed."""
        return Traits(has_echo=False)

    def span(self, *, is_short: bool = False) -> Span | None:  # noqa: ARG002 every register is needed
        """Return the lane sensor's registers, None without one: then nothing can be read."""
        return None if self._block is None else self._block.span()

    def read(self, registers: Sequence[int], span: Span | None, received_ns: int) -> Reading:
        """Return the sensor's registers; a belt that tells nothing is taken for running.

        Raises ValueError for another length.
        """
        values: dict[str, int] = {}
        if self._block is not None:
            values = self._block.decode(registers, span or self._block.span())
        status = ConveyorStatus(
            received_ns=received_ns,
            boot_id=BOOT,
            running=True,
            fault=0,
            host_lost=False,
            busy=False,
            seq_seen=0,
            seq_result=0,
            done_seq=0,
            done_result=0,
            done_item=0,
            divert_count=0,
            reject_reason=0,
            exit_lane=values.get("exit_lane", 0),
            exit_count=values.get("exit_count", 0),
            exit_item=0,
        )
        return Reading(status=status, values=values)

    def divert(self, command: DivertCommand, host_hb: int, reading: Reading) -> Write:  # noqa: ARG002 a lane is all
        """Return the lane's number in its register, or the lane's coil switched on."""
        return self._level(command.lane, is_on=True)

    def order(self, command: BeltCommand, seq: int, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 no such register
        """Return nothing: such a belt takes no orders."""
        return None

    def heartbeat(self, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 no such register
        """Return nothing: such a belt watches no host."""
        return None

    def closing(self, command: DivertCommand, reading: Reading) -> Write | None:  # noqa: ARG002 a lane is all
        """Return the level taken back."""
        return self._level(command.lane, is_on=False)

    def settle(self, status: ConveyorStatus, command: DivertCommand, sent: Sent) -> Finding:
        """Return what the answer to the write, and the lane sensor, say."""
        if sent is Sent.NEVER:
            return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.UNSEEN)
        if self._block is not None and grown(status.exit_count, command.exit_before):
            return left(status, command)
        if sent is Sent.MAYBE:
            ground = Ground.FINAL if self._block is None else Ground.EXIT
            return Finding(phase=DivertPhase.IN_DOUBT, ground=ground, reason="no_echo")
        if self._block is None:
            return Finding(phase=DivertPhase.DONE, ground=Ground.FINAL)
        return left(status, command)

    def ordered(self, status: ConveyorStatus, seq: int) -> Finding:  # noqa: ARG002 never asked
        """Return that nothing can have been ordered."""
        return Finding(phase=DivertPhase.NOT_SEEN, ground=Ground.FINAL, reason="no_such_order")

    def _level(self, lane: int, *, is_on: bool) -> Write:
        address = self._host.addresses["lane"]
        if self._options.pulse_coil:
            return Write(address=address + lane - 1, values=(int(is_on),), is_coil=True)
        return self._host.encode({"lane": lane if is_on else 0})
