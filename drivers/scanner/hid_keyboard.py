"""Keyboard scanners as the service sees them: one reader process a scanner, restarted when silent.

Never touches a key itself, and loads no evdev: a busy service must not lose key events.
"""

import asyncio
import contextlib
import importlib.util
import itertools
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final, Self

from drivers.errors import (
    DriverError,
    DriverGrabbedError,
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
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanOutcome,
    ScanSource,
)
from drivers.thread_bridge import Handover, HealthFeed
from drivers.wire.code_gate import overrun
from drivers.wire.hid_keys import KeyProfile
from drivers.wire.hid_messages import (
    LINE_BYTES_MAX,
    Beat,
    HidMatch,
    ReaderSetup,
    Told,
    decode,
    encode_setup,
)

READER: Final = (sys.executable, "-P", "-m", "drivers.scanner.hid_reader")
OPEN_WITHIN_S: Final = 25.0  # start of Python, and the reader's own patience with a busy device
LOOK_S: Final = 0.5
SILENT_LOOKS_MAX: Final = 4  # 2 s: the reader beats each second
START_LOOKS_MAX: Final = 40  # 20 s: a busy machine may take long to start it
RESTART_S: Final = 0.2
END_WITHIN_S: Final = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HidKeyboardSettings:
    """One keyboard scanner: which device, how it types, how long a passed self-test counts."""

    match: HidMatch
    profile: KeyProfile = field(default_factory=KeyProfile)
    selftest_days: int = 30

    def __post_init__(self) -> None:
        if not 1 <= self.selftest_days <= 3650:
            raise ValueError(f"selftest_days: {self.selftest_days}: 1 to 3650")


class HidKeyboardScanner:
    """A keyboard scanner. Unplug and replug need no re-opening: its light tells them."""

    def __init__(
        self,
        name: DeviceName,
        settings: HidKeyboardSettings,
        clock: Clock,
        *,
        reader: Sequence[str] = READER,
    ) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._command = tuple(reader)
        self._numbers = itertools.count(1)
        self._health = HealthFeed(name)
        self._queue: Handover[Scan | ScanFault] | None = None
        self._first = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._was_heard = False

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return GS and AIM as the profile says; a keyboard has no way back for a tone."""
        profile = self._settings.profile
        found = {Capability.AIM} if profile.aim else set()
        return frozenset(found if profile.gs == ("none",) else found | {Capability.GS})

    async def __aenter__(self) -> Self:
        """Start the reader and wait until it has looked for the device once.

        An absent device is no error, the light says `unplugged` and the reader goes on looking.
        Raises DriverNotFoundError without evdev, DriverGrabbedError, DriverRightsError,
        DriverTimeoutError; nothing runs on then.
        """
        assert self._task is None, f"{self._name} is open already"
        if importlib.util.find_spec("evdev") is None:
            happened = "evdev is missing: keyboard scanners need receiving-edge[hid]"
            raise DriverNotFoundError(self._name, "start the keyboard reader", happened)
        self._first.clear()
        self._queue = Handover(PENDING_SCANS_MAX, overrun)
        self._task = asyncio.create_task(self._keep_reading(), name=f"hid[{self._name}]")
        self._task.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                await self._first.wait()
            self._need_usable()
        except TimeoutError as error:
            await self._close()
            raise DriverTimeoutError(self._name, "start the reader", "no answer") from error
        except (DriverError, asyncio.CancelledError):
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the reader and await it; the grab ends with it."""
        await self._close()
        self._health.show(HealthState.LOST, "closed")

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes and faults; ends on close. A dead reader is one `dropped` fault."""
        if self._queue is None:
            raise DriverLostError(self._name, "read codes", "not open")
        return self._queue.items()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change, also over re-opening. One consumer."""
        return self._health.stream()

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Do nothing: a keyboard cannot be told. Raises DriverTimeoutError behind the deadline."""
        if deadline.remaining_s(self._clock) <= 0:
            raise DriverTimeoutError(self._name, f"confirm code {scan_no}", f"{outcome} too late")

    def _need_usable(self) -> None:
        match = self._settings.match
        given = {name: getattr(match, name) for name in ("by_id", "by_path", "serial")}
        given |= {name: f"{n:04x}" for name in ("vendor", "product") if (n := getattr(match, name))}
        tried = "open " + ", ".join(f"{name} {value}" for name, value in given.items() if value)
        match self._health.now.reason:
            case "busy":
                raise DriverGrabbedError(self._name, tried, "another program has grabbed it")
            case "no rights":
                cure = "no rights; install 70-receiving-edge.rules"
                raise DriverRightsError(self._name, tried, cure)
            case "no reader":
                raise DriverNotFoundError(self._name, tried, "the reader does not start")
            case "not unique":
                raise DriverNotFoundError(self._name, tried, "several fit; give by_path")

    async def _close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        if self._queue is not None:
            self._queue.finish()
            self._queue = None

    async def _keep_reading(self) -> None:
        """Run one reader after another, for ever. Raises DriverLostError if none can start."""
        while True:
            process = await self._start_reader()
            try:
                await self._follow(process)
            finally:
                await _end(process)
            self._reader_died()
            await asyncio.sleep(RESTART_S)

    async def _start_reader(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=2 * LINE_BYTES_MAX,
                start_new_session=True,  # Ctrl-C is for the service, which ends its reader
            )
        except OSError as error:
            raise DriverLostError(self._name, "start the reader", str(error)) from error

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Pass what ended the reading to the consumer; a close has nothing to pass."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._health.show(HealthState.LOST, "no reader")
            if self._queue is not None:
                self._queue.finish(error)
            self._first.set()

    async def _follow(self, process: Process) -> None:
        """Read one reader until it ends or is silent."""
        assert process.stdin is not None
        assert process.stderr is not None
        setup = ReaderSetup(
            name=self._name, match=self._settings.match, profile=self._settings.profile
        )
        process.stdin.write(encode_setup(setup))
        lines = asyncio.create_task(self._read_lines(process), name=f"hid-lines[{self._name}]")
        watch = asyncio.create_task(self._watch_silence(), name=f"hid-watch[{self._name}]")
        noise = asyncio.create_task(self._log_noise(process.stderr), name=f"hid-log[{self._name}]")
        try:
            await asyncio.wait({lines, watch}, return_when=asyncio.FIRST_COMPLETED)
            if lines.done():
                lines.result()
            else:
                _kill(process)
            await asyncio.wait({noise}, timeout=LOOK_S)  # why it ended, if it said so
        finally:
            for task in (lines, watch, noise):
                task.cancel()
            await asyncio.wait({lines, watch, noise})

    async def _read_lines(self, process: Process) -> None:
        """Read to the end; the half line of a reader that was killed is none."""
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError):
            while (line := await process.stdout.readline()).endswith(b"\n"):
                self._was_heard = True
                self._take(self._decoded(line))

    def _decoded(self, line: bytes) -> Told:
        try:
            return decode(line)
        except ValueError as error:
            raise DriverProtocolError(self._name, "read a line", str(error)) from error

    async def _watch_silence(self) -> None:
        """Return when nothing was heard at several looks: looks of a stalled service count once.

        Before its first line a reader is starting, not silent.
        """
        silent_looks, looks_max = 0, START_LOOKS_MAX
        while silent_looks < looks_max:
            self._was_heard = False
            await asyncio.sleep(LOOK_S)
            silent_looks = 0 if self._was_heard else silent_looks + 1
            looks_max = SILENT_LOOKS_MAX if self._was_heard else looks_max

    async def _log_noise(self, stream: asyncio.StreamReader) -> None:
        while noise := await stream.read(LINE_BYTES_MAX):
            last = noise.decode("utf-8", "replace").strip().rpartition("\n")[2]
            log.warning("%s: reader: %s", self._name, last)

    def _take(self, told: Told) -> None:
        match told:
            case Scan() | ScanFault():
                self._put(replace(told, scan_no=next(self._numbers)))
            case DeviceHealth():
                self._health.show(told.state, told.reason, told.usb_id)
                self._first.set()
            case Beat():
                return

    def _put(self, told: Scan | ScanFault) -> None:
        if self._queue is not None:
            self._queue.put(told)

    def _reader_died(self) -> None:
        """Tell, once, that keys may have been lost with a reader that had the device."""
        log.warning("%s: the reader ended or was silent; starting another", self._name)
        had_device = self._health.now.state is HealthState.OK
        self._health.show(HealthState.LOST, "no reader")
        if had_device:
            fault = ScanFault(
                scan_no=next(self._numbers),
                device=self._name,
                kind=FaultKind.DROPPED,
                chars=0,
                at_ns=self._clock.monotonic_ns(),
                source=ScanSource.HID,
            )
            self._put(fault)


async def _end(process: Process) -> None:
    """End a reader by the end of its stdin, else by a kill, and read its pipes empty."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(END_WITHIN_S):
            await process.communicate()
    except TimeoutError:
        _kill(process)
        await process.communicate()


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
