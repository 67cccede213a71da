"""Scanners on RS-232 and USB-COM lines by pyserial: one named thread a port.

Decodes nothing and repairs nothing: a code that was not read whole is a fault.
"""

import contextlib
import errno
import itertools
import os
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
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
)
from drivers.scanner.serial_settings import READ_WAIT_S, Flow, Parity, SerialLineSettings
from drivers.scanner.usb_identity import usb_id_of
from drivers.thread_bridge import BridgedThread, Handover, HealthFeed, StopSign, Turn
from drivers.wire.code_gate import overrun
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.serial_frames import Framing
from drivers.wire.talk import Acknowledgement, Heard, Talk

__all__ = ["SerialLineScanner", "SerialLineSettings"]

READ_BYTES_MAX = 4096
CLOSE_WITHIN_S = 2.0


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
        """Return GS always, the others as configured."""
        settings, found = self._settings, {Capability.GS}
        if settings.aim:
            found.add(Capability.AIM)
        if settings.feedback is not Feedback.NONE:
            found.add(Capability.TONE)
        if settings.feedback is Feedback.DATALOGIC:
            found.add(Capability.DISABLE)
        if settings.framing is Framing.SSI or settings.ack is not Acknowledgement.NONE:
            found.add(Capability.ACK_AFTER_COMMIT)
        return frozenset(found)

    async def __aenter__(self) -> Self:
        """Open the port for this process alone. Raises DriverError; nothing is left open then."""
        assert self._line is None, f"{self._name} is open already"
        try:
            port = _open_port(self._name, self._settings)
        except DriverError as error:
            self._health.show(HealthState.LOST, _REASONS[type(error)])
            raise
        talk = self._settings.talk(self._name, self._numbers)
        line = _OpenLine(self._name, port, talk, clock=self._clock)
        line.port.timeout = self._settings.wait_s
        line.start(self._lost)
        try:
            line.write(talk.opening())
        except DriverError:
            await line.close()
            raise
        self._line = line
        self._health.show(HealthState.OK, usb_id=usb_id_of(Path(self._settings.port)))
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
        return self._line.codes()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change, also over re-opening. One consumer."""
        return self._health.stream()

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Write the acknowledgement and the tone, as far as the scanner knows them.

        Raises DriverLostError if the port is gone, DriverTimeoutError if it takes no bytes.
        """
        if deadline.remaining_s(self._clock) <= 0:
            raise DriverTimeoutError(self._name, f"confirm code {scan_no}", "too late")
        if self._line is None:
            raise DriverLostError(self._name, f"confirm code {scan_no}", "not open")
        self._line.confirm(scan_no, outcome)

    def _lost(self) -> None:
        self._health.show(HealthState.LOST, "unplugged")


class _OpenLine:
    """An open port, its thread and the queue between the thread and the loop.

    What the scanner and the host say to each other is asked for under `_turn`: the thread hears,
    the loop confirms, and a message goes out whole.
    """

    def __init__(self, name: DeviceName, port: serial.Serial, talk: Talk, *, clock: Clock) -> None:
        self.port = port
        self._queue: Handover[Scan | ScanFault] = Handover(PENDING_SCANS_MAX, overrun)
        self._name = name
        self._talk = talk
        self._turn = Turn()
        self._is_stopped = False
        self._clock = clock
        self._stop = StopSign()
        self._lost: Callable[[], None] | None = None
        self._thread = BridgedThread(f"serial[{name}]", self._read, self._ended)

    def start(self, lost: Callable[[], None]) -> None:
        """Read until `close`, or until the port is gone: then `lost` is called on the loop."""
        self._lost = lost
        self._thread.start()

    async def codes(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield what was read; a scanner that was stopped reads on when all of it is taken."""
        async for told in self._queue.items():
            yield told
            with self._turn:
                if self._is_stopped and self._queue.is_empty:
                    self._is_stopped = False
                    self.write(self._talk.go_on())

    def confirm(self, scan_no: int, outcome: ScanOutcome) -> None:
        """Tell the scanner that a code was committed."""
        with self._turn:
            self.write(self._talk.confirm(scan_no, outcome))

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
        self._queue.finish(error)
        if error is not None and self._lost is not None:
            self._lost()

    def _read(self) -> None:
        """Work of the thread."""
        while not self._stop.is_up:
            asked_ns = self._clock.monotonic_ns()
            try:
                data = self._read_bytes()
            except (OSError, serial.SerialException) as error:
                with self._turn:
                    self._hand_over(Heard(self._talk.cut(self._clock.monotonic_ns())))
                raise DriverLostError(self._name, "read the port", str(error)) from error
            with self._turn:
                self._hear(data, asked_ns)

    def _hear(self, data: bytes, asked_ns: int) -> None:
        if data:
            self._hand_over(self._talk.feed(data, self._clock.monotonic_ns()))
        elif not self._stop.is_up:
            # Silence is proven up to the end of the wait, however late this thread runs.
            quiet_ns = asked_ns + int((self.port.timeout or 0) * 1e9)
            self._hand_over(self._talk.tick(quiet_ns))

    def _read_bytes(self) -> bytes:
        first = bytes(self.port.read(1))
        rest = min(self.port.in_waiting, READ_BYTES_MAX) if first else 0
        return first + bytes(self.port.read(rest))

    def _hand_over(self, heard: Heard) -> None:
        """Queue the codes, then answer; a scanner that cannot be heard any more is told to stop."""
        for one in heard.told:
            self._queue.put(one)
        with contextlib.suppress(DriverTimeoutError):  # a scanner without its answer asks again
            self.write(heard.answer)
            if heard.told and self._queue.is_full and not self._is_stopped:
                self._is_stopped = True
                self.write(self._talk.stop())


_PARITIES: Mapping[Parity, str] = {
    Parity.NONE: serial.PARITY_NONE,
    Parity.EVEN: serial.PARITY_EVEN,
    Parity.ODD: serial.PARITY_ODD,
}
_REASONS: Mapping[type[DriverError], str] = {
    DriverNotFoundError: "not found",
    DriverRightsError: "no rights",
    DriverBusyError: "busy",
    DriverProtocolError: "no serial port",
}


def _open_port(name: DeviceName, settings: SerialLineSettings) -> serial.Serial:
    tried = f"open {settings.port}"
    try:
        port = serial.Serial(
            settings.port,
            settings.baud,
            bytesize=settings.data_bits,
            parity=_PARITIES[settings.parity],
            stopbits=settings.stop_bits,
            timeout=READ_WAIT_S,
            rtscts=settings.flow is Flow.RTS_CTS,
            exclusive=True,
        )
    except serial.SerialException as error:
        raise _translated(name, tried, error) from error
    except ValueError as error:
        raise DriverProtocolError(name, tried, f"baud {settings.baud}: {error}") from error
    try:
        _mark_wrong_characters(port.fileno())
    except termios.error as error:
        port.close()
        raise DriverNotFoundError(name, tried, "it went while it was opened") from error
    return port


def _mark_wrong_characters(fd: int) -> None:
    """Let a character with a wrong check or stop bit come as NUL, which no code may hold.

    Without it the kernel hands on what it took the character for (termios(3): INPCK).
    """
    attributes = termios.tcgetattr(fd)
    attributes[0] |= termios.INPCK
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


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
