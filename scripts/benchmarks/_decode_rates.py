"""How many camera frames a core takes: the station's path beside the peers' one call a frame."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import cv2
import zxingcpp
from _decode_frames import Drawn, Pixels, eight_codes, one_code

from drivers.camera import decode
from drivers.camera.eye import Eye, wanted_of
from drivers.camera.settings import CameraSettings
from drivers.camera.sources import Frame
from drivers.wire.camera_messages import CodeSeen, Message

STREAM: Final = "720p stream"
EIGHT: Final = "720p, 8 codes in a frame"
SCENES: Final = 40
FRAMES: Final = 6  # of each scene: a hand lays it down, it lies still, the next one comes
FRAME_GAP_NS: Final = 66_666_667
Row = dict[str, Any]
Read = Callable[[Pixels], list[bytes]]


def stream_rows(ours: str) -> Iterator[Row]:
    """Scenes with one code each, turned and blurred, and an idle bench."""
    scenes = one_code(SCENES)
    yield _row(f"{STREAM}: {ours}", scenes, _full)
    yield {"name": f"{STREAM}: {ours}, gate to told codes", **_watched(scenes)}
    for name, read in _peers().items():
        yield _row(f"{STREAM}: {name}", scenes, read)
    yield {"name": f"{STREAM}: {ours}, nothing moves", "per_s": _still_rate(scenes[0][0])}


def eight_rows(ours: str) -> Iterator[Row]:
    """Eight upright codes in each frame, looked at once."""
    frames = eight_codes(20)
    for name, read in {ours: _full, **_peers()}.items():
        yield _row(f"{EIGHT}: {name}", frames, read)


def _full(picture: Pixels) -> list[bytes]:
    """What a still frame costs; one that moves, or that was seen before, costs less."""
    wanted = wanted_of(CameraSettings(source="x"))
    return [found.payload for found in decode.live(picture, wanted, is_still=True)]


def _peers() -> Mapping[str, Read]:
    peers: dict[str, Read] = {"zxing": lambda p: [c.bytes for c in zxingcpp.read_barcodes(p)]}
    if decode.pyzbar is not None:
        plain = decode.pyzbar.decode
        peers["pyzbar"] = lambda p: [code.data for code in plain(p)]
    return peers


def _watched(scenes: Sequence[Drawn]) -> Row:
    """The worker's whole work: gate, half size, full size once still, votes; each code told."""
    told: list[bytes] = []

    def hear(message: Message) -> None:
        if isinstance(message, CodeSeen):
            told.append(message.payload)

    cv2.setNumThreads(1)
    eye, ticks = Eye(CameraSettings(source="x"), hear), itertools.count(1)
    began_ns = time.thread_time_ns()
    for picture, _ in scenes:
        for _ in range(FRAMES):
            eye.take(Frame(picture, next(ticks) * FRAME_GAP_NS))
    spent_ns = time.thread_time_ns() - began_ns
    printed = {code for _, codes in scenes for code in codes}
    return {
        "codes": len(printed),
        "read": len(printed & set(told)),
        "wrong": len(set(told) - printed),
        "per_s": round(1e9 * FRAMES * len(scenes) / spent_ns, 1),
        "median_ms": round(spent_ns / FRAMES / len(scenes) / 1e6, 1),
    }


def _still_rate(picture: Pixels) -> float:
    eye, count = Eye(CameraSettings(source="x"), _unheard), 200
    began_ns = time.thread_time_ns()
    for at in range(1, count + 1):
        eye.take(Frame(picture, at * FRAME_GAP_NS))
    return round(1e9 * count / (time.thread_time_ns() - began_ns), 1)


def _unheard(_message: Message) -> None:
    """Nobody listens."""


def _row(name: str, frames: Sequence[Drawn], read: Read) -> Row:
    cv2.setNumThreads(1)
    times, hits, wrong = [], 0, 0
    for picture, printed in frames:
        began_ns = time.thread_time_ns()
        found = set(read(picture))
        times.append(time.thread_time_ns() - began_ns)
        hits += len(found & set(printed))
        wrong += len(found - set(printed))
    return {
        "name": name,
        "codes": sum(len(printed) for _, printed in frames),
        "read": hits,
        "wrong": wrong,
        "per_s": round(1e9 * len(times) / sum(times), 1),
        "median_ms": round(statistics.median(times) / 1e6, 1),
    }
