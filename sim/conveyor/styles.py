"""Programs of other makers' PLCs on the same belt: what they echo, and what they do not."""

from collections.abc import Callable, Mapping
from typing import Final

from sim.conveyor.plc import Plc, Program
from sim.conveyor.sorter import DONE, ITEM_LOST, Belt, Happening, PlcFaults, Sorter

CONFIRM_NS: Final = 5_000_000_000  # a pushed-off item that nobody confirms is a jam
Notice = Callable[[Happening], None]


class _Style:
    """What these programs share: no number of starts, no heartbeat of their own."""

    host_words = 0
    status_words = 0

    def __init__(self, belt: Belt, boot_id: int, now_ns: int, notice: Notice) -> None:
        self.sorter = Sorter(belt, now_ns, notice)
        self._host_seen_ns: int | None = None
        self.reboot(boot_id, now_ns)

    @property
    def faults(self) -> PlcFaults:
        """Return what goes wrong."""
        return self.sorter.faults

    def reboot(self, boot_id: int, now_ns: int) -> None:  # noqa: ARG002 these tell no such number
        """Lose everything but the wiring, as after a power cut."""
        self._host = [0] * self.host_words
        self._host_seen_ns = None
        self._arrivals = 0
        self._echo = 0
        self.sorter.restart(now_ns)

    def is_ready(self, now_ns: int) -> bool:
        """Return whether a divert sent now would be taken."""
        self.tick(now_ns)
        return self.sorter.running and not (self.sorter.fault or self.sorter.task)

    def tick(self, now_ns: int) -> None:
        """Let the belt run until now."""
        self.sorter.tick(now_ns, self._watched_ns())

    def _watched_ns(self) -> int | None:
        return None

    def _begin(self, number: int, token: int, lane: int) -> bool:
        """Take an item off; what cannot be done is not done, and nothing tells why."""
        if self.sorter.refusal(lane):
            return False
        self.sorter.begin(number, token, lane)
        self._echo = number
        return True


class ReleaseCounter(_Style):
    """A changed release value lets an item go; the echo shows it, counters roll over."""

    host_words = 5  # confirm, lane, tracking high, low, release
    status_words = 9

    def reboot(self, boot_id: int, now_ns: int) -> None:
        """Lose everything but the wiring."""
        super().reboot(boot_id, now_ns)
        self._left_ns = now_ns

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        """Take words into the host block."""
        self.tick(now_ns)
        before = self._host[4]
        self._host[offset : offset + len(values)] = values
        release = self._host[4]
        token = self._host[2] << 16 | self._host[3]
        if release not in (before, self._echo) and self._begin(release, token, self._host[1]):
            self._arrivals = (self._arrivals + 1) & 0xFFFF

    def on_read(self, now_ns: int) -> list[int]:
        """Return status, release count, arrivals, departures, tracking, fault, exit sensor."""
        self.tick(now_ns)
        belt, ended = self.sorter, self.sorter.ended
        token = ended.token if ended and ended.result == DONE else 0
        return [
            belt.bits(),
            self._echo,
            self._arrivals,
            belt.count,
            token >> 16,
            token & 0xFFFF,
            belt.fault,
            belt.exit_lane,
            belt.exit_count,
        ]

    def tick(self, now_ns: int) -> None:
        """Let the belt run; an item that left and is not confirmed jams the zone."""
        before = self.sorter.count
        super().tick(now_ns)
        if self.sorter.count != before:
            self._left_ns = now_ns
        is_confirmed = self._host[0] == self.sorter.count
        if not is_confirmed and now_ns - self._left_ns > CONFIRM_NS and not self.sorter.fault:
            self.sorter.break_down(ITEM_LOST)


class TaskEcho(_Style):
    """A handshake bit that changes starts the written task; its echo clears at the end."""

    host_words = 5  # lane, item high, low, task, control
    status_words = 6

    def reboot(self, boot_id: int, now_ns: int) -> None:
        """Lose everything but the wiring."""
        super().reboot(boot_id, now_ns)
        self._handshake = 0

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        """Take words into the host block. The first write arms the watchdog."""
        self.tick(now_ns)
        before = self._host[4]
        self._host[offset : offset + len(values)] = values
        control = self._host[4]
        self._host_seen_ns = now_ns
        if control & 2 and not before & 2:
            self.sorter.reset()
        if control & 4:
            self.sorter.running = False
        elif before & 4 or self.sorter.host_lost:
            self.sorter.start()
        if control & 1 != self._handshake:
            self._handshake = control & 1
            token = self._host[1] << 16 | self._host[2]
            self._begin(self._host[3], token, self._host[0])

    def on_read(self, now_ns: int) -> list[int]:
        """Return status with the handshake's echo, task, last finished task, fault, exit sensor."""
        self.tick(now_ns)
        belt, ended = self.sorter, self.sorter.ended
        is_over = belt.task is None
        done = ended.number if ended and ended.result == DONE else 0
        return [
            belt.bits() & ~(1 << 7) | self._handshake << 7,
            0 if is_over else self._echo,
            done,
            belt.fault,
            belt.exit_lane,
            belt.exit_count,
        ]

    def _watched_ns(self) -> int | None:
        seen = self._host_seen_ns
        return None if seen is None else seen + self.sorter.belt.host_timeout_ns


class Pulse(_Style):
    """A lane number that rises from 0 pushes one item off; only the exit sensor tells."""

    host_words = 1
    status_words = 2

    def on_write(self, offset: int, values: list[int], now_ns: int) -> None:
        """Take the level; nobody can name an item here, so each is counted as a new one."""
        self.tick(now_ns)
        before = self._host[0]
        self._host[offset : offset + len(values)] = values
        if self._host[0] and not before:
            number = self.sorter.begun + 1
            self._begin(number, number, self._host[0])

    def on_read(self, now_ns: int) -> list[int]:
        """Return the exit sensor's lane and count."""
        self.tick(now_ns)
        return [self.sorter.exit_lane, self.sorter.exit_count]


PROGRAMS: Final[Mapping[str, Callable[[Belt, int, int, Notice], Program]]] = {
    "seq_ack": Plc,
    "release_counter": ReleaseCounter,
    "task_echo": TaskEcho,
    "pulse": Pulse,
}
