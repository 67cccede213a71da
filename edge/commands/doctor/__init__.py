"""`receiving-edge doctor`: one line a thing: how it is, what is wrong, how to mend it.

It needs no root, changes nothing but a scratch file, and commands no device. Verbs of its own look
at one thing closely.
"""

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from drivers.clock import SystemClock
from edge.commands.doctor.clock import clock
from edge.commands.doctor.devices import devices
from edge.commands.doctor.keys import keys
from edge.commands.doctor.lines import Line, State, broken, good
from edge.commands.doctor.links import links
from edge.commands.doctor.rights import groups
from edge.commands.doctor.software import software
from edge.commands.doctor.storage import storage
from edge.commands.verbs import Verb, add_verbs
from edge.settings.load import SettingsError, load
from edge.settings.model import Settings

CONFIG_DEFAULT: Final = "/etc/receiving-edge"
DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
BUDGET_MB: Final = 2048
_HERE: Final = "edge.commands.doctor"
VERBS: Final = {
    "robot": Verb(f"{_HERE}.robot", "try a robot against VDA 5050, with a report for its vendor"),
    "conveyor": Verb(f"{_HERE}.conveyor", "try a PLC against the register contract, with a report"),
    "broker": Verb(f"{_HERE}.broker", "measure and judge the robots' MQTT broker"),
    "decode": Verb(f"{_HERE}.decode", "picture paths in, the codes in them out, as JSON lines"),
    "focus": Verb(f"{_HERE}.focus", "learn from a card how sharp a camera's photographs must be"),
    "scanner": Verb(
        f"{_HERE}.scanner", "let a scanner prove by two cards that it keeps every byte"
    ),
    "parse": Verb(
        f"{_HERE}.parse", "GS1 data in, its elements or what is wrong out, as JSON lines"
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--config", type=Path, metavar="DIR", help="check what is configured there, too"
    )
    parser.add_argument(
        "--data", type=Path, default=DATA_DEFAULT, metavar="DIR", help="where the journal lies"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_verbs(parser, VERBS, required=False)


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 when a line fails."""
    lines = tuple(report(args.config or _configured(), args.data))
    is_good = all(line.state is not State.FAIL for line in lines)
    if args.json:
        rows = [asdict(line) for line in lines]
        print(json.dumps({"ok": is_good, "lines": rows}, ensure_ascii=False))
    else:
        for line in lines:
            print(line)
    return 0 if is_good else 1


def report(config: Path | None, data: Path) -> Iterator[Line]:
    """Return the lines one by one; without a configuration its parts are left out."""
    yield from software()
    yield from groups()
    settings: Settings | None = None
    if config is None:
        yield good("configuration", "none given, devices and links are not checked")
    else:
        settings, line = _settings(config, data)
        yield line
    if settings is not None:
        yield from keys(settings, SystemClock())
        yield from devices(settings)
        yield from links(settings)
    yield from storage(data, settings.station.journal.budget_mb if settings else BUDGET_MB)
    yield clock()


def _configured() -> Path | None:
    named = os.environ.get("RECEIVING_EDGE_CONFIG")
    if named:
        return Path(named)
    return Path(CONFIG_DEFAULT) if Path(CONFIG_DEFAULT).is_dir() else None


def _settings(config: Path, data: Path) -> tuple[Settings | None, Line]:
    try:
        return load(config, data=data), good("configuration", f"{config} is good")
    except SettingsError as error:
        said = f"{len(error.problems)} problems, first: {error.problems[0]}"
        return None, broken("configuration", said, f"receiving-edge check-config --config {config}")
