"""Labels that this station prints for itself. A label is what its signature says, or nothing."""

import re
from typing import Final

from drivers.protocols import ScanSource
from edge.barcodes.marks import visible
from edge.barcodes.meanings import (
    BadgeCode,
    CommandCode,
    ForgedLabel,
    Meaning,
    PlaceCode,
    Refused,
    TrainingCode,
    TrayCode,
)
from edge.barcodes.signed import verify

PREFIXES: Final = ("RX-", "RB-", "RT-", "RL-", "TR-")
_BODY: Final = re.compile(
    r"(?:(?P<kind>RX|RB|TR)-(?P<what>[0-9A-Z_-]+)|(?P<put>RT|RL)-(?P<digit>[1-5])-(?P<id>[0-9A-Z_-]+))",
    re.ASCII,
)
_HAND: Final = frozenset({ScanSource.HID, ScanSource.SERIAL, ScanSource.SSI})


def is_label(text: str) -> bool:
    """Return whether text claims to be a station label, in any letter case."""
    return text[:3].upper() in PREFIXES


def read_label(text: str, source: ScanSource, keys: tuple[bytes, ...]) -> Meaning:
    """Return what a label says. First the signature, then whether this source may say it.

    Commands and badges count from a hand scanner that the service reads, trays and places from
    a keyboard wedge too, nothing from a camera.
    """
    shown = visible(text)
    body = verify(text, keys)
    found = _BODY.fullmatch(body) if body else None
    if found is None:
        return ForgedLabel(prefix=text[:2].upper(), text=shown[:32])
    if source not in _HAND and (found["kind"] in ("RX", "RB") or source is not ScanSource.WEDGE):
        return Refused(reason="wrong_source", text=shown)
    return _genuine(found, shown)


def _genuine(found: re.Match[str], shown: str) -> Meaning:
    match found["kind"] or found["put"]:
        case "RX":
            return CommandCode(command=found["what"], text=shown)
        case "RB":
            return BadgeCode(no=found["what"], text=shown)
        case "RT":
            return TrayCode(zone_digit=int(found["digit"]), tray=found["id"], text=shown)
        case "RL":
            return PlaceCode(zone_digit=int(found["digit"]), place=found["id"], text=shown)
        case _:
            return TrainingCode(body=found["what"], text=shown)
