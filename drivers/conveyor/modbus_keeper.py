"""Keeps one PLC link: connects, proves the PLC alive, polls it and shows that the host is.

`clean` is the driver's own word for "reconciled": only two coherent blocks set it, everything that
breaks clears it, and nobody writes without it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from typing import Final

from drivers.conveyor.modbus_link import Link
from drivers.conveyor.modbus_settings import ModbusSettings
from drivers.errors import DriverBusyError, DriverError, DriverLostError, DriverProtocolError
from drivers.protocols import Clock, ConveyorStatus, Deadline, HealthState
from drivers.thread_bridge import HealthFeed
from drivers.wire.conveyor_map import Span, Write
from drivers.wire.conveyor_profile import BeltProfile, Reading
from drivers.wire.conveyor_proof import fault_name
from drivers.wire.conveyor_registers import next_host_hb

COHERENT_S: Final = 1.0  # plc_hb changes every 100 ms; a program that stands still is no PLC
COHERENT_POLL_S: Final = 0.025
RETRY_S: Final = 0.01
RECONNECT_S: Final = (0.1, 2.0)

log = logging.getLogger("conveyor")


class Keeper:
    """The connection's life. Commands read and write through it, never beside it."""

    def __init__(
        self,
        who: str,
        settings: ModbusSettings,
        profile: BeltProfile,
        *,
        link: Link,
        clock: Clock,
        light: HealthFeed,
    ) -> None:
        self._who = who
        self._settings = settings
        self._profile = profile
        self._clock = clock
        self.link = link
        self.light = light
        self.clean = asyncio.Event()
        self.reading: Reading | None = None
        self.is_silent = False  # the host heartbeat is held back, so that the PLC stops its belt
        self._broken = asyncio.Event()
        self._alive_ns = 0
        self._host_hb = 0
        self._beat_ns = 0
        self._timeout_ms: int | None = None
        self._is_short = False

    @property
    def status(self) -> ConveyorStatus | None:
        """Return the newest coherent block while the link is clean, else None."""
        return self.reading.status if self.reading is not None and self.clean.is_set() else None

    def beat(self) -> int:
        """Return the next host heartbeat."""
        self._host_hb = next_host_hb(self._host_hb)
        return self._host_hb

    async def write(self, write: Write) -> None:
        """Write once; what carries a heartbeat spares the next one of its own."""
        await self.link.write(write)
        self._beat_ns = self._clock.monotonic_ns()

    # ------------------------------------------------------------ reading

    async def read(self) -> Reading:
        """Read one block. A PLC that started anew or whose program stands makes the link dirty."""
        # On a serial line every second read leaves out the last register: an answer that comes
        # one request too late never has the length that is asked for.
        self._is_short = self._settings.is_serial and not self._is_short
        span = self._profile.span(is_short=self._is_short)
        registers: list[int] = []
        if span is not None:
            registers = await self.link.read(span, inputs=self._settings.read_fc == 4)
        return self._take(registers, span)

    def take_full(self, registers: list[int]) -> Reading:
        """Believe a whole block that came with a write, or drop the link. Raises DriverError."""
        return self._take(registers, self._profile.span())

    def _take(self, registers: list[int], span: Span | None) -> Reading:
        now_ns, before = self._clock.monotonic_ns(), self.reading
        try:
            reading = self._profile.read(registers, span, now_ns)
        except ValueError as error:
            self.link.close()
            raise DriverProtocolError(self._who, "read status", str(error)) from error
        self.reading = reading
        if before is None or before.status.plc_hb != reading.status.plc_hb:
            self._alive_ns = now_ns
        self._need_life(before, reading, now_ns)
        return reading

    def _need_life(self, before: Reading | None, reading: Reading, now_ns: int) -> None:
        if not self.clean.is_set():
            return
        what, can_stand = "", self._profile.traits.has_plc_heartbeat
        if before is not None and before.status.boot_id != reading.status.boot_id:
            what = "the PLC has started anew"
        elif can_stand and now_ns - self._alive_ns > COHERENT_S * 1e9:
            what = "the PLC's program stands still"
        if what:
            self.link.close()
            raise DriverLostError(self._who, "read status", what)

    async def read_coherent(self) -> Reading:
        """Read until two blocks agree: same start of the PLC, and its heartbeat went on."""
        first = await self.read()
        deadline = Deadline.after(COHERENT_S, self._clock)
        while deadline.remaining_s(self._clock) > 0:
            await asyncio.sleep(COHERENT_POLL_S)
            reading = await self.read()
            if reading.status.boot_id != first.status.boot_id:
                first = reading
            elif self._has_gone_on(first, reading):
                return reading
        raise DriverProtocolError(self._who, "reconcile", "the PLC's heartbeat stands still")

    def _has_gone_on(self, first: Reading, then: Reading) -> bool:
        if not self._profile.traits.has_plc_heartbeat:
            return True
        return first.status.plc_hb != then.status.plc_hb

    async def next_reading(self, deadline: Deadline) -> Reading | None:
        """Return the next block, over broken links; None at the deadline."""
        while deadline.remaining_s(self._clock) > 0:
            with contextlib.suppress(DriverError, TimeoutError):
                async with asyncio.timeout(deadline.remaining_s(self._clock)):
                    await self.clean.wait()
                return await self.read()
            await asyncio.sleep(RETRY_S)
        return None

    # ------------------------------------------------------------ life

    async def keep(self) -> None:
        """Connect, reconcile, poll and beat, for ever. The library's own reconnect is off."""
        delay_s = RECONNECT_S[0]
        while True:
            try:
                await self._session()
            except DriverError as error:
                if self.light.now.reason != error.happened:
                    log.warning("%s", error)
                self.light.show(HealthState.LOST, error.happened)
            finally:
                was_clean = self.clean.is_set() or self._broken.is_set()
                self._break()
            delay_s = RECONNECT_S[0] if was_clean else min(delay_s * 2, RECONNECT_S[1])
            await asyncio.sleep(delay_s)

    async def _session(self) -> None:
        """One connection, from open to broken. Raises DriverError at its end."""
        self._broken.clear()
        self.reading = None
        await self.link.open(self._break)
        try:
            self._alive_ns = self._clock.monotonic_ns()
            await self.read_coherent()
            self.clean.set()
            await self._serve()
        finally:
            self.link.close()

    async def _serve(self) -> None:
        poll_ns = self._beat_ns = 0
        while not self._broken.is_set():
            now_ns = self._clock.monotonic_ns()
            if now_ns >= self._next_beat_ns:
                await self._unless_busy(self._send_beat())
            if now_ns >= poll_ns:
                await self._unless_busy(self._poll())
                poll_ns = now_ns + int(self._settings.poll_s[0] * 1e9)
            await self._pause(min(self._next_beat_ns, poll_ns))
        raise DriverLostError(self._who, "keep the link", "it broke")

    @property
    def _next_beat_ns(self) -> int:
        return self._beat_ns + self._settings.heartbeat_ms * 1_000_000

    async def _unless_busy(self, asking: Awaitable[None]) -> None:
        """A device that says it is busy is asked again at its next turn."""
        with contextlib.suppress(DriverBusyError):
            await asking

    async def _send_beat(self) -> None:
        self._beat_ns = self._clock.monotonic_ns()
        if self.is_silent or self.reading is None:
            return
        write = self._profile.heartbeat(self.beat(), self.reading)
        if write is not None:
            await self.link.write(write)

    async def _poll(self) -> None:
        self._show((await self.read()).status)

    async def _pause(self, until_ns: int) -> None:
        left_s = max(0.0, (until_ns - self._clock.monotonic_ns()) / 1e9)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await self._broken.wait()

    def _break(self) -> None:
        """Nothing is written any more until two blocks of a live PLC were read again."""
        self.clean.clear()
        self._broken.set()

    def _show(self, status: ConveyorStatus) -> None:
        self._timeout_ms = status.host_timeout_ms or self._timeout_ms
        reasons = (
            (status.fault != 0, fault_name(status.fault)),
            (not status.safety_ok, "safety_chain"),
            (status.host_lost, "host_lost"),
            (status.local, "local_mode"),
            (not status.running, "stopped"),
            (self._is_watched_too_closely(), "host_timeout"),
        )
        reason = next((word for is_so, word in reasons if is_so), "")
        self.light.show(HealthState.DEGRADED if reason else HealthState.OK, reason)

    def _is_watched_too_closely(self) -> bool:
        """A watchdog shorter than two heartbeats stops a healthy belt."""
        return self._timeout_ms is not None and self._timeout_ms < 2 * self._settings.heartbeat_ms
