"""`receiving-edge doctor broker`: how fast the robots' broker is, whom it lets do what, and what
it forgets. Run it with the service stopped; it talks under topics of its own.
"""

import argparse
import asyncio
import json
import shlex
import statistics
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from drivers.clock import SystemClock
from drivers.errors import DriverError, DriverTimeoutError
from drivers.protocols.probes import BrokerProbe, Exchange
from drivers.registry import probe_class
from edge.commands.doctor.alone import CannotRunError, alone
from edge.commands.doctor.broker_config import LOOPBACK, judge
from edge.commands.doctor.lines import Line, State, broken, good, poor
from edge.settings.load import SettingsError, load
from edge.settings.model import DeviceClass, DeviceSettings, Settings

NOT_RUNNABLE: Final = 2
EXCHANGES: Final = 100
WATCH_S: Final = 20.0
KICKS_PER_MIN: Final = 3.0
NAGLE_MS: Final = 15.0  # a delayed acknowledgement takes 40 ms, a healthy second answer 1 to 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of a run besides the measuring. `robot` = user and password of one robot."""

    config: Path | None = None
    restart_command: str = ""
    robot: tuple[str, str] | None = None
    watch_s: float = WATCH_S
    exchanges: int = EXCHANGES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--config", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, default=Path("/var/lib/receiving-edge"), metavar="DIR")
    parser.add_argument(
        "--broker-config", type=Path, metavar="FILE", help="mosquitto.conf or nats-server.conf"
    )
    parser.add_argument(
        "--restart-command", default="", help="kills the broker and starts it: is anything lost?"
    )
    parser.add_argument("--robot-user", default="", help="a robot's user name, to try its rights")
    parser.add_argument("--robot-password-file", type=Path, metavar="FILE")
    parser.add_argument(
        "--watch-s", type=float, default=WATCH_S, help="how long to look for a second service"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the report: 0 = nothing failed, 1 = something did, 2 = it could not be tried."""
    try:
        settings = load(args.config, data=args.data)
        robot = None
        if args.robot_user and args.robot_password_file:
            robot = (args.robot_user, args.robot_password_file.read_text("utf-8").strip())
        wish = Wish(
            config=args.broker_config,
            restart_command=args.restart_command,
            robot=robot,
            watch_s=args.watch_s,
        )
        with alone(args.data):
            lines = asyncio.run(examine(_device(settings), wish))
    except (CannotRunError, SettingsError, DriverError, OSError) as error:
        print(f"doctor broker: {error}", file=sys.stderr)
        return NOT_RUNNABLE
    is_good = all(line.state is not State.FAIL for line in lines)
    if args.json:
        rows = [asdict(line) for line in lines]
        print(json.dumps({"ok": is_good, "lines": rows}, ensure_ascii=False))
    else:
        print("\n".join(map(str, lines)))
    return 0 if is_good else 1


async def examine(device: DeviceSettings, wish: Wish) -> tuple[Line, ...]:
    """Return the lines of one broker. Raises DriverError, OSError."""
    probe = probe_class("broker")(device.name, device.settings, SystemClock())
    lines = [line async for line in _tried(probe, device, wish)]
    if wish.config is not None:
        text = await asyncio.to_thread(wish.config.read_text, "utf-8")
        lines.extend(judge(text))
    elif not wish.restart_command:
        cure = "--broker-config FILE or --restart-command COMMAND"
        lines.append(poor("retained messages", "not known whether they outlive a crash", cure))
    return tuple(lines)


async def _tried(probe: BrokerProbe, device: DeviceSettings, wish: Wish) -> AsyncIterator[Line]:
    settings = device.settings
    stem = f"receiving-edge/{settings.station}/doctor"
    yield _transport(settings.host, bool(settings.ca_file))
    yield await _anonymous(probe, settings.host)
    for line in await _speed(probe, stem, wish.exchanges):
        yield line
    yield await _speaks_for_robots(probe)
    if wish.robot is not None:
        for line in await _robot_rights(probe, *wish.robot):
            yield line
    yield await _company(probe, wish.watch_s)
    if wish.restart_command:
        yield await _memory(probe, f"{stem}/kept", wish.restart_command)


def _transport(host: str, is_tls: bool) -> Line:
    if is_tls:
        return good("transport", "TLS")
    if host in LOOPBACK:
        return good("transport", "this machine alone")
    return broken("transport", f"plain text to {host}", "ca_file in [robots], TLS at the broker")


async def _anonymous(probe: BrokerProbe, host: str) -> Line:
    if not await probe.lets_in("", ""):
        return good("anonymous", "refused")
    cure = "allow_anonymous false, password_file, acl_file"
    said = "anybody may send orders to robots"
    return poor("anonymous", said, cure) if host in LOOPBACK else broken("anonymous", said, cure)


async def _speed(probe: BrokerProbe, stem: str, count: int) -> tuple[Line, ...]:
    try:
        found = await probe.exchanges(stem, count)
    except DriverTimeoutError:
        cure = f"ACL: topic readwrite {stem}/#"
        return (poor("round trip", f"nothing comes back under {stem}", cure),)
    return tuple(_speed_lines(found))


def _speed_lines(found: tuple[Exchange, ...]) -> Iterator[Line]:
    firsts = _quantiles([one.first_ns for one in found])
    seconds = _quantiles([one.second_ns for one in found])
    yield good("round trip", f"median {firsts[0]:.2f} ms, 99 % within {firsts[1]:.2f} ms")
    said = f"median {seconds[0]:.2f} ms, 99 % within {seconds[1]:.2f} ms"
    if seconds[0] - firsts[0] > NAGLE_MS:
        cure = "set_tcp_nodelay true in mosquitto.conf: Nagle's algorithm holds it back"
        yield broken("second answer", said, cure)
    else:
        yield good("second answer", said)


async def _speaks_for_robots(probe: BrokerProbe) -> Line:
    """A station that may publish a state could be taken for a robot; so could all its users."""
    if await probe.carries(f"uagv/v2/doctor/{uuid.uuid4().hex}/state"):
        said = "the station may speak for robots: it has more rights than it needs"
        return poor("rights of the station", said, "acl_file: see config/mosquitto.acl")
    return good("rights of the station", "it cannot speak for a robot")


async def _robot_rights(probe: BrokerProbe, user: str, password: str) -> tuple[Line, ...]:
    what, cure = f"rights of {user}", "acl_file: pattern write uagv/+/+/%u/state"
    if not await probe.carries(f"uagv/v2/doctor/{user}/state", user=user, password=password):
        return (broken(what, "its states do not arrive", cure),)
    other = f"uagv/v2/doctor/{uuid.uuid4().hex}/state"
    if await probe.carries(other, user=user, password=password):
        return (broken(what, "it may speak for other robots", cure),)
    return (good(what, "it speaks for itself alone"),)


async def _company(probe: BrokerProbe, seconds: float) -> Line:
    """Two services with one client id throw each other out for ever."""
    kicks = await probe.kicks(seconds)
    rate = kicks * 60.0 / seconds
    if rate > KICKS_PER_MIN:
        said = f"{kicks} times in {seconds:.0f} s: somebody else has this station's client id"
        return broken("disconnected", said, "stop the second service of this station")
    return good("disconnected", f"{kicks} times in {seconds:.0f} s")


async def _memory(probe: BrokerProbe, topic: str, command: str) -> Line:
    what = "retained messages"
    if await probe.keeps(topic, lambda: _restart(command)):
        return good(what, "outlive the restart")
    cure = "persistence true, autosave_on_changes true, autosave_interval 1"
    return broken(what, "are lost with the restart", cure)


async def _restart(command: str) -> None:
    process = await asyncio.create_subprocess_exec(*shlex.split(command))
    await process.wait()


def _quantiles(times_ns: list[int]) -> tuple[float, float]:
    cuts = statistics.quantiles(times_ns, n=100, method="inclusive")
    return cuts[49] / 1e6, cuts[98] / 1e6


def _device(settings: Settings) -> DeviceSettings:
    for device in settings.devices:
        if device.device_class is DeviceClass.ROBOTS:
            return device
    raise CannotRunError("devices.toml has no table [robots]")
