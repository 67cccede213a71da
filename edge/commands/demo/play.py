"""One run of the demo: a person at the screen, or a simulated operator and one JSON object."""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from edge.commands.demo.children import Child, ChildError, program
from edge.commands.demo.killer import Killer
from edge.commands.demo.outcome import Outcome, measure
from edge.commands.demo.screen import show
from edge.commands.demo.stage import Stage, staged

HEADLESS_SPEED: Final = 12.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the person asked for."""

    headless: bool
    units: int
    seed: int
    as_json: bool
    kill_every: int | None
    calm: bool
    lang: str
    speed: float | None
    folder: Path | None


async def play(plan: Plan) -> int:
    """Run and return the exit code. Raises ChildError when something could not start or died."""
    started = time.monotonic()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    speed = plan.speed or (HEADLESS_SPEED if plan.headless else None)
    with _folder(plan) as folder:
        async with staged(folder, parcels=plan.units, seed=plan.seed, speed=speed) as stage:
            if not plan.headless:
                await _unless(stop, stage, show(stage.run, plan.lang))
                return 0
            outcome = await _unless(stop, stage, _headless(plan, stage, started))
    if outcome is None:
        return 130
    print(json.dumps(outcome.to_json()) if plan.as_json else outcome.to_text())
    return 0 if outcome.is_good else 1


async def _headless(plan: Plan, stage: Stage, started: float) -> Outcome:
    command = [program("receiving-sim"), "operator", "--json"]
    command += ["--config", str(stage.folder / "config"), "--run", str(stage.run)]
    command += ["--units", str(plan.units), "--seed", str(plan.seed)]
    command += ["--calm"] if plan.calm else []
    operator = Child("simulated operator", command, stage.folder / "log" / "operator.log")
    killer = Killer(stage.service, plan.kill_every, plan.seed) if plan.kill_every else None
    await operator.start()
    try:
        said = await _follow(operator, killer, plan)
    finally:
        await operator.stop()
    code = await operator.wait()
    if code != 0 or said is None:
        raise ChildError(f"simulated operator ended with {code}{operator.tail()}")
    (stage.folder / "operator.json").write_text(json.dumps(said), encoding="utf-8")
    return await measure(
        stage, said, kills=killer.kills if killer else 0, seconds=time.monotonic() - started
    )


async def _follow(operator: Child, killer: Killer | None, plan: Plan) -> dict[str, Any] | None:
    """Show progress; the operator's last line is its account of the shift."""
    said: dict[str, Any] | None = None
    async for line in operator.lines():
        message = json.loads(line)
        if "progress" not in message:
            said = message
            continue
        if not plan.as_json or sys.stderr.isatty():
            print(f"\r{message['progress']} of {plan.units} units", end="", file=sys.stderr)
        if killer is not None and message["progress"] < plan.units:
            await killer.unit_done()
    return said


async def _unless(
    stop: asyncio.Event, stage: Stage, work: Coroutine[Any, Any, Result]
) -> Result | None:
    """Run the work unless the person stops it or the floor dies; None when it was stopped."""
    working = asyncio.create_task(work, name="demo")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    floor = asyncio.create_task(stage.world.wait(), name="floor")
    try:
        await asyncio.wait((working, stopped, floor), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if floor.done():
            raise ChildError(f"{stage.world.name} ended with {floor.result()}{stage.world.tail()}")
        return None
    finally:
        for task in (working, stopped, floor):
            task.cancel()
        await asyncio.gather(working, stopped, floor, return_exceptions=True)


@contextlib.contextmanager
def _folder(plan: Plan) -> Iterator[Path]:
    """A folder that the person named stays; one of our own is removed."""
    if plan.folder is not None:
        plan.folder.mkdir(parents=True, exist_ok=True)
        yield plan.folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="receiving-edge-") as folder:
        yield Path(folder)
