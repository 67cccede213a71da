"""The belt itself: an item, a diverter, lanes with exit sensors. Time is handed in; no register."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

WORD: Final = 0xFFFF
BUSY, BAD_LANE, NOT_RUNNING, FAULT, UNKNOWN_COMMAND, HOST_LOST = 1, 2, 3, 4, 5, 6
LOCAL, LANE_FULL = 8, 9
DIVERTER_STUCK, ITEM_LOST, JAM, SAFETY = 21, 23, 24, 25
EXECUTING, DONE, REJECTED, FAILED = 1, 2, 3, 4


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
class PlcFaults:
    """What goes wrong, until it is set back. Counts are used up by the thing they count.

    `wrong_lane` is where the next item goes instead, `stick_lane` a lane whose exit sensor sees
    nothing, `reboot_at` the number of the divert in whose middle the PLC restarts. `late_reply_ms`
    and `drop_replies` are the wire's: the program has obeyed by then. `lose_writes` never arrive.
    """

    drop_replies: int = 0
    lose_writes: int = 0
    late_reply_ms: int = 0
    late_replies: int = 0  # how many are late; 0 with a time = all
    stick_lane: int = 0
    wrong_lane: int = 0
    reboot_at: int = 0
    reject: int = 0  # the next divert is refused with this reason
    fail: int = 0  # the next divert ends with this fault
    jam: bool = False
    busy: bool = False
    held: bool = False  # the diverter waits before it moves
    frozen: bool = False  # the program stands: its heartbeat does not change
    local: bool = False
    unsafe: bool = False
    infeed: bool = False
    lanes_full: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Task:
    """The divert under way; `left_ns` shrinks only while the belt runs."""

    number: int
    token: int
    lane: int
    left_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A divert that is over: result DONE or FAILED."""

    number: int
    token: int
    lane: int
    result: int


class Sorter:
    """Physical truth. `diverts` counts by token what was really pushed off: 2 is a double."""

    def __init__(self, belt: Belt, now_ns: int, notice: Callable[[Happening], None]) -> None:
        self.belt = belt
        self._notice = notice
        self.faults = PlcFaults()
        self.diverts: Counter[int] = Counter()
        self.lanes: dict[int, int] = {}  # token → lane it really left by
        self.begun = 0
        self.restart(now_ns)

    def restart(self, now_ns: int) -> None:
        """Lose the program's memory; what was already pushed off stays pushed off."""
        self.running, self.host_lost, self.fault = True, False, 0
        self.task: Task | None = None
        self.ended: Ended | None = None
        self.count = self.exit_count = self.exit_lane = self.exit_item = self.lane_now = 0
        self._exits: list[tuple[int, int, int]] = []  # due, token, lane
        self.now_ns = now_ns

    def tick(self, now_ns: int, host_until_ns: int | None) -> None:
        """Let the belt run until now; the watchdog stops it at its own moment."""
        watched = host_until_ns is not None and not self.host_lost
        until = min(now_ns, host_until_ns) if watched and host_until_ns is not None else now_ns
        self._roll(max(until, self.now_ns))
        if until < now_ns:
            self.host_lost, self.running = True, False
        self.now_ns = max(now_ns, self.now_ns)

    def refusal(self, lane: int) -> int:
        """Return the reason why a divert is not taken now, 0 = it is."""
        reject, self.faults.reject = self.faults.reject, 0
        refusals = (
            (reject != 0, reject),
            (self.task is not None or self.faults.busy, BUSY),
            (self.host_lost, HOST_LOST),
            (self.faults.local, LOCAL),
            (self.fault != 0, FAULT),
            (not self.running, NOT_RUNNING),
            (not 1 <= lane <= self.belt.lanes, BAD_LANE),
            (lane in self.faults.lanes_full, LANE_FULL),
        )
        return next((reason for is_so, reason in refusals if is_so), 0)

    def begin(self, number: int, token: int, lane: int) -> None:
        """Take the item at the infeed to a lane."""
        self.begun += 1
        self.task = Task(number=number, token=token, lane=lane, left_ns=self.belt.divert_ns)
        self._notice(Happening(kind="seen", token=token, lane=lane, at_ns=self.now_ns))

    def cancel(self) -> None:
        """Give up the divert under way; nothing is pushed off."""
        task, self.task = self.task, None
        if task is not None:
            self._end(task, FAILED)

    def start(self) -> int:
        """Run; returns the reason why not."""
        if self.fault:
            return FAULT
        self.running, self.host_lost = True, False
        return 0

    def break_down(self, fault: int) -> None:
        """Stand still with a fault number; the divert under way has failed."""
        self.fault, self.running = fault, False
        self.cancel()

    def reset(self) -> None:
        """Forget the fault, if its cause is gone."""
        self.fault = 0

    def bits(self) -> int:
        """Return the status bits of the register map."""
        busy = self.task is not None or self.faults.busy
        full = sum(1 << (7 + lane) for lane in self.faults.lanes_full)
        return (
            self.running
            | (self.fault != 0) << 1
            | self.host_lost << 2
            | busy << 3
            | self.faults.infeed << 4
            | self.faults.local << 5
            | self.faults.unsafe << 6
            | full
        )

    def _roll(self, until_ns: int) -> None:
        spent = until_ns - self.now_ns
        self.now_ns = until_ns
        if self.faults.jam and not self.fault:
            self.break_down(JAM)
        if self.faults.unsafe and not self.fault:
            self.break_down(SAFETY)
        task = self.task
        if self.running and task is not None and not self.faults.held:
            task.left_ns -= spent
            if task.left_ns <= 0:
                self._diverted(task, until_ns + task.left_ns)
        self._leave(until_ns)

    def _leave(self, until_ns: int) -> None:
        for due_ns, token, lane in [row for row in self._exits if row[0] <= until_ns]:
            self._exits.remove((due_ns, token, lane))
            if lane == self.faults.stick_lane:
                continue
            self.exit_lane, self.exit_item = lane, token
            self.exit_count = (self.exit_count + 1) & WORD
            self._notice(Happening(kind="exited", token=token, lane=lane, at_ns=due_ns))

    def _diverted(self, task: Task, at_ns: int) -> None:
        self.task = None
        if self.faults.fail:
            self.fault, self.faults.fail = self.faults.fail, 0
            self.running = False
            self._end(task, FAILED)
            return
        lane, self.faults.wrong_lane = self.faults.wrong_lane or task.lane, 0
        self.lane_now = lane
        self.count = (self.count + 1) & WORD
        self.diverts[task.token] += 1
        self.lanes[task.token] = lane
        self._end(task, DONE)
        self._exits.append((at_ns + self.belt.exit_ns, task.token, lane))
        self._notice(Happening(kind="diverted", token=task.token, lane=lane, at_ns=at_ns))

    def _end(self, task: Task, result: int) -> None:
        self.ended = Ended(number=task.number, token=task.token, lane=task.lane, result=result)
