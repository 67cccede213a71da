"""The kernel's ring of input events for one reader, after drivers/input/evdev.c of Linux 6.1.

64 slots; when they are full all unread events go, SYN_DROPPED and the newest event stay. Only whole
packets can be read. What a mask leaves out takes no slot, nor does a packet that it leaves empty.
"""

from keyboard import Event

SLOTS = 64
SYN, KEY, MSC = 0, 1, 4
REPORT, DROPPED = 0, 3


class Ring:
    """What one open device holds. `dropped` = numbers of pushed events that never were read."""

    def __init__(self, *, is_masked: bool = True) -> None:
        self._is_masked = is_masked
        self._events: list[tuple[int, Event]] = []
        self._readable = 0
        self._pushed = 0
        self._held: set[int] = set()
        self.dropped: list[int] = []

    def push(self, event: Event) -> None:
        """Take an event of the device."""
        number, self._pushed = self._pushed, self._pushed + 1
        if event.kind == KEY and event.value != 2:
            (self._held.add if event.value else self._held.discard)(event.code)
        if self._is_masked and event.kind == MSC:
            return
        is_report = event.kind == SYN and event.code == REPORT
        if is_report and self._readable == len(self._events):
            return
        self._events.append((number, event))
        if len(self._events) == SLOTS:
            self.dropped += [lost for lost, _ in self._events[:-1] if lost >= 0]
            mark = Event(event.at_ns, SYN, DROPPED, 0)
            self._events = [(-1, mark), self._events[-1]]
            self._readable = 0
        if is_report:
            self._readable = len(self._events)

    def read(self) -> list[Event]:
        """Return the whole packets that wait; empty = the read would block."""
        taken, self._events = self._events[: self._readable], self._events[self._readable :]
        self._readable = 0
        return [event for _, event in taken]

    def active_keys(self) -> set[int]:
        """Return what is held now; the kernel takes the key events out that led to it."""
        self.dropped += [lost for lost, event in self._events if event.kind == KEY]
        whole = self._events[: self._readable]
        rest = [pair for pair in self._events[self._readable :] if pair[1].kind != KEY]
        kept: list[tuple[int, Event]] = []
        for number, event in whole:
            is_empty = not kept or kept[-1][1].kind == SYN
            if event.kind != KEY and not (event.code == REPORT and is_empty):
                kept.append((number, event))
        self._events, self._readable = kept + rest, len(kept)
        return set(self._held)

    def release_all(self, at_ns: int) -> None:
        """Do what the kernel does when the device goes: every held key goes up, in one packet."""
        for code in sorted(self._held):
            self.push(Event(at_ns, KEY, code, 0))
        self.push(Event(at_ns, SYN, REPORT, 1))
