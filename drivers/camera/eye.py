"""What one frame calls for: gate, decode, vote, photograph. Knows no camera and no pipe."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from drivers.camera import decode, frames
from drivers.camera.decode import Stage, Wanted
from drivers.camera.prepare import Picture
from drivers.camera.settings import CameraSettings
from drivers.camera.sources import Frame, SourceError
from drivers.camera.votes import Box, Found, Scene
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
DEEP_FRAMES: Final = (STILL_FRAMES, STILL_FRAMES + 2)  # twice: two frames are evidence, too
PHOTO_FRAMES: Final = 5
PHOTO_SPAN_NS: Final = 500_000_000  # a slow camera need not deliver all five
PHOTO_REQUESTS_MAX: Final = 4
PHOTO_MARGIN_NS: Final = 200_000_000
BEAT_NS: Final = 150_000_000
LOOK_AGAIN_NS: Final = 500_000_000
JPEG_QUALITY: Final = 90
CROP_SPARE: Final = 0.25  # of a code's size, round it: the digits below bars belong to it
CROP_EDGE_MIN: Final = 96  # pixels


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
    """One frame after the other: gate, decode, vote, photograph.

    `is_sensor`: the source has noise, so pixels that stay the very same are a fault.
    """

    def __init__(
        self, settings: CameraSettings, send: Callable[[Message], None], *, is_sensor: bool = False
    ) -> None:
        self._settings = settings
        self._send = send
        self._wanted = wanted_of(settings)
        self._scene = Scene()
        self._motion = frames.Motion()
        self._freeze = frames.Freeze()
        self._frozen_max_ns = int(settings.frozen_s * 1e9) if is_sensor else 0
        self.frozen_ns = 0
        self._requests: list[Request] = []
        self._frame = 0
        self._still = 0
        self._beat_ns = 0
        self._at_ns = 0
        self._looked_ns = 0
        self._useful: tuple[Stage, ...] = ()

    def ask(self, wanted: PhotoWanted) -> None:
        """Remember a request; too many at once are refused."""
        if len(self._requests) >= PHOTO_REQUESTS_MAX:
            self._send(PhotoRefused(request=wanted.request, reason="busy"))
        else:
            self._requests.append(Request(wanted))

    @property
    def is_frozen(self) -> bool:
        """Return whether the source shows what it showed before, to the last pixel."""
        return 0 < self._frozen_max_ns <= self.frozen_ns

    def take(self, frame: Frame) -> None:
        """Do everything that one frame calls for. Raises SourceError for one without the mat."""
        self._frame += 1
        self._at_ns = frame.at_ns
        if self._frame == 1:
            self._begin(frame)
        if self._watch(frame):
            for request in self._requests:
                request.reason = "frozen"
        else:
            self._read(frame)
        self._requests = [r for r in self._requests if not self._answered(r, frame.at_ns)]

    def pulse(self, now_ns: int) -> None:
        """Say that frames still come, a few times a second; their own times may stand still."""
        if now_ns - self._beat_ns >= BEAT_NS:
            self._beat_ns = now_ns
            self._beat(self._at_ns)

    def _begin(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        if self._mat(frame.image).size == 0:
            raise SourceError(f"the mat lies outside the frame of {width} x {height}")
        self._send(Ready(engines=decode.ENGINES, width=width, height=height))

    def _watch(self, frame: Frame) -> bool:
        """Return whether the source is frozen, and tell at once when that changes."""
        before = self.is_frozen
        if self._frozen_max_ns:
            # Of frames that were not waited for only the order is known: their times stand still.
            self.frozen_ns = self._freeze.frozen_ns(frame.image, frame.seen_ns or frame.at_ns)
        if self.is_frozen:
            self._scene.hold(frame.at_ns)
        if self.is_frozen is not before:
            self._beat(frame.at_ns)
        return self.is_frozen

    def _read(self, frame: Frame) -> None:
        grey = frames.grey_of(frame.image)
        self._still = 0 if self._motion.is_moved(grey) else self._still + 1
        self._look(grey, frame.at_ns)
        self._tell(frame.image)
        for request in self._requests:
            self._consider(request, frame)

    def _beat(self, at_ns: int) -> None:
        self._send(Beat(at_ns=at_ns, frames=self._frame, frozen=self.is_frozen))

    def _look(self, grey: Picture, at_ns: int) -> None:
        is_due = at_ns - self._looked_ns >= LOOK_AGAIN_NS
        if self._still > STILL_FRAMES and not self._scene.is_pending and not is_due:
            self._scene.hold(at_ns)
            return
        self._looked_ns = at_ns
        is_still = self._still >= STILL_FRAMES
        readings = decode.live(grey, self._wanted, is_still=is_still)
        if self._still in DEEP_FRAMES and not self._scene.has_told:
            readings += self._deep(grey, at_ns)
        self._scene.see(readings, self._frame, at_ns)

    def _deep(self, grey: Picture, at_ns: int) -> list[Found]:
        """Read with every stage; the second time with those that read something the first time.

        For and against a code they are asked alike; what read nothing in a still scene is spared.
        """
        chosen = () if self._still == STILL_FRAMES else self._useful
        readings: list[Found] = []
        useful: list[Stage] = []
        for stage, found in decode.deep(grey, self._wanted, decode.DEEP_BUDGET_NS, chosen):
            readings += found
            if found:
                useful.append(stage)
            self._beat(at_ns)  # a slow stage must not look like a dead source
        self._useful = tuple(useful)
        return readings

    def _tell(self, image: Picture) -> None:
        for tally, rival, track in self._scene.news():
            best = tally.best
            crop = self._crop(image, tally.box)
            grade = frames.quality(frames.grey_of(crop))
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
                    box=tally.box,
                    crop=frames.jpeg(crop, JPEG_QUALITY),
                    width=crop.shape[1],
                    height=crop.shape[0],
                    sharpness=grade.sharpness,
                    mean=grade.mean,
                    clipped=grade.clipped,
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
        return "blurred" if grade.sharpness < limits.sharpness_asked else ""

    def _crop(self, image: Picture, box: Box) -> Picture:
        """Return a code's surroundings: inside the mat, if the code lies there."""
        x, y, width, height = box
        spare = max(CROP_SPARE * max(width, height), (CROP_EDGE_MIN - min(width, height)) / 2)
        left, top = max(0, int(x - spare)), max(0, int(y - spare))
        right, bottom = int(x + width + spare), int(y + height + spare)
        if self._settings.mat:
            mat_x, mat_y, mat_width, mat_height = self._settings.mat
            inside = image[
                max(top, mat_y) : min(bottom, mat_y + mat_height),
                max(left, mat_x) : min(right, mat_x + mat_width),
            ]
            if inside.size:
                return inside
        return image[top:bottom, left:right]

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
            thumbnail=frames.thumbnail(mat),
        )


def wanted_of(settings: CameraSettings) -> Wanted:
    """Return what is looked for."""
    return Wanted(
        formats=frozenset(settings.formats),
        code39_min=settings.code39_min,
        itf_lengths=frozenset(settings.itf_lengths),
    )
