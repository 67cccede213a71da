"""`receiving-edge export kpi`: key figures of a stretch of time; as a table, CSV or JSON."""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.commands.kpi_words import NOT_MEASURED, table
from edge.commands.policy.history import kept_packs
from edge.events import Event, parse_utc, utc_text
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.kpi.book import KINDS, collect, taken_back
from edge.kpi.figure import Figure
from edge.kpi.measure import Bands, Period, figures

JOURNAL: Final = "journal.db"
PACKS: Final = "packs"
QUIET_S: Final = 2.0  # a short journal needs no progress
TOLD_S: Final = 1.0
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would work out
COLUMNS: Final = ("name", "statistic", "by", "of", "value", "unit", "n", "k", "upper", "lower")


class PeriodError(ValueError):
    """A time that is none, or a stretch that ends before it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The figures, their stretch of time, and whether it is not over yet."""

    period: Period
    is_so_far: bool
    figures: tuple[Figure, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what belongs to key figures."""
    when = "kpi: a UTC day (2026-11-23) or an ISO 8601 time"
    parser.add_argument("--since", default="", metavar="TIME", help=f"{when}; default: all")
    parser.add_argument("--until", default="", metavar="TIME", help=f"{when}; default: now")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="kpi: comma-separated")
    form.add_argument("--json", action="store_true", help="kpi, batch: one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the figures: 0 done, 1 the journal cannot be read, 2 the times make no stretch."""
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    try:
        period = period_of(args.since, args.until, now_ms)
        bands = bands_of(args.data / PACKS)
        found = measure(args.data / JOURNAL, period, bands)
    except PeriodError as error:
        print(error, file=sys.stderr)
        return 2
    except JournalBrokenError as error:
        print(error, file=sys.stderr)
        return 1
    told = Measured(period=period, is_so_far=period.until_ms >= now_ms, figures=found)
    if args.json:
        print(json.dumps(_json(told)))
    elif args.csv:
        _write_csv(told.figures)
    else:
        print("\n".join(_in_words(told, args.lang)))
    return 0


def period_of(since: str, until: str, now_ms: int) -> Period:
    """Return the stretch of time that two arguments name. Raises PeriodError."""
    since_ms = _moment("--since", since) if since else 0
    until_ms = _moment("--until", until) if until else now_ms
    if until_ms <= since_ms:
        raise PeriodError(f"--until: {until or 'now'} is not after {since}")
    return Period(since_ms=since_ms, until_ms=until_ms, at_ms=min(until_ms, now_ms))


def _moment(name: str, text: str) -> int:
    """A time without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PeriodError(f"{name}: {error}") from error
    return parse_utc((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat())


def bands_of(folder: Path) -> Bands:
    """Return the value bands of the packs that a station has kept."""
    return {
        sha256: pack.policy.domains["value"].classes
        for sha256, pack in kept_packs(folder).items()
        if "value" in pack.policy.domains
    }


def measure(journal: Path, period: Period, bands: Bands) -> tuple[Figure, ...]:
    """Return the figures of a journal; it is read twice, corrections first.

    Raises JournalBrokenError.
    """
    if not journal.exists():
        raise JournalBrokenError("export", f"{journal}: there is no such file")
    with Reader(journal) as reader:
        first, last = reader.first_seq(), reader.last_seq()
        undone = taken_back(reader.of_kinds(("correction.made",), first, last))
        book = collect(_told(reader.of_kinds(KINDS, first, last), last), undone)
    return figures(book, period, bands)


def _told(events: Iterable[Event], last: int) -> Iterator[Event]:
    """Yield the events; say on stderr, once a second, how far it is when it takes long."""
    due_s, has_told = time.monotonic() + QUIET_S, False
    for event in events:
        yield event
        if time.monotonic() >= due_s:
            due_s, has_told = time.monotonic() + TOLD_S, True
            sys.stderr.write(f"\r{event.seq} of {last} events")
            sys.stderr.flush()
    if has_told:
        sys.stderr.write("\n")


def _in_words(told: Measured, language: str) -> list[str]:
    since = utc_text(told.period.since_ms) if told.period.since_ms else ""
    return table(
        told.figures,
        language,
        since=since,
        until=utc_text(told.period.until_ms),
        is_so_far=told.is_so_far,
    )


def _json(told: Measured) -> Mapping[str, object]:
    return {
        "since": utc_text(told.period.since_ms),
        "until": utc_text(told.period.until_ms),
        "so_far": told.is_so_far,
        "figures": [asdict(figure) for figure in told.figures],
    }


def _write_csv(found: Iterable[Figure]) -> None:
    rows = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for figure in found:
        row = {key: in_cell(value) for key, value in asdict(figure).items()}
        rows.writerow(row if figure.value is not None else row | {"value": NOT_MEASURED["en"]})


def in_cell(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula; groups have names from outside."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA)
    return f"'{value}" if is_formula else value
