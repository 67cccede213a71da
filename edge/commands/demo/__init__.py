"""`receiving-edge demo`: a whole station on this machine, every far end simulated on real wires.

The broker, the simulated floor, the service and the terminal are child processes, started by
path and stopped together; none of them is imported.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from edge.commands.demo.children import ChildError
from edge.commands.demo.play import Plan, play


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--headless", action="store_true", help="let a simulated operator work, without a screen"
    )
    parser.add_argument("--units", type=int, default=50, help="units to receive (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="what lies on the bench (default: 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument(
        "--kill-every",
        type=int,
        metavar="K",
        help="headless: kill the service with SIGKILL once in K units on average",
    )
    parser.add_argument(
        "--calm",
        action="store_true",
        help="headless: put a tray only when every device is idle, to measure latencies",
    )
    parser.add_argument("--lang", choices=("ru", "en"), default="en", help="screen language")
    parser.add_argument("--speed", type=float, help="how many times faster than life robots drive")
    parser.add_argument(
        "--run",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="keep configuration, data and logs here",
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo; 0 when all went well, 1 when something was lost, doubled or died."""
    if args.kill_every is not None and (args.kill_every < 1 or not args.headless):
        print("demo: --kill-every needs --headless and a number above 0", file=sys.stderr)
        return 2
    if not args.headless and not sys.stdin.isatty():
        print("demo: no terminal here; use --headless", file=sys.stderr)
        return 2
    plan = Plan(
        headless=args.headless,
        units=args.units,
        seed=args.seed,
        as_json=args.json,
        kill_every=args.kill_every,
        calm=args.calm,
        lang=args.lang,
        speed=args.speed,
        folder=args.folder,
    )
    try:
        return asyncio.run(play(plan))
    except ChildError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
