"""`receiving-edge export`: Parquet files of the journal, EPCIS documents, figures, claims, batches.

Reads only, the service may run.
"""

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from edge.commands import batch, claim, kpi
from edge.commands.policy.packs import add_language
from edge.feeds.pack_folder import keep_pack, read_pack
from edge.journal.rows import Identity, JournalBrokenError
from edge.journal.salvage import owner
from zoning.findings import PolicyParseError
from zoning.pack import Pack, load_pack

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
JOURNAL: Final = "journal.db"
PACKS: Final = "packs"
EPCIS: Final = "epcis"
SEQ_MAX: Final = 2**53 - 1
NO_DUCKDB: Final = "the extra bi is not installed: pip install 'receiving-edge[bi]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("what", choices=("segments", "epcis", "kpi", "claim", "batch"))
    claim.add_arguments(parser)
    kpi.add_arguments(parser)
    add_language(parser)
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to (default: --data)")
    parser.add_argument(
        "--tail", action="store_true", help="segments: the events of today, too: a short one"
    )
    parser.add_argument("--from-seq", type=int, default=1, metavar="A", help="epcis: the first")
    parser.add_argument("--to-seq", type=int, default=SEQ_MAX, metavar="B", help="epcis: the last")
    parser.add_argument("--gln", default="", help="epcis: Global Location Number of the site")
    parser.add_argument(
        "--with-hashes", action="store_true", help="epcis: event hashes in a table beside"
    )


def run(args: argparse.Namespace) -> int:
    """Write it: 0 done, 1 the journal is not what it was, 2 no DuckDB or nothing to write."""
    if args.parcel and args.what not in ("claim", "batch"):
        print(f"{args.parcel}: only a claim is of a parcel, a batch of a code", file=sys.stderr)
        return 2
    if args.what in _OTHERS:
        return _OTHERS[args.what](args)
    if find_spec("duckdb") is None:
        print(NO_DUCKDB, file=sys.stderr)
        return 2
    from edge.sync.segments.files import SegmentError  # noqa: PLC0415 - the extra bi

    try:
        _segments(args.data, args.out or args.data, is_tail=args.tail)
    except (JournalBrokenError, SegmentError, PolicyParseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _epcis(args: argparse.Namespace) -> int:
    from edge.sync.epcis.export import Range, export  # noqa: PLC0415 - segments need none of it
    from edge.sync.epcis.names import Names  # noqa: PLC0415

    wanted = Range(first=args.from_seq, last=args.to_seq)
    try:
        who = _owner(args.data / JOURNAL)
        names = Names(namespace=who.namespace, site=who.site, station=who.station, gln=args.gln)
        out = args.out or args.data / EPCIS
        done = export(args.data / JOURNAL, out, names, wanted, with_hashes=args.with_hashes)
    except (JournalBrokenError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for path in done.documents:
        print(path)
    for seq, why in done.problems:
        print(f"event {seq}: {why}", file=sys.stderr)
    print(f"{done.events} events in {len(done.documents)} documents")
    return 1 if done.problems else 0


_OTHERS: Final = {"epcis": _epcis, "kpi": kpi.run, "claim": claim.run, "batch": batch.run}


def _owner(path: Path) -> Identity:
    """Return whose journal it is, as its events say; no configuration is needed."""
    if not path.exists():
        raise JournalBrokenError("export", f"{path}: there is no such file")
    return owner(path, "")


def _segments(data: Path, out: Path, *, is_tail: bool) -> None:
    from edge.sync.segments.facts import derive, policies  # noqa: PLC0415 - the extra bi
    from edge.sync.segments.files import SEGMENTS, VERDICTS, Name  # noqa: PLC0415
    from edge.sync.segments.seal import seal  # noqa: PLC0415

    def tell(folder: str, name: Name) -> None:
        print(name.below(Path(folder)), flush=True)

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    sealed = seal(
        data / JOURNAL, out, today=today, is_tail=is_tail, tell=lambda name: tell(SEGMENTS, name)
    )
    _copy_packs(data / PACKS, out / PACKS, policies(out))
    derived = derive(out, _packs(out / PACKS), tell=lambda name: tell(VERDICTS, name))
    print(f"{len(sealed.segments)} segments, {len(derived)} files of verdicts")
    if sealed.waiting:
        print(f"{sealed.waiting:,} events of today wait for the end of the day; --tail seals them")


def _copy_packs(kept: Path, out: Path, wanted: frozenset[str]) -> None:
    """Put the packs that the verdicts name beside them: a bit of a set means nothing without."""
    for sha256 in sorted(wanted):
        if not (out / sha256).is_dir() and (kept / sha256).is_dir():
            out.mkdir(parents=True, exist_ok=True)
            keep_pack(read_pack(kept / sha256), out / sha256)


def _packs(folder: Path) -> Mapping[str, Pack]:
    """Return the packs of a folder by content digest. Raises PolicyParseError."""
    folders = (path for path in sorted(folder.glob("[!.]*")) if path.is_dir())
    packs = (load_pack(read_pack(path)) for path in folders)
    return {pack.sha256: pack for pack in packs}
