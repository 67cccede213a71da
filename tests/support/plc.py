"""A PLC for tests: a real pymodbus server that plays register map `conveyor/1` by own arithmetic.

Knows nothing of the product's codec. Faults are attributes; `diverts` counts what the belt did.
"""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Final, Self

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

BASE: Final = 100
BEAT_S: Final = 0.02  # faster than the 100 ms of the contract: tests do not wait
DIVERT_S: Final = 0.03


class Plc:
    """One PLC with a three-lane belt on a loopback port; `start` and `stop` may repeat."""

    def __init__(self, port: int, *, host_timeout_s: float = 2.0, starts: bool = True) -> None:
        self.port = port
        self.diverts: Counter[int] = Counter()
        self.writes: list[list[int]] = []
        self.lost_replies = 0  # so many writes are obeyed, but not answered
        self.lost_writes = 0  # so many writes neither arrive nor are answered
        self.reject = 0
        self.fail = 0
        self.no_exit = False
        self.exit_lane = 0
        self.is_held = False  # the diverter waits before it moves
        self.is_frozen = False
        self.is_mute = False
        self.map_version = 1
        self.refuses_commands = False  # by a Modbus exception: nothing is written then
        self._starts = starts
        self._host_timeout_s = host_timeout_s
        self._server: ModbusTcpServer | None = None
        self._drops_reply = False
        self._boots = 6
        self._boot()

    async def __aenter__(self) -> Self:
        if self._starts:
            await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        device = SimDevice(
            1,
            simdata=[
                SimData(BASE, count=8, values=0, datatype=DataType.REGISTERS),
                SimData(BASE + 100, count=20, values=0, datatype=DataType.REGISTERS, readonly=True),
            ],
            action=self._requested,
        )
        self._server = ModbusTcpServer(
            device, address=("127.0.0.1", self.port), trace_packet=self._sent
        )
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.shutdown()  # type: ignore[no-untyped-call]
            await asyncio.sleep(0)

    def reboot(self) -> None:
        """Switch off and on within one scan; connections may live on behind a gateway."""
        self._boot()

    def preset(self, *, seq: int, diverts: int, exits: int) -> None:
        """Let the counters stand where a belt has them after years."""
        self.seq_seen, self.done_seq, self.divert_count, self.exit_count = seq, seq, diverts, exits

    # ------------------------------------------------------------ the program

    def _boot(self) -> None:
        self._boots += 1
        self.running = True
        self.host_lost = False
        self.fault = 0
        self.seq_seen = self.seq_result = self.reject_reason = 0
        self.done_seq = self.done_result = self.done_item = 0
        self.divert_count = self.exit_count = self.exit_lane_seen = self.exit_item = 0
        self._host_hb: int | None = None
        self._host_at = self._now()
        self._job: tuple[float, int, int, int] | None = None  # ends, seq, lane, item
        self._exits: tuple[float, int, int] | None = None  # at, lane, item

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _scan(self) -> None:
        now = self._now()
        if now - self._host_at > self._host_timeout_s and not self.host_lost:
            self.running, self.host_lost = False, True
        if self._job is not None and now >= self._job[0] and self.running and not self.is_held:
            self._end(*self._job)
        if self._exits is not None and now >= self._exits[0]:
            _, self.exit_lane_seen, self.exit_item = self._exits
            self.exit_count = (self.exit_count + 1) & 0xFFFF
            self._exits = None

    def _end(self, ended: float, seq: int, lane: int, item: int) -> None:
        self._job = None
        self.done_seq, self.done_item = seq, item
        self.fault, self.fail = self.fail, 0
        self.done_result = 4 if self.fault else 2
        if self.seq_seen == seq:
            self.seq_result = self.done_result
        if self.fault:
            return
        self.diverts[item] += 1
        self.divert_count = (self.divert_count + 1) & 0xFFFF
        if not self.no_exit:
            self._exits = (ended + DIVERT_S, self.exit_lane or lane, item)

    def _command(self, cmd: int, lane: int, item: int, seq: int) -> None:
        if seq in (0, self.seq_seen):
            return
        self.seq_seen, self.seq_result, self.reject_reason = seq, 2, 0
        if cmd == 3:
            self.running, self.host_lost = True, False
        elif cmd == 2:
            self.running = False
        elif (reason := self._refusal(cmd, lane)) != 0:
            self.seq_result, self.reject_reason, self.reject = 3, reason, 0
        else:
            self.seq_result = 1
            self._job = (self._now() + DIVERT_S, seq, lane, item)

    def _refusal(self, cmd: int, lane: int) -> int:
        checks = (
            (self.reject, self.reject),
            (cmd != 1, 5),
            (self.host_lost, 6),
            (not self.running, 3),
            (self._job is not None, 1),
            (not 1 <= lane <= 3, 2),
        )
        return next((reason for fails, reason in checks if fails), 0)

    # ------------------------------------------------------------ the wire

    async def _requested(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        self._scan()
        if values is None:
            at = BASE + 100 - start
            registers[at : at + 20] = self._block()
            return None
        if self.refuses_commands and len(values) == 8:
            return ExcCodes.DEVICE_BUSY
        await self._written([int(value) for value in values])
        return None

    async def _written(self, values: list[int]) -> None:
        self.writes.append(values)
        is_command = len(values) == 8
        if is_command and self.lost_writes:
            self.lost_writes -= 1
            self._drops_reply = True
            return
        if values[0] != self._host_hb:
            self._host_hb, self._host_at = values[0], self._now()
        if is_command:
            self._command(values[1], values[2], values[3] << 16 | values[4], values[7])
            if self.lost_replies:
                self.lost_replies -= 1
                self._drops_reply = True

    def _block(self) -> list[int]:
        bits = self.running | bool(self.fault) << 1 | self.host_lost << 2
        bits |= (self._job is not None) << 3
        beat = 7 if self.is_frozen else int(self._now() / BEAT_S) & 0xFFFF
        return [
            beat, bits, self.seq_seen, self.seq_result, self.fault, 0,
            self.done_item >> 16, self.done_item & 0xFFFF, self.divert_count, self._boots,
            self.done_seq, self.reject_reason, self.done_result, self.map_version, 20,
            self.exit_lane_seen, self.exit_count, self.exit_item >> 16, self.exit_item & 0xFFFF, 0,
        ]  # fmt: skip

    def _sent(self, sending: bool, packet: bytes) -> bytes:
        if sending and (self._drops_reply or self.is_mute):
            self._drops_reply = False
            return b""
        return packet
