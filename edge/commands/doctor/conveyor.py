"""`receiving-edge doctor conveyor`: the conformance scenarios against one PLC, real or simulated.

Run it with the service stopped. Without --allow-motion nothing moves.
"""

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from drivers.clock import SystemClock
from drivers.errors import DriverError
from drivers.protocols import Clock
from drivers.registry import probe_class
from edge.commands.doctor.alone import InUseError, alone
from edge.commands.doctor.conveyor_report import Report, as_json, table, write
from edge.commands.doctor.conveyor_scenarios import SCENARIOS, Scenario
from edge.commands.doctor.conveyor_scenarios.stage import Ask, Limits, Stage
from edge.commands.doctor.conveyor_scenarios.texts import TEXTS, WORDS
from edge.commands.doctor.robot_scenarios.texts import LANGUAGES, said
from edge.commands.doctor.robot_scenarios.verdict import (
    Note,
    NotRunnableError,
    Result,
    ScenarioFailedError,
    Verdict,
)
from edge.settings.load import SettingsError, load
from edge.settings.model import DeviceClass, DeviceSettings, Settings

NOT_RUNNABLE: Final = 2
DRIVER: Final = "conveyor.modbus"


class CannotRunError(Exception):
    """Nothing can be tried; the message says why."""


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
    parser.add_argument("--config", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, default=Path("/var/lib/receiving-edge"), metavar="DIR")
    parser.add_argument("--scenarios", default="", metavar="C01,C03", help="these alone")
    parser.add_argument(
        "--allow-motion", action="store_true", help="the belt may move: keep hands away"
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write the report there")
    parser.add_argument("--restart-command", default="", help="restarts the PLC, for C10")
    parser.add_argument(
        "--fault-command", default="", help="called with on and off for C11, instead of a person"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default="en")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the report: 0 = nothing failed, 1 = something did, 2 = it could not be tried."""
    try:
        device = _device(load(args.config, data=args.data), args.conveyor)
        with alone(args.data):
            return _examine(args, device)
    except (CannotRunError, InUseError, SettingsError, DriverError) as error:
        print(f"doctor conveyor: {error}", file=sys.stderr)
        return NOT_RUNNABLE


def _examine(args: argparse.Namespace, device: DeviceSettings) -> int:
    wish = Wish(
        scenarios=tuple(filter(None, args.scenarios.split(","))),
        allow_motion=args.allow_motion,
        restart_command=args.restart_command,
        fault_command=args.fault_command,
    )

    async def ask(question: str) -> bool:
        print(said(TEXTS, question, args.lang), file=sys.stderr)
        return bool(await asyncio.to_thread(sys.stdin.readline))

    report = asyncio.run(examine(device, wish, SystemClock(), ask))
    print(as_json(report) if args.json else "\n".join(table(report, args.lang)))
    if args.report is not None:
        write(report, args.report, args.lang)
        print(said(WORDS, "written", args.lang, args.report), file=sys.stderr)
    return exit_code(report, wish)


def exit_code(report: Report, wish: Wish) -> int:
    """A scenario that was asked for by name and could not be played is not runnable."""
    if not report.is_good:
        return 1
    played = {result.id for result in report.results if result.verdict is Verdict.PASS}
    return 0 if played and set(wish.scenarios) <= played else NOT_RUNNABLE


async def examine(device: DeviceSettings, wish: Wish, clock: Clock, ask: Ask) -> Report:
    """Play the scenarios against one PLC. Raises CannotRunError, DriverError."""
    chosen, settings = _chosen(wish.scenarios), device.settings
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
        results = [await play(stage, scenario, wish.allow_motion) for scenario in chosen]
    return Report(
        conveyor=str(device.name),
        url=settings.url,
        style=settings.profile,
        base=settings.base,
        lanes=settings.lanes,
        at=f"{datetime.fromtimestamp(clock.wall_ms() / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
        results=tuple(results),
    )


async def play(stage: Stage, scenario: Scenario, allow_motion: bool) -> Result:
    """Play one scenario; whatever it meets is a verdict."""
    stage.notes, began_ns = [], stage.clock.monotonic_ns()
    try:
        if scenario.moves and not allow_motion:
            raise NotRunnableError("needs_motion")  # noqa: TRY301 - one place turns it into a verdict
        await scenario.play(stage)
        verdict = Verdict.PASS
    except ScenarioFailedError as error:
        verdict = Verdict.FAIL
        stage.notes.append(error.note)
    except NotRunnableError as error:
        verdict = Verdict.SKIP
        stage.notes.append(error.note)
    except DriverError as error:
        verdict = Verdict.FAIL
        stage.notes.append(Note("driver_error", (error,)))
    seconds = (stage.clock.monotonic_ns() - began_ns) / 1e9
    return Result(id=scenario.id, verdict=verdict, notes=tuple(stage.notes), seconds=seconds)


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


def _chosen(names: tuple[str, ...]) -> tuple[Scenario, ...]:
    known = {scenario.id for scenario in SCENARIOS}
    if unknown := sorted(set(names) - known):
        raise CannotRunError(
            f"scenario {', '.join(unknown)} is unknown: {', '.join(sorted(known))}"
        )
    return tuple(one for one in SCENARIOS if not names or one.id in names)
