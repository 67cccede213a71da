"""`receiving-edge doctor parse`: GS1 data in, its elements or the reason of refusal out.

One JSON object a line on stdin, `{"form": "wire" | "bracketed" | "uri" | "scan", "text": …}` (GS as
`\\u001d`), one on stdout, flushed: `{"valid": …, "why": …, "elements": [["01", "…"], …]}`. The
checks are those of the running station; key and tail of a marking code are counted, not shown.
"""

import argparse
import json
import sys
from typing import Any, Final, TextIO

from edge.barcodes.spelled import Spelled, read_spelled

LINE_CHARS_MAX: Final = 65_536
_BAD_LINE: Final = Spelled(valid=False, why="bad_line")


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare nothing: all that is asked comes on stdin."""


def run(_args: argparse.Namespace) -> int:
    """Answer every line until the end of stdin; 0, whatever was in them."""
    answer_lines(sys.stdin, sys.stdout)
    return 0


def answer_lines(asked: TextIO, answers: TextIO) -> None:
    """Answer each line with one line; an overlong one is answered once and skipped to its end."""
    while line := asked.readline(LINE_CHARS_MAX):
        is_whole = line.endswith("\n") or len(line) < LINE_CHARS_MAX
        while not is_whole and (rest := asked.readline(LINE_CHARS_MAX)):
            is_whole = rest.endswith("\n")
            line = ""
        found = _answer(line)
        row = {"valid": found.valid, "why": found.why, "elements": found.elements}
        print(json.dumps(row), file=answers, flush=True)


def _answer(line: str) -> Spelled:
    try:
        asked: Any = json.loads(line)
    except (ValueError, RecursionError):
        return _BAD_LINE
    if not isinstance(asked, dict):
        return _BAD_LINE
    form, text = asked.get("form"), asked.get("text")
    if not isinstance(form, str) or not isinstance(text, str):
        return _BAD_LINE
    return read_spelled(form, text)
