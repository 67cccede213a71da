"""`receiving-edge export claim`: what a carrier's claim needs of one parcel, in one folder.

facts.json, claim.ru.txt, claim.en.txt, photos/ and SHA256SUMS. Reads the journal, never writes it.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.commands.claim_facts import Claim, Picture, claim_of
from edge.commands.claim_words import text_of
from edge.journal.photos import PhotoLostError, PhotoStore
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.records import to_json

JOURNAL: Final = "journal.db"
CLAIMS: Final = "claims"
SUMS: Final = "SHA256SUMS"
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z._-]+")
_PREFIX: Final = "parcel/"


class ClaimError(Exception):
    """There is no such parcel, or more than one: the reason."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what belongs to claims."""
    parser.add_argument(
        "parcel",
        nargs="?",
        default="",
        help="claim: any number of the parcel, or its id; batch: its hand-out barcode",
    )
    parser.add_argument(
        "--with-personal",
        action="store_true",
        help="claim: photographs, too, that may show a name or an address",
    )


def run(args: argparse.Namespace) -> int:
    """Write the pack: 0 done, 1 not all of it, 2 no such parcel."""
    if not args.parcel:
        print("claim: which parcel? any number of it will do", file=sys.stderr)
        return 2
    out = args.out or args.data / CLAIMS
    try:
        claim = read_claim(args.data / JOURNAL, args.parcel)
        folder = out / f"claim-{_UNSAFE.sub('_', args.parcel)}"
        whole = write_pack(claim, args.data / "photos", folder, personal=args.with_personal)
    except ClaimError as error:
        print(error, file=sys.stderr)
        return 2
    except (JournalBrokenError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(folder)
    lost = [one for one in whole.pictures if one.absent not in ("", "personal")]
    for picture in lost:
        print(f"photograph {picture.sha256}: {picture.absent}", file=sys.stderr)
    return 1 if lost else 0


def read_claim(journal: Path, number: str) -> Claim:
    """Return what the journal tells of a parcel. Raises ClaimError, JournalBrokenError."""
    if not journal.exists():
        raise JournalBrokenError("export", f"{journal}: there is no such file")
    with Reader(journal) as reader:
        parcel = _parcel(reader, number)
        return claim_of(parcel, reader.bodies_of_parcel(parcel))


def _parcel(reader: Reader, number: str) -> str:
    """Return the one parcel that a number names; several are told, none is chosen silently."""
    if reader.of_parcel(number):
        return number
    subjects = reader.subjects_of(number.strip().upper()) or reader.subjects_of(number)
    found = [one.removeprefix(_PREFIX) for one in subjects if one.startswith(_PREFIX)]
    if not found:
        raise ClaimError(f"claim: the journal has no parcel {number}")
    if len(found) > 1:
        raise ClaimError(f"claim: {number} names {len(found)} parcels: {', '.join(found)}")
    return found[0]


def write_pack(claim: Claim, photos: Path, folder: Path, *, personal: bool) -> Claim:
    """Write the folder so that it is there whole or not at all; return the claim with its files.

    Raises FileExistsError for a folder that is there: a pack may be with a carrier already.
    """
    if folder.exists():
        raise FileExistsError(f"{folder}: is there already; move it or name another --out")
    rest = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(rest, ignore_errors=True)
    (rest / "photos").mkdir(parents=True)
    store = PhotoStore(photos)
    pictures = tuple(_copied(one, store, rest, personal=personal) for one in _named(claim))
    whole = replace(claim, pictures=pictures)
    facts = json.dumps(to_json(whole), ensure_ascii=False, indent=2, sort_keys=True)
    (rest / "facts.json").write_text(facts + "\n", encoding="utf-8")
    for language in ("ru", "en"):
        (rest / f"claim.{language}.txt").write_text(text_of(whole, language), encoding="utf-8")
    files = sorted(path for path in rest.rglob("*") if path.is_file())
    sums = "".join(f"{_sha256(path)}  {path.relative_to(rest).as_posix()}\n" for path in files)
    (rest / SUMS).write_text(sums, encoding="utf-8")
    rest.rename(folder)
    return whole


def _named(claim: Claim) -> Iterator[Picture]:
    """Yield the photographs under the names that their files would get."""
    for number, picture in enumerate(claim.pictures, start=1):
        slot = _UNSAFE.sub("_", picture.slot)
        yield replace(picture, file=f"photos/{number:03d}-{slot}-{picture.sha256[:8]}.jpg")


def _copied(picture: Picture, store: PhotoStore, folder: Path, *, personal: bool) -> Picture:
    if picture.is_personal and not personal:
        return replace(picture, file="", absent="personal")
    try:
        jpeg = store.read(picture.sha256)
    except PhotoLostError as error:
        return replace(picture, file="", absent=error.reason)
    (folder / picture.file).write_bytes(jpeg)
    return picture


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
