"""The process that reads one keyboard scanner by evdev, so that a busy service loses no key.

Run as `python -m drivers.scanner.hid_reader`: one setup line on stdin, JSON lines on stdout, the
end of stdin is the end of the process. Writes to no disk, opens no keyboard but the configured one.
"""

import contextlib
import errno
import fcntl
import itertools
import os
import selectors
import struct
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import evdev

from drivers.protocols import (
    PENDING_SCANS_MAX,
    DeviceHealth,
    HealthState,
    Scan,
    ScanFault,
    ScanSource,
)
from drivers.scanner.hid_search import find_keyboard
from drivers.wire.code_gate import CodeGate, overrun
from drivers.wire.hid_keys import KeyDecoder, KeyEvent
from drivers.wire.hid_layout import EV_MSC
from drivers.wire.hid_messages import (
    LINE_BYTES_MAX,
    Beat,
    HidMatch,
    ReaderSetup,
    Told,
    decode_setup,
    encode,
)
from drivers.wire.raw_codes import RawCode, RawFault

BEAT_S = 1.0
SEARCH_S = 0.25  # udev makes the links when rules and rights are applied
PATIENCE_S = {"unplugged": 0.0, "no rights": 2.0, "busy": 3.0, "not unique": 0.0}
LOOK_S = 0.02  # how often an empty device is noted while a code may be open
BATCHES_MAX = 64  # then the heartbeat has its turn
_RESTLESS_S = 2.5  # longer than any silence the decoder asks for
_EVIOCSCLOCKID = 0x400445A0
_EVIOCSMASK = 0x40104593
_NAME_BYTES = 256
_EVIOCGID = 0x80084502
_EVIOCGUNIQ = 0x80004508 | _NAME_BYTES << 16
_MASK_BYTES = 8
_PRIORITY = 10
_NICE = -5


class InputEvent(Protocol):
    """One kernel event, as evdev gives it."""

    sec: int
    usec: int
    type: int
    code: int
    value: int


class Keyboard(Protocol):
    """What is used of an opened `evdev.InputDevice`."""

    fd: int

    def read(self) -> Iterable[InputEvent]:
        """Return pending events. Raises BlockingIOError for none, OSError when unplugged."""

    def active_keys(self) -> list[int]:
        """Return the codes of keys that are down."""

    def close(self) -> None:
        """Close; harmless twice."""


def open_keyboard(match: HidMatch) -> Keyboard:
    """Open and grab the keyboard that is meant. Raises OSError; nothing is left open then."""
    device: evdev.InputDevice[str] = evdev.InputDevice(str(find_keyboard(match)), readonly=True)
    try:
        fcntl.ioctl(device.fd, _EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
        _mute_scan_codes(device.fd)
        device.grab()
    except OSError:
        device.close()
        raise
    return device


def _mute_scan_codes(fd: int) -> None:
    """Ask the kernel to leave MSC_SCAN out: half as many events more fit into its ring."""
    nothing = array("B", bytes(_MASK_BYTES))
    address, _ = nothing.buffer_info()
    fcntl.ioctl(fd, _EVIOCSMASK, struct.pack("IIQ", EV_MSC, _MASK_BYTES, address))


def usb_id(keyboard: Keyboard) -> str:
    """Return vendor:product:serial of an open keyboard, empty for what has no such numbers."""
    try:
        _, vendor, product, _ = struct.unpack("4H", fcntl.ioctl(keyboard.fd, _EVIOCGID, bytes(8)))
    except OSError:
        return ""
    serial = b""
    with contextlib.suppress(OSError):  # ENOENT: it has no serial number
        serial = fcntl.ioctl(keyboard.fd, _EVIOCGUNIQ, bytes(_NAME_BYTES)).partition(b"\0")[0]
    return f"{vendor:04x}:{product:04x}:{serial.decode('ascii', 'replace')}"


class Outbox:
    """Lines for a client that may be slow: bounded, never blocking.

    Full: refused codes become one overrun fault. Health: newest wins. A beat waits behind nothing.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._told: deque[Scan | ScanFault] = deque()
        self._last_is_overrun = False
        self._health: DeviceHealth | None = None
        self._line = b""

    @property
    def is_empty(self) -> bool:
        """Return whether all is written."""
        return not (self._line or self._told or self._health)

    def add(self, told: Told) -> None:
        """Take what is to be told and write what the pipe takes."""
        match told:
            case DeviceHealth():
                self._health = told
            case Beat():
                self._line = self._line or (encode(told) if self.is_empty else b"")
            case Scan() | ScanFault() if len(self._told) < PENDING_SCANS_MAX:
                self._told.append(told)
                self._last_is_overrun = False
            case Scan() | ScanFault():
                last = self._told.pop() if self._last_is_overrun else None
                self._told.append(overrun(told, last))
                self._last_is_overrun = True
        self.flush()

    def flush(self) -> None:
        """Write what the pipe takes. Raises BrokenPipeError when the client is gone."""
        while not self.is_empty:
            self._line = self._line or self._next_line()
            try:
                written = os.write(self._fd, self._line)
            except BlockingIOError:
                return
            self._line = self._line[written:]

    def _next_line(self) -> bytes:
        if self._told:
            return encode(self._told.popleft())
        health, self._health = self._health, None
        return encode(health) if health is not None else b""


class _Reader:
    """One keyboard from search to unplug and back, and the pipes to the client."""

    def __init__(
        self, setup: ReaderSetup, opener: Callable[[HidMatch], Keyboard], out_fd: int
    ) -> None:
        self._setup = setup
        self._opener = opener
        self._outbox = Outbox(out_fd)
        self._out_fd = out_fd
        self._gate = CodeGate(
            setup.name, ScanSource.HID, setup.profile.gate_rules(), numbers=itertools.count(1)
        )
        self._selector = selectors.DefaultSelector()
        self._keyboard: Keyboard | None = None
        self._decoder = KeyDecoder(setup.profile)
        self._is_joining = False
        self._last_event = time.monotonic()
        self._missing_since = time.monotonic()
        self._next_search = 0.0
        self._next_beat = 0.0

    def run(self, in_fd: int) -> None:
        """Work until the end of `in_fd`."""
        self._selector.register(in_fd, selectors.EVENT_READ)
        while True:
            self._by_the_clock(time.monotonic())
            asked_ns = time.monotonic_ns()
            ready = {key.fd for key, _ in self._selector.select(self._patience())}
            if in_fd in ready and not os.read(in_fd, LINE_BYTES_MAX):
                break
            self._outbox.flush()
            if self._keyboard is None:
                continue
            if self._keyboard.fd in ready:
                self._read(self._keyboard)
            else:  # nothing was pending when the question was asked: silence is proven till then
                self._tell(self._decoder.tick(asked_ns))
            if self._is_joining and self._decoder.trusts:
                self._is_joining = False
                self._light(HealthState.OK, "", usb_id(self._keyboard))
        self._close()
        self._selector.close()

    def _patience(self) -> float:
        now = time.monotonic()
        if not self._outbox.is_empty or now - self._last_event < _RESTLESS_S:
            return LOOK_S
        due = self._next_beat if self._keyboard else min(self._next_beat, self._next_search)
        return max(0.0, due - now)

    def _by_the_clock(self, now: float) -> None:
        if now >= self._next_beat:
            self._next_beat = now + BEAT_S
            self._outbox.add(Beat())
            self._tell_all(self._gate.tick(time.monotonic_ns()))
        if self._keyboard is None and now >= self._next_search:
            self._next_search = now + SEARCH_S
            self._search(now)

    def _search(self, now: float) -> None:
        try:
            keyboard = self._opener(self._setup.match)
        except OSError as error:
            reason = _reason(error)
            if now - self._missing_since >= PATIENCE_S[reason]:
                self._light(HealthState.LOST, reason)
            return
        self._keyboard = keyboard
        self._selector.register(keyboard.fd, selectors.EVENT_READ)
        self._join(keyboard)

    def _join(self, keyboard: Keyboard) -> None:
        """Begin behind what was typed before the grab: it may hold half a code."""
        self._decoder = KeyDecoder(self._setup.profile)
        try:
            with contextlib.suppress(BlockingIOError):
                while list(keyboard.read()):
                    self._last_event = time.monotonic()
            self._decoder.join(keyboard.active_keys(), time.monotonic_ns())
        except OSError:
            self._unplugged()
            return
        self._last_event = time.monotonic()
        self._is_joining = True

    def _read(self, keyboard: Keyboard) -> None:
        self._last_event = time.monotonic()
        try:
            for _ in range(BATCHES_MAX):
                batch = list(keyboard.read())
                if not batch:  # a device that is ready and empty is gone
                    self._unplugged()
                    return
                self._tell(self._decoder.feed(_key_event(event) for event in batch))
                if self._decoder.needs_reload:
                    self._decoder.reload(keyboard.active_keys(), time.monotonic_ns())
        except BlockingIOError:
            return
        except OSError:
            self._unplugged()

    def _unplugged(self) -> None:
        self._tell(self._decoder.unplugged(time.monotonic_ns()))
        self._close()
        self._missing_since = time.monotonic()
        self._light(HealthState.LOST, "unplugged")

    def _close(self) -> None:
        keyboard, self._keyboard = self._keyboard, None
        self._is_joining = False
        if keyboard is not None:
            self._selector.unregister(keyboard.fd)
            with contextlib.suppress(OSError):  # the node of an unplugged device may refuse
                keyboard.close()

    def _tell(self, raws: list[RawCode | RawFault]) -> None:
        for raw in raws:
            self._tell_all(self._gate.admit(raw))

    def _tell_all(self, told: list[Scan | ScanFault]) -> None:
        for one in told:
            self._outbox.add(one)

    def _light(self, state: HealthState, reason: str, identity: str = "") -> None:
        health = DeviceHealth(device=self._setup.name, state=state, reason=reason, usb_id=identity)
        self._outbox.add(health)


def _key_event(event: InputEvent) -> KeyEvent:
    at_ns = event.sec * 1_000_000_000 + event.usec * 1000
    return KeyEvent(at_ns, event.type, event.code, event.value)


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return "no rights"
        case errno.EBUSY:
            return "busy"
        case errno.ENOTUNIQ:
            return "not unique"
        case _:
            return "unplugged"


def _hurry() -> None:
    """Ask to run before others; a station without the right for it works too."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    except OSError:
        with contextlib.suppress(OSError):
            os.nice(_NICE)


def serve(opener: Callable[[HidMatch], Keyboard], in_fd: int, out_fd: int) -> None:
    """Read the setup line, then keys, until `in_fd` ends or the client is gone."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(in_fd, LINE_BYTES_MAX)
        if not part:
            return
        line += part
    os.set_blocking(out_fd, False)
    with contextlib.suppress(BrokenPipeError):
        _Reader(decode_setup(line), opener, out_fd).run(in_fd)


def main() -> None:
    """Serve the keyboards of this machine."""
    _hurry()
    serve(open_keyboard, sys.stdin.fileno(), sys.stdout.fileno())


if __name__ == "__main__":
    main()
