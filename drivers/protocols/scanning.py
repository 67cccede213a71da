"""Scanners and cameras: codes with their evidence, faults, photographs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.protocols.devices import Deadline, Device, DeviceName


class Symbology(StrEnum):
    """Printed symbol kinds a scan can name."""

    EAN13 = "ean13"
    EAN8 = "ean8"
    UPCA = "upca"
    UPCE = "upce"
    CODE128 = "code128"
    GS1_128 = "gs1_128"
    CODE39 = "code39"
    CODE93 = "code93"
    ITF = "itf"
    CODABAR = "codabar"
    DATAMATRIX = "datamatrix"
    GS1_DATAMATRIX = "gs1_datamatrix"
    QR = "qr"
    GS1_QR = "gs1_qr"
    PDF417 = "pdf417"
    DATABAR = "databar"
    AZTEC = "aztec"
    UNKNOWN = "unknown"


class ScanSource(StrEnum):
    """How a code reached the station."""

    HID = "hid"
    SERIAL = "serial"
    SSI = "ssi"
    CAMERA = "camera"
    TYPED = "typed"
    WEDGE = "wedge"


class ScanFlag(StrEnum):
    """What a driver had to do to get at the payload."""

    GS_CTRL = "gs_ctrl"
    GS_FKEY = "gs_fkey"
    GS_ALT = "gs_alt"
    GS_TEXT = "gs_text"
    GS_SUBSTITUTE = "gs_substitute"
    CAPS = "caps"
    IDLE_END = "idle_end"
    RESENT = "resent"
    AIM_MISSING = "aim_missing"
    LAYOUT_RESTORED = "layout_restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a code is believed: engines, votes, best contradicting votes, frames, crop digest."""

    engines: frozenset[str] = frozenset({"scanner"})
    votes: int = 1
    runner_up: int = 0
    frames: int = 0
    picture: str | None = None


HAND_SCANNER = Evidence()


CROPS_MAX = 16  # pictures of codes that a camera keeps; full: the oldest goes


def masked(payload: bytes) -> str:
    """Return length and first 8 characters only: a marking code's tail never reaches a log."""
    head = payload[:8].decode("ascii", "replace")
    printable = "".join(c if c.isprintable() else "·" for c in head)
    return f"<{len(payload)} bytes {printable!r}…>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One complete code. `payload` has no AIM prefix and no terminator; every GS is 0x1D.

    `first_ns`, `at_ns` are monotonic times of the first and last character, `gap_ns` is the longest
    silence between two of them as far as it is known.
    """

    scan_no: int
    payload: bytes
    device: DeviceName
    source: ScanSource
    first_ns: int
    at_ns: int
    gap_ns: int = 0
    aim_id: str | None = None
    symbology: Symbology = Symbology.UNKNOWN
    flags: frozenset[ScanFlag] = frozenset()
    evidence: Evidence = HAND_SCANNER

    def __repr__(self) -> str:
        return f"Scan({self.device} #{self.scan_no} {self.symbology} {masked(self.payload)})"


class FaultKind(StrEnum):
    """Why characters arrived that must not be used."""

    DROPPED = "dropped"
    UNPLUGGED = "unplugged"
    NO_TERMINATOR = "no_terminator"
    OVERLONG = "overlong"
    UNMAPPED_KEY = "unmapped_key"
    BAD_FRAME = "bad_frame"
    CONTROL_CHAR = "control_char"
    FLOOD = "flood"
    OVERRUN = "overrun"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFault:
    """A code that was not read whole. Carries no text that could be used.

    `head` is at most 64 bytes for the journal, `digest` the sha256 of all that arrived (hex),
    both empty where the bytes are gone.
    """

    scan_no: int
    device: DeviceName
    kind: FaultKind
    chars: int
    at_ns: int
    source: ScanSource = ScanSource.SERIAL
    head: bytes = b""
    digest: str = ""

    def __repr__(self) -> str:
        return f"ScanFault({self.device} #{self.scan_no} {self.kind} {self.chars} chars)"


class ScanOutcome(StrEnum):
    """What the scanner tells the hand that holds it. Sent only after the commit."""

    ACCEPTED = "accepted"
    ZONE_1 = "zone_1"
    ZONE_2 = "zone_2"
    ZONE_3 = "zone_3"
    HOLD = "hold"
    HAZMAT = "hazmat"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    ERROR = "error"


class ScannerDriver(Device, Protocol):
    """Anything that hands over codes: keyboard wedge by evdev, serial line, camera."""

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes and faults in the order they were read. One consumer; ends on close."""

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Give the hand its tone or acknowledgement, after the commit, for refusals too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One finished JPEG. `codes` are payloads seen in this very frame; sizes in pixels.

    `sharpness` = variance of the Laplacian on the 640-wide grey mat, `mean` 0-255,
    `clipped` = permille of pixels at 0 or 255. `at_ns` = monotonic capture time.
    `thumbnail` = 32 x 18 RGB pixels, row by row, or nothing.
    """

    jpeg: bytes
    width: int
    height: int
    at_ns: int
    sharpness: int
    mean: int
    clipped: int
    codes: tuple[bytes, ...] = ()
    thumbnail: bytes = b""


THUMBNAIL_SIZE = (32, 18)  # width, height


class CameraDriver(ScannerDriver, Protocol):
    """A camera that reads codes by itself and takes photographs on demand."""

    async def photograph(self, not_before_ns: int, deadline: Deadline) -> Photo:
        """Return the sharpest still frame captured at or after `not_before_ns`.

        Raises DriverTimeoutError if none came in time, DriverLostError if the camera is gone.
        """

    def crop(self, digest: str) -> Photo | None:
        """Return the picture of a code that `Evidence.picture` names, while it is kept.

        The newest CROPS_MAX are.
        """
