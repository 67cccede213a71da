"""Photographs for the flow: taken, judged and on disk before the event that names them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drivers.errors import DriverError
from drivers.protocols import CameraDriver, Clock, Deadline, Photo
from edge.events import PhotoTaken, UnitId
from edge.journal.photos import PhotoStore
from edge.station.decision import ITEM_PHOTO, PhotoRequest
from edge.station.inputs import PhotoInput

REQUESTS_MAX = 32  # full: the oldest picture that nothing demands is given up

log = logging.getLogger("photographer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A camera and the roles it plays."""

    camera: CameraDriver
    roles: frozenset[str]


class Photographer:
    """Takes one photograph at a time; a scan never waits for it.

    What an answer demands goes before the picture that is taken of every unit; a unit that
    has left the bench is not photographed any more: the frame would show another one.
    """

    def __init__(
        self,
        lenses: tuple[Lens, ...],
        store: PhotoStore,
        *,
        clock: Clock,
        wait_s: float,
        submit: Callable[[PhotoInput], Awaitable[object]],
        is_here: Callable[[UnitId], bool],
    ) -> None:
        self._lenses = lenses
        self._store = store
        self._clock = clock
        self._wait_s = wait_s
        self._submit = submit
        self._is_here = is_here
        self._wanted: dict[PhotoRequest, int] = {}
        self._wake = asyncio.Event()

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
                if self._is_here(request.unit):
                    await self._submit(await self._taken(request, since_ns))

    async def _taken(self, request: PhotoRequest, since_ns: int) -> PhotoInput:
        lens = next((lens for lens in self._lenses if request.slot.role in lens.roles), None)
        if lens is None:
            return _missing(request, "no_camera")
        try:
            deadline = Deadline.after(self._wait_s, self._clock)
            photo = await lens.camera.photograph(since_ns, deadline)
            sha256 = await self._store.put(photo.jpeg)
        except (DriverError, OSError) as error:
            log.warning("%s: photograph %s: %s", lens.camera.name, request.slot.name, error)
            return _missing(request, "camera_failed")
        taken = _event(request.slot.name, photo, sha256, camera=str(lens.camera.name))
        return PhotoInput(unit=request.unit, slot=request.slot.name, photo=taken)


def _missing(request: PhotoRequest, reason: str) -> PhotoInput:
    return PhotoInput(unit=request.unit, slot=request.slot.name, photo=None, reason=reason)


def _event(slot: str, photo: Photo, sha256: str, *, camera: str) -> PhotoTaken:
    return PhotoTaken(
        sha256=sha256,
        bytes=len(photo.jpeg),
        mime="image/jpeg",
        width=photo.width,
        height=photo.height,
        slot=slot,
        camera=camera,
        sharpness=photo.sharpness,
        mean=photo.mean,
        clipped=photo.clipped,
        bound_by="open_window",
    )
