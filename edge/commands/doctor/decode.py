"""`receiving-edge doctor decode`: picture paths in, one JSON line of codes for each out.

The station's own camera process reads them. It is replaced when a picture kills it or holds it up:
every path gets its answer, and the answers come in the order of the paths.
"""

import argparse
import json
import os
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Final, Self

ANSWER_S: Final = 15.0  # reading a picture takes 0.2 s at most; the rest is for a busy machine
CHUNK: Final = 65536
DECODER: Final = (sys.executable, "-P", "-m", "drivers.camera.worker", "--files")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "pictures", nargs="*", metavar="PICTURE", help="default: paths from standard input"
    )


def run(args: argparse.Namespace) -> int:
    """Answer every path, flushed; what is wrong with a picture stands in its answer."""
    paths = map(os.fsencode, args.pictures) if args.pictures else sys.stdin.buffer
    with Decoder() as decoder:
        for line in paths:
            print(json.dumps(decoder.answer(line.rstrip(b"\r\n"))), flush=True)
    return 0


class DecoderLostError(Exception):
    """The decoding process did not answer; the text says how."""


class Decoder:
    """The decoding process, started when it is needed."""

    def __init__(self, command: tuple[str, ...] = DECODER, answer_s: float = ANSWER_S) -> None:
        self._command = command
        self._answer_s = answer_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def answer(self, path: bytes) -> dict[str, object]:
        """Return the JSON object of one picture; never raises for what the picture does."""
        try:
            written = self._ask(path)
        except DecoderLostError as error:
            self._end()
            return {"path": os.fsdecode(path), "error": str(error)}
        answer: dict[str, object] = json.loads(written)
        return answer

    def _ask(self, path: bytes) -> bytes:
        process = self._process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(path + b"\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise DecoderLostError("the decoder does not start") from error
        return _line(process.stdout.fileno(), time.monotonic() + self._answer_s)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own module by our own interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what libzbar prints there concerns nobody
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()


def _line(descriptor: int, until_s: float) -> bytes:
    """Return one line. Raises DecoderLostError when it does not come in time."""
    held = b""
    while not held.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until_s - time.monotonic()))
        if not ready:
            raise DecoderLostError("decoding took too long")
        received = os.read(descriptor, CHUNK)
        if not received:
            raise DecoderLostError("decoding ended without an answer")
        held += received
    return held
