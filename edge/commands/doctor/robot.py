"""`receiving-edge doctor robot`: the conformance scenarios against one robot, real or simulated.

Run it with the service stopped. Without --allow-motion nothing moves.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final

from drivers.clock import SystemClock
from drivers.protocols import Clock, NodeId, RobotId
from drivers.registry import driver_class, probe_class
from edge.commands.doctor import trial
from edge.commands.doctor.alone import CannotRunError, alone
from edge.commands.doctor.conformance import said
from edge.commands.doctor.robot_report import Report, as_json, table, write
from edge.commands.doctor.robot_scenarios import SCENARIOS
from edge.commands.doctor.robot_scenarios.stage import Limits, Stage
from edge.commands.doctor.robot_scenarios.texts import TEXTS, WORDS
from edge.commands.doctor.trial import Ask
from edge.floor import FloorSettings, LegKind
from edge.settings.load import load
from edge.settings.model import DeviceClass, DeviceSettings, Settings

PROFILE_KEYS: Final = (
    "version",
    "interface",
    "instant_keys",
    "action_name",
    "deviation_keys",
    "node_position",
    "free_nav",
    "temp_start_node",
    "start_deviation_m",
    "loads",
    "reports_online_after_reconnect",
    "min_order_interval_s",
    "id_numerical",
    "pick",
    "drop",
    "action_map",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of a run. `pick`, `drop`: nodes between which a load is carried, at `pick`."""

    robot: str
    scenarios: tuple[str, ...] = ()
    allow_motion: bool = False
    pick: str = ""
    drop: str = ""
    restart_command: str = ""
    power_command: str = ""
    limits: Limits = field(default_factory=Limits)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("robot", nargs="?", help="id of the robot in floor.toml")
    trial.add_arguments(parser, example="R01,R06", motion="the robot may drive: keep people away")
    parser.add_argument("--discover", action="store_true", help="list the robots on the broker")
    parser.add_argument("--pick", default="", metavar="NODE", help="where a load stands ready")
    parser.add_argument("--drop", default="", metavar="NODE", help="where it is carried")
    parser.add_argument("--restart-command", default="", help="restarts the broker, for R17")
    parser.add_argument(
        "--power-command", default="", help="called with off and on for R18, instead of a person"
    )
    parser.add_argument("--order-s", type=float, default=300.0, help="longest time of an order")


def run(args: argparse.Namespace) -> int:
    """Print the report: 0 = nothing failed, 1 = something did, 2 = it could not be tried."""

    def work() -> int:
        settings = load(args.config, data=args.data)
        with alone(args.data):
            return _discover(settings) if args.discover else _examine(args, settings)

    return trial.guarded("robot", work)


def _discover(settings: Settings) -> int:
    device = _broker(settings)
    finder = probe_class("robots")(device.name, device.settings, SystemClock())
    found = asyncio.run(finder.find(3.0))
    for interface, version, manufacturer, serial in found:
        print(f"{interface} {version} {manufacturer} {serial}")
    return 0 if found else trial.NOT_RUNNABLE


def _examine(args: argparse.Namespace, settings: Settings) -> int:
    wish = Wish(
        robot=args.robot or "",
        scenarios=trial.named(args),
        allow_motion=args.allow_motion,
        pick=args.pick,
        drop=args.drop,
        restart_command=args.restart_command,
        power_command=args.power_command,
        limits=Limits(order_s=args.order_s),
    )
    ask = trial.asking(TEXTS, args.lang)
    report = asyncio.run(
        examine(_broker(settings), settings.floor, wish, clock=SystemClock(), ask=ask)
    )
    print(as_json(report) if args.json else "\n".join(table(report, args.lang)))
    if args.report is not None:
        write(report, args.report, args.lang)
        print(said(WORDS, "written", args.lang, args.report), file=sys.stderr)
    return trial.exit_code(report.results, wish.scenarios)


async def examine(
    device: DeviceSettings, floor: FloorSettings, wish: Wish, *, clock: Clock, ask: Ask
) -> Report:
    """Play the scenarios against one robot. Raises CannotRunError, DriverError."""
    settings, unit = _narrowed(device.settings, wish.robot)
    chosen = trial.chosen(wish.scenarios, SCENARIOS)
    pick, drop = _ends(floor, wish)
    robot = RobotId(unit.id)
    driver = driver_class(device.driver)(device.name, settings, clock)
    probe = probe_class("vda5050")(device.name, settings, clock)
    async with probe, driver:
        stage = Stage(
            robot=robot,
            driver=driver,
            probe=probe,
            floor=floor,
            clock=clock,
            pick=pick,
            drop=drop,
            limits=replace(wish.limits, spacing_s=unit.profile.min_order_interval_s),
            ask=ask,
            restart_command=wish.restart_command,
            power_command=wish.power_command,
        )

        async def prepare() -> None:
            await stage.ready()
            await stage.meet()

        results = [
            await trial.play(stage, one, allow_motion=wish.allow_motion, prepare=prepare)
            for one in chosen
        ]
    return Report(
        robot=unit.id,
        manufacturer=unit.manufacturer,
        serial=unit.serial,
        version=unit.profile.version,
        broker=f"{settings.host}:{settings.port}",
        at=trial.moment(clock),
        results=tuple(sorted(results, key=lambda result: result.id)),
        profile=dict(_profile(unit.profile, stage.learned)),
    )


def _broker(settings: Settings) -> DeviceSettings:
    for device in settings.devices:
        if device.device_class is DeviceClass.ROBOTS:
            return device
    raise CannotRunError("devices.toml has no table [robots]")


def _narrowed(settings: Any, robot: str) -> tuple[Any, Any]:
    """Return the driver's settings for this robot alone, and the robot's own."""
    units = {unit.id: unit for unit in getattr(settings, "robots", ())}
    if robot not in units or not is_dataclass(settings) or isinstance(settings, type):
        known = ", ".join(units) or "none is configured"
        raise CannotRunError(f"there is no robot {robot!r}: {known}")
    if not hasattr(units[robot], "profile"):
        raise CannotRunError("this driver has no robot that speaks VDA 5050")
    return replace(settings, robots=(units[robot],)), units[robot]


def _ends(floor: FloorSettings, wish: Wish) -> tuple[NodeId, NodeId]:
    """Return where a load stands and where it goes: as asked for, or by the first robot's leg."""
    legs = [leg for route in floor.routes.values() for leg in route if leg.kind is LegKind.ROBOT]
    pick = wish.pick or (legs[0].start if legs else "")
    drop = wish.drop or (legs[0].end if legs else "")
    for node in (pick, drop):
        if node not in floor.nodes:
            raise CannotRunError(f"{node!r} is no node of floor.toml: give --pick and --drop")
    return NodeId(pick), NodeId(drop)


def _profile(profile: Any, learned: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Return what the profile says or the run has learned; empty keys are left out."""
    known = {one.name for one in fields(profile)} & set(PROFILE_KEYS)
    for key in PROFILE_KEYS:
        if key in learned or key in known:
            value: Any = learned.get(key, getattr(profile, key, None))
            plain = dict(value) if isinstance(value, Mapping) else value
            if plain not in ("", (), {}, []):
                yield key, str(plain) if key == "loads" else plain
