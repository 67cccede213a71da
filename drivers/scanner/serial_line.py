"""Scanners on RS-232 and USB-COM lines by pyserial: one named thread a port.

Decodes nothing and repairs nothing: a code that was not read whole is a fault.
"""

import errno
import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

import serial

from drivers.errors import (
    DriverBusyError,
    DriverError,
    DriverLostError,
    DriverNotFoundError,
    DriverProtocolError,
    DriverRightsError,
    DriverTimeoutError,
)
from drivers.protocols import (
    PENDING_SCANS_MAX,
    Capability,
    Clock,
    Deadline,
    DeviceHealth,
    DeviceName,
    HealthState,
    Scan,
    ScanFault,
    ScanOutcome,
    ScanSource,
)
from drivers.thread_bridge import BridgedThread, Handover, HealthFeed, StopSign
from drivers.wire.code_gate import CodeGate, GateRules, gs_texts, overrun
from drivers.wire.line_codes import LineCodes
from drivers.wire.scanner_feedback import Feedback, tone, wake
from drivers.wire.serial_frames import FrameRules, Framing, LineEnd

READ_WAIT_S = 0.05  # how often an empty line is noted; bytes are handed on at once
READ_BYTES_MAX = 4096
CLOSE_WITHIN_S = 2.0
_IDLE_S_MIN = 0.03
_IDLE_CHARACTERS = 20
_BITS_A_CHARACTER = 10  # 8N1


class Flow(StrEnum):
    """Handshake of the line."""

    NONE = "none"
    RTS_CTS = "rts_cts"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLineSettings:
    """One scanner on a serial port.

    `port`: a path, best of /dev/serial/by-id. `baud` counts on RS-232 only. `aim`: the scanner
    sends the AIM identifier. `gs`: `text:…` and `char:X` that stand for GS beside 0x1D itself.
    `accept`: lengths of codes for framing `idle`. `gap_ms`: a silence this long inside a code
    refuses it.
    """

    port: str
    baud: int = 9600
    framing: Framing = Framing.LINE
    ends: tuple[LineEnd, ...] = (LineEnd.CR, LineEnd.LF)
    aim: bool = False
    gs: tuple[str, ...] = ()
    accept: tuple[int, ...] = ()
    flow: Flow = Flow.NONE
    feedback: Feedback = Feedback.NONE
    gap_ms: int = 1000

    def __post_init__(self) -> None:
        if not self.port:
            raise ValueError("port: empty: a device path such as /dev/serial/by-id/…")
        if not 300 <= self.baud <= 4_000_000:
            raise ValueError(f"baud: {self.baud}: 300 to 4000000")
        if not self.ends:
            raise ValueError("ends: empty: at least one of cr, lf, tab")
        if not 100 <= self.gap_ms <= 10_000:
            raise ValueError(f"gap_ms: {self.gap_ms}: 100 to 10000")
        if (self.framing is Framing.IDLE) != bool(self.accept):
            raise ValueError('accept: lengths are needed with framing = "idle" and with no other')
        if any(not form.startswith(("text:", "char:")) for form in self.gs):
            raise ValueError(f"gs: {', '.join(self.gs)}: text:… or char:X")
        gs_texts(self.gs)

    @property
    def wait_s(self) -> float:
        """Return how long one look at an empty line takes."""
        if self.framing is not Framing.IDLE:
            return READ_WAIT_S
        return max(_IDLE_S_MIN, _IDLE_CHARACTERS * _BITS_A_CHARACTER / self.baud)

    def frame_rules(self) -> FrameRules:
        """Return the framing of this line."""
        silence_s = self.wait_s if self.framing is Framing.IDLE else self.gap_ms / 1000
        return FrameRules(framing=self.framing, ends=self.ends, silence_ns=int(silence_s * 1e9))

    def gate_rules(self) -> GateRules:
        """Return how this scanner dresses its codes."""
        return GateRules(aim=self.aim, texts=gs_texts(self.gs), accept=frozenset(self.accept))


class SerialLineScanner:
    """A scanner on a serial port. Enter it again after DriverLostError; numbers go on."""

    def __init__(self, name: DeviceName, settings: SerialLineSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._numbers = itertools.count(1)
        self._health = HealthFeed(name)
        self._line: _OpenLine | None = None

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return GS always, AIM and TONE as configured."""
        found = {Capability.GS}
        if self._settings.aim:
            found.add(Capability.AIM)
        if self._settings.feedback is not Feedback.NONE:
            found.add(Capability.TONE)
        return frozenset(found)

    async def __aenter__(self) -> Self:
        """Open the port for this process alone. Raises DriverError; nothing is left open then."""
        assert self._line is None, f"{self._name} is open already"
        try:
            port = _open_port(self._name, self._settings)
        except DriverError as error:
            self._health.show(HealthState.LOST, _REASONS[type(error)])
            raise
        gate = CodeGate(
            self._name, ScanSource.SERIAL, self._settings.gate_rules(), numbers=self._numbers
        )
        codes = LineCodes(self._settings.frame_rules(), gate)
        line = _OpenLine(self._name, port, codes, clock=self._clock)
        line.port.timeout = self._settings.wait_s
        line.start(self._lost)
        try:
            line.write(wake(self._settings.feedback))
        except DriverError:
            await line.close()
            raise
        self._line = line
        self._health.show(HealthState.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread, then close the port."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()
        self._health.show(HealthState.LOST, "closed")

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes and faults; ends on close. Raises DriverLostError when the port is gone."""
        if self._line is None:
            raise DriverLostError(self._name, "read codes", "not open")
        return self._line.queue.items()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change, also over re-opening. One consumer."""
        return self._health.stream()

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Write the tone's bytes, if the scanner knows one for this outcome.

        Raises DriverLostError if the port is gone, DriverTimeoutError if it takes no bytes.
        """
        if deadline.remaining_s(self._clock) <= 0:
            raise DriverTimeoutError(self._name, f"confirm code {scan_no}", "too late")
        if self._line is None:
            raise DriverLostError(self._name, f"confirm code {scan_no}", "not open")
        self._line.write(tone(self._settings.feedback, outcome))

    def _lost(self) -> None:
        self._health.show(HealthState.LOST, "unplugged")


class _OpenLine:
    """An open port, its thread and the queue between the thread and the loop."""

    def __init__(
        self, name: DeviceName, port: serial.Serial, codes: LineCodes, *, clock: Clock
    ) -> None:
        self.port = port
        self.queue: Handover[Scan | ScanFault] = Handover(PENDING_SCANS_MAX, overrun)
        self._name = name
        self._codes = codes
        self._clock = clock
        self._stop = StopSign()
        self._lost: Callable[[], None] | None = None
        self._thread = BridgedThread(f"serial[{name}]", self._read, self._ended)

    def start(self, lost: Callable[[], None]) -> None:
        """Read until `close`, or until the port is gone: then `lost` is called on the loop."""
        self._lost = lost
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Write at once or not at all: a scanner that takes no bytes must not stop the loop."""
        if not data:
            return
        try:
            written = os.write(self.port.fileno(), data)
        except BlockingIOError:
            written = 0
        except (OSError, serial.SerialException) as error:
            raise DriverLostError(self._name, "write feedback", str(error)) from error
        if written < len(data):
            raise DriverTimeoutError(self._name, "write feedback", "the line takes no bytes")

    async def close(self) -> None:
        """Stop the thread and close the port."""
        self._stop.show()
        self.port.cancel_read()
        try:
            await self._thread.join(Deadline.after(CLOSE_WITHIN_S, self._clock), self._clock)
        finally:
            self.port.close()

    def _ended(self, error: Exception | None) -> None:
        self.queue.finish(error)
        if error is not None and self._lost is not None:
            self._lost()

    def _read(self) -> None:
        """Work of the thread."""
        while not self._stop.is_up:
            asked_ns = self._clock.monotonic_ns()
            try:
                data = self._read_bytes()
            except (OSError, serial.SerialException) as error:
                self._hand_over(self._codes.cut(self._clock.monotonic_ns()))
                raise DriverLostError(self._name, "read the port", str(error)) from error
            if data:
                self._hand_over(self._codes.feed(data, self._clock.monotonic_ns()))
            elif not self._stop.is_up:
                # Silence is proven up to the end of the wait, however late this thread runs.
                quiet_ns = asked_ns + int((self.port.timeout or 0) * 1e9)
                self._hand_over(self._codes.tick(quiet_ns))

    def _read_bytes(self) -> bytes:
        first = bytes(self.port.read(1))
        rest = min(self.port.in_waiting, READ_BYTES_MAX) if first else 0
        return first + bytes(self.port.read(rest))

    def _hand_over(self, told: list[Scan | ScanFault]) -> None:
        for one in told:
            self.queue.put(one)


_REASONS: Mapping[type[DriverError], str] = {
    DriverNotFoundError: "not found",
    DriverRightsError: "no rights",
    DriverBusyError: "busy",
    DriverProtocolError: "no serial port",
}


def _open_port(name: DeviceName, settings: SerialLineSettings) -> serial.Serial:
    tried = f"open {settings.port}"
    try:
        return serial.Serial(
            settings.port,
            settings.baud,
            timeout=READ_WAIT_S,
            rtscts=settings.flow is Flow.RTS_CTS,
            exclusive=True,
        )
    except serial.SerialException as error:
        raise _translated(name, tried, error) from error
    except ValueError as error:
        raise DriverProtocolError(name, tried, f"baud {settings.baud}: {error}") from error


def _translated(name: DeviceName, tried: str, error: serial.SerialException) -> DriverError:
    match error.errno:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV | errno.EIO:
            return DriverNotFoundError(name, tried, "no such port; is the scanner plugged in?")
        case errno.EACCES | errno.EPERM:
            cure = "no rights; install 70-receiving-edge.rules or join the port's group"
            return DriverRightsError(name, tried, cure)
        case errno.EBUSY | errno.EAGAIN:
            return DriverBusyError(name, tried, "another program holds the port")
        case _:
            return DriverProtocolError(name, tried, f"no serial port: {error}")
