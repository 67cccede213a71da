"""`receiving-edge serve`: the station's service."""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from drivers.errors import DriverGrabbedError
from edge.commands.journal import FILE
from edge.journal.file_system import JournalPlaceError, need_local
from edge.journal.rows import JournalBrokenError, JournalBusyError, JournalDamagedError
from edge.journal.salvage import mark
from edge.service.packs import PackError
from edge.service.root import serve
from edge.settings.load import SettingsError, load

CONFIG_DEFAULT = Path("/etc/receiving-edge")
DATA_DEFAULT = Path("/var/lib/receiving-edge")
EXIT_BUG = 70  # sysexits EX_SOFTWARE: the init system starts us again, the journal resumes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--config", type=Path, default=config_folder(), metavar="DIR")
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument("--log", type=Path, metavar="FILE", help="JSON lines; default: stderr")


def config_folder() -> Path:
    """Return the configured folder: RECEIVING_EDGE_CONFIG, else /etc/receiving-edge."""
    return Path(os.environ.get("RECEIVING_EDGE_CONFIG", CONFIG_DEFAULT))


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 70 after a bug or a journal that cannot be trusted."""
    set_up_log(args.log)
    try:
        settings = load(args.config, data=args.data)
    except SettingsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    args.data.mkdir(parents=True, exist_ok=True)
    try:
        need_local(args.data, allow_fuse=settings.station.journal.allow_fuse)
        asyncio.run(serve(settings, args.data, notify=os.environ.get("NOTIFY_SOCKET")))
    except PackError as error:
        print(error, file=sys.stderr)
        return 1
    except (JournalBusyError, JournalPlaceError) as error:
        print(error, file=sys.stderr)
        return 1
    except JournalBrokenError as error:
        _mark_damage(args.data, error)
        logging.getLogger("service").critical("%s", error)
        return EXIT_BUG
    except BaseExceptionGroup as group:
        grabbed, _ = group.split(DriverGrabbedError)
        if grabbed is not None:
            print(*_leaves(grabbed), sep="\n", file=sys.stderr)
            return 1
        damaged, _ = group.split(JournalDamagedError)
        if damaged is not None:
            _mark_damage(args.data, damaged.exceptions[0])
        logging.getLogger("service").critical("stopped by a fault", exc_info=group)
        return EXIT_BUG
    return 0


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for one in group.exceptions:
        yield from _leaves(one) if isinstance(one, BaseExceptionGroup) else (one,)


def _mark_damage(data: Path, error: BaseException) -> None:
    """Damage met while the journal was in use is salvaged by the next start."""
    if isinstance(error, JournalDamagedError | BaseExceptionGroup):
        mark(data / FILE, str(error))


def set_up_log(file: Path | None) -> None:
    """Log JSON lines to a file or to stderr; libraries only from WARNING on."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(file) if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("pymodbus", "paho", "httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """One JSON object a line; the message's first word is the device or target."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "who": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
