"""`receiving-edge export batch`: promised by the marketplace against physically received here.

Reads cached returns and journal, writes neither. A parcel that is open counts when it is closed.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from edge.catalogue import ReturnLine
from edge.events import LineCount
from edge.journal.batches import lines_of_batch
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.station import returns

JOURNAL: Final = "journal.db"
CACHE: Final = "reference.db"
_PARCEL: Final = "parcel/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One announced line of a batch: pieces promised, received, said to be missing."""

    rma: str
    line: str
    gtin: str
    promised: int
    received: int
    missing: int

    @property
    def outstanding(self) -> int:
        """Return how many pieces nobody has seen or missed yet."""
        return max(0, self.promised - self.received - self.missing)


def run(args: argparse.Namespace) -> int:
    """Print the batch: 0 all is accounted for, 1 something is outstanding, 2 no such batch."""
    if not args.parcel:
        print("batch: which one? its hand-out barcode", file=sys.stderr)
        return 2
    try:
        rows = tuple(rows_of(args.data, args.parcel))
    except (JournalBrokenError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if not rows:
        print(f"{args.parcel}: nothing was announced under it", file=sys.stderr)
        return 2
    print(_json(args.parcel, rows) if args.json else "\n".join(_lines(args.parcel, rows)))
    return 1 if any(row.outstanding for row in rows) else 0


def rows_of(data: Path, batch: str) -> Iterator[Row]:
    """Yield the lines of a batch. Raises JournalBrokenError."""
    promised = lines_of_batch(data / CACHE, batch)
    with Reader(data / JOURNAL) as reader:
        for rma in dict.fromkeys(line.rma for line in promised):
            mine = [line for line in promised if line.rma == rma]
            counts = {one.line: one for one in _counted(reader, rma, mine)}
            for line in mine:
                count = counts[line.line]
                yield Row(
                    rma=rma,
                    line=line.line,
                    gtin=line.gtin,
                    promised=line.qty,
                    received=count.received,
                    missing=count.missing,
                )


def _counted(reader: Reader, rma: str, lines: list[ReturnLine]) -> tuple[LineCount, ...]:
    subjects = reader.subjects_of(returns.name_of(rma))
    parcels = (reader.of_parcel(subject.removeprefix(_PARCEL)) for subject in reversed(subjects))
    return returns.so_far(rma, {line.line: line.qty for line in lines}, parcels).lines


def _json(batch: str, rows: tuple[Row, ...]) -> str:
    told = [{**asdict(row), "outstanding": row.outstanding} for row in rows]
    return json.dumps({"batch": batch, "lines": told, "total": _total(rows)})


def _total(rows: tuple[Row, ...]) -> dict[str, int]:
    names = ("promised", "received", "missing", "outstanding")
    return {name: sum(getattr(row, name) for row in rows) for name in names}


def _lines(batch: str, rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        yield (
            f"{row.rma}  {row.line}  {row.gtin}  promised {row.promised}"
            f"  received {row.received}  missing {row.missing}  outstanding {row.outstanding}"
        )
    yield f"{batch}: " + ", ".join(f"{name} {count}" for name, count in _total(rows).items())
