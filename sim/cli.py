"""`receiving-sim`: the other end of every wire, for demos and tests. Never part of a station."""

import argparse
import asyncio
import base64
import json
import signal
import sys
from pathlib import Path
from typing import Any, Final

from sim.conveyor.arguments import add_arguments as add_conveyor_arguments
from sim.door import SimRefusedError, ask

EXIT_USAGE: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    args = _parser().parse_args(arguments)
    try:
        code: int = args.run_verb(args)
    except (SimRefusedError, OSError, ValueError, KeyError) as error:
        print(f"receiving-sim: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="receiving-sim", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_world(verbs)
    _add_operator(verbs)
    _add_bench(verbs)
    _add_hands(verbs)
    _add_central(verbs)
    _add_scanner(verbs)
    _add_robot(verbs)
    conveyor = _verb(verbs, "conveyor", _conveyor, "run one sorter's PLC alone, TCP or RTU")
    add_conveyor_arguments(conveyor)
    return parser


def _verb(verbs: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.set_defaults(run_verb=run)
    return parser


def _add_world(verbs: Any) -> None:
    world = _verb(
        verbs, "world", _world, "run scanner, camera, vehicles, sorter and platform until stopped"
    )
    _add_folders(world)
    world.add_argument("--seed", type=int, default=1, help="what lies in the boxes (default: 1)")
    world.add_argument("--parcels", type=int, default=20, help="how many boxes (default: 20)")
    world.add_argument("--speed", type=float, help="times faster than life; instead of demo.toml's")


def _add_operator(verbs: Any) -> None:
    operator = _verb(
        verbs, "operator", _operator, "work the station like a person: scans and keys only"
    )
    _add_folders(operator)
    operator.add_argument("--units", type=int, default=10, help="stop after so many units")
    operator.add_argument("--seed", type=int, default=1, help="seed of the operator's own choices")
    operator.add_argument("--lang", choices=("ru", "en"), default="en", help="terminal language")
    operator.add_argument(
        "--calm", action="store_true", help="before each tray wait until every device is idle"
    )
    operator.add_argument("--json", action="store_true", help="one JSON object a line on stdout")


def _add_bench(verbs: Any) -> None:
    bench = _verb(verbs, "bench", _bench, "show what lies on the bench; a key scans it")
    _add_run(bench)
    bench.add_argument("--lang", choices=("ru", "en"), default="en")
    bench.add_argument("--list", action="store_true", help="print it as text and leave")


def _add_hands(verbs: Any) -> None:
    scan = _verb(verbs, "scan", _scan, "let the hand scanner read a text")
    _add_run(scan)
    scan.add_argument("text", help="what the code says; \\x1d stands for GS")
    scan.add_argument("--aim", default="]C0", help="AIM identifier (default: ]C0)")
    raw = _verb(verbs, "raw", _raw, "send bytes from the hand scanner as they are")
    _add_run(raw)
    raw.add_argument("hex", nargs="?", help="the bytes in hex; without it, stdin")
    show = _verb(verbs, "show", _show, "lay a code under the camera; without one, an empty mat")
    _add_run(show)
    show.add_argument("code", nargs="?", help="what the symbol says")
    stats = _verb(verbs, "stats", _stats, "print what robots, sorter and platform counted")
    _add_run(stats)
    fault = _verb(verbs, "fault", _fault, "switch a fault on or off")
    _add_run(fault)
    fault.add_argument("name", help="platform_500, platform_down, camera_dark, plc_reboot, …")
    fault.add_argument("--off", action="store_true")
    fault.add_argument("--robot", help="one vehicle alone (default: all)")
    fault.add_argument("--value", type=int, help="of a sorter's fault: a lane, a count, a time")
    power = _verb(verbs, "power", _power, "switch a vehicle off where it stands, or on again")
    _add_run(power)
    power.add_argument("robot", help="its id")
    power.add_argument("--off", action="store_true")


def _add_scanner(verbs: Any) -> None:
    scanner = _verb(
        verbs, "scanner", _scanner, "play recorded scanners: at a line on stdin, until its end"
    )
    _add_run(scanner)
    scanner.add_argument("--replay", type=Path, required=True, help="the recording, CSV")
    scanner.add_argument(
        "--uinput", action="store_true", help="keyboards as devices of this machine, not as pipes"
    )
    scanner.add_argument("--speed", type=float, default=1.0, help="times as fast (default: 1)")


def _add_central(verbs: Any) -> None:
    central = _verb(verbs, "central", _central, "run the central platform alone")
    central.add_argument("--port", type=int, required=True)
    central.add_argument("--seed", type=int, default=1)
    central.add_argument("--parcels", type=int, default=20)
    central.add_argument("--fault", action="append", default=[], help="a fault from the start")


def _add_robot(verbs: Any) -> None:
    robot = _verb(verbs, "robot", _robot, "run a fleet of vehicles alone on a broker")
    robot.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT")
    robot.add_argument("--password-file", type=Path, help="each vehicle's user is its serial")
    robot.add_argument("--config", type=Path, help="floor and robots of a configuration folder")
    robot.add_argument("--version", choices=("2.0", "2.1", "3.0"), default="", help="VDA 5050")
    robot.add_argument("--fleet", type=int, default=1, help="how many, without --config")
    robot.add_argument("--seed", type=int, default=1)
    robot.add_argument("--speed", type=float, default=1.0, help="times faster than life")
    robot.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a fault from the start",
    )
    robot.add_argument("--run", type=Path, help="folder for the control socket")


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="configuration folder")
    _add_run(parser)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, required=True, help="folder of sockets and the pty")


def _world(args: argparse.Namespace) -> int:
    from sim.site import read_site  # noqa: PLC0415 - a scan from the shell must not load OpenCV
    from sim.world import online, running  # noqa: PLC0415

    site = read_site(args.config)

    async def live() -> None:
        stopped = _stopped()
        async with running(
            site, args.run, seed=args.seed, parcels=args.parcels, speed=args.speed
        ) as world:
            if not await online(world):
                print("a vehicle has not met the broker yet", file=sys.stderr)
            print("ready", flush=True)
            await stopped.wait()

    asyncio.run(live())
    return 0


def _scanner(args: argparse.Namespace) -> int:
    from sim.replay import play, plugged_in, read_rows  # noqa: PLC0415

    rows = read_rows(args.replay)
    with plugged_in(rows, args.run, uinput=args.uinput) as players:
        print("ready", flush=True)
        for _ in sys.stdin:
            play(rows, players, args.speed)
            print("played", flush=True)
    return 0


def _central(args: argparse.Namespace) -> int:
    from sim.central.alone import running  # noqa: PLC0415

    async def live() -> None:
        stopped = _stopped()
        async with running(args.port, seed=args.seed, parcels=args.parcels) as receiver:
            receiver.faults.update(args.fault)
            print("ready", flush=True)
            await stopped.wait()

    asyncio.run(live())
    return 0


def _robot(args: argparse.Namespace) -> int:
    from sim.robot.alone import Plan, running  # noqa: PLC0415
    from sim.robot.link import Account  # noqa: PLC0415
    from sim.site import address_of, read_site  # noqa: PLC0415

    password = args.password_file.read_text("utf-8").strip() if args.password_file else ""
    plan = Plan(
        account=Account(broker=address_of(f"mqtt://{args.broker}"), password=password),
        version=args.version,
        fleet=args.fleet,
        seed=args.seed,
        speed=args.speed,
        faults=tuple(args.fault),
        site=read_site(args.config) if args.config else None,
    )

    async def live() -> None:
        stopped = _stopped()
        async with running(plan, args.run):
            print("ready", flush=True)
            await stopped.wait()

    asyncio.run(live())
    return 0


def _conveyor(args: argparse.Namespace) -> int:
    from sim.conveyor.alone import running  # noqa: PLC0415

    async def live() -> None:
        stopped = _stopped()
        async with running(args):
            print("ready", flush=True)
            await stopped.wait()

    asyncio.run(live())
    return 0


def _stopped() -> asyncio.Event:
    """SIGINT and SIGTERM end a far end in order."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _operator(args: argparse.Namespace) -> int:
    from sim.operator.shift import Shift, work  # noqa: PLC0415

    shift = Shift(
        config=args.config,
        run=args.run,
        units=args.units,
        seed=args.seed,
        lang=args.lang,
        calm=args.calm,
    )
    return asyncio.run(work(shift, as_json=args.json))


def _bench(args: argparse.Namespace) -> int:
    from sim.bench.screen import listed, show  # noqa: PLC0415

    if args.list:
        print(listed(ask(args.run, {"do": "bench"})["groups"], args.lang))
        return 0
    if not sys.stdin.isatty():
        print("receiving-sim bench: no terminal here; use --list", file=sys.stderr)
        return EXIT_USAGE
    return show(args.run, args.lang)


def _scan(args: argparse.Namespace) -> int:
    text = args.text.replace("\\x1d", "\x1d")
    ask(args.run, {"do": "scan", "text": text, "aim": args.aim})
    return 0


def _raw(args: argparse.Namespace) -> int:
    data = bytes.fromhex(args.hex) if args.hex else sys.stdin.buffer.read()
    ask(args.run, {"do": "raw", "b64": base64.b64encode(data).decode()})
    return 0


def _show(args: argparse.Namespace) -> int:
    ask(args.run, {"do": "show", "code": args.code})
    return 0


def _stats(args: argparse.Namespace) -> int:
    print(json.dumps(ask(args.run, {"do": "stats"}), indent=2))
    return 0


def _fault(args: argparse.Namespace) -> int:
    request = {"do": "fault", "name": args.name, "on": not args.off}
    if args.value is not None:
        request["value"] = args.value
    ask(args.run, request | ({"robot": args.robot} if args.robot else {}))
    return 0


def _power(args: argparse.Namespace) -> int:
    ask(args.run, {"do": "power", "robot": args.robot, "on": not args.off})
    return 0
