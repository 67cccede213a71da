"""Photographs of units: tied to the right one, on disk before they are told, real files."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bench import IMEI, PHONE, Bench, rules
from drivers.clock import SystemClock
from drivers.memory.camera import MemoryCamera, MemoryCameraSettings
from drivers.protocols import THUMBNAIL_SIZE, DeviceName, Evidence, Scan, ScanSource, Symbology
from edge.events import UnitId
from edge.journal.photos import PhotoStore
from edge.service.photographer import Lens, Photographer, judged
from edge.station.decision import IDENTITY_PHOTO, ITEM_PHOTO, PhotoRequest, Slot
from edge.station.inputs import PhotoInput
from edge.station.state import State
from edge.terminal.thumbnail import thumbnail
from edge.views import (
    THUMBNAIL_WIDTH,
    ChecklistWork,
    Head,
    IdleWork,
    Item,
    Net,
    Stage,
    StationView,
)

CLOCK = SystemClock()
OTHER_IMEI = "490154203237518"
LABEL = Slot(name="label", role="label")
HEAD = Head(station="ST-01", net=Net(s="up"), at="2025-11-24T10:00:00Z")
VIEW = StationView(state="UNIT", stage=Stage(t="x"), head=HEAD, work=IdleWork())


def phone_code(imei: str) -> bytes:
    return f"01{PHONE}21{imei}".encode()


def with_phone() -> tuple[State, UnitId]:
    """A parcel is open and its phone, with a serial number, is in the hand."""
    bench = Bench()
    bench.parcel()
    bench.phone()
    (unit,) = bench.state.units
    assert bench.state.units[unit].serial == IMEI
    return bench.state, unit


def with_another(state: State, unit: UnitId) -> State:
    """The same, and another phone of the same article lies parked beside it."""
    other = replace(state.units[unit], unit=UnitId("other"), serial=OTHER_IMEI, parked=True)
    return replace(state, units={**state.units, other.unit: other})


class Desk:
    """What the photographer hands in, and the files that were there at that moment."""

    def __init__(self, state: State, camera: MemoryCamera, store: PhotoStore) -> None:
        self.state = state
        self.inputs: asyncio.Queue[PhotoInput] = asyncio.Queue()
        self._store = store
        roles = frozenset({"item", "label"})
        self.photographer = Photographer(
            (Lens(camera=camera, roles=roles),),
            store,
            clock=CLOCK,
            wait_s=0.05,
            submit=self._submit,
            judge=lambda one, photo: judged(self.state, one, photo, rules()),
        )

    async def taken(self, request: PhotoRequest) -> PhotoInput:
        self.photographer.ask(request)
        async with asyncio.timeout(5):
            return await self.inputs.get()

    async def _submit(self, given: PhotoInput) -> None:
        if given.photo is not None:
            kept = self._store.read(given.photo.sha256)
            assert hashlib.sha256(kept).hexdigest() == given.photo.sha256
            assert len(kept) == given.photo.bytes
        await self.inputs.put(given)


@asynccontextmanager
async def desk(state: State, folder: Path) -> AsyncIterator[tuple[Desk, MemoryCamera]]:
    camera = MemoryCamera(DeviceName("top"), MemoryCameraSettings(), CLOCK)
    async with camera, PhotoStore(folder) as store:
        made = Desk(state, camera, store)
        running = asyncio.create_task(made.photographer.run(), name="photographer")
        try:
            yield made, camera
        finally:
            running.cancel()
            await asyncio.wait({running})


async def test_the_unit_in_hand_is_bound_by_its_open_window(tmp_path: Path) -> None:
    state, unit = with_phone()
    async with desk(state, tmp_path) as (made, _):
        before_ms = CLOCK.wall_ms()
        got = await made.taken(PhotoRequest(unit=unit, slot=ITEM_PHOTO))
        assert got.photo is not None
        assert (got.photo.bound_by, got.photo.codes) == ("open_window", ())
        assert (got.photo.slot, got.photo.camera, got.photo.personal) == ("item", "top", False)
        assert got.at_ms is not None
        assert before_ms - 1 <= got.at_ms <= CLOCK.wall_ms()
        work = ChecklistWork(item=Item(name={}), pos=(1, 1))
        view = made.photographer.on_view(replace(VIEW, work=work), unit)
        assert isinstance(view.work, ChecklistWork)
        assert len(thumbnail(view.work.thumbnail, THUMBNAIL_WIDTH)) == THUMBNAIL_SIZE[1] // 2
        assert made.photographer.on_view(VIEW, unit) == VIEW
        labelled = await made.taken(PhotoRequest(unit=unit, slot=LABEL))
        assert labelled.photo is not None
        assert labelled.photo.personal
        assert made.photographer.on_view(view, unit) == replace(
            view, work=replace(view.work, thumbnail=view.work.thumbnail)
        )
        bare = replace(VIEW, work=work)
        assert made.photographer.on_view(bare, unit) == bare, (
            "what may show an address is not shown"
        )


async def test_a_box_is_bound_by_its_own_number_or_by_being_at_hand(tmp_path: Path) -> None:
    bench = Bench()
    bench.badge()
    bench.scan("NOBODY-KNOWS-7")
    bench.press("1")
    (parcel,) = bench.state.parcels
    outside = PhotoRequest(parcel=parcel, slot=Slot(name="tape", role="label"))
    async with desk(bench.state, tmp_path) as (made, camera):
        near = await made.taken(outside)
        assert near.photo is not None
        assert (near.photo.bound_by, near.photo.personal) == ("open_window", True)
        assert (near.unit, near.parcel) == (None, parcel)
        camera.show(b"NOBODY-KNOWS-7")
        own = await made.taken(outside)
        assert own.photo is not None
        assert own.photo.bound_by == "code_in_frame"
    async with desk(replace(bench.state, parcels={}), tmp_path) as (made, _):
        assert (await made.taken(outside)).reason == "not_here"
    assert bench.take(near) == ["photo.taken"]
    assert bench.state.parcels[parcel].box.photos == (near.photo.sha256,)


async def test_its_own_code_in_the_frame_binds_it_even_when_it_is_not_in_hand(
    tmp_path: Path,
) -> None:
    state, unit = with_phone()
    async with desk(replace(state, hand=None), tmp_path) as (made, camera):
        camera.show(phone_code(IMEI))
        got = await made.taken(PhotoRequest(unit=unit, slot=ITEM_PHOTO))
    assert got.photo is not None
    assert got.photo.bound_by == "code_in_frame"
    assert len(got.photo.codes) == 1


async def test_a_frame_with_another_open_units_code_is_never_taken(tmp_path: Path) -> None:
    state, unit = with_phone()
    async with desk(with_another(state, unit), tmp_path) as (made, camera):
        camera.show(phone_code(OTHER_IMEI))
        got = await made.taken(PhotoRequest(unit=unit, slot=ITEM_PHOTO))
        assert (got.photo, got.reason, got.flaw) == (None, "other_unit", "other_unit")
        camera.show(phone_code(OTHER_IMEI), phone_code(IMEI))
        both = await made.taken(PhotoRequest(unit=unit, slot=ITEM_PHOTO))
        assert both.photo is not None
        assert both.photo.bound_by == "code_in_frame"


async def test_a_unit_that_left_the_bench_is_not_photographed(tmp_path: Path) -> None:
    state, unit = with_phone()
    gone = replace(state.units[unit], put=True)
    for later in (
        replace(state, hand=None),
        replace(state, units={unit: gone}),
        replace(state, units={}),
    ):
        async with desk(later, tmp_path) as (made, _):
            got = await made.taken(PhotoRequest(unit=unit, slot=ITEM_PHOTO))
        assert (got.photo, got.reason, got.flaw) == (None, "not_here", "not_here")


async def test_the_crop_of_an_identifying_code_is_kept_as_it_was_taken(tmp_path: Path) -> None:
    state, unit = with_phone()
    async with desk(state, tmp_path) as (made, camera):
        camera.show(phone_code(IMEI))
        scan = await anext(camera.scans())
        assert isinstance(scan, Scan)
        picture = scan.evidence.picture
        assert picture is not None
        camera.show()
        request = PhotoRequest(unit=unit, slot=IDENTITY_PHOTO, device="top", picture=picture)
        got = await made.taken(request)
        assert got.photo is not None
        assert (got.photo.sha256, got.photo.slot) == (picture, "identity")
        assert got.photo.bound_by == "code_in_frame"
        lost = replace(request, picture="0" * 64)
        assert (await made.taken(lost)).reason == "camera_failed"
        elsewhere = replace(request, device="gone")
        assert (await made.taken(elsewhere)).reason == "no_camera"


def test_a_unit_identified_by_the_camera_asks_for_its_crop_and_by_hand_for_none() -> None:
    by_hand, by_camera = Bench(), Bench()
    by_hand.parcel()
    by_hand.phone()
    assert by_hand.last is not None
    assert by_hand.last.photos == ()
    by_camera.parcel()
    by_camera.scan(
        phone_code(IMEI).decode(),
        device=DeviceName("top"),
        source=ScanSource.CAMERA,
        symbology=Symbology.GS1_DATAMATRIX,
        aim_id="]d2",
        evidence=Evidence(engines=frozenset({"zxing"}), picture="ab" * 32),
    )
    (unit,) = by_camera.state.units
    assert by_camera.last is not None
    assert by_camera.last.photos == (
        PhotoRequest(unit=unit, slot=IDENTITY_PHOTO, device="top", picture="ab" * 32),
    )


async def test_the_event_has_the_time_of_the_frame(tmp_path: Path) -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    (unit,) = bench.state.units
    async with desk(bench.state, tmp_path) as (made, _):
        got = await made.taken(PhotoRequest(unit=unit, slot=ITEM_PHOTO))
    assert bench.take(replace(got, at_ms=1_764_000_123_456)) == ["photo.taken"]
    assert bench.last is not None
    (draft,) = bench.last.drafts
    assert draft.time_ms == 1_764_000_123_456
