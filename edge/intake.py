"""Devices to inputs: opens each device, reads it, loses it, opens it again.

Only DriverError is survived here; any other exception is a bug and ends the service.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from typing import Final

from drivers.errors import DriverError, DriverGrabbedError
from drivers.protocols import (
    Clock,
    Deadline,
    Device,
    DeviceHealth,
    HealthState,
    Scan,
    ScanFault,
    ScannerDriver,
    ScanOutcome,
    ScanSource,
)
from edge.barcodes.classify import Rules, classify
from edge.barcodes.identity import LIMITS, is_off
from edge.barcodes.marked import settled
from edge.barcodes.meanings import (
    BadgeCode,
    CommandCode,
    Meaning,
    PlaceCode,
    Refused,
    TrayCode,
)
from edge.station.inputs import FaultInput, Input, Lookups, ScanInput

BACKOFF_S_MAX: Final = 5.0
CONFIRM_S: Final = 1.0
OFF: Final = "symbology_off"
TOGETHER_S: Final = 0.05  # what a camera shows at one moment comes within this time
TOGETHER_MAX: Final = 16
CONFIRMS_MAX: Final = 64  # tones waiting for a slow scanner; full: the oldest is dropped

log = logging.getLogger("intake")

Submit = Callable[[Input], Awaitable[object]]
LookUp = Callable[[tuple[Meaning, ...]], Lookups]

_RIGHTS: Final = (
    (BadgeCode, "badges"),
    (CommandCode, "commands"),
    (TrayCode, "trays"),
    (PlaceCode, "places"),
)


def backoff_s(attempt: int, rng: random.Random) -> float:
    """Return how long to wait before opening a device again, with jitter."""
    return rng.uniform(0.1, min(BACKOFF_S_MAX, 0.25 * 1.5 ** min(attempt, 20)))


async def together(
    codes: AsyncIterator[Scan | ScanFault],
) -> AsyncGenerator[list[Scan | ScanFault]]:
    """Yield codes one by one; what a camera shows at one moment comes in one list.

    Any other code waits for nothing. An error of the driver comes after the codes before it.
    """
    upcoming: asyncio.Task[Scan | ScanFault | None] | None = None
    try:
        while (first := await (upcoming or _next(codes))) is not None:
            seen, upcoming = [first], None
            while _is_pictured(seen[-1]) and len(seen) < TOGETHER_MAX:
                upcoming = _next(codes)
                done, _ = await asyncio.wait({upcoming}, timeout=TOGETHER_S)
                code = upcoming.result() if done and upcoming.exception() is None else None
                if code is None or not _is_pictured(code):
                    break
                seen.append(code)
                upcoming = None
            yield seen
    finally:
        if upcoming is not None:
            upcoming.cancel()
            with contextlib.suppress(asyncio.CancelledError, DriverError):
                await upcoming


def _next(codes: AsyncIterator[Scan | ScanFault]) -> asyncio.Task[Scan | ScanFault | None]:
    async def code() -> Scan | ScanFault | None:
        return await anext(codes, None)

    return asyncio.create_task(code(), name="next code")


def _is_pictured(code: Scan | ScanFault) -> bool:
    return isinstance(code, Scan) and code.source is ScanSource.CAMERA


class Supervisor:
    """Keeps one device open and tells the station about its light."""

    def __init__(
        self,
        device: Device,
        *,
        rng: random.Random,
        on_light: Callable[[DeviceHealth], Awaitable[None]],
    ) -> None:
        self._device = device
        self._rng = rng
        self._on_light = on_light
        self._light: HealthState | None = None
        self._was_open = False

    async def run(self, work: Callable[[], Coroutine[None, None, None]] | None = None) -> None:
        """Open, work until the device is lost, wait, open again; for ever.

        Raises DriverGrabbedError when somebody else has a keyboard at the start: a station must
        not run without the codes that another program gets.
        """
        attempt = 0
        while True:
            try:
                async with self._device, asyncio.TaskGroup() as group:
                    attempt, self._was_open = 0, True
                    group.create_task(self._watch(), name=f"health[{self._device.name}]")
                    if work is not None:
                        group.create_task(work(), name=f"reads[{self._device.name}]")
            except* DriverError as lost:
                if not self._was_open and lost.subgroup(DriverGrabbedError):
                    raise
                reason = str(lost.exceptions[0])
                await self._show(
                    DeviceHealth(device=self._device.name, state=HealthState.LOST, reason=reason)
                )
            attempt += 1
            await asyncio.sleep(backoff_s(attempt, self._rng))

    async def _watch(self) -> None:
        async for health in self._device.healths():
            await self._show(health)

    async def _show(self, health: DeviceHealth) -> None:
        """Once when it goes, once when it is back; in the log and in the journal."""
        if health.state is self._light:
            return
        self._light = health.state
        log.info("%s: %s %s", health.device, health.state, health.reason)
        await self._on_light(health)


class ScannerIntake:
    """Reads one scanner (or a camera as a scanner) and confirms what was committed.

    `profile` = digest of its settings; `usb_id` is told by its newest light.
    """

    def __init__(
        self,
        scanner: ScannerDriver,
        rules: Rules,
        *,
        may: frozenset[str],
        boot: str,
        submit: Submit,
        look_up: LookUp,
        clock: Clock,
        profile: str = "",
    ) -> None:
        self.usb_id = ""
        self.limits = LIMITS  # which symbols count from this device
        self.place = ""  # where it is fixed; empty = at the bench
        self._profile = profile
        self._scanner = scanner
        self.rules = rules  # of the packs in force, too: set anew with each
        self._may = may
        self._boot = boot
        self._submit = submit
        self._look_up = look_up
        self._clock = clock
        self._tones: asyncio.Queue[tuple[int, ScanOutcome]] = asyncio.Queue(maxsize=CONFIRMS_MAX)

    async def read(self) -> None:
        """Hand over every code and fault, in order, each after the one before is committed."""
        async with asyncio.TaskGroup() as group:
            tones = group.create_task(self._confirm(), name=f"tones[{self._scanner.name}]")
            async with contextlib.aclosing(together(self._scanner.scans())) as codes:
                async for seen in codes:
                    await self._take_all(seen)
            tones.cancel()

    def tone(self, scan_no: int, outcome: ScanOutcome) -> None:
        """Queue the tone of a committed scan; never blocks."""
        if self._tones.full():
            self._tones.get_nowait()
        self._tones.put_nowait((scan_no, outcome))

    async def _take_all(self, seen: list[Scan | ScanFault]) -> None:
        """Hand over what came together, each code with the meanings of the others."""
        meanings = [self._meanings(code) for code in seen if isinstance(code, Scan)]
        for at, code in enumerate(seen):
            await self._take(code, beside=(*meanings[:at], *meanings[at + 1 :]))

    async def _take(
        self, code: Scan | ScanFault, *, beside: tuple[tuple[Meaning, ...], ...]
    ) -> None:
        key = f"{self._boot}/{code.device}/{code.scan_no}"
        if isinstance(code, ScanFault):
            await self._submit(FaultInput(input=key, fault=code))
            return
        meanings = self._meanings(code)
        lookups = self._look_up(meanings)
        meanings = self._settled(code, meanings, lookups)
        await self._submit(
            ScanInput(
                input=key,
                scan=code,
                meanings=meanings,
                lookups=lookups,
                profile=self._profile,
                usb_id=self.usb_id,
                beside=beside,
                place=self.place,
            )
        )

    def _meanings(self, code: Scan) -> tuple[Meaning, ...]:
        found = classify(code, self.rules.at(self._clock.wall_ms()))
        if is_off(code, self.limits):
            return (Refused(reason=OFF, text=found[0].text),)
        return tuple(self._checked(meaning) for meaning in found)

    def _settled(
        self, code: Scan, meanings: tuple[Meaning, ...], lookups: Lookups
    ) -> tuple[Meaning, ...]:
        """Judge marking codes by the product group that the item master gives the article."""

        def category_of(gtin: str) -> str | None:
            item = lookups.items.get(gtin)
            return item.category if item is not None else None

        return settled(code, meanings, category_of, self.rules.groups)

    def _checked(self, meaning: Meaning) -> Meaning:
        """A device gives only what it may: a camera never drives the station."""
        right = next((name for kind, name in _RIGHTS if isinstance(meaning, kind)), None)
        if right is None or right in self._may:
            return meaning
        return Refused(reason="wrong_source", text=meaning.text)

    async def _confirm(self) -> None:
        while True:
            scan_no, outcome = await self._tones.get()
            deadline = Deadline.after(CONFIRM_S, self._clock)
            try:
                await self._scanner.confirm(scan_no, outcome, deadline)
            except DriverError as error:
                log.warning("%s: tone lost: %s", self._scanner.name, error)
