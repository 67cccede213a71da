"""The camera's own process: frames in, codes and photographs out. Standard output is for messages.

Libraries in C write to descriptors 1 and 2 as they like, so the messages go to a private copy.
"""

import json
import os
import resource
import select
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Final

import cv2

from drivers.camera.eye import Eye
from drivers.camera.files import decode_file
from drivers.camera.settings import from_values
from drivers.camera.sources import SourceError, open_source
from drivers.wire.camera_messages import (
    Decoder,
    Message,
    PhotoWanted,
    Setup,
    SourceFailed,
    encode,
)

REOPEN_NS: Final = 5_000_000_000  # a frozen source is opened anew so often
MEMORY_MAX: Final = 3 << 30  # a stream or a file that claims a giant picture gets none


def serve(out: int) -> int:
    """Run until standard input ends or the source does; return the exit status."""
    inbox = Decoder()
    first = next(_received(inbox, wait_s=10.0), None)
    if not isinstance(first, Setup):
        return 2
    settings = from_values(first.values)
    try:
        source = open_source(settings)
        eye = Eye(settings, partial(_send, out), is_sensor=source.is_sensor)
        reopen_ns = REOPEN_NS
        while True:
            for message in _received(inbox, wait_s=0):
                if isinstance(message, PhotoWanted):
                    eye.ask(message)
            eye.take(source.newest())
            eye.pulse(time.monotonic_ns())
            if not eye.is_frozen:
                reopen_ns = REOPEN_NS
            elif eye.frozen_ns >= reopen_ns:
                source.close()  # what it shows is still compared with what it showed before
                source = open_source(settings)
                reopen_ns = eye.frozen_ns + REOPEN_NS
    except SourceError as error:
        _send(out, SourceFailed(reason=str(error)))
        return 3
    except (EOFError, BrokenPipeError):
        return 0


def _send(out: int, message: Message) -> None:
    _write(out, encode(message))


def _write(out: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(out, left) :]


def _received(inbox: Decoder, *, wait_s: float) -> Iterator[Message]:
    """Yield messages that are there. Raises EOFError when the client is gone."""
    ready, _, _ = select.select([0], [], [], wait_s)
    if not ready:
        return
    received = os.read(0, 65536)
    if not received:
        raise EOFError
    yield from inbox.feed(received)


def serve_files(out: int) -> int:
    """Read picture paths from standard input, write one JSON line for each, flushed."""
    for line in sys.stdin.buffer:
        answer = json.dumps(decode_file(os.fsdecode(line.rstrip(b"\r\n"))))
        _write(out, f"{answer}\n".encode("ascii"))
    return 0


def main() -> int:
    """Guard descriptor 1, then run as camera or, with `--files`, over picture files."""
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    cv2.setNumThreads(1)
    os.nice(5)
    return serve_files(out) if "--files" in sys.argv[1:] else serve(out)


if __name__ == "__main__":
    sys.exit(main())
