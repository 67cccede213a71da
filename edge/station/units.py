"""A piece in the hand: bound to an announced line by what was scanned, or received as foreign."""

import re
from dataclasses import dataclass, replace
from typing import Final

from drivers.protocols import ScanSource
from edge.barcodes.meanings import Meaning
from edge.catalogue import CatalogueItem
from edge.events import (
    ArrivedLine,
    Draft,
    InspectionStarted,
    UnitId,
    UnitIdentified,
    UnitOpened,
)
from edge.station import agreed, checks, clocks, inspection, marks
from edge.station.decision import (
    ITEM_PHOTO,
    Choice,
    Context,
    Decision,
    Screen,
    accepted,
    asked,
    clean,
    on_unit,
    refused,
)
from edge.station.inputs import Lookups, ScanInput
from edge.station.meanings import ItemRead, item_of
from edge.station.state import ParcelWork, State, UnitWork

BY_HAND: Final = "by_hand"
_UNIT: Final = "unit/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """How a piece was bound: the line if there is one, what proves it, what is wrong with it.

    `how`: scan, camera, or by_hand where a person named the line.
    """

    line: ArrivedLine | None
    basis: str
    match: str
    how: str = "scan"


def is_of(parcel: ParcelWork, state: State, meaning: Meaning) -> bool:
    """Return whether a code names something this parcel still waits for, or laid aside."""
    read = item_of(meaning)
    if read is None:
        return False
    return _aside(parcel, state, read) is not None or _bind(parcel, read) is not None


def open_unit(
    state: State,
    screen: Screen,
    parcel: ParcelWork,
    given: ScanInput,
    *,
    meaning: Meaning,
    context: Context,
) -> Decision:
    """Bind the scanned piece to its line and start its checklist."""
    read = item_of(meaning)
    assert read is not None, "is_of has looked"
    aside = _aside(parcel, state, read)
    if aside is not None:
        return take_again(screen, aside)
    alarmed = alarm(screen, given, read, context)
    if alarmed is not None:
        return alarmed
    binding = _bind(parcel, read)
    assert binding is not None, "is_of has looked"
    return _scanned(state, screen, parcel, given, binding=binding, read=read, context=context)


def open_blind(
    state: State,
    screen: Screen,
    parcel: ParcelWork,
    given: ScanInput,
    *,
    meaning: Meaning,
    context: Context,
) -> Decision:
    """Receive a piece of a parcel that nobody announced."""
    read = item_of(meaning)
    assert read is not None, "the caller has looked"
    alarmed = alarm(screen, given, read, context)
    if alarmed is not None:
        return alarmed
    binding = Binding(line=None, basis="none", match="undeclared")
    return _scanned(state, screen, parcel, given, binding=binding, read=read, context=context)


def surplus(
    state: State, screen: Screen, parcel: ParcelWork, given: ScanInput, *, context: Context
) -> Decision:
    """Receive a foreign piece as what it is: not announced here, or in another unit already."""
    read = next((item_of(m) for m in given.meanings if item_of(m) is not None), None)
    if read is None:
        return refused(screen, "E00", want="want.item")
    match = checks.SURPLUS if is_more(parcel, read) else "undeclared"
    match = match if _other_unit(given, read) is None else "seen_elsewhere"
    binding = Binding(line=None, basis="none", match=match)
    return _scanned(state, screen, parcel, given, binding=binding, read=read, context=context)


def _scanned(
    state: State,
    screen: Screen,
    parcel: ParcelWork,
    given: ScanInput,
    *,
    binding: Binding,
    read: ItemRead,
    context: Context,
) -> Decision:
    """Open a unit by its code: the code's own records are kept with it."""
    is_camera = given.scan.source is ScanSource.CAMERA
    binding = replace(binding, how="camera" if is_camera else "scan")
    opened = begin(screen, parcel, given.lookups, binding=binding, read=read, context=context)
    mark = marks.captured(state, given, read.mark, binding.line)
    drafts = opened.decision.drafts
    if mark is not None:
        drafts = (*drafts[:STARTS], on_unit(opened.unit, mark), *drafts[STARTS:])
    photos = opened.decision.photos + inspection.identity_photo(opened.unit, given.scan)
    return replace(opened.decision, drafts=drafts, photos=photos)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A unit that begins, and the decision that begins it."""

    unit: UnitWork
    decision: Decision


STARTS: Final = 3  # unit.opened, unit.identified, inspection.started


def begin(
    screen: Screen,
    parcel: ParcelWork,
    lookups: Lookups,
    *,
    binding: Binding,
    read: ItemRead,
    context: Context,
) -> Opened:
    """Begin a unit's record and its checklist; what the item says by itself is answered."""
    line = binding.line
    gtin = read.gtin or (line.gtin if line else None)
    item = lookups.items.get(gtin or "")
    unit = UnitWork(
        unit=context.fresh.unit,
        parcel=parcel.parcel,
        title=_title(item, line, gtin),
        opened_ms=context.wall_ms,
        identified_ms=context.wall_ms,
        line=line.line if line else None,
        rma=line.rma if line else None,
        gtin=gtin,
        serial=read.serial,
        match=binding.match,
    )
    started = checks.started(parcel, binding.match, line=line, item=item, context=context)
    drafts: list[Draft] = [
        on_unit(unit, UnitOpened(line=unit.line)),
        on_unit(unit, _identified(parcel, unit, binding, read, item=item), "identified"),
        on_unit(unit, started, "inspecting"),
    ]
    unit = replace(unit, checklist=started.checklist, policy=started.policy)
    unit = replace(unit, static=started.static)
    recalls = lookups.recalls.get(gtin or "")
    drafts += inspection.automatic(
        unit, binding.match, line, read, recalls=recalls, context=context
    )
    decision = accepted(clean(screen), _line_for(binding), *drafts, name=unit.title)
    photo = inspection.requests(
        unit, frozenset({ITEM_PHOTO} if ITEM_PHOTO.role in context.camera_roles else ())
    )
    known = tuple((code, f"{_UNIT}{unit.unit}") for code in _names(read, gtin))
    return Opened(unit=unit, decision=replace(decision, photos=photo, codes=known))


def _names(read: ItemRead, gtin: str | None) -> tuple[str, ...]:
    """Return by what this piece is found again: its serial, and article and serial together."""
    piece = f"01{gtin}21{read.serial}" if gtin and read.serial else None
    return tuple(dict.fromkeys(name for name in (read.serial, read.ki, piece) if name))


def _line_for(binding: Binding) -> str:
    return "E23" if binding.match == "wrong_serial" else "fb.unit_ok"


def _identified(
    parcel: ParcelWork,
    unit: UnitWork,
    binding: Binding,
    read: ItemRead,
    *,
    item: CatalogueItem | None,
) -> UnitIdentified:
    is_foreign = agreed.is_foreign(parcel, binding.line, item)
    serialised = unit.serial is not None and unit.gtin is not None
    epc = (
        f"https://id.gs1.org/01/{unit.gtin}/21/{unit.serial}" if serialised else f"unit/{unit.unit}"
    )
    return UnitIdentified(
        how=binding.how,
        basis=binding.basis,
        match=binding.match,
        confirmed=binding.match == "expected" and binding.how != BY_HAND,
        epc=epc,
        gtin=unit.gtin,
        sku=item.sku if item else None,
        serial=unit.serial,
        ki=read.ki,
        rma=unit.rma,
        line=unit.line,
        category=item.category if item else None,
        title=unit.title,
        owner=agreed.owner_of(binding.line, item) if is_foreign else None,
    )


def _title(
    item: CatalogueItem | None, line: ArrivedLine | None, gtin: str | None
) -> dict[str, str]:
    if line is not None and line.title:
        return dict(line.title)
    if item is not None:
        return dict(item.title)
    return {"ru": gtin or "?", "en": gtin or "?"}


def is_more(parcel: ParcelWork, read: ItemRead) -> bool:
    """Return whether the article was announced here and all of it is accounted for."""
    return read.gtin is not None and any(line.gtin == read.gtin for line in parcel.lines)


def _bind(parcel: ParcelWork, read: ItemRead) -> Binding | None:
    """Exact serial, then exact mark, then article; a full line takes nothing more."""
    open_lines = [line for line in parcel.lines if parcel.left_of(line) > 0]
    for line in open_lines:
        same_article = read.gtin in (None, line.gtin)
        if same_article and read.serial is not None and read.serial in line.serials:
            return Binding(line=line, basis="serial", match="expected")
        if read.ki is not None and read.ki in line.marks:
            return Binding(line=line, basis="mark", match="expected")
    for line in open_lines:
        if read.gtin is not None and read.gtin == line.gtin:
            wrong = read.serial is not None and bool(line.serials)
            match = "wrong_serial" if wrong else "expected"
            return Binding(line=line, basis="parcel", match=match)
    return None


def _aside(parcel: ParcelWork, state: State, read: ItemRead) -> UnitWork | None:
    """A piece of this parcel that was laid aside with its answers."""
    for unit in state.units.values():
        same = unit.gtin == read.gtin and (read.serial is None or unit.serial == read.serial)
        if unit.parcel == parcel.parcel and unit.parked and same and not unit.is_second:
            return unit
    return None


def take_again(screen: Screen, unit: UnitWork) -> Decision:
    """Take a piece that was laid aside: the same question, the same answers."""
    assert unit.checklist is not None, "a parked unit was started"
    assert unit.policy is not None, "a parked unit was started"
    event = InspectionStarted(
        checklist=unit.checklist, policy=unit.policy, static=unit.static, resumed=True
    )
    return accepted(clean(screen), "fb.unit_ok", on_unit(unit, event), name=unit.title)


def alarm(
    screen: Screen,
    given: ScanInput,
    read: ItemRead,
    context: Context,
    *,
    own: UnitId | None = None,
) -> Decision | None:
    """The same piece cannot come back twice: a second unit with its number is an alarm.

    `own` = the unit in the hand, whose codes may be read again and again.
    """
    other = _other_unit(given, read, own)
    if other is None:
        return None
    time = minted_at(other, context.offset_s)
    params = {"time": time, "st": context.station, "code": read.ki or read.serial or ""}
    opts: tuple[tuple[str, str], ...] = (("2", "opt.rescan"),)
    if own is None:
        opts = (("1", "opt.surplus"), *opts)
    return asked(screen, Choice(code="E24", p=params, opts=opts, held=given))


def _other_unit(given: ScanInput, read: ItemRead, own: UnitId | None = None) -> UnitId | None:
    """Return the newest unit that has this very piece already."""
    if read.serial is None and read.ki is None:
        return None
    units = (subject for subject in given.lookups.seen if subject.startswith(_UNIT))
    found = (UnitId(subject.removeprefix(_UNIT)) for subject in units)
    return next((unit for unit in found if unit != own), None)


def minted_at(unit: UnitId, offset_s: int) -> str:
    """Return when an id was minted, for people; its first 48 bits are milliseconds."""
    head = unit.replace("-", "")[:12]
    if re.fullmatch("[0-9a-f]{12}", head) is None:
        return "?"
    return clocks.day_clock(int(head, 16), offset_s)
