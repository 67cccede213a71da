"""Settings of one camera, shared by the client and, through its first message, the worker."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

DEFAULT_FORMATS: Final = ("ean13", "upca", "code128", "code39", "itf", "qr", "datamatrix")
KNOWN_FORMATS: Final = (
    *DEFAULT_FORMATS,
    "ean8",
    "upce",
    "code93",
    "codabar",
    "pdf417",
    "databar",
    "aztec",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """`source`: a V4L2 path, an http(s) MJPEG or rtsp URL, a picture file or a folder of them.

    `mat` = x, y, width, height in pixels of the frame; photographs are cropped to it.
    A photograph needs `sharpness_min`, or half of `sharpness_card`, what the focus card gave
    under this camera; a mean within the two bounds and at most `clipped_max`
    permille of its pixels at 0 or 255. `latency_ms` = time from exposure to arrival.
    `frozen_s` = how long the very same pixels may come before the camera counts as frozen; 0 =
    for ever, for a source without a sensor.
    `focus`, `exposure` go to V4L2 devices as they are; None leaves the camera's own choice.
    `username` and the one line of `password_file` are for a network camera that asks for them.
    """

    source: str
    username: str = ""
    password_file: str = ""
    width: int = 1280
    height: int = 720
    fps: float = 15.0
    formats: tuple[str, ...] = DEFAULT_FORMATS
    code39_min: int = 4
    itf_lengths: tuple[int, ...] = (14,)
    mat: tuple[int, ...] = ()
    sharpness_min: int = 30
    sharpness_card: int | None = None
    mean_min: int = 50
    mean_max: int = 205
    clipped_max: int = 50
    latency_ms: int = 100
    frozen_s: float = 1.5
    focus: int | None = None
    exposure: int | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.formats) - set(KNOWN_FORMATS))
        if unknown or not self.formats:
            allowed = ", ".join(KNOWN_FORMATS)
            raise ValueError(f"formats: {', '.join(unknown) or 'empty'}: allowed are {allowed}")
        if not self.source:
            raise ValueError("source: empty: a device path, URL, picture file or folder")
        self._need_address()
        if not 1 <= self.fps <= 60:
            raise ValueError(f"fps: {self.fps}: 1 to 60")
        if not 0 <= self.frozen_s <= 60:
            raise ValueError(f"frozen_s: {self.frozen_s}: 0 to 60")
        if len(self.mat) not in (0, 4) or any(edge < 0 for edge in self.mat):
            raise ValueError("mat: x, y, width, height in pixels, or nothing")
        if self.sharpness_card is not None and self.sharpness_card < 1:
            raise ValueError(f"sharpness_card: {self.sharpness_card}: 1 or more, or nothing")
        if not 0 <= self.mean_min < self.mean_max <= 255:
            raise ValueError("mean_min, mean_max: 0 to 255, the smaller first")

    def _need_address(self) -> None:
        """An address is printed and logged: it must hold no secret."""
        is_address, has_user = "://" in self.source, bool(self.username)
        try:
            parts = urlsplit(self.source)
            fits, is_secret = parts.port != 0, "@" in parts.netloc
        except ValueError:  # a port that is no number, a bracket that is not closed
            fits, is_secret = False, False
        if is_address and is_secret:
            raise ValueError("source: holds a user or a password: username and password_file")
        if is_address and not fits:
            raise ValueError(f"source: {self.source!r} is no address: rtsp://host… or http://host…")
        if has_user is not bool(self.password_file) or (has_user and not is_address):
            raise ValueError("username, password_file: both or neither: for a network address")

    @property
    def sharpness_asked(self) -> int:
        """Return the sharpness that a photograph must have."""
        return self.sharpness_min if self.sharpness_card is None else self.sharpness_card // 2


def to_values(settings: CameraSettings) -> dict[str, Any]:
    """Return the settings as JSON values."""
    return asdict(settings)


def from_values(values: Mapping[str, Any]) -> CameraSettings:
    """Return the settings that `to_values` made. Raises TypeError, ValueError for others."""
    built: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in values.items()
    }
    return CameraSettings(**built)
