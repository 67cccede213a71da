"""The PLC's program in the style `seq_ack`: host block in, status block out. Time is handed in.

`on_write`, `on_read` and `tick` are all there is: it runs in virtual time without a socket.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from sim.conveyor.sorter import (
    DONE,
    EXECUTING,
    REJECTED,
    UNKNOWN_COMMAND,
    Belt,
    Happening,
    PlcFaults,
    Sorter,
)

__all__ = ["Belt", "Happening", "Plc", "PlcFaults", "Program"]

HOST_WORDS: Final = 8
STATUS_WORDS: Final = 20
STATUS_AT: Final = 100
MAP_VERSION: Final = 1
HEARTBEAT_NS: Final = 100_000_000
DIVERT, STOP, START, RESET, CANCEL = 1, 2, 3, 4, 5


class Program(Protocol):
    """What a style of PLC is to a server: two blocks of registers and a clock."""

    host_words: int
    status_words: int

    @property
    def faults(self) -> PlcFaults:
        """Return what goes wrong."""

    @property
    def sorter(self) -> Sorter:
        """Return the belt."""

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        """Take words into the host block."""

    def on_read(self, now_ns: int) -> list[int]:
        """Return the status block."""

    def tick(self, now_ns: int) -> None:
        """Let time pass."""

    def reboot(self, boot_id: int, now_ns: int) -> None:
        """Lose everything but the wiring, as after a power cut."""

    def is_ready(self, now_ns: int) -> bool:
        """Return whether a divert sent now would be taken."""


class Plc:
    """One controller. Every call says what time it is; the belt moves on in between."""

    host_words = HOST_WORDS
    status_words = STATUS_WORDS

    def __init__(
        self, belt: Belt, boot_id: int, now_ns: int, notice: Callable[[Happening], None]
    ) -> None:
        self.sorter = Sorter(belt, now_ns, notice)
        self._boot(boot_id, now_ns)

    def _boot(self, boot_id: int, now_ns: int) -> None:
        self.boot_id = boot_id
        self._host = [0] * HOST_WORDS
        self._started_ns = now_ns
        self._host_seen_ns: int | None = None
        self._stood_ns = now_ns
        self._seq_seen = self._seq_result = self._reject = 0
        self.sorter.restart(now_ns)

    @property
    def faults(self) -> PlcFaults:
        """Return what goes wrong."""
        return self.sorter.faults

    @property
    def diverts(self) -> Counter[int]:
        """Return how often each token was really pushed off the belt."""
        return self.sorter.diverts

    @property
    def running(self) -> bool:
        """Return whether the belt moves."""
        return self.sorter.running

    def reboot(self, boot_id: int, now_ns: int) -> None:
        """Lose everything but the wiring, as after a power cut."""
        self._boot(boot_id, now_ns)

    def is_ready(self, now_ns: int) -> bool:
        """Return whether a divert sent now would be taken."""
        self.tick(now_ns)
        belt = self.sorter
        return belt.running and not (belt.host_lost or belt.fault or belt.task)

    def preset(self, *, seq: int, count: int) -> None:
        """Let number and counters stand where a belt has them after years."""
        self._seq_seen = seq
        self.sorter.count = self.sorter.exit_count = count

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        """Take words into the host block; a new sequence number starts its command."""
        self.tick(now_ns)
        before = self._host[0]
        self._host[offset : offset + len(values)] = values
        if self._host[0] != before:
            self._host_seen_ns = now_ns
        if self._host[7] not in (0, self._seq_seen):
            self._command(self._host[7])

    def on_read(self, now_ns: int) -> list[int]:
        """Return the status block."""
        self.tick(now_ns)
        belt, ended = self.sorter, self.sorter.ended
        token = ended.token if ended else 0
        beat_ns = self._stood_ns if self.faults.frozen else now_ns
        return [
            (beat_ns - self._started_ns) // HEARTBEAT_NS & 0xFFFF,
            belt.bits(),
            self._seq_seen,
            self._result(),
            belt.fault,
            belt.lane_now,
            token >> 16,
            token & 0xFFFF,
            belt.count,
            self.boot_id,
            ended.number if ended else 0,
            self._reject,
            ended.result if ended else 0,
            MAP_VERSION,
            belt.belt.host_timeout_ns // 100_000_000,
            belt.exit_lane,
            belt.exit_count,
            belt.exit_item >> 16,
            belt.exit_item & 0xFFFF,
            0,
        ]

    def tick(self, now_ns: int) -> None:
        """Let the belt run until now. In the middle of the divert named so, the PLC restarts."""
        cut_ns = self._cut_ns()
        if cut_ns is not None and cut_ns <= now_ns:
            self.faults.reboot_at = 0
            self.sorter.tick(cut_ns, self._watched_ns)
            self._boot(self.boot_id % 0xFFFF + 1, cut_ns)
        self.sorter.tick(now_ns, self._watched_ns)
        if not self.faults.frozen:
            self._stood_ns = now_ns

    @property
    def _watched_ns(self) -> int | None:
        seen = self._host_seen_ns
        return None if seen is None else seen + self.sorter.belt.host_timeout_ns

    def _cut_ns(self) -> int | None:
        belt, task = self.sorter, self.sorter.task
        if task is None or not self.faults.reboot_at or belt.begun != self.faults.reboot_at:
            return None
        return belt.now_ns + max(0, task.left_ns - belt.belt.divert_ns // 2)

    def _result(self) -> int:
        """The result of the last number taken; a later one leaves the end of a divert alone."""
        ended = self.sorter.ended
        if self._seq_result == EXECUTING and ended is not None and ended.number == self._seq_seen:
            return ended.result
        return self._seq_result

    def _command(self, seq: int) -> None:
        command, lane = self._host[1], self._host[2]
        token = self._host[3] << 16 | self._host[4]
        self._seq_seen = seq
        self._reject = self._obey(command, seq, token, lane)
        taken = EXECUTING if command == DIVERT else DONE
        self._seq_result = REJECTED if self._reject else taken

    def _obey(self, command: int, seq: int, token: int, lane: int) -> int:
        match command:
            case 1:  # divert
                reason = self.sorter.refusal(lane)
                if not reason:
                    self.sorter.begin(seq, token, lane)
                return reason
            case 2:  # stop
                self.sorter.running = False
            case 3:  # start
                return self.sorter.start()
            case 4:  # reset
                self.sorter.reset()
            case 5:  # cancel
                self.sorter.cancel()
            case _:
                return UNKNOWN_COMMAND
        return 0
