"""Any scan is valid on any screen: it is resolved by what it is, never by what has the focus."""

import base64
from dataclasses import replace

from drivers.protocols import ScanFault, ScanOutcome, ScanSource
from edge.barcodes.identity import key_of
from edge.barcodes.marks import GsState
from edge.barcodes.meanings import (
    BadgeCode,
    CommandCode,
    ForgedLabel,
    ItemCode,
    Meaning,
    PlaceCode,
    Refused,
    TrainingCode,
    TrayCode,
)
from edge.events import Match, ScanRead
from edge.floor import lane_place
from edge.station import (
    arrivals,
    containers,
    correct,
    goods,
    keys,
    people,
    puts,
    resolve,
    resume,
    second,
    training,
)
from edge.station.decision import (
    Context,
    Decision,
    LastScan,
    Screen,
    noted,
    on_station,
    refused,
)
from edge.station.inputs import FaultInput, KeyInput, ScanInput
from edge.station.meanings import COMMAND_KEYS, matched, said, zone_of
from edge.station.state import State
from edge.views import Severity

HEAD_BYTES_MAX = 64
TRIES_MAX = 2  # refusals of a torn marking code before its identity may count
LOST_GS = "lost_gs"


def scan(state: State, screen: Screen, given: ScanInput, context: Context) -> Decision:
    """Handle a whole code; the first event is always the reading itself."""
    screen = replace(screen, entry=None)
    given = training.translated(given, context)
    last = screen.last_scan
    torn = _torn(given)
    tries = last.tries + 1 if torn and last is not None and last.torn == torn else 1
    if torn and tries > TRIES_MAX:
        given = replace(given, meanings=given.meanings[1:])
    meaning = given.meanings[0]
    seen = LastScan(
        device=str(given.scan.device),
        source=given.scan.source,
        key=key_of(given.scan, meaning),
        at_ns=given.scan.at_ns,
        torn=torn,
        tries=tries,
    )
    if last is not None and _is_repeat(last, seen, context.dup_ns):
        again = replace(last, at_ns=seen.at_ns, repeats=last.repeats + 1)
        return Decision(
            screen=noted(replace(screen, last_scan=again), Severity.INFO, "fb.duplicate"),
            outcome=ScanOutcome.DUPLICATE,
        )
    decision = _resolve(state, screen, given, meaning, context)
    seen = replace(seen, is_taken=decision.no is None)
    decision = replace(decision, screen=replace(decision.screen, last_scan=seen))
    repeats = last.repeats if last is not None else 0
    reading = _reading(given, meaning, decision.no, repeats=repeats)
    return decision.after((on_station(reading),))


def _torn(given: ScanInput) -> str:
    """Return the identity of a marking code that fits its group once its separators are put back.

    Empty for any other code. Scanned again it may be whole; after some tries the identity counts,
    if it is the very one that was sold.
    """
    first, *rest = given.meanings
    if not isinstance(first, Refused) or first.reason != LOST_GS or not rest:
        return ""
    match rest[0]:
        case ItemCode(gs=GsState.RESTORED, ki=str() as ki):
            return ki
        case _:
            return ""


def fault(screen: Screen, given: FaultInput) -> Decision:
    """Record a code that was not read whole; its text is never used."""
    return refused(screen, "E20", on_station(_fault_reading(given.fault)))


def _is_repeat(last: LastScan, seen: LastScan, dup_ns: int) -> bool:
    """The same print within the window; seen by hand and by camera it is one scan, too.

    Of two devices only a code that was taken counts: what the one left in doubt the other may
    settle.
    """
    if last.key != seen.key or seen.at_ns - last.at_ns >= dup_ns:
        return False
    if last.device == seen.device:
        return True
    is_both = (last.source is ScanSource.CAMERA) is not (seen.source is ScanSource.CAMERA)
    return is_both and last.is_taken


def _resolve(
    state: State, screen: Screen, given: ScanInput, meaning: Meaning, context: Context
) -> Decision:
    match meaning:
        case Refused(reason=training.LIVE_LABEL):
            return refused(screen, training.NOT_HERE)
        case Refused(reason="wrong_source"):
            return refused(screen, "E16")
        case Refused(reason="lost_gs"):
            return refused(screen, "E25")
        case Refused():
            return refused(screen, "E20")
        case ForgedLabel():
            return refused(screen, "E15")
        case TrainingCode():
            return refused(screen, "E03")
        case BadgeCode(no=no):
            return people.badge(state, replace(screen, overlay=None), no, context)
    if state.shift is None or state.locked:
        return refused(screen, "E01")
    if screen.override is not None and not isinstance(meaning, CommandCode):
        return refused(screen, "E80")
    if screen.is_resuming and not isinstance(meaning, CommandCode):
        return resume.scan(state, screen, meaning)
    match meaning:
        case CommandCode(command=command):
            name = COMMAND_KEYS.get(command, command)
            pressed = KeyInput(input=given.input, key=name, lookups=given.lookups)
            return keys.key(state, screen, pressed, context)
        case TrayCode():
            found = _where(state, screen, given, meaning.tray, context=context)
            return found or _tray(state, _above(screen), given, meaning, context=context)
        case PlaceCode(zone_digit=digit, place=place):
            found = arrivals.placed(state, screen, place, context.floor)
            return found or resolve.place_scan(state, _above(screen), zone_of(digit))
        case _:
            return _goods(state, screen, given, context)


def _goods(state: State, screen: Screen, given: ScanInput, context: Context) -> Decision:
    """A code of goods: what was asked for by name, else whatever it is."""
    if second.is_awaited(screen):
        return second.scan(state, screen, given, context)
    if correct.is_awaited(screen):
        return correct.scan(state, screen, given, context)
    is_trained = context.course is not None  # its labels say what they are: nothing is in doubt
    turned = training.turned(state, screen, given, context) if is_trained else None
    return turned or goods.goods(state, _above(screen), given, context, confirmed=is_trained)


def _tray(
    state: State, screen: Screen, given: ScanInput, read: TrayCode, *, context: Context
) -> Decision:
    """A tray's or a container's label: what was in doubt is in a hand, or the unit is put there."""
    if second.is_asked(state, read.tray, context):
        return second.ask(state, screen, context)
    seen = resolve.tray_seen(state, screen, read.tray)
    used = containers.used(state, screen, given, number=read.tray, floor=context.floor)
    if seen is not None or used is not None:
        return seen or used or Decision(screen=screen)
    if state.unit is None and containers.kind_of(read.tray, context.floor) is not None:
        return containers.look(state, screen, read.tray)
    return puts.tray_scan(state, screen, read.tray, context, zone=zone_of(read.zone_digit))


def _where(
    state: State, screen: Screen, given: ScanInput, tray: str, *, context: Context
) -> Decision | None:
    """A container's label may tell where something lies; None = it is no word about that."""
    lane = context.floor.trays[tray].lane if tray in context.floor.trays else None
    if screen.tray_seen is not None and lane is not None:
        found = arrivals.placed(state, screen, lane_place(lane), context.floor)
        if found is not None:
            return found
    above = _above(screen)
    if given.place:
        return arrivals.passed(state, above, tray, place=given.place, floor=context.floor)
    return arrivals.seen(state, above, tray)


def _above(screen: Screen) -> Screen:
    """A scan closes overlays, summary and an open exception, and counts on the screen below."""
    typed = "" if screen.weighs else screen.typed
    below = replace(screen, packing="", container=None, weighs=False, typed=typed, tray_seen=None)
    return replace(below, overlay=None, selected=0, summary=False, choice=None)


_REJECTS = {
    "E03": "training_label",
    "E10": "unknown",
    "E15": "bad_signature",
    "E16": "wrong_source",
    "E17": "unconfirmed",
    "E21": "not_expected",
    "E24": "seen_elsewhere",
    "E25": "lost_gs",
    "E27": "not_expected",
}


def _reading(given: ScanInput, meaning: Meaning, no: str | None, *, repeats: int) -> ScanRead:
    taken = said(meaning)
    reject = meaning.reason if isinstance(meaning, Refused) else _REJECTS.get(no or "")
    return ScanRead(
        device=given.scan.device,
        via=given.scan.source,
        raw_b64=_raw(given, meaning),
        symbology=given.scan.symbology,
        text=taken.text,
        ai=taken.elements,
        gs=taken.gs,
        aim=given.scan.aim_id,
        match=matched(meaning),
        reject=reject,
        votes=given.scan.evidence.votes if given.scan.source is ScanSource.CAMERA else None,
        repeats=repeats or None,
    )


def _raw(given: ScanInput, meaning: Meaning) -> str:
    """A refused code is kept by its head alone: it may be anything."""
    payload = given.scan.payload
    if isinstance(meaning, Refused):
        payload = payload[:HEAD_BYTES_MAX]
    return base64.b64encode(payload).decode("ascii")


def _fault_reading(fault: ScanFault) -> ScanRead:
    return ScanRead(
        device=fault.device,
        via=fault.source,
        raw_b64=base64.b64encode(fault.head[:HEAD_BYTES_MAX]).decode("ascii"),
        symbology="unknown",
        text="",
        match=Match(what="none"),
        reject="fault",
        fault=fault.kind,
        length=fault.chars,
        sha256=fault.digest or None,
    )
