"""Photographs for the flow: taken, judged and on disk before the event that names them."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from drivers.errors import DriverError, DriverTimeoutError
from drivers.protocols import (
    CameraDriver,
    Clock,
    Deadline,
    DeviceName,
    Photo,
    Scan,
    ScanSource,
)
from edge.barcodes.classify import Rules, classify
from edge.barcodes.meanings import Meaning, Refused, UnknownText
from edge.events import PhotoTaken, UnitId
from edge.journal.photos import PhotoStore
from edge.service.devices import Devices
from edge.station.binding import Bound, bound, bound_box
from edge.station.decision import ITEM_PHOTO, PhotoRequest
from edge.station.inputs import PhotoInput
from edge.station.meanings import said
from edge.station.state import State
from edge.views import ChecklistWork, StationView, VerdictWork

REQUESTS_MAX: Final = 32  # full: the oldest picture that nothing demands is given up
THUMBNAILS_MAX: Final = 8  # small copies for the screen, one a unit; full: the oldest goes
PERSONAL_ROLES: Final = frozenset({"label", "parcel"})  # an address may stand there
FLAWS: Final = frozenset({"blurred", "dark", "bright", "clipped", "moving"})  # of every frame
TAKEN: Final = (Bound.CODE_IN_FRAME, Bound.OPEN_WINDOW)

log = logging.getLogger("photographer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A camera and the roles it plays."""

    camera: CameraDriver
    roles: frozenset[str]


def lenses(devices: Devices) -> tuple[Lens, ...]:
    """Return every camera that is configured."""
    return tuple(
        Lens(camera=devices.cameras[str(one.settings.name)], roles=one.settings.roles)
        for one in devices.every
        if str(one.settings.name) in devices.cameras
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What ties a photograph to its unit, and its codes as they may be journalled."""

    bound: Bound
    codes: tuple[str, ...]


Judge = Callable[[PhotoRequest, Photo], Judged]


def judged(state: State, request: PhotoRequest, photo: Photo, rules: Rules) -> Judged:
    """Return what ties a photograph to its unit or box by the codes in it and by what is in hand.

    Codes that mean nothing here are left out: nobody knows what they would tell.
    """
    meanings = tuple(meaning for code in photo.codes for meaning in _meant(code, rules))
    known = (one for one in meanings if not isinstance(one, UnknownText | Refused))
    texts = dict.fromkeys(said(meaning).text for meaning in known)
    if request.unit is not None:
        tie = bound(state, request.unit, meanings)
    else:
        assert request.parcel is not None, "a photograph is of a unit or of a box"
        tie = bound_box(state, request.parcel, meanings)
    return Judged(bound=tie, codes=tuple(texts))


def _meant(payload: bytes, rules: Rules) -> tuple[Meaning, ...]:
    scan = Scan(
        scan_no=0,
        payload=payload,
        device=DeviceName("photograph"),
        source=ScanSource.CAMERA,
        first_ns=0,
        at_ns=0,
    )
    return classify(scan, rules)[:1]


def is_personal(request: PhotoRequest) -> bool:
    """Return whether an address may be in the picture: a label, or any side of a box."""
    return request.slot.role in PERSONAL_ROLES or request.parcel is not None


def is_hidden(request: PhotoRequest) -> bool:
    """Return whether the screen does not show it: of what may be personal only a code's crop."""
    return is_personal(request) and not request.picture


class Photographer:
    """Takes one photograph at a time; a scan never waits for it.

    What an answer demands goes before the picture that is taken of every unit. `judge` says
    whether a frame shows the unit; one that shows another is thrown away and taken again.
    """

    def __init__(
        self,
        lenses: tuple[Lens, ...],
        store: PhotoStore,
        *,
        clock: Clock,
        wait_s: float,
        submit: Callable[[PhotoInput], Awaitable[object]],
        judge: Judge,
    ) -> None:
        self._lenses = lenses
        self._store = store
        self._clock = clock
        self._wait_s = wait_s
        self._submit = submit
        self._judge = judge
        self._wanted: dict[PhotoRequest, int] = {}
        self._thumbnails: dict[UnitId, bytes] = {}
        self._wake = asyncio.Event()

    def on_view(self, view: StationView, unit: UnitId | None) -> StationView:
        """Return the view with the newest photograph of this unit, small, where it has room."""
        pixels = self._thumbnails.get(unit, b"") if unit is not None else b""
        if not pixels or not isinstance(view.work, ChecklistWork | VerdictWork):
            return view
        encoded = base64.b64encode(pixels).decode("ascii")
        return replace(view, work=replace(view.work, thumbnail=encoded))

    def ask(self, request: PhotoRequest) -> None:
        """Want a photograph of what lies on the mat from now on; twice asked is once taken."""
        if len(self._wanted) >= REQUESTS_MAX:
            given_up = next((one for one in self._wanted if one.slot == ITEM_PHOTO), request)
            self._wanted.pop(given_up, None)
            log.warning("camera: %s: given up, too many wait", given_up.slot.name)
        self._wanted.setdefault(request, self._clock.monotonic_ns())
        self._wake.set()

    async def run(self) -> None:
        """Take what is wanted, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                request = min(self._wanted, key=lambda one: one.slot == ITEM_PHOTO)
                since_ns = self._wanted.pop(request)
                await self._submit(await self._answer(request, since_ns))

    async def _answer(self, request: PhotoRequest, since_ns: int) -> PhotoInput:
        lens = self._lens(request)
        if lens is None:
            return _missing(request, "no_camera")
        try:
            photo, judged = await self._photo(lens.camera, request, since_ns)
            if judged.bound not in TAKEN:
                log.warning(
                    "%s: photograph %s: %s", lens.camera.name, request.slot.name, judged.bound
                )
                return _missing(request, judged.bound.value, judged.bound.value)
            sha256 = await self._store.put(photo.jpeg)
        except (DriverError, OSError) as error:
            log.warning("%s: photograph %s: %s", lens.camera.name, request.slot.name, error)
            happened = error.happened if isinstance(error, DriverError) else ""
            return _missing(request, "camera_failed", happened if happened in FLAWS else "")
        if request.unit is not None:
            self._keep(request.unit, b"" if is_hidden(request) else photo.thumbnail)
        age_ns = self._clock.monotonic_ns() - photo.at_ns
        return PhotoInput(
            unit=request.unit,
            parcel=request.parcel,
            slot=request.slot.name,
            photo=_event(request, photo, judged, sha256, camera=str(lens.camera.name)),
            at_ms=self._clock.wall_ms() - age_ns // 1_000_000,
        )

    def _keep(self, unit: UnitId, thumbnail: bytes) -> None:
        self._thumbnails.pop(unit, None)
        if thumbnail:
            self._thumbnails[unit] = thumbnail
        while len(self._thumbnails) > THUMBNAILS_MAX:
            del self._thumbnails[next(iter(self._thumbnails))]

    def _lens(self, request: PhotoRequest) -> Lens | None:
        """Return the camera that plays the slot's role, or the one that holds a code's crop."""
        if request.picture:
            named = (one for one in self._lenses if str(one.camera.name) == request.device)
            return next(named, None)
        return next((one for one in self._lenses if request.slot.role in one.roles), None)

    async def _photo(
        self, camera: CameraDriver, request: PhotoRequest, since_ns: int
    ) -> tuple[Photo, Judged]:
        """Return a photograph and what ties it to the unit; the last one if none does.

        Raises DriverError when the camera has none.
        """
        if request.picture:
            kept = camera.crop(request.picture)
            if kept is None:
                raise DriverTimeoutError(str(camera.name), "find a code's picture", "given up")
            codes = self._judge(request, kept).codes
            return kept, Judged(bound=Bound.CODE_IN_FRAME, codes=codes)
        deadline = Deadline.after(self._wait_s, self._clock)
        while True:
            photo = await camera.photograph(since_ns, deadline)
            judged = self._judge(request, photo)
            is_last = deadline.remaining_s(self._clock) <= 0
            if judged.bound is not Bound.OTHER_UNIT or is_last:
                return photo, judged
            since_ns = photo.at_ns + 1


def _missing(request: PhotoRequest, reason: str, flaw: str = "") -> PhotoInput:
    return PhotoInput(
        unit=request.unit,
        parcel=request.parcel,
        slot=request.slot.name,
        photo=None,
        reason=reason,
        flaw=flaw,
    )


def _event(
    request: PhotoRequest, photo: Photo, judged: Judged, sha256: str, *, camera: str
) -> PhotoTaken:
    return PhotoTaken(
        sha256=sha256,
        bytes=len(photo.jpeg),
        mime="image/jpeg",
        width=photo.width,
        height=photo.height,
        slot=request.slot.name,
        camera=camera,
        sharpness=photo.sharpness,
        mean=photo.mean,
        clipped=photo.clipped,
        bound_by=judged.bound.value,
        personal=is_personal(request),
        codes=judged.codes,
    )
