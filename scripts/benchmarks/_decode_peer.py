"""A reader as it is without this product: picture paths in, JSON lines of codes and CPU time out.

`pyzbar`, `zxing`: each with its defaults, all symbologies on, every code taken as it comes.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import zxingcpp

Read = Callable[[Any], list[tuple[bytes, str]]]


def reader(name: str) -> Read:
    """Return the reader of this name. Raises ImportError where its library is missing."""
    if name == "pyzbar":
        from pyzbar import pyzbar  # noqa: PLC0415  # may be missing, is not always asked for

        return lambda p: [(c.data, c.data.decode("utf-8", "replace")) for c in pyzbar.decode(p)]
    return lambda p: [(c.bytes, c.text) for c in zxingcpp.read_barcodes(p)]


def main() -> int:
    """Answer every path that comes in."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    cv2.setNumThreads(1)
    read = reader(sys.argv[1])
    for line in sys.stdin:
        path = line.rstrip("\n")
        picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        began_ns = time.thread_time_ns()
        found = read(picture)
        cpu_ms = (time.thread_time_ns() - began_ns) / 1e6
        codes = [
            {"payload_b64": base64.b64encode(data).decode(), "text": text, "accepted": True}
            for data, text in found
        ]
        answer = json.dumps({"path": path, "codes": codes, "cpu_ms": round(cpu_ms, 2)})
        os.write(out, f"{answer}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
