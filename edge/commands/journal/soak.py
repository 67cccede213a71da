"""`receiving-edge journal soak`: appends through the real writer and tells what is on disk.

For whoever doubts a disk: cut the power, start the machine, `journal verify`, and compare with
the numbers that were printed: each stands for a commit that was acknowledged.
"""

import argparse
import asyncio
import itertools
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drivers.clock import SystemClock
from drivers.protocols import Clock
from edge.commands.journal import FILE, add_data
from edge.events import (
    Draft,
    Encoded,
    EventId,
    Match,
    Origin,
    PhotoTaken,
    ScanRead,
    Stamp,
    Subject,
    UnitId,
    encode,
)
from edge.journal.photos import PhotoStore
from edge.journal.reader import Reader
from edge.journal.writer import Identity, Journal, JournalError, Submission, Synchronous
from edge.receiving.ids import IdMint
from edge.settings.model import JournalSettings

SITE: Final = "soak"
IDENTITY: Final = Identity(namespace="https://soak.invalid", site=SITE, station=SITE)
SOURCE: Final = f"{IDENTITY.namespace}/station/{SITE}.{SITE}/"
TEXT: Final = "010460123456789321" + "x" * 300  # makes a body of about 1.3 kB
PHOTO_EVERY: Final = 10
PHOTO_BYTES: Final = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_data(parser)
    parser.add_argument("--events", type=int, required=True, metavar="N", help="how many in all")
    parser.add_argument("--producers", type=int, default=1, metavar="P", help="at the same time")
    parser.add_argument(
        "--print-acks",
        action="store_true",
        help="print each sequence number, a line each, when its commit was acknowledged",
    )
    parser.add_argument(
        "--photos",
        action="store_true",
        help=f"one event in {PHOTO_EVERY} names a photograph; its digest stands behind the number",
    )
    parser.add_argument(
        "--synchronous",
        choices=("full", "normal"),
        default="full",
        help="normal is a control that must lose events at a power cut; no service can run with it",
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when all is acknowledged, 1 when the journal cannot be used or is a station's."""
    try:
        _refuse_a_stations(args.data / FILE)
        done, took_s = asyncio.run(_soak(args))
    except (JournalError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{done} events acknowledged in {took_s:.1f} s", file=sys.stderr)
    return 0


class _StationsJournalError(JournalError):
    """The folder holds a station's journal: nothing is written into it for a trial."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"journal: soak: {path} belongs to a station: name another folder")


def _refuse_a_stations(path: Path) -> None:
    if not path.exists():
        return
    with Reader(path) as reader:
        body = next((body for _, body, _ in reader.bodies(reader.last_seq())), None)
    if body is not None and f'"source":"{SOURCE}'.encode() not in body:
        raise _StationsJournalError(path)


async def _soak(args: argparse.Namespace) -> tuple[int, float]:
    numbers = iter(range(1, args.events + 1))
    clock = SystemClock()
    photos = PhotoStore(args.data / "photos")
    async with (
        Journal(
            args.data / FILE,
            IDENTITY,
            targets=(),
            budget=JournalSettings(budget_mb=64 * 1024),
            clock=clock,
            synchronous=Synchronous(args.synchronous.upper()),
        ) as journal,
        photos,
    ):
        started_s = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for n in range(max(1, args.producers)):
                maker = _Maker(journal, clock)
                store = photos if args.photos else None
                work = _produce(journal, maker, numbers, store, tells=args.print_acks)
                group.create_task(work, name=f"producer[{n}]")
        return args.events, time.monotonic() - started_s


async def _produce(
    journal: Journal,
    maker: "_Maker",
    numbers: Iterator[int],
    photos: PhotoStore | None,
    *,
    tells: bool,
) -> None:
    for number in numbers:
        jpeg = secrets.token_bytes(PHOTO_BYTES) if photos and number % PHOTO_EVERY == 0 else b""
        sha256 = await photos.put(jpeg) if photos and jpeg else ""
        made = maker.photo(sha256) if sha256 else maker.scan()
        receipt = await journal.commit(Submission(events=(made,)))
        if tells:
            sys.stdout.write(f"{receipt.first_seq}{' ' if sha256 else ''}{sha256}\n")
            sys.stdout.flush()


class _Maker:
    """Events of a trial; each has an id and an input key of its own, also across runs."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._clock = clock
        self._ids = IdMint(clock, secrets.token_bytes)
        self._boot = secrets.token_hex(4)
        self._counts = itertools.count(1)
        self._origin = Origin(
            namespace=IDENTITY.namespace,
            site=IDENTITY.site,
            station=IDENTITY.station,
            journal_id=journal.journal_id,
            boot=self._boot,
            config="0" * 64,
            tz="+00:00",
        )
        self._unit = UnitId(self._ids.uuid7())

    def scan(self) -> Encoded:
        """Return a reading."""
        payload = ScanRead(
            device="soak",
            via="serial",
            text=TEXT,
            symbology="data_matrix",
            match=Match(what="unit"),
            raw_b64="QUJD" * 60,
        )
        return self._encoded(payload)

    def photo(self, sha256: str) -> Encoded:
        """Return the event that names a photograph which is on disk."""
        payload = PhotoTaken(
            sha256=sha256,
            bytes=PHOTO_BYTES,
            mime="image/jpeg",
            width=1,
            height=1,
            slot="item",
            camera="soak",
            sharpness=0,
            mean=0,
            clipped=0,
            bound_by="open_window",
        )
        return self._encoded(payload)

    def _encoded(self, payload: ScanRead | PhotoTaken) -> Encoded:
        stamp = Stamp(
            id=EventId(self._ids.uuid7()),
            time_ms=self._clock.wall_ms(),
            mono_ms=self._clock.monotonic_ns() // 1_000_000,
            input=f"{self._boot}/soak/{next(self._counts)}",
        )
        return encode(Draft(payload=payload, subject=Subject(unit=self._unit)), stamp, self._origin)
