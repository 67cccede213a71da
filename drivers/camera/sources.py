"""Where frames come from: a V4L2 device, a network stream, picture files. Never an old frame."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import cv2

from drivers.camera import frames
from drivers.camera.prepare import Picture
from drivers.camera.settings import CameraSettings

OPEN_TIMEOUT_MS: Final = 3000
READ_TIMEOUT_MS: Final = 1300
WAIT_NS: Final = 4_000_000  # a grab that idled so long got a frame that had not arrived before
DRAIN_NS: Final = 500_000_000  # a machine too busy to catch up must still be heard
DWELL_S: Final = 0.6
EDGE_MIN: Final = 32  # a frame with a shorter edge shows nothing
# A network stream: RTSP over TCP where the camera can; frames are not gathered to learn their rate
# (that took 20 of them, 3 s and more of a slow camera). What was read to learn the format is kept:
# without its key frame an H.264 stream shows nothing until the next one.
_STREAM_OPTIONS: Final = "rtsp_flags;prefer_tcp|fpsprobesize;0"


class SourceError(Exception):
    """No more frames come; the text is the reason sent to the client."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, BGR or grey, and a monotonic time not later than its capture.

    `seen_ns` = when it was taken up; 0 = then, too.
    """

    image: Picture
    at_ns: int
    seen_ns: int = 0


class Source(Protocol):
    """Where frames come from. `is_sensor` = noise makes every frame another one."""

    is_sensor: bool

    def newest(self) -> Frame:
        """Wait for a new frame. Raises SourceError when none will come."""

    def close(self) -> None:
        """Give the device or the connection back; harmless twice."""


class Pictures:
    """Picture files shown one after the other for ever, an empty mat between two."""

    is_sensor = False

    def __init__(self, path: Path, fps: float) -> None:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        loaded = (cv2.imread(str(file)) for file in files if file.is_file())
        self._shown = [frames.bgr(image) for image in loaded if image is not None]
        if not self._shown:
            raise SourceError("no pictures")
        self._pause_s = 1 / fps
        self._started_ns = time.monotonic_ns()

    def newest(self) -> Frame:
        """Return the picture whose turn it is."""
        time.sleep(self._pause_s)
        now = time.monotonic_ns()
        turn = int((now - self._started_ns) / 1e9 / DWELL_S)
        if len(self._shown) == 1:
            return Frame(self._shown[0], now)
        picture = self._shown[turn // 2 % len(self._shown)]
        return Frame(frames.empty_mat() if turn % 2 else picture, now)

    def close(self) -> None:
        """Do nothing: the files were closed when they were read."""


class Stream:
    """A V4L2 device or a network stream; old frames are thrown away, never handed out."""

    is_sensor = True

    def __init__(self, settings: CameraSettings) -> None:
        self._capture = _opened(settings)
        if not self._capture.isOpened():
            raise SourceError("cannot be opened")
        self._is_network = "://" in settings.source
        self._latency_ns = settings.latency_ms * 1_000_000
        self._pause_ns = int(1e9 / settings.fps)
        self._last_ns = time.monotonic_ns()
        self._due_ns = self._last_ns

    def newest(self) -> Frame:
        """Return the first frame that had to be waited for, so nothing lay buffered before it."""
        arrived_ns = self._drained()
        is_read, image = self._capture.retrieve()
        if not is_read:
            raise SourceError("ended")
        if image.ndim not in (2, 3) or min(image.shape[:2]) < EDGE_MIN:
            raise SourceError("frames too small")
        self._due_ns = time.monotonic_ns() + self._pause_ns
        # An unwaited frame is only known to be younger than the one before.
        at_ns = self._last_ns + 1 if arrived_ns is None else arrived_ns - self._latency_ns
        self._last_ns = max(self._last_ns + 1, at_ns)
        return Frame(frames.bgr(image), self._last_ns, time.monotonic_ns())

    def close(self) -> None:
        """Release the device or the connection."""
        self._capture.release()

    def _drained(self) -> int | None:
        """Grab until one grab idled; return when it ended, None if the source is too fast."""
        until_ns = time.monotonic_ns() + DRAIN_NS
        while time.monotonic_ns() < until_ns:
            wall_ns, busy_ns = time.monotonic_ns(), _busy_ns()
            if not self._capture.grab():
                raise SourceError("ended")
            now_ns = time.monotonic_ns()
            if self._is_network and now_ns - wall_ns >= READ_TIMEOUT_MS * 1_000_000:
                raise SourceError("ended")  # given up; what comes out now was kept by the decoder
            idle_ns = now_ns - wall_ns - (_busy_ns() - busy_ns)
            if idle_ns > WAIT_NS and now_ns + WAIT_NS >= self._due_ns:
                return now_ns
        return None


def _busy_ns() -> int:
    """Return how long this thread worked or stood in line for a core: it waited for nothing then.

    Without the second part a busy machine makes an old frame look like one that was waited for.
    """
    try:
        worked, queued, _ = Path("/proc/thread-self/schedstat").read_bytes().split()
    except OSError:  # a kernel without scheduler statistics
        return time.thread_time_ns()
    return int(worked) + int(queued)


def _opened(settings: CameraSettings) -> cv2.VideoCapture:
    if "://" in settings.source:
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _STREAM_OPTIONS  # there is no other way in
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS]
        timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
        # One decoding thread: more of them hold frames back.
        threads = [cv2.CAP_PROP_N_THREADS, 1]
        return cv2.VideoCapture(_address(settings), cv2.CAP_FFMPEG, timeouts + threads)
    capture = cv2.VideoCapture(str(Path(settings.source).resolve()), cv2.CAP_V4L2)
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if settings.focus is not None:
        capture.set(cv2.CAP_PROP_AUTOFOCUS, 0)
        capture.set(cv2.CAP_PROP_FOCUS, settings.focus)
    if settings.exposure is not None:
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, 1)
        capture.set(cv2.CAP_PROP_EXPOSURE, settings.exposure)
    return capture


def _address(settings: CameraSettings) -> str:
    """Return the address with what the camera asks for; it is for the library alone."""
    if not settings.username:
        return settings.source
    try:
        password = Path(settings.password_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError("password_file cannot be read") from error
    parts = urlsplit(settings.source)
    who = f"{quote(settings.username, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}"))


def open_source(settings: CameraSettings) -> Source:
    """Return the source that the settings name. Raises SourceError."""
    path = Path(settings.source)
    if "://" not in settings.source and (path.is_dir() or path.is_file()):
        return Pictures(path, settings.fps)
    return Stream(settings)
