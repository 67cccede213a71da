"""`receiving-edge doctor conveyor`: the conformance scenarios against one PLC, real or simulated.

Run it with the service stopped. Without --allow-motion nothing moves.
"""

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.clock import SystemClock
from drivers.protocols import Clock
from drivers.registry import probe_class
from edge.commands.doctor import trial
from edge.commands.doctor.alone import CannotRunError, alone
from edge.commands.doctor.conformance import said
from edge.commands.doctor.conveyor_report import Report, as_json, table, write
from edge.commands.doctor.conveyor_scenarios import SCENARIOS
from edge.commands.doctor.conveyor_scenarios.stage import Limits, Stage
from edge.commands.doctor.conveyor_scenarios.texts import TEXTS, WORDS
from edge.commands.doctor.trial import Ask
from edge.settings.load import load
from edge.settings.model import DeviceClass, DeviceSettings, Settings

DRIVER: Final = "conveyor.modbus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of a run."""

    scenarios: tuple[str, ...] = ()
    allow_motion: bool = False
    restart_command: str = ""
    fault_command: str = ""
    limits: Limits = field(default_factory=Limits)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("conveyor", help="name of the conveyor in devices.toml")
    trial.add_arguments(parser, example="C01,C03", motion="the belt may move: keep hands away")
    parser.add_argument("--restart-command", default="", help="restarts the PLC, for C10")
    parser.add_argument(
        "--fault-command", default="", help="called with on and off for C11, instead of a person"
    )


def run(args: argparse.Namespace) -> int:
    """Print the report: 0 = nothing failed, 1 = something did, 2 = it could not be tried."""

    def work() -> int:
        device = _device(load(args.config, data=args.data), args.conveyor)
        with alone(args.data):
            return _examine(args, device)

    return trial.guarded("conveyor", work)


def _examine(args: argparse.Namespace, device: DeviceSettings) -> int:
    wish = Wish(
        scenarios=trial.named(args),
        allow_motion=args.allow_motion,
        restart_command=args.restart_command,
        fault_command=args.fault_command,
    )
    report = asyncio.run(examine(device, wish, SystemClock(), trial.asking(TEXTS, args.lang)))
    print(as_json(report) if args.json else "\n".join(table(report, args.lang)))
    if args.report is not None:
        write(report, args.report, args.lang)
        print(said(WORDS, "written", args.lang, args.report), file=sys.stderr)
    return trial.exit_code(report.results, wish.scenarios)


async def examine(device: DeviceSettings, wish: Wish, clock: Clock, ask: Ask) -> Report:
    """Play the scenarios against one PLC. Raises CannotRunError, DriverError."""
    chosen, settings = trial.chosen(wish.scenarios, SCENARIOS), device.settings
    probe = probe_class("modbus")(device.name, settings, clock)
    async with probe:
        stage = Stage(
            probe=probe,
            clock=clock,
            lanes=settings.lanes,
            lane_sensor=settings.lane_sensor,
            is_serial=settings.is_serial,
            host_timeout_s=settings.host_timeout_ms / 1000,
            ask=ask,
            limits=wish.limits,
            restart_command=wish.restart_command,
            fault_command=wish.fault_command,
        )
        results = [await trial.play(stage, one, allow_motion=wish.allow_motion) for one in chosen]
    return Report(
        conveyor=str(device.name),
        url=settings.url,
        style=settings.profile,
        base=settings.base,
        lanes=settings.lanes,
        at=trial.moment(clock),
        results=tuple(results),
    )


def _device(settings: Settings, name: str) -> DeviceSettings:
    belts = {
        str(device.name): device
        for device in settings.devices
        if device.device_class is DeviceClass.CONVEYOR
    }
    if name not in belts:
        raise CannotRunError(f"there is no conveyor {name!r}: {', '.join(belts) or 'none'}")
    device: Any = belts[name]
    if device.driver != DRIVER:
        raise CannotRunError(f"{name} is no PLC on Modbus but {device.driver}")
    return belts[name]
