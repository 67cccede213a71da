"""Arguments of `receiving-sim conveyor`, apart from what it runs: a parser loads nothing."""

import argparse
from pathlib import Path
from typing import Final

STYLES: Final = ("seq_ack", "release_counter", "task_echo", "pulse")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `receiving-sim conveyor`."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="serve Modbus TCP on 127.0.0.1")
    where.add_argument("--rtu", metavar="PORT", help="serve Modbus RTU on a serial port")
    parser.add_argument("--parity", choices="ENO", default="E")
    parser.add_argument("--baudrate", type=int, default=19200)
    parser.add_argument("--profile", choices=STYLES, default="seq_ack")
    parser.add_argument("--map-base", type=int, default=100, metavar="B")
    parser.add_argument("--lanes", type=int, default=3)
    parser.add_argument("--device-id", type=int, default=1)
    parser.add_argument("--divert-ms", type=int, default=300)
    parser.add_argument("--exit-ms", type=int, default=100)
    parser.add_argument("--host-timeout-ms", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the numbers of its starts")
    parser.add_argument("--run", type=Path, help="folder of the control socket")
    for name, text in (
        ("drop-replies", "obey so many commands without an answer"),
        ("lose-writes", "lose so many commands"),
        ("late-reply-ms", "answer commands so late"),
        ("stick-lane", "the exit sensor of this lane sees nothing"),
        ("wrong-lane", "the next item leaves by this lane"),
        ("reboot-at", "start anew in the middle of this divert"),
        ("fail", "the next divert ends with this fault"),
        ("reject", "the next divert is refused with this reason"),
    ):
        parser.add_argument(f"--{name}", type=int, default=0, metavar="N", help=text)
    for name in ("jam", "busy", "frozen", "local", "unsafe"):
        parser.add_argument(f"--{name}", action="store_true")
