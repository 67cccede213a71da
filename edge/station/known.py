"""What the station found out by itself of the unit in the hand: numbers compared, time left."""

from typing import Final

from edge.events import parse_utc
from edge.station import checks, clocks
from edge.station.decision import Context
from edge.station.state import ParcelWork, State, UnitWork
from edge.views import Item, Message

COMPARED: Final = ("serial", "mark")


def facts(unit: UnitWork, state: State, context: Context) -> tuple[Message, ...]:
    """Return what a screen tells beside the item's name."""
    if unit.checklist is None:
        return ()
    checklist = checks.pack_of(unit, context).checklists[unit.checklist.id]
    told: list[Message] = []
    for given in unit.answers:
        step = checklist.step(given.step)
        if step is not None and step.compare in COMPARED and isinstance(given.answer, str):
            number = tail(unit.serial) if unit.serial else ""
            told.append(Message(t=f"fact.{step.compare}.{given.answer}", p={"no": number}))
    parcel = state.parcels.get(unit.parcel)
    time = None if parcel is None else due(parcel, context)
    return (*told, time) if time is not None else tuple(told)


def due(parcel: ParcelWork, context: Context) -> Message | None:
    """Return how long there is left for a parcel, None where no time was agreed."""
    if parcel.due is None:
        return None
    left = clocks.left(parse_utc(parcel.due), context.wall_ms)
    return Message(t="fact.due", p={"left": left})


def item(unit: UnitWork) -> Item:
    """Return what is in the hand: its name and its numbers."""
    ids = [("gtin", unit.gtin)] if unit.gtin else []
    if unit.serial:
        ids.append(("serial", tail(unit.serial)))
    return Item(name=unit.title or {"ru": "?", "en": "?"}, ids=tuple(ids))


def tail(serial: str) -> str:
    """Return what a screen shows of a serial number."""
    return f"…{serial[-4:]}"
