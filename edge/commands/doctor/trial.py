"""What the conformance runs of robots and PLCs have in common: arguments, playing, the outcome."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from drivers.errors import DriverError
from drivers.protocols import Clock
from edge.commands.doctor.alone import CannotRunError
from edge.commands.doctor.conformance import LANGUAGES, Words, said
from edge.commands.doctor.verdict import (
    Note,
    NotRunnableError,
    Result,
    ScenarioFailedError,
    Verdict,
)
from edge.settings.load import SettingsError

NOT_RUNNABLE: Final = 2
DATA: Final = Path("/var/lib/receiving-edge")
Ask = Callable[[str], Awaitable[bool]]


class Stage(Protocol):
    """What a run keeps while a scenario is played."""

    notes: list[Note]

    @property
    def clock(self) -> Clock: ...


Played = TypeVar("Played", bound=Stage)


class Scenario(NamedTuple, Generic[Played]):
    """One scenario; without `moves` it needs no --allow-motion."""

    id: str
    play: Callable[[Played], Awaitable[None]]
    moves: bool = True


def add_arguments(parser: argparse.ArgumentParser, *, example: str, motion: str) -> None:
    """Declare what every run takes; `motion` warns of what --allow-motion lets move."""
    parser.add_argument("--config", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--scenarios", default="", metavar=example, help="these alone")
    parser.add_argument("--allow-motion", action="store_true", help=motion)
    parser.add_argument("--report", type=Path, metavar="DIR", help="write the report there")
    parser.add_argument("--lang", choices=LANGUAGES, default="en")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def named(args: argparse.Namespace) -> tuple[str, ...]:
    """Return the scenarios that were asked for by name."""
    return tuple(filter(None, args.scenarios.split(",")))


def guarded(verb: str, work: Callable[[], int]) -> int:
    """Return what the run returns; what keeps it from running is told, and is NOT_RUNNABLE."""
    try:
        return work()
    except (CannotRunError, SettingsError, DriverError) as error:
        print(f"doctor {verb}: {error}", file=sys.stderr)
        return NOT_RUNNABLE


def asking(texts: Words, lang: str) -> Ask:
    """Return how a person is asked to do something and to press Enter."""

    async def ask(question: str) -> bool:
        print(said(texts, question, lang), file=sys.stderr)
        return bool(await asyncio.to_thread(sys.stdin.readline))

    return ask


def chosen(
    names: tuple[str, ...], scenarios: Iterable[Scenario[Played]]
) -> tuple[Scenario[Played], ...]:
    """Return the scenarios of these names, in the order of the list; all without a name.

    Raises CannotRunError for a name that is none.
    """
    by_id: Mapping[str, Scenario[Played]] = {one.id: one for one in scenarios}
    if unknown := sorted(set(names) - set(by_id)):
        raise CannotRunError(
            f"scenario {', '.join(unknown)} is unknown: {', '.join(sorted(by_id))}"
        )
    return tuple(one for one in by_id.values() if not names or one.id in names)


async def play(
    stage: Played,
    scenario: Scenario[Played],
    *,
    allow_motion: bool,
    prepare: Callable[[], Awaitable[None]] | None = None,
) -> Result:
    """Play one scenario; whatever it meets is a verdict. `prepare` comes before what moves."""
    stage.notes, began_ns = [], stage.clock.monotonic_ns()
    try:
        if scenario.moves and not allow_motion:
            raise NotRunnableError("needs_motion")  # noqa: TRY301 - one place turns it into a verdict
        if scenario.moves and prepare is not None:
            await prepare()
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


def exit_code(results: Sequence[Result], names: tuple[str, ...]) -> int:
    """0 = nothing failed, 1 = something did, NOT_RUNNABLE = what was named could not be played."""
    if any(result.verdict is Verdict.FAIL for result in results):
        return 1
    played = {result.id for result in results if result.verdict is Verdict.PASS}
    return 0 if played and set(names) <= played else NOT_RUNNABLE


def moment(clock: Clock) -> str:
    """Return the wall time for a report, UTC."""
    return f"{datetime.fromtimestamp(clock.wall_ms() / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
