"""A camera without hardware: what lies in view and when a frame is taken are told by method.

Keeps the promises of a real one: a code is told once while it stays in view, no old frame is a
photograph, every photograph is another JPEG.
"""

import asyncio
import base64
import hashlib
import itertools
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from drivers.errors import DriverLostError, DriverNotFoundError, DriverTimeoutError
from drivers.protocols import (
    CROPS_MAX,
    PENDING_SCANS_MAX,
    SCAN_BYTES_MAX,
    THUMBNAIL_SIZE,
    Capability,
    Clock,
    Deadline,
    DeviceHealth,
    DeviceName,
    Evidence,
    HealthState,
    Photo,
    Scan,
    ScanFault,
    ScanOutcome,
    ScanSource,
    Symbology,
)
from drivers.thread_bridge import Handover, HealthFeed
from drivers.wire.code_gate import overrun

FRAMES_MAX = 16  # full: the oldest frame goes, newest wins
SHARPNESS = 500
GREY = 128
_SIDE = 8
# An 8 x 8 grey picture: start marker, and all that follows it.
_JPEG_START = b"\xff\xd8"
_JPEG_REST = base64.b64decode(
    "/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlw"
    "ZHhcZWdj/8AACwgACAAIAQERAP/EABQAAQAAAAAAAAAAAAAAAAAAAAD/xAAUEAEAAAAAAAAAAAAAAAAAAAAA"
    "/9oACAEBAAA/AD//2Q=="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCameraSettings:
    """`takes_frames`: photograph on demand; without it only `capture` makes frames."""

    takes_frames: bool = True


class MemoryCamera:
    """A CameraDriver; every method is called on the loop."""

    def __init__(self, name: DeviceName, settings: MemoryCameraSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._numbers = itertools.count(1)
        self._frame_numbers = itertools.count(1)
        self._health = HealthFeed(name)
        self._is_plugged = True
        self._in_view: dict[bytes, Symbology] = {}
        self._frames: deque[Photo] = deque(maxlen=FRAMES_MAX)
        self._crops: dict[str, Photo] = {}
        self._news = asyncio.Event()
        self._queue: Handover[Scan | ScanFault] | None = None

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return PHOTO and GS."""
        return frozenset({Capability.PHOTO, Capability.GS})

    async def __aenter__(self) -> Self:
        """Open. Raises DriverNotFoundError while unplugged. Codes in view are told again."""
        if not self._is_plugged:
            self._health.show(HealthState.LOST, "not found")
            raise DriverNotFoundError(self._name, "open", "unplugged")
        self._frames.clear()
        self._queue = Handover(PENDING_SCANS_MAX, overrun)
        for payload, symbology in self._in_view.items():
            self._tell(payload, symbology)
        self._health.show(HealthState.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what was not taken is gone."""
        if self._queue is not None:
            self._queue.finish()
        self._queue = None
        self._health.show(HealthState.LOST, "closed")

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes that came into view; ends on close. Raises DriverLostError once unplugged."""
        if self._queue is None:
            raise DriverLostError(self._name, "read codes", "not open")
        return self._queue.items()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change, also over re-opening. One consumer."""
        return self._health.stream()

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Do nothing: a camera has no tone. Raises DriverTimeoutError behind the deadline."""
        if deadline.remaining_s(self._clock) <= 0:
            raise DriverTimeoutError(self._name, f"confirm code {scan_no}", f"{outcome} too late")

    async def photograph(self, not_before_ns: int, deadline: Deadline) -> Photo:
        """Return the sharpest frame captured at or after `not_before_ns`.

        Raises DriverTimeoutError if none came in time, DriverLostError if the camera is gone.
        """
        if self._settings.takes_frames and self._clock.monotonic_ns() >= not_before_ns:
            self.capture()
        try:
            async with asyncio.timeout(deadline.remaining_s(self._clock)):
                return await self._sharpest(not_before_ns)
        except TimeoutError as error:
            raise DriverTimeoutError(self._name, "take a photograph", "no frame") from error

    def crop(self, digest: str) -> Photo | None:
        """Return the picture of a told code, while it is kept."""
        return self._crops.get(digest)

    def show(self, *codes: bytes, symbology: Symbology = Symbology.DATAMATRIX) -> None:
        """Put exactly these codes in view; those that were not there before are told."""
        assert all(len(code) <= SCAN_BYTES_MAX for code in codes)
        fresh = [code for code in codes if code not in self._in_view]
        self._in_view = dict.fromkeys(codes, symbology)
        for code in fresh:
            self._tell(code, symbology)

    def capture(self, sharpness: int = SHARPNESS) -> None:
        """Take a frame now."""
        number = next(self._frame_numbers)
        photo = Photo(
            jpeg=_jpeg(f"{self._name} {number}"),
            width=_SIDE,
            height=_SIDE,
            at_ns=self._clock.monotonic_ns(),
            sharpness=sharpness,
            mean=GREY,
            clipped=0,
            codes=tuple(self._in_view),
            thumbnail=bytes([GREY]) * (THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1] * 3),
        )
        self._frames.append(photo)
        self._news.set()

    def unplug(self) -> None:
        """Lose the camera: `scans` and a waiting photograph raise DriverLostError."""
        self._is_plugged = False
        if self._queue is not None:
            self._queue.finish(DriverLostError(self._name, "read frames", "unplugged"))
            self._health.show(HealthState.LOST, "unplugged")
        self._news.set()

    def plug(self) -> None:
        """Make the camera openable again."""
        self._is_plugged = True

    async def _sharpest(self, not_before_ns: int) -> Photo:
        while True:
            if self._queue is None or not self._is_plugged:
                raise DriverLostError(self._name, "take a photograph", "the camera is gone")
            fit = [frame for frame in self._frames if frame.at_ns >= not_before_ns]
            if fit:
                return max(fit, key=lambda frame: frame.sharpness)
            self._news.clear()
            await self._news.wait()

    def _tell(self, payload: bytes, symbology: Symbology) -> None:
        if self._queue is None:
            return
        at_ns = self._clock.monotonic_ns()
        number = next(self._numbers)
        digest = self._keep_crop(f"{self._name} code {number}", payload, at_ns)
        scan = Scan(
            scan_no=number,
            payload=payload,
            device=self._name,
            source=ScanSource.CAMERA,
            first_ns=at_ns,
            at_ns=at_ns,
            symbology=symbology,
            evidence=Evidence(engines=frozenset({"memory"}), votes=2, frames=2, picture=digest),
        )
        self._queue.put(scan)

    def _keep_crop(self, comment: str, payload: bytes, at_ns: int) -> str:
        picture = _jpeg(comment)
        digest = hashlib.sha256(picture).hexdigest()
        self._crops[digest] = Photo(
            jpeg=picture,
            width=_SIDE,
            height=_SIDE,
            at_ns=at_ns,
            sharpness=SHARPNESS,
            mean=GREY,
            clipped=0,
            codes=(payload,),
        )
        while len(self._crops) > CROPS_MAX:
            del self._crops[next(iter(self._crops))]
        return digest


def _jpeg(comment: str) -> bytes:
    """Return a JPEG that differs by its comment, so that each photograph has its own digest."""
    text = comment.encode()
    segment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    return _JPEG_START + segment + _JPEG_REST
