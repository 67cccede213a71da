"""Any scan is valid on any screen: it is resolved by what it is, never by what has the focus."""

import base64
from dataclasses import replace

from drivers.protocols import ScanFault, ScanOutcome, ScanSource
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
from edge.events import Match, ScanRead
from edge.station import inspection, keys, parcels, people, puts, resolve, units
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    asked,
    noted,
    on_station,
    refused,
    state_name,
    wanted,
)
from edge.station.inputs import FaultInput, KeyInput, ScanInput
from edge.station.meanings import COMMAND_KEYS, code_text, item_of, matched, said, zone_of
from edge.station.state import ParcelWork, State
from edge.views import Severity

HEAD_BYTES_MAX = 64


def scan(state: State, screen: Screen, given: ScanInput, context: Context) -> Decision:
    """Handle a whole code; the first event is always the reading itself."""
    seen = (str(given.scan.device), given.scan.payload, given.scan.at_ns)
    if _is_repeat(screen, seen, context.dup_ns):
        return Decision(
            screen=noted(replace(screen, last_scan=seen), Severity.INFO, "fb.duplicate"),
            outcome=ScanOutcome.DUPLICATE,
        )
    meaning = given.meanings[0]
    decision = _resolve(state, replace(screen, last_scan=seen), given, meaning, context)
    return decision.after((on_station(_reading(given, meaning, decision.no)),))


def fault(screen: Screen, given: FaultInput) -> Decision:
    """Record a code that was not read whole; its text is never used."""
    return refused(screen, "E20", on_station(_fault_reading(given.fault)))


def _is_repeat(screen: Screen, seen: tuple[str, bytes, int], dup_ns: int) -> bool:
    last = screen.last_scan
    if last is None or last[:2] != seen[:2]:
        return False
    return seen[2] - last[2] < dup_ns


def _resolve(
    state: State, screen: Screen, given: ScanInput, meaning: Meaning, context: Context
) -> Decision:
    match meaning:
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
    if state_name(state, screen) == "LOCKED":
        return refused(screen, "E01")
    match meaning:
        case CommandCode(command=command):
            pressed = KeyInput(input=given.input, key=COMMAND_KEYS.get(command, command))
            return keys.key(state, screen, pressed, context)
        case TrayCode(tray=tray):
            seen = resolve.tray_seen(state, _above(screen), tray)
            return seen or puts.tray_scan(state, _above(screen), tray, context)
        case PlaceCode(zone_digit=digit):
            return resolve.place_scan(state, _above(screen), zone_of(digit))
        case _:
            return _goods(state, _above(screen), given, meaning, context)


def _above(screen: Screen) -> Screen:
    """A scan closes overlays, summary and an open exception, and counts on the screen below."""
    return replace(screen, overlay=None, selected=0, summary=False, choice=None)


def _goods(
    state: State, screen: Screen, given: ScanInput, meaning: Meaning, context: Context
) -> Decision:
    """A number on a box, an item or a document; of several meanings the awaited one counts."""
    unit, parcel = state.unit, state.parcel
    if unit is not None:
        return inspection.item_scan(screen, unit, parcel, meaning, context=context)
    if parcel is None:
        return parcels.parcel_scan(state, screen, given, meaning=meaning, context=context)
    for one in given.meanings:
        if units.is_of(parcel, state, one):
            return units.open_unit(state, screen, parcel, given, meaning=one, context=context)
    if parcel.blind and item_of(meaning) is not None:
        return units.open_blind(screen, parcel, given, meaning=meaning, context=context)
    return _foreign(state, screen, parcel, given, meaning)


def _foreign(
    state: State, screen: Screen, parcel: ParcelWork, given: ScanInput, meaning: Meaning
) -> Decision:
    code = code_text(meaning)
    if code in parcel.codes:
        return refused(screen, "E00", want=wanted(state, screen))
    if given.lookups.candidates and item_of(meaning) is None:
        left = sum(max(0, parcel.left_of(line)) for line in parcel.lines)
        other = Choice(code="E22", p={"p": parcel.number, "n": left}, opts=(("1", "opt.park"),))
        return asked(screen, other)
    opts = (("1", "opt.rescan"), ("2", "opt.surplus"), ("3", "opt.other_parcel"))
    params = {"p": parcel.number, "code": code}
    return asked(screen, Choice(code="E21", p=params, opts=opts, held=given))


_REJECTS = {
    "E03": "training_label",
    "E10": "unknown",
    "E15": "bad_signature",
    "E16": "wrong_source",
    "E21": "not_expected",
    "E25": "lost_gs",
}


def _reading(given: ScanInput, meaning: Meaning, no: str | None) -> ScanRead:
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
