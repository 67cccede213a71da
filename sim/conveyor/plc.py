"""The PLC's program: host block in, status block out, a belt with lanes. Time is handed in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

HOST_WORDS: Final = 8
STATUS_WORDS: Final = 20
STATUS_AT: Final = 100
MAP_VERSION: Final = 1
HEARTBEAT_NS: Final = 100_000_000

DIVERT, STOP, START, RESET, CANCEL = 1, 2, 3, 4, 5
EXECUTING, DONE, REJECTED, FAILED = 1, 2, 3, 4
BUSY, BAD_LANE, NOT_RUNNING, FAULT, UNKNOWN_COMMAND, HOST_LOST = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Belt:
    """Times in nanoseconds, lanes from 1."""

    lanes: int = 3
    divert_ns: int = 1_500_000_000
    exit_ns: int = 300_000_000
    host_timeout_ns: int = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something physical or seen: kind is `seen`, `diverted` or `exited`."""

    kind: str
    token: int
    lane: int
    at_ns: int


@dataclass(slots=True, kw_only=True)
class _Running:
    """The divert under way; `left_ns` shrinks only while the belt runs."""

    seq: int
    token: int
    lane: int
    left_ns: int


class Plc:
    """One controller. Every call says what time it is; the belt moves on in between."""

    def __init__(
        self, belt: Belt, boot_id: int, now_ns: int, notice: Callable[[Happening], None]
    ) -> None:
        self._belt = belt
        self._notice = notice
        self._host = [0] * HOST_WORDS
        self._boot(boot_id, now_ns)

    def _boot(self, boot_id: int, now_ns: int) -> None:
        self.boot_id = boot_id
        self.running, self.host_lost, self.fault = True, False, 0
        self._started_ns = self._now_ns = now_ns
        self._host_seen_ns: int | None = None
        self._task: _Running | None = None
        self._exits: list[tuple[int, int, int]] = []
        self._seq_seen = self._seq_result = self._reject = 0
        self._done_seq = self._done_result = self._done_item = 0
        self._diverts = self._exit_count = self._exit_lane = self._exit_item = 0
        self._lane_now = 0

    def reboot(self, boot_id: int, now_ns: int) -> None:
        """Lose everything but the wiring, as after a power cut."""
        self._host = [0] * HOST_WORDS
        self._boot(boot_id, now_ns)

    def is_ready(self, now_ns: int) -> bool:
        """Return whether a divert sent now would be taken."""
        self.advance(now_ns)
        return self.running and not (self.host_lost or self.fault or self._task)

    def write(self, offset: int, values: list[int], now_ns: int) -> None:
        """Take words into the host block; a new sequence number starts its command."""
        self.advance(now_ns)
        before = list(self._host)
        self._host[offset : offset + len(values)] = values
        if self._host[0] != before[0]:
            self._host_seen_ns = now_ns
        if self._host[7] not in (0, self._seq_seen):
            self._command(self._host[7])

    def status(self, now_ns: int) -> list[int]:
        """Return the status block."""
        self.advance(now_ns)
        token, out = self._done_item, self._exit_item
        return [
            (now_ns - self._started_ns) // HEARTBEAT_NS & 0xFFFF,
            self._bits(),
            self._seq_seen,
            self._seq_result,
            self.fault,
            self._lane_now,
            token >> 16,
            token & 0xFFFF,
            self._diverts,
            self.boot_id,
            self._done_seq,
            self._reject,
            self._done_result,
            MAP_VERSION,
            self._belt.host_timeout_ns // 100_000_000,
            self._exit_lane,
            self._exit_count,
            out >> 16,
            out & 0xFFFF,
            0,
        ]

    def advance(self, now_ns: int) -> None:
        """Let the belt run until now; the watchdog stops it at its own moment."""
        until = now_ns
        seen = self._host_seen_ns
        if seen is not None and not self.host_lost:
            until = min(now_ns, seen + self._belt.host_timeout_ns)
        self._roll(max(until, self._now_ns))
        if until < now_ns and not self.host_lost:
            self.host_lost, self.running = True, False
        self._now_ns = max(now_ns, self._now_ns)

    def _roll(self, until_ns: int) -> None:
        spent = until_ns - self._now_ns
        task = self._task
        if self.running and task is not None:
            task.left_ns -= spent
            if task.left_ns <= 0:
                self._diverted(task, until_ns + task.left_ns)
        for due_ns, token, lane in [row for row in self._exits if row[0] <= until_ns]:
            self._exits.remove((due_ns, token, lane))
            self._exit_lane, self._exit_item = lane, token
            self._exit_count = (self._exit_count + 1) & 0xFFFF
            self._notice(Happening(kind="exited", token=token, lane=lane, at_ns=due_ns))
        self._now_ns = until_ns

    def _diverted(self, task: _Running, at_ns: int) -> None:
        self._task = None
        self._lane_now = task.lane
        self._diverts = (self._diverts + 1) & 0xFFFF
        self._end(task, DONE)
        self._exits.append((at_ns + self._belt.exit_ns, task.token, task.lane))
        self._notice(Happening(kind="diverted", token=task.token, lane=task.lane, at_ns=at_ns))

    def _end(self, task: _Running, result: int) -> None:
        self._done_seq, self._done_result, self._done_item = task.seq, result, task.token
        if self._seq_seen == task.seq:
            self._seq_result = result

    def _command(self, seq: int) -> None:
        command, lane = self._host[1], self._host[2]
        token = self._host[3] << 16 | self._host[4]
        self._seq_seen = seq
        reason = self._refusal(command, lane)
        if reason:
            self._seq_result, self._reject = REJECTED, reason
            return
        self._seq_result, self._reject = DONE, 0
        match command:
            case 1:  # divert
                self._seq_result = EXECUTING
                left = self._belt.divert_ns
                self._task = _Running(seq=seq, token=token, lane=lane, left_ns=left)
                self._notice(Happening(kind="seen", token=token, lane=lane, at_ns=self._now_ns))
            case 2:  # stop
                self.running = False
            case 3:  # start
                self.running, self.host_lost = True, False
            case 4:  # reset
                self.fault = 0
            case _:  # cancel
                self._cancel()

    def _refusal(self, command: int, lane: int) -> int:
        if command not in (DIVERT, STOP, START, RESET, CANCEL):
            return UNKNOWN_COMMAND
        if command == START and self.fault:
            return FAULT
        if command != DIVERT:
            return 0
        refusals = (
            (self._task is not None, BUSY),
            (self.host_lost, HOST_LOST),
            (self.fault != 0, FAULT),
            (not self.running, NOT_RUNNING),
            (not 1 <= lane <= self._belt.lanes, BAD_LANE),
        )
        return next((reason for is_so, reason in refusals if is_so), 0)

    def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            self._end(task, FAILED)

    def _bits(self) -> int:
        busy = self._task is not None
        return self.running | (self.fault != 0) << 1 | self.host_lost << 2 | busy << 3
