"""Picture files instead of a camera: the same stages and votes, one JSON line per file."""

import base64
import time

from drivers.camera import decode
from drivers.camera.decode import Wanted
from drivers.camera.frames import PictureError, load_grey
from drivers.camera.votes import Ballot


def decode_file(path: str) -> dict[str, object]:
    """Return the JSON form of everything read in a picture file, all symbologies on."""
    try:
        picture = load_grey(path)
    except PictureError as error:
        return {"path": path, "error": str(error)}
    started_ns = time.thread_time_ns()
    try:
        ballot = decode.decode_picture(picture, Wanted(formats=decode.FORMAT_NAMES))
    except decode.FAILURES as error:
        return {"path": path, "error": f"cannot be decoded: {type(error).__name__}"}
    cpu_ms = (time.thread_time_ns() - started_ns) / 1e6
    return {"path": path, "codes": _listed(ballot), "cpu_ms": round(cpu_ms, 1)}


def _listed(ballot: Ballot) -> list[dict[str, object]]:
    good = decode.accepted(ballot)
    return [
        {
            "payload_b64": base64.b64encode(tally.best.payload).decode("ascii"),
            "text": tally.best.text,
            "aim": tally.best.aim,
            "symbology": tally.best.symbology.value,
            "accepted": key in good,
            "votes": len(tally.votes),
            "engines": sorted(tally.engines, reverse=True),
        }
        for key, tally in ballot.tallies.items()
    ]
