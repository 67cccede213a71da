"""`receiving-edge labels`: command sheets, badges, trays, places, unit numbers, self-test cards.

As A4 pages in PNG for any printer, or as ZPL for a label printer: into a file, or straight to its
port 9100.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from drivers.clock import SystemClock
from drivers.protocols import Deadline
from edge.labels import drawing, sheet, stickers, zpl
from edge.labels.cards import self_test_cards
from edge.labels.printer import PrintOutcome, print_job, read_address
from edge.labels.stickers import Sticker
from edge.settings.load import SettingsError, load
from edge.settings.model import Settings

CONFIG_DEFAULT: Final = "/etc/receiving-edge"
PRINT_S: Final = 20.0
_HELP: Final = {
    "commands": "the sheet of all commands of this station",
    "badges": "a badge for each number of people.toml",
    "trays": "a label for each tray of floor.toml",
    "containers": "numbers for containers of a zone, named as ZONE",
    "places": "labels of places, each as ZONE:NAME",
    "lpn": "numbers for units, NNNN-NNNN",
    "training": "trays, parcels and pieces of the training course",
    "selftest": "the two cards that show what a scanner does to a code",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("what", choices=tuple(_HELP), help="; ".join(map(": ".join, _HELP.items())))
    parser.add_argument(
        "names", nargs="*", help="only these; places each as ZONE:NAME, containers: one ZONE"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("RECEIVING_EDGE_CONFIG", CONFIG_DEFAULT)),
        metavar="DIR",
        help="folder of the configuration (default: RECEIVING_EDGE_CONFIG, else /etc/…)",
    )
    parser.add_argument("--language", choices=("ru", "en"), default="ru")
    parser.add_argument("--first", default="", metavar="NUMBER", help="of lpn, containers")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="of lpn, containers")
    parser.add_argument("--format", choices=("pdf", "png", "zpl"), default="pdf")
    parser.add_argument("--out", type=Path, metavar="PATH", help="file; of PNG one a page")
    parser.add_argument("--printer", metavar="HOST[:9100]", help="print there; implies zpl")
    parser.add_argument("--dpi", type=int, choices=tuple(zpl.DOTS_PER_MM), default=203)
    parser.add_argument(
        "--picture", action="store_true", help="zpl: send pictures, for printers without Cyrillic"
    )


def run(args: argparse.Namespace) -> int:
    """Make the labels and write or print them; 1 when that fails, 2 for wrong words."""
    try:
        made = make(args)
        if args.printer:
            return _print(args.printer, zpl_job(made, args.dpi, is_picture=args.picture))
        target = args.out or Path(f"{args.what}.{args.format}")
        written = _write(made, args, target)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    except (ValueError, KeyError) as error:
        print(f"labels: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"labels: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(path)
    return 0


def make(args: argparse.Namespace) -> tuple[Sticker, ...]:
    """Return the labels that are asked for. Raises SettingsError, ValueError, KeyError."""
    if args.what == "selftest":
        return tuple(
            Sticker(symbol=card.symbol, title=card.name, text="") for card in self_test_cards()
        )
    if args.what == "lpn":
        return stickers.lpns(args.first, args.count)
    return _SIGNED[args.what](load(args.config), args)


def _commands(settings: Settings, args: argparse.Namespace) -> tuple[Sticker, ...]:
    return stickers.commands(settings.site_key, args.language)


def _badges(settings: Settings, args: argparse.Namespace) -> tuple[Sticker, ...]:
    numbers = _chosen(tuple(settings.people), args.names)
    return stickers.badges(numbers, settings.site_key, args.language)


def _trays(settings: Settings, args: argparse.Namespace) -> tuple[Sticker, ...]:
    trays = settings.floor.trays
    zones = {name: trays[name].zone for name in _chosen(tuple(trays), args.names)}
    return stickers.trays(zones, settings.site_key, args.language)


def _containers(settings: Settings, args: argparse.Namespace) -> tuple[Sticker, ...]:
    numbers = stickers.container_numbers(args.first, args.count)
    if settings.floor.kind_of(numbers[0]) is None:
        raise ValueError(f"{args.first}: floor.toml has no container of this series")
    if len(args.names) != 1 or args.names[0] not in stickers.ZONE_DIGITS:
        raise ValueError(f"containers: of which zone: {', '.join(stickers.ZONE_DIGITS)}")
    zones = dict.fromkeys(numbers, args.names[0])
    return stickers.trays(zones, settings.site_key, args.language)


def _places(settings: Settings, args: argparse.Namespace) -> tuple[Sticker, ...]:
    pairs = [name.partition(":") for name in args.names]
    if not pairs or not all(colon and name for _, colon, name in pairs):
        raise ValueError("places: each as ZONE:NAME, e.g. hold:A1")
    zones = {name: zone for zone, _, name in pairs}
    return stickers.places(zones, settings.site_key, args.language)


def _training(settings: Settings, args: argparse.Namespace) -> tuple[Sticker, ...]:
    if settings.course is None:
        raise ValueError("training: there is no training.toml")
    zones = {name: tray.zone for name, tray in settings.floor.trays.items()}
    tasks = len(settings.course.tasks)
    return stickers.training(zones, tasks, settings.site_key, args.language)


def _chosen(known: tuple[str, ...], named: list[str]) -> tuple[str, ...]:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise ValueError(f"{unknown[0]} is not configured: {', '.join(known)}")
    return tuple(named) or known


_SIGNED: Final[dict[str, Callable[[Settings, argparse.Namespace], tuple[Sticker, ...]]]] = {
    "commands": _commands,
    "badges": _badges,
    "trays": _trays,
    "containers": _containers,
    "places": _places,
    "training": _training,
}


def zpl_job(made: tuple[Sticker, ...], dpi: int, *, is_picture: bool) -> bytes:
    """Return all labels for a label printer; one without bars is always a picture."""
    parts: list[bytes] = []
    for sticker in made:
        if is_picture or sticker.symbol.symbology != "code128" or not sticker.text:
            rows, width = sheet.picture(sticker, dpi=dpi)
            parts.append(zpl.picture(rows, width=width))
        else:
            parts.append(zpl.label(sticker, dpi=dpi))
    return b"".join(parts)


def _write(made: tuple[Sticker, ...], args: argparse.Namespace, target: Path) -> list[Path]:
    if args.format == "zpl":
        target.write_bytes(zpl_job(made, args.dpi, is_picture=args.picture))
        return [target]
    cards = (sheet.card_page(made),) if args.what == "selftest" else sheet.pages(made)
    if args.format == "pdf":
        target.write_bytes(drawing.pdf(cards, dpi=sheet.DPI))
        return [target]
    written: list[Path] = []
    for path, page in zip(_names(target, len(cards)), cards, strict=True):
        path.write_bytes(drawing.png(page, dpi=sheet.DPI))
        written.append(path)
    return written


def _names(target: Path, count: int) -> Iterator[Path]:
    if count == 1:
        yield target
        return
    for number in range(1, count + 1):
        yield target.with_stem(f"{target.stem}-{number}")


def _print(printer: str, job: bytes) -> int:
    clock = SystemClock()
    address = read_address(printer)
    done = asyncio.run(print_job(address, job, Deadline.after(PRINT_S, clock), clock))
    if done.outcome is PrintOutcome.SENT:
        print(f"{printer}: sent; a label counts when it is scanned back")
        return 0
    print(f"{printer}: {done.outcome}: {done.why}", file=sys.stderr)
    return 1
