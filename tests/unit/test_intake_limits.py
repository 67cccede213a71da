"""What one device may bring: kinds of codes by its rights, symbols by its limits."""

import asyncio

import pytest

from bench import KEY, SHIRT, label, rules
from drivers.clock import SystemClock
from drivers.memory.scanner import MemoryScanner, MemoryScannerSettings
from drivers.protocols import DeviceName, Symbology
from edge.barcodes.classify import Rules
from edge.barcodes.marks import GsState
from edge.barcodes.meanings import CommandCode, ForgedLabel, ItemCode, Meaning, Refused
from edge.barcodes.signed import signed
from edge.catalogue import CatalogueItem, CodeLimits
from edge.intake import ScannerIntake
from edge.station.inputs import Input, Lookups, ScanInput

EAN8 = b"]E496385074"
CODABAR = b"]F0A4607B"
ITF_OTHER = b"]I1460711"
CODE39_SHORT = b"]A0T"
MARK = f"]d201{SHIRT}215AbcXyz12345Z91EE0692{'c' * 44}".encode()


async def read(
    sent: bytes,
    *,
    may: frozenset[str],
    limits: CodeLimits | None = None,
    site: Rules | None = None,
) -> list[Meaning]:
    """Feed one code to a scanner and return what the station is given."""
    scanner = MemoryScanner(DeviceName("hand-1"), MemoryScannerSettings(aim=True), SystemClock())
    given: asyncio.Queue[Input] = asyncio.Queue(maxsize=4)
    item = CatalogueItem(
        gtin=SHIRT, sku="x", tenant="a", category="apparel", title={"ru": "x", "en": "x"}
    )
    intake = ScannerIntake(
        scanner,
        site or rules(),
        may=may,
        boot="b",
        submit=given.put,
        look_up=lambda _meanings: Lookups(items={SHIRT: item}),
        clock=SystemClock(),
    )
    if limits is not None:
        intake.limits = limits
    async with scanner:
        reading = asyncio.create_task(intake.read(), name="reading")
        await asyncio.sleep(0)
        scanner.feed(sent + b"\r")
        scan = await given.get()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert isinstance(scan, ScanInput)
    return list(scan.meanings)


@pytest.mark.parametrize("sent", [EAN8, CODABAR, ITF_OTHER, CODE39_SHORT])
async def test_symbols_that_nobody_switched_on_are_refused(sent: bytes) -> None:
    (meaning,) = await read(sent, may=frozenset({"items"}))
    assert isinstance(meaning, Refused)
    assert meaning.reason == "symbology_off"


async def test_a_symbol_that_was_switched_on_is_read() -> None:
    limits = CodeLimits(allow=frozenset({Symbology.EAN8}))
    meaning, *_ = await read(EAN8, may=frozenset({"items"}), limits=limits)
    assert isinstance(meaning, ItemCode)


@pytest.mark.parametrize(("may", "kind"), [({"commands"}, CommandCode), ({"items"}, Refused)])
async def test_a_command_counts_from_devices_with_that_right(may: set[str], kind: type) -> None:
    sent = f"]C0{label('RX-UNDO')}".encode()
    (meaning,) = await read(sent, may=frozenset(may))
    assert isinstance(meaning, kind)


@pytest.mark.parametrize(("hours", "kind"), [(1, CommandCode), (-1, ForgedLabel)])
async def test_a_label_of_the_previous_key_counts_until_its_day_is_over(
    hours: int, kind: type
) -> None:
    until_ms = SystemClock().wall_ms() + hours * 3_600_000
    site = Rules(site_keys=(bytes(32), KEY), previous_until_ms=until_ms)
    may = frozenset({"commands"})
    (old,) = await read(f"]C0{label('RX-UNDO')}".encode(), may=may, site=site)
    assert isinstance(old, kind)
    (new,) = await read(f"]C0{signed('RX-UNDO', bytes(32))}".encode(), may=may, site=site)
    assert isinstance(new, CommandCode)


async def test_a_torn_mark_is_refused_with_what_it_probably_was_behind() -> None:
    refused, guess = await read(MARK, may=frozenset({"items"}))
    assert isinstance(refused, Refused)
    assert refused.reason == "lost_gs"
    assert isinstance(guess, ItemCode)
    assert guess.gs is GsState.LOST  # no group has this category here: nothing is restored
