"""Someone at the terminal's door who answers what is asked and tells what every view rests on.

Arguments: the socket. Each line of output: sequence, state, zone and tray that are wanted. Nothing
but the standard library, so that it starts on a slow machine, too. Protocol:
docs/terminal-protocol.md.
"""

import contextlib
import json
import socket
import sys
import time
from typing import Any

WAIT_S = 60.0
AGAIN_S = 0.2


def main(door: str) -> None:
    """Work for ever; a service that is slow or started again is connected to again."""
    while True:
        with contextlib.suppress(OSError):
            _work(door)
        time.sleep(AGAIN_S)


def _work(door: str) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(WAIT_S)
        link.connect(door)
        hello = {"m": "hello", "v": 1, "role": "operator", "app": "bench", "size": [80, 24]}
        _send(link, {**hello, "lang": "en"})
        pressed = 0
        for line in link.makefile("rb"):
            message = json.loads(line)
            if message["m"] == "ping":
                _send(link, {"m": "pong"})
            elif message["m"] == "view":
                _tell(message)
                key = answer(message)
                if key:
                    pressed += 1
                    word = {"m": "key", "id": f"b-{pressed}", "k": key}
                    _send(link, {**word, "rev": message["rev"], "epoch": message["epoch"]})


def answer(view: dict[str, Any]) -> str:
    """Return the key that goes on with the work, empty where a scan is awaited."""
    work = view["work"]
    match view["state"]:
        case "UNIT":
            must = work.get("must")
            if must is None:
                return "enter"
            return str(must["opts"][0][0]) if must.get("opts") else ""
        case "PARCEL":
            open_lines = [
                one for one in work["lines"] if one["received"] + one["missing"] < one["expected"]
            ]
            return "" if open_lines else "esc"
        case "EXC":
            return str(work["opts"][0][0]) if work["opts"] else "esc"
        case _:
            return ""


def _tell(view: dict[str, Any]) -> None:
    work = view["work"]
    zone = (work.get("verdict") or {}).get("zone", "-")
    tray = (work.get("trays") or ["-"])[0]
    sys.stdout.write(f"{view['seq']} {view['state']} {zone} {tray} {view['head']['scanner']}\n")
    sys.stdout.flush()


def _send(link: socket.socket, message: dict[str, Any]) -> None:
    link.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
