"""Journal events of a whole return: one case for every row of the EPCIS mapping, and variants."""

import itertools
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from edge.events import (
    ArrivedLine,
    ContainerUnitRemoved,
    DocumentRef,
    Encoded,
    Event,
    EventId,
    InspectionAnswered,
    Leg,
    LineCount,
    MoveChanged,
    MovePlanned,
    MoveState,
    OperatorOut,
    Origin,
    ParcelArrived,
    ParcelClosed,
    ParcelId,
    Payload,
    PhotoTaken,
    PutConfirmed,
    Stamp,
    Subject,
    UnitId,
    UnitIdentified,
    VerdictMade,
    canonical,
    decode,
    encode,
    splice,
    utc_text,
)
from edge.events.envelope import GENESIS, Draft
from edge.sync.epcis.mapping import Step, mapped
from edge.sync.epcis.names import Names
from edge.sync.epcis.view import view_of

DATA = "RECEIVING_EDGE_EPCIS_DATA"
NAMESPACE = "https://returns.example.com"
OWN = Names(namespace=NAMESPACE, site="msk1", station="st07")
GS1 = Names(namespace=NAMESPACE, site="msk1", station="st07", gln="4601234000000")
PARCEL = "0193a5bf-0000-7000-8000-0000000000aa"
UNIT = "0193a5bf-0000-7000-8000-0000000000bb"
MOVE = "0193a5bf-0000-7000-8000-0000000000cc"
TIME_MS = 1_764_000_000_124
SSCC = "106141412345678908"
GTIN = "04601234567893"
SHA = "ab" * 32

ORIGIN = Origin(
    namespace=NAMESPACE,
    site="msk1",
    station="st07",
    journal_id="3f9a61c2",
    boot="b00t",
    config="c0",
    tz="+03:00",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A payload on its way into an event."""

    payload: Payload
    unit: str | None = UNIT
    rma: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What was journalled: the last event is the one that is mapped."""

    name: str
    given: tuple[Given, ...]
    names: Names = field(default=OWN)

    @property
    def events(self) -> tuple[Event, ...]:
        """Return the events as they are read back, in order."""
        return tuple(event_of(one, seq) for seq, one in enumerate(self.given, start=1))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the EPCIS events of the last one."""
        return mapped(self.events[-1], view_of(self.events), self.names)


def encoded(given: Given, seq: int) -> Encoded:
    """Return an event as a writer gets it."""
    unit = UnitId(given.unit) if given.unit is not None else None
    draft = Draft(payload=given.payload, subject=Subject(parcel=ParcelId(PARCEL), unit=unit))
    stamp = Stamp(id=_id(seq), time_ms=TIME_MS + seq, mono_ms=5, rma=given.rma)
    return encode(draft, stamp, ORIGIN)


def event_of(given: Given, seq: int, **more: Any) -> Event:
    """Return an event that went through the bytes of the journal; `more` = fields of its data."""
    body = splice(encoded(given, seq), prevhash=GENESIS, recorded_ms=TIME_MS, seq=seq)
    if more:
        told = json.loads(body)
        told["data"] |= more
        body = json.dumps(told).encode()
    return decode(seq, body)


def event_uuid(seq: int) -> str:
    """Return the id of the event with this sequence."""
    return f"0193a5c0-0000-7000-8000-{seq:012x}"


def encoded_as(kind: str, data: Mapping[str, Any], seq: int) -> Encoded:
    """Return an event of any kind, as a writer gets it: of a newer release, or spoilt."""
    lent = encode(Draft(payload=OperatorOut()), Stamp(id=_id(seq), time_ms=0, mono_ms=0), ORIGIN)
    told = json.loads(splice(lent, prevhash=GENESIS, recorded_ms=TIME_MS, seq=seq))
    told |= {"data": dict(data), "time": utc_text(TIME_MS + seq)}
    told["type"] = f"receiving-edge.{kind}.v1"
    found = _SPLICED.fullmatch(canonical(told))
    assert found is not None, "the three values of the writer stand together"
    head, tail = found.groups()
    return Encoded(
        id=lent.id,
        kind=kind,
        parcel=data.get("parcel"),
        unit=data.get("unit"),
        input=None,
        head=head,
        tail=tail,
    )


_SPLICED = re.compile(
    rb'(.*"prevhash":")[0-9a-f]{64}","recordedtime":"[^"]*","sequence":"[0-9]{20}(",.*)'
)


def _id(seq: int) -> EventId:
    return EventId(event_uuid(seq))


def encoded_correction(seq: int, of: int, act: str, replacement: int | None = None) -> Encoded:
    """Return a correction as a writer gets it; its kind has no payload class yet."""
    data: dict[str, Any] = {
        "of": event_uuid(of),
        "of_sequence": of,
        "act": act,
        "reason": "operator_error",
        "parcel": PARCEL,
        "unit": UNIT,
        "tz": "+03:00",
    }
    if replacement is not None:
        data["replacement"] = event_uuid(replacement)
    return encoded_as("correction.made", data, seq)


def correction(seq: int, of: int, act: str, replacement: int | None = None) -> Event:
    """Return a correction as it is read back."""
    made = encoded_correction(seq, of, act, replacement)
    return decode(seq, splice(made, prevhash=GENESIS, recorded_ms=TIME_MS, seq=seq))


# ---------------------------------------------------------------- payloads


def arrived(*codes: str, rmas: tuple[str, ...] = ("88123",)) -> Given:
    lines = tuple(ArrivedLine(line="1", rma=rma, qty=1, gtin=GTIN) for rma in rmas)
    given = ParcelArrived(
        codes=codes or ("RB123456785RU",), matched_by="tracking", rmas=rmas, lines=lines
    )
    return Given(payload=given, unit=None)


def closed(missing: int) -> Given:
    line = LineCount(line="1", rma="88123", expected=1, received=1 - missing, missing=missing)
    return Given(payload=ParcelClosed(lines=(line,), units=()), unit=None)


def identified(
    match: str = "expected", serial: str | None = "A-1", *, gtin: str | None = GTIN
) -> Given:
    given = UnitIdentified(
        how="scan",
        basis="parcel",
        match=match,
        confirmed=match == "expected",
        epc="",
        gtin=gtin,
        serial=serial,
        rma="88123",
    )
    return Given(payload=given)


def verdict(
    zone: str, disposition: str, *flags: str, grade: str | None = "B", row: str = "R10"
) -> Given:
    given = VerdictMade(
        zone=zone,
        disposition=disposition,
        row=row,
        refund="eligible",
        move="auto",
        grade=grade,
        grade_exact=grade is not None,
        policy=DocumentRef(id="returns-default", version=7, sha256=SHA),
        checklist=DocumentRef(id="smartphones", version=12, sha256=SHA),
        engine="1",
        facts={"known": {"flags": list(flags)}},
    )
    return Given(payload=given)


def put(zone: str, tray: str | None = None) -> Given:
    payload = PutConfirmed(zone=zone, proof="tray", how="hand", after_verdict_ms=900, tray=tray)
    return Given(payload=payload)


def removed(reason: str) -> Given:
    """The unit leaves the container A1."""
    return Given(payload=ContainerUnitRemoved(container="A1", unit=UNIT, reason=reason))


def planned() -> Given:
    legs = (
        Leg(kind="conveyor", start="c1", end="HO1", lane=1, carrier="c1"),
        Leg(kind="robot", start="HO1", end="Z-RES", carrier="any"),
    )
    return Given(payload=MovePlanned(move=MOVE, legs=legs, zone="resale", tray="A1"))


def carrying(leg: int = 1) -> Given:
    changed = MoveChanged(move=MOVE, leg=leg, state=MoveState.CARRYING, robot="r1")
    return Given(payload=changed)


def photo(*, personal: bool = False) -> Given:
    taken = PhotoTaken(
        sha256="c4" * 32,
        bytes=80_000,
        mime="image/jpeg",
        width=1920,
        height=1080,
        slot="item",
        camera="top",
        sharpness=900,
        mean=120,
        clipped=0,
        bound_by="open_window",
        personal=personal,
    )
    return Given(payload=taken)


def weighed(grams: int = 412, step: str = "weight_g") -> Given:
    return Given(payload=InspectionAnswered(step=step, answer=grams, must=False, by="scan"))


# ---------------------------------------------------------------- every case

_HELD = verdict("hold", "HOLD_QUALITY", "recall", grade=None, row="R03")

_CASES: Mapping[str, tuple[Given, ...]] = {
    "parcel arrived": (arrived(),),
    "parcel arrived with an SSCC": (arrived("RB123456785RU", SSCC),),
    "parcel arrived for two returns": (arrived(rmas=("88123", "88/124 б")),),
    "parcel arrived unannounced": (arrived(rmas=()),),
    "parcel closed with a line missing": (arrived(), closed(1)),
    "unit identified": (arrived(), identified()),
    "unit identified, a serial that needs escaping": (arrived(), identified(serial="A/1%2+3")),
    "unit identified without a serial": (arrived(), identified(serial=None)),
    "unit identified, wrong serial": (arrived(SSCC), identified("wrong_serial")),
    "unit identified, not announced": (arrived(), identified("undeclared")),
    "unit identified, article unknown": (arrived(), identified("unknown", None, gtin=None)),
    "verdict resale": (arrived(), identified(), verdict("resale", "RESTOCK", grade="A", row="R13")),
    "verdict repair": (identified(), verdict("repair", "REFURB", "fix")),
    "verdict repair, a part is missing": (
        identified(),
        verdict("repair", "REFURB", "missing_part", "carrier_damage", "liquid"),
    ),
    "verdict disposal": (identified(), verdict("disposal", "RECYCLE", grade="D", row="R17")),
    "verdict hold, recalled": (identified(), _HELD),
    "verdict hold, expired": (
        identified(),
        verdict("hold", "HOLD_QUALITY", "expired", grade=None, row="R08"),
    ),
    "verdict hold, suspect": (identified(), verdict("hold", "HOLD_QUALITY", "suspect", row="R04")),
    "verdict hold, a fact is missing": (
        identified(),
        verdict("hold", "HOLD_MISSING_FACT", grade=None, row="#missing"),
    ),
    "verdict hold, names like numbers": (
        identified(),
        verdict("hold", "RTV", grade="1", row="7.10"),
    ),
    "verdict hazmat": (
        identified(),
        verdict("hazmat", "HAZMAT_HOLD", "hazard_chem", "hazard_battery", grade=None, row="R01"),
    ),
    "put resale in a tray": (identified(), verdict("resale", "RESTOCK"), put("resale", "A1")),
    "put resale in a tote with a GRAI": (identified(), put("resale", "04601234000000T-17")),
    "put repair": (identified(), put("repair")),
    "put disposal": (identified(), put("disposal", "D1")),
    "put hold, recalled": (identified(), _HELD, put("hold", "H1")),
    "put hazmat": (identified(), put("hazmat", "Z1")),
    "taken out of a container": (identified(), put("resale", "A1"), removed("again")),
    "move carrying": (identified(), planned(), carrying()),
    "move carrying, plan unknown": (identified(), carrying()),
    "photo taken": (identified(), photo()),
    "weight answered": (identified(), weighed()),
}


def cases() -> tuple[Case, ...]:
    """Return every case twice: at a site with a Global Location Number, and without one."""
    return tuple(
        Case(name=f"{name} ({'GLN' if names.gln else 'own addresses'})", given=given, names=names)
        for (name, given), names in itertools.product(_CASES.items(), (OWN, GS1))
    )


def case(name: str, names: Names = OWN) -> Case:
    """Return one case."""
    return Case(name=name, given=_CASES[name], names=names)


@cache
def official(path: str) -> Any:
    """Return one of the official files as JSON; skips the test where there is no folder of them."""
    return json.loads((folder() / path).read_text(encoding="utf-8"))


def folder() -> Path:
    """Return the folder of the official files; skips the test where it is not named."""
    named = os.environ.get(DATA)
    if not named:
        pytest.skip(f"{DATA} does not name the folder of the official EPCIS files")
    return Path(named)
