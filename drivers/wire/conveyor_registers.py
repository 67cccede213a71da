"""Register map `conveyor/1`, style `seq_ack`: a sequence number that the PLC echoes. Pure.

Addresses are holding registers behind the base B of the configuration, docs/conveyors.md.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

from drivers.protocols import BeltCommand, ConveyorStatus, DivertCommand
from drivers.wire.conveyor_map import (
    WORD,
    MapOptions,
    Span,
    Write,
    block_of,
    check_names,
)
from drivers.wire.conveyor_profile import Finding, Reading, Sent, Traits
from drivers.wire.conveyor_proof import ordered, settle

MAP_VERSION: Final = 1
HOST: Final = {"host_hb": 0, "cmd": 1, "lane": 2, "item": 3, "seq": 7}
STATUS: Final = {
    "plc_hb": 100,
    "status": 101,
    "seq_seen": 102,
    "seq_result": 103,
    "fault": 104,
    "lane_now": 105,
    "done_item": 106,
    "divert_count": 108,
    "boot_id": 109,
    "done_seq": 110,
    "reject_reason": 111,
    "done_result": 112,
    "map_version": 113,
    "host_timeout": 114,
}
EXIT: Final = {"exit_lane": 115, "exit_count": 116, "exit_item": 117, "reserved": 119}
NAMES: Final = (*HOST, *STATUS, *EXIT)
_OPTIONAL: Final = ("lane_now", "map_version", "host_timeout", "reserved")
_SPARE: Final = ("reserved", "host_timeout")


class Command(IntEnum):
    """Values of `cmd` (B+1)."""

    DIVERT = 1
    STOP = 2
    START = 3
    RESET = 4
    CANCEL = 5


ORDERS: Final[Mapping[BeltCommand, Command]] = {
    BeltCommand.STOP: Command.STOP,
    BeltCommand.START: Command.START,
    BeltCommand.RESET: Command.RESET,
    BeltCommand.CANCEL: Command.CANCEL,
}


class SeqAck:
    """The style `seq_ack`: what was taken, refused and finished is told by number."""

    def __init__(self, options: MapOptions) -> None:
        check_names(options, NAMES)
        self._options = options
        self._host = block_of(HOST, options, last="seq")
        self._beat = block_of({"host_hb": HOST["host_hb"]}, options)
        wanted = STATUS | (EXIT if options.lane_sensor else {})
        if options.registers:  # a map by names: what is not named need not be there
            named = options.registers
            wanted = {k: v for k, v in wanted.items() if k not in _OPTIONAL or k in named}
        self._block = block_of(wanted, options, first=options.read_from)
        last = max(self._block.addresses, key=lambda name: self._block.addresses[name])
        self._spare = last if last in _SPARE else ""

    @property
    def traits(self) -> Traits:
        """Return that starts are numbered and the program shows that it runs."""
        return Traits(has_boot_id=True, has_plc_heartbeat=True, has_orders=True)

    def span(self, *, is_short: bool = False) -> Span | None:
        """Return the status block."""
        return self._block.span(without=self._spare if is_short else "")

    def read(self, registers: Sequence[int], span: Span | None, received_ns: int) -> Reading:
        """Return the block.

        Raises ValueError for another length, a map that is not `conveyor/1`, and boot_id 0.
        """
        values = self._block.decode(registers, span or self._block.span())
        version = values.get("map_version", MAP_VERSION)
        if version != MAP_VERSION:
            raise ValueError(f"map_version {version} is not spoken: {MAP_VERSION}")
        if values["boot_id"] == 0:
            raise ValueError("boot_id is 0: a PLC must count its starts")
        return Reading(status=_status(values, self._options, received_ns), values=values)

    def divert(self, command: DivertCommand, host_hb: int, reading: Reading) -> Write:  # noqa: ARG002 a number is enough
        """Return B+0..B+7; `seq` stands last, so it arrives with all the rest."""
        return self.encode(
            Command.DIVERT,
            host_hb=host_hb,
            seq=command.seq,
            lane=command.lane,
            item=command.token,
        )

    def order(self, command: BeltCommand, seq: int, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 a number is enough
        """Return B+0..B+7 with lane and item 0."""
        return self.encode(ORDERS[command], host_hb=host_hb, seq=seq)

    def encode(
        self, command: int, *, host_hb: int, seq: int, lane: int = 0, item: int = 0
    ) -> Write:
        """Return the host block. Raises ValueError for what a register cannot hold, and seq 0."""
        if not 1 <= seq < WORD:
            raise ValueError(f"seq {seq} does not fit: 1 to 65535")
        return self._host.encode(
            {"host_hb": host_hb, "cmd": int(command), "lane": lane, "item": item, "seq": seq}
        )

    def heartbeat(self, host_hb: int, reading: Reading) -> Write | None:  # noqa: ARG002 as above
        """Return B+0 alone."""
        return self.beat(host_hb)

    def beat(self, host_hb: int) -> Write:
        """Return B+0 alone."""
        return self._beat.encode({"host_hb": host_hb})

    def closing(self, command: DivertCommand, reading: Reading) -> Write | None:  # noqa: ARG002 as above
        """Return nothing: the PLC needs no more."""
        return None

    def settle(self, status: ConveyorStatus, command: DivertCommand, sent: Sent) -> Finding:  # noqa: ARG002 numbers tell
        """Return what the numbers and counters say."""
        return settle(status, command, lane_sensor=self._options.lane_sensor)

    def ordered(self, status: ConveyorStatus, seq: int) -> Finding:
        """Return what `seq_seen` says."""
        return ordered(status, seq)


def _status(values: Mapping[str, int], options: MapOptions, received_ns: int) -> ConveyorStatus:
    """A fault bit without a number is fault 65535."""
    bits, timeout = values["status"], values.get("host_timeout", 0)
    return ConveyorStatus(
        received_ns=received_ns,
        boot_id=values["boot_id"],
        running=bool(bits & 1),
        fault=values["fault"] or (WORD - 1 if bits & 2 else 0),
        host_lost=bool(bits & 4),
        busy=bool(bits & 8),
        seq_seen=values["seq_seen"],
        seq_result=values["seq_result"],
        done_seq=values["done_seq"],
        done_result=values["done_result"],
        done_item=values["done_item"],
        divert_count=values["divert_count"],
        reject_reason=values["reject_reason"],
        exit_lane=values.get("exit_lane", 0),
        exit_count=values.get("exit_count", 0),
        exit_item=values.get("exit_item", 0),
        lane_now=values.get("lane_now", 0),
        lanes_full=lanes_full(bits) if options.lane_full else frozenset(),
        infeed=bool(bits & 16) if options.infeed_sensor else None,
        local=bool(bits & 32) and options.local_mode,
        safety_ok=not (bits & 64 and options.local_mode),
        plc_hb=values["plc_hb"],
        host_timeout_ms=timeout * 100 or None,
    )


def lanes_full(bits: int) -> frozenset[int]:
    """Return the lanes of status bits 8 to 15."""
    return frozenset(lane for lane in range(1, 9) if bits >> (7 + lane) & 1)


def next_host_hb(host_hb: int) -> int:
    """Return the next host heartbeat: 65535 is followed by 1."""
    return host_hb % (WORD - 1) + 1
