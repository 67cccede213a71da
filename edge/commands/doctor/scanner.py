"""`receiving-edge doctor scanner ID`: two cards tell whether this scanner keeps every byte.

They are read through the station's own driver. A scanner that reads both as printed is proven: the
service takes that in. For any other each difference is named, and the stanza that cures it.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, Final

from drivers.clock import SystemClock
from drivers.errors import DriverBusyError, DriverError
from drivers.protocols import (
    Deadline,
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanFlag,
    ScannerDriver,
    ScanOutcome,
)
from drivers.registry import driver_class
from edge.commands.doctor.card_findings import Finding, findings, of_fault, stanza
from edge.commands.serve import DATA_DEFAULT, config_folder
from edge.events import DeviceProven
from edge.feeds.proof_inbox import drop_proof
from edge.labels.cards import GS, Card, self_test_cards
from edge.labels.drawing import terminal_lines
from edge.settings.load import SettingsError, load
from edge.settings.model import DeviceClass, DeviceSettings
from edge.settings.proof import profile_sha256

WAIT_S: Final = 120.0
CONFIRM_S: Final = 1.0
GAP_MAX_NS: Final = 25_000_000  # half of the usual idle_ms
# Function keys that scanners type for GS, the usual ones first: each needs one more reading.
FUNCTION_KEYS: Final = ("F8", "F12", "F9", "F10", "F11", "F7")
_OPEN: Final[Mapping[str, Any]] = {"prefix": "", "aim": False, "gs": ()}

Told = Scan | ScanFault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("id", metavar="ID", help="name of the scanner in devices.toml")
    parser.add_argument("--config", type=Path, default=config_folder(), metavar="DIR")
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument(
        "--wait", type=float, default=WAIT_S, metavar="S", help="for each card (120)"
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when the scanner is proven, 1 when it is not."""
    try:
        settings = load(args.config, data=args.data)
    except SettingsError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 1
    scanners = [one for one in settings.devices if one.device_class is DeviceClass.SCANNER]
    device = next((one for one in scanners if one.name == args.id), None)
    if device is None:
        known = ", ".join(str(one.name) for one in scanners) or "none"
        print(f"{args.id}: no scanner of this name; there are: {known}", file=sys.stderr)
        return 1
    try:
        return asyncio.run(SelfTest(device, args.data, args.wait).run())
    except DriverBusyError as error:
        print(f"{error}; stop the service first", file=sys.stderr)
    except TimeoutError:
        print(f"{args.id}: no card was scanned; is it {_where(device)}?", file=sys.stderr)
    except DriverError as error:
        print(error, file=sys.stderr)
    return 1


class SelfTest:
    """One scanner's test: as configured, and where that fails with everything open."""

    def __init__(self, device: DeviceSettings, data: Path, wait_s: float) -> None:
        self._device = device
        self._data = data
        self._wait_s = wait_s
        self._clock = SystemClock()
        self._usb_id = ""

    async def run(self) -> int:
        """Show both cards, read them, tell. Raises DriverError, TimeoutError."""
        found: list[Finding] = []
        read: list[Told] = []
        for card, told in zip(
            self_test_cards(), await self._read(self._device.settings, shows=True), strict=True
        ):
            read.append(told)
            found += _differences(card, told, _expected(card, self._device.settings))
        if pace := pace_of(read):
            print(f"{self._device.name}: {pace}")
        if not found:
            self._prove()
            return 0
        found = [*await self._diagnosed()] or found
        self._tell(found)
        return 1

    async def _diagnosed(self) -> tuple[Finding, ...]:
        """Read card 1 again with everything open, until it comes whole."""
        card, unmapped = self_test_cards()[0], Finding(said="", cure="")
        is_keyboard = hasattr(self._device.settings, "profile")
        for key in FUNCTION_KEYS:
            print(f"{self._device.name}: not as printed; once more, to see what comes")
            (told,) = await self._read(_opened(self._device.settings, key), count=1, shows=True)
            if isinstance(told, Scan):
                return findings(card.payload, told, key)
            unmapped = of_fault(told)
            if told.kind is not FaultKind.UNMAPPED_KEY or not is_keyboard:
                break
        return (unmapped,)

    async def _read(self, settings: Any, *, count: int = 2, shows: bool) -> tuple[Told, ...]:
        """Open the scanner, read the first cards one after the other and confirm each."""
        told: list[Told] = []
        async with AsyncExitStack() as stack:
            made = driver_class(self._device.driver)(self._device.name, settings, self._clock)
            driver: ScannerDriver = await stack.enter_async_context(made)
            await self._until_there(driver)
            codes = driver.scans()
            for card in self_test_cards()[:count]:
                if shows:
                    self._show(card)
                told.append(await self._next(driver, codes))
        return tuple(told)

    async def _until_there(self, driver: ScannerDriver) -> None:
        async with asyncio.timeout(self._wait_s):
            async for health in driver.healths():
                if health.state is HealthState.OK:
                    self._usb_id = health.usb_id
                    return
                print(f"{driver.name}: {health.reason}", flush=True)

    async def _next(self, driver: ScannerDriver, codes: AsyncIterator[Told]) -> Told:
        async with asyncio.timeout(self._wait_s):
            told = await anext(codes)
        deadline = Deadline.after(CONFIRM_S, self._clock)
        await driver.confirm(told.scan_no, ScanOutcome.ACCEPTED, deadline)
        return told

    def _show(self, card: Card) -> None:
        print(f"\n{self._device.name}: scan {card.name}")
        print(*terminal_lines(card.symbol), sep="\n", flush=True)

    def _prove(self) -> None:
        proof = DeviceProven(
            device=str(self._device.name),
            profile_sha256=profile_sha256(self._device),
            at_ms=self._clock.wall_ms(),
            usb_id=self._usb_id or None,
        )
        drop_proof(self._data, proof)
        print(f"{self._device.name}: both cards came as printed; it is proven for these settings")

    def _tell(self, found: list[Finding]) -> None:
        changes: dict[str, Any] = {}
        for finding in found:
            print(f"{self._device.name}: {finding.said}; cure: {finding.cure}")
            changes |= finding.changes
        if changes:
            print("\nin devices.toml, then once more:\n")
            print(stanza(f"scanner.{self._device.name}", self._cured(changes)))

    def _cured(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        profile = getattr(self._device.settings, "profile", None)
        if profile is None:
            return changes
        return {"profile": {**_given(profile), **changes}}


def _expected(card: Card, settings: Any) -> bytes:
    """Return a card as it must come: a character that stands for GS is one on a keyboard card."""
    if GS in card.payload:
        return card.payload
    payload = card.payload
    for form in getattr(getattr(settings, "profile", settings), "gs", ()):
        kind, _, text = str(form).partition(":")
        if kind in ("char", "text"):
            payload = payload.replace(text.encode(), GS)
    return payload


def _differences(card: Card, told: Told, expected: bytes) -> list[Finding]:
    """Return what is not as it should be in a card that was read as configured."""
    if isinstance(told, ScanFault):
        return [of_fault(told)]
    if told.payload != expected:
        return [Finding(said=f"{card.name} came otherwise than printed", cure="see below")]
    if ScanFlag.AIM_MISSING in told.flags:
        said = "the AIM identifier does not come"
        return [Finding(said=said, cure="switch it on in the scanner", changes={"aim": False})]
    if told.aim_id not in (None, card.aim_id):
        said = f"{card.name} came as {told.aim_id}, not as {card.aim_id}"
        return [Finding(said=said, cure="print the card anew; let GS1 codes come as GS1")]
    return []


def _opened(settings: Any, function_key: str) -> Any:
    """Return settings that let everything through that a scanner may have been set to send."""
    profile = getattr(settings, "profile", None)
    if profile is None:
        names = {one.name for one in fields(settings)}
        return replace(settings, **{key: value for key, value in _OPEN.items() if key in names})
    gs = ("ctrl_bracket", "alt_029", f"key:{function_key}")
    layout = type(profile.layout)("us")
    return replace(settings, profile=replace(profile, prefix="", aim=False, gs=gs, layout=layout))


def _given(profile: Any) -> dict[str, Any]:
    """Return the keys of a profile that say something, as they stand in a file."""
    return {
        key: str(value) if isinstance(value, str) else value
        for key, value in asdict(profile).items()
        if value not in ("", ())
    }


def pace_of(told: Iterable[Told]) -> str:
    """Return how quickly the characters came and their largest gap, empty where nobody can tell."""
    timed = [one for one in told if isinstance(one, Scan) and one.at_ns > one.first_ns]
    if not timed:
        return ""
    speed = min(len(one.payload) * 1_000_000_000 // (one.at_ns - one.first_ns) for one in timed)
    gap_ns = max(one.gap_ns for one in timed)
    slow = "; too slow for idle_ms: raise its speed" if gap_ns >= GAP_MAX_NS else ""
    return f"{speed} characters a second, largest gap {gap_ns / 1e6:.1f} ms{slow}"


def _where(device: DeviceSettings) -> str:
    where = getattr(device.settings, "port", "") or getattr(device.settings, "match", "")
    return f"the one at {where}"
