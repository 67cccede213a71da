"""Photographs for the flow: taken, judged and on disk before the event that names them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drivers.errors import DriverError
from drivers.protocols import CameraDriver, Clock, Deadline, Photo
from edge.events import PhotoTaken
from edge.journal.photos import PhotoStore
from edge.station.decision import PhotoRequest
from edge.station.inputs import PhotoInput

REQUESTS_MAX = 32  # full: the request is answered as missing at once

log = logging.getLogger("photographer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A camera and the roles it plays."""

    camera: CameraDriver
    roles: frozenset[str]


class Photographer:
    """Takes one photograph at a time; a scan never waits for it."""

    def __init__(
        self,
        lenses: tuple[Lens, ...],
        store: PhotoStore,
        *,
        clock: Clock,
        wait_s: float,
        submit: Callable[[PhotoInput], Awaitable[object]],
    ) -> None:
        self._lenses = lenses
        self._store = store
        self._clock = clock
        self._wait_s = wait_s
        self._submit = submit
        self._wanted: asyncio.Queue[tuple[PhotoRequest, int]] = asyncio.Queue(REQUESTS_MAX)

    def ask(self, request: PhotoRequest) -> None:
        """Queue a photograph of what lies on the mat from now on."""
        try:
            self._wanted.put_nowait((request, self._clock.monotonic_ns()))
        except asyncio.QueueFull:
            log.warning("camera: %s: not taken, too many wait", request.slot.name)

    async def run(self) -> None:
        """Take what is asked, for ever."""
        while True:
            request, since_ns = await self._wanted.get()
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
