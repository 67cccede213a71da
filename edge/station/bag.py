"""The bag with a customer's things that were found in a unit: what the journal knows of its number.

Pure values; whose bag it is stands in its event's subject.
"""

from dataclasses import dataclass, replace
from typing import Final

from edge.events import DeviceCommand, UnitLpn

PRINT: Final = "print_property"
REPRINT: Final = "reprint_property"
GIVE_UP: Final = "cancel_property"
COMMANDS: Final = (PRINT, REPRINT, GIVE_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """`number` = scanned back, or written by hand; `due` = printed and not scanned back yet."""

    number: str | None = None
    mode: str = ""
    due: str | None = None
    reprinted: bool = False


def folded(bag: Bag, payload: UnitLpn | DeviceCommand) -> Bag:
    """Return the bag after an event about its label."""
    match payload:
        case UnitLpn(lpn=number, mode=mode):
            return replace(bag, number=number, mode=mode, due=None)
        case DeviceCommand(command="print_property", reason=number):
            return replace(bag, due=number)
        case DeviceCommand(command="reprint_property"):
            return replace(bag, reprinted=True)
        case DeviceCommand(command="cancel_property"):
            return replace(bag, due=None)
        case _:
            return bag
