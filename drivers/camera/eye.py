"""What one frame calls for: gate, decode, vote, photograph. Knows no camera and no pipe."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from drivers.camera import decode, frames
from drivers.camera.decode import Wanted
from drivers.camera.prepare import Picture
from drivers.camera.settings import CameraSettings
from drivers.camera.sources import Frame
from drivers.camera.votes import Scene
from drivers.wire.camera_messages import (
    Beat,
    CodeSeen,
    Message,
    PhotoMade,
    PhotoRefused,
    PhotoWanted,
    Ready,
)

STILL_FRAMES: Final = 3
PHOTO_FRAMES: Final = 5
PHOTO_SPAN_NS: Final = 500_000_000  # a slow camera need not deliver all five
PHOTO_REQUESTS_MAX: Final = 4
PHOTO_MARGIN_NS: Final = 200_000_000
BEAT_NS: Final = 250_000_000
LOOK_AGAIN_NS: Final = 500_000_000
JPEG_QUALITY: Final = 90


@dataclass(slots=True)
class Request:
    """A photograph somebody waits for, and the best frame so far."""

    wanted: PhotoWanted
    best: Frame | None = None
    grade: frames.Quality = field(
        default_factory=lambda: frames.Quality(sharpness=0, mean=0, clipped=0)
    )
    frames: int = 0
    first_ns: int = 0
    reason: str = "moving"


class Eye:
    """One frame after the other: gate, decode, vote, photograph."""

    def __init__(self, settings: CameraSettings, send: Callable[[Message], None]) -> None:
        self._settings = settings
        self._send = send
        self._wanted = wanted_of(settings)
        self._scene = Scene()
        self._motion = frames.Motion()
        self._requests: list[Request] = []
        self._frame = 0
        self._still = 0
        self._beat_ns = 0
        self._looked_ns = 0

    def ask(self, wanted: PhotoWanted) -> None:
        """Remember a request; too many at once are refused."""
        if len(self._requests) >= PHOTO_REQUESTS_MAX:
            self._send(PhotoRefused(request=wanted.request, reason="busy"))
        else:
            self._requests.append(Request(wanted))

    def take(self, frame: Frame) -> None:
        """Do everything that one frame calls for."""
        self._frame += 1
        grey = frames.grey_of(frame.image)
        self._still = 0 if self._motion.is_moved(grey) else self._still + 1
        if self._frame == 1:
            height, width = grey.shape
            self._send(Ready(engines=decode.ENGINES, width=width, height=height))
        self._look(grey, frame.at_ns)
        self._tell()
        for request in self._requests:
            self._consider(request, frame)
        self._requests = [r for r in self._requests if not self._answered(r, frame.at_ns)]
        if frame.at_ns - self._beat_ns >= BEAT_NS:
            self._beat(frame.at_ns)

    def _beat(self, at_ns: int) -> None:
        self._beat_ns = at_ns
        self._send(Beat(at_ns=at_ns, frames=self._frame))

    def _look(self, grey: Picture, at_ns: int) -> None:
        is_due = at_ns - self._looked_ns >= LOOK_AGAIN_NS
        if self._still > STILL_FRAMES and not self._scene.is_pending and not is_due:
            self._scene.hold(at_ns)
            return
        self._looked_ns = at_ns
        is_still = self._still >= STILL_FRAMES
        readings = decode.live(grey, self._wanted, is_still=is_still)
        if self._still == STILL_FRAMES and not self._scene.has_told:
            for found in decode.deep(grey, self._wanted, decode.DEEP_BUDGET_NS):
                readings += found
                self._beat(at_ns)  # a slow stage must not look like a dead source
        self._scene.see(readings, self._frame, at_ns)

    def _tell(self) -> None:
        for tally, rival, track in self._scene.news():
            best = tally.best
            self._send(
                CodeSeen(
                    payload=best.payload,
                    symbology=best.symbology.value,
                    aim=best.aim,
                    votes=len(tally.votes),
                    runner_up=rival,
                    engines=tuple(sorted(tally.engines)),
                    frames=tally.frames,
                    first_ns=track.first_ns,
                    at_ns=track.last_ns,
                    box=best.box,
                )
            )

    def _consider(self, request: Request, frame: Frame) -> None:
        """Keep the frame if it is the sharpest good one so far."""
        if frame.at_ns < request.wanted.not_before_ns or not self._still:
            return
        grade = frames.quality(frames.grey_of(self._mat(frame.image)))
        request.reason = self._flaw(grade) or request.reason
        if self._flaw(grade):
            return
        request.first_ns = request.first_ns or frame.at_ns
        request.frames += 1
        if request.best is None or grade.sharpness > request.grade.sharpness:
            request.best, request.grade = frame, grade

    def _flaw(self, grade: frames.Quality) -> str:
        limits = self._settings
        if grade.mean < limits.mean_min:
            return "dark"
        if grade.mean > limits.mean_max:
            return "bright"
        if grade.clipped > limits.clipped_max:
            return "clipped"
        return "blurred" if grade.sharpness < limits.sharpness_min else ""

    def _mat(self, image: Picture) -> Picture:
        if not self._settings.mat:
            return image
        x, y, width, height = self._settings.mat
        return image[y : y + height, x : x + width]

    def _answered(self, request: Request, now_ns: int) -> bool:
        is_late = now_ns >= request.wanted.until_ns - PHOTO_MARGIN_NS
        has_looked = request.frames > 0 and now_ns - request.first_ns >= PHOTO_SPAN_NS
        if request.frames < PHOTO_FRAMES and not has_looked and not is_late:
            return False
        number = request.wanted.request
        if request.best is None:
            self._send(PhotoRefused(request=number, reason=request.reason))
        else:
            self._send(self._made(number, request.best, request.grade))
        return True

    def _made(self, number: int, frame: Frame, grade: frames.Quality) -> PhotoMade:
        mat = self._mat(frame.image)
        readings = decode.live(frames.grey_of(mat), self._wanted, is_still=True)
        return PhotoMade(
            request=number,
            jpeg=frames.jpeg(mat, JPEG_QUALITY),
            width=mat.shape[1],
            height=mat.shape[0],
            at_ns=frame.at_ns,
            sharpness=grade.sharpness,
            mean=grade.mean,
            clipped=grade.clipped,
            codes=tuple({found.payload: None for found in readings}),
        )


def wanted_of(settings: CameraSettings) -> Wanted:
    """Return what is looked for."""
    return Wanted(
        formats=frozenset(settings.formats),
        code39_min=settings.code39_min,
        itf_lengths=frozenset(settings.itf_lengths),
    )
