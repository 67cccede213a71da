"""Messages between the camera worker and its client: length, JSON head, raw bytes. No I/O."""

import base64
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MESSAGE_BYTES_MAX: Final = 32 * 1024 * 1024
_LENGTHS: Final = struct.Struct(">II")  # whole message behind this head; JSON part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Client: the camera's settings, sent once, first."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoWanted:
    """Client: one photograph captured not before and not after these monotonic times."""

    request: int
    not_before_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Worker: the first frame arrived. `engines` = decoders that work here."""

    engines: tuple[str, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Worker: frames still come; `at_ns` = capture time of the newest.

    `frozen`: they come, but have shown the very same pixels for too long.
    """

    at_ns: int
    frames: int
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSeen:
    """Worker: a code with enough evidence came into view. `box` = x, y, width, height.

    `crop` = JPEG of its surroundings in the frame in which it was read, with size and quality as
    in PhotoMade.
    """

    payload: bytes
    symbology: str
    aim: str | None
    votes: int
    runner_up: int
    engines: tuple[str, ...]
    frames: int
    first_ns: int
    at_ns: int
    box: tuple[int, int, int, int]
    crop: bytes = b""
    width: int = 0
    height: int = 0
    sharpness: int = 0
    mean: int = 0
    clipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMade:
    """Worker: the answer to PhotoWanted. Sizes in pixels, `clipped` in permille.

    `thumbnail` = RGB bytes of a small copy, row by row.
    """

    request: int
    jpeg: bytes
    width: int
    height: int
    at_ns: int
    sharpness: int
    mean: int
    clipped: int
    codes: tuple[bytes, ...]
    thumbnail: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRefused:
    """Worker: no frame was good enough.

    `reason` = moving, blurred, dark, bright, clipped, frozen, busy.
    """

    request: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailed:
    """Worker: the source cannot be opened or ended; the worker ends after it."""

    reason: str


Message = Setup | PhotoWanted | Ready | Beat | CodeSeen | PhotoMade | PhotoRefused | SourceFailed


def encode(message: Message) -> bytes:
    """Return the bytes of one message."""
    blob = b""
    match message:
        case Setup(values=values):
            head: dict[str, Any] = {"m": "setup", "values": dict(values)}
        case PhotoWanted():
            times = {"not_before_ns": message.not_before_ns, "until_ns": message.until_ns}
            head = {"m": "photo_wanted", "request": message.request, **times}
        case Ready():
            size = {"width": message.width, "height": message.height}
            head = {"m": "ready", "engines": message.engines, **size}
        case Beat():
            head = {
                "m": "beat",
                "at_ns": message.at_ns,
                "frames": message.frames,
                "frozen": message.frozen,
            }
        case CodeSeen():
            head, blob = _code_head(message), message.crop
        case PhotoMade():
            head, blob = _photo_head(message), message.jpeg
        case PhotoRefused():
            head = {"m": "photo_refused", "request": message.request, "reason": message.reason}
        case SourceFailed(reason=reason):
            head = {"m": "source_failed", "reason": reason}
    text = json.dumps(head, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text) + len(blob), len(text)) + text + blob


def _code_head(code: CodeSeen) -> dict[str, Any]:
    return {
        "m": "code_seen",
        "payload": _text(code.payload),
        "symbology": code.symbology,
        "aim": code.aim,
        "votes": code.votes,
        "runner_up": code.runner_up,
        "engines": code.engines,
        "frames": code.frames,
        "first_ns": code.first_ns,
        "at_ns": code.at_ns,
        "box": code.box,
        "crop": (code.width, code.height, code.sharpness, code.mean, code.clipped),
    }


def _photo_head(photo: PhotoMade) -> dict[str, Any]:
    return {
        "m": "photo_made",
        "request": photo.request,
        "width": photo.width,
        "height": photo.height,
        "at_ns": photo.at_ns,
        "sharpness": photo.sharpness,
        "mean": photo.mean,
        "clipped": photo.clipped,
        "codes": [_text(code) for code in photo.codes],
        "thumbnail": _text(photo.thumbnail),
    }


def _text(payload: bytes) -> str:
    return base64.b64encode(payload).decode("ascii")


class Decoder:
    """Cuts a byte stream into messages; bounded, and deaf after the first error."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, received: bytes) -> list[Message]:
        """Return the messages completed by these bytes.

        Raises ValueError for anything this protocol does not know; the stream is lost then.
        """
        self._held += received
        done: list[Message] = []
        while len(self._held) >= _LENGTHS.size:
            whole, head = _LENGTHS.unpack_from(self._held)
            if head > whole or whole > MESSAGE_BYTES_MAX:
                raise ValueError(f"camera message: {whole} bytes with a head of {head}")
            end = _LENGTHS.size + whole
            if len(self._held) < end:
                break
            middle = _LENGTHS.size + head
            text, blob = bytes(self._held[_LENGTHS.size : middle]), bytes(self._held[middle:end])
            del self._held[:end]
            done.append(_decoded(text, blob))
        return done


def _decoded(text: bytes, blob: bytes) -> Message:
    try:
        head = json.loads(text)
        return _built(head, blob)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"camera message: field missing or of another shape: {error}") from error


def _built(head: dict[str, Any], blob: bytes) -> Message:
    match head["m"]:
        case "setup":
            return Setup(values=head["values"])
        case "photo_wanted":
            window = {key: int(head[key]) for key in ("request", "not_before_ns", "until_ns")}
            return PhotoWanted(**window)
        case "ready":
            engines = tuple(map(str, head["engines"]))
            return Ready(engines=engines, width=int(head["width"]), height=int(head["height"]))
        case "beat":
            times = {"at_ns": int(head["at_ns"]), "frames": int(head["frames"])}
            return Beat(**times, frozen=head["frozen"] is True)
        case "code_seen":
            return _code(head, blob)
        case "photo_made":
            return _photo(head, blob)
        case "photo_refused":
            return PhotoRefused(request=int(head["request"]), reason=str(head["reason"]))
        case "source_failed":
            return SourceFailed(reason=str(head["reason"]))
    raise ValueError(f"camera message: unknown kind {head['m']!r}")


def _code(head: dict[str, Any], crop: bytes) -> CodeSeen:
    x, y, width, height = map(int, head["box"])
    crop_width, crop_height, sharpness, mean, clipped = map(int, head["crop"])
    return CodeSeen(
        payload=base64.b64decode(head["payload"], validate=True),
        symbology=str(head["symbology"]),
        aim=None if head["aim"] is None else str(head["aim"]),
        votes=int(head["votes"]),
        runner_up=int(head["runner_up"]),
        engines=tuple(map(str, head["engines"])),
        frames=int(head["frames"]),
        first_ns=int(head["first_ns"]),
        at_ns=int(head["at_ns"]),
        box=(x, y, width, height),
        crop=crop,
        width=crop_width,
        height=crop_height,
        sharpness=sharpness,
        mean=mean,
        clipped=clipped,
    )


def _photo(head: dict[str, Any], blob: bytes) -> PhotoMade:
    return PhotoMade(
        request=int(head["request"]),
        jpeg=blob,
        width=int(head["width"]),
        height=int(head["height"]),
        at_ns=int(head["at_ns"]),
        sharpness=int(head["sharpness"]),
        mean=int(head["mean"]),
        clipped=int(head["clipped"]),
        codes=tuple(base64.b64decode(code, validate=True) for code in head["codes"]),
        thumbnail=base64.b64decode(head["thumbnail"], validate=True),
    )
