"""A fixed morning at a bench, hand-written: what the named central systems are told of it."""

import base64
from collections.abc import Iterator

from edge.events import (
    ArrivedLine,
    DangerRaised,
    DeviceState,
    DocumentData,
    DocumentRef,
    Draft,
    Encoded,
    EventId,
    HoldPlaced,
    InspectionStarted,
    LineCount,
    Match,
    Milliseconds,
    MissingFact,
    MoveChanged,
    MoveState,
    ParcelArrived,
    ParcelClosed,
    ParcelId,
    ParcelOpened,
    PhotoTaken,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    ReturnCompleted,
    ScanRead,
    Stamp,
    Subject,
    UnitClosed,
    UnitId,
    UnitIdentified,
    UnitMissing,
    UnitOpened,
    VerdictMade,
    encode,
)
from edge.events.kinds import Payload
from journal_kit import WALL_MS, origin, uuid7

BOX, OTHER_BOX = uuid7(0xB01), uuid7(0xB02)
SHIRT, PHONE, CREAM = uuid7(0xA01), uuid7(0xA02), uuid7(0xA03)
MARK = b"010460123456789321abcd\x1d91EE07\x1d92c2VjcmV0"
PACK = DocumentRef(id="returns-default", version=3, sha256="a1" * 32)
LIST = DocumentRef(id="apparel", version=2, sha256="b2" * 32)

ARRIVED = ParcelArrived(
    codes=("RB123456785RU",),
    matched_by="tracking",
    rmas=("88123",),
    whole_rmas=("88123",),
    lines=(
        ArrivedLine(line="1", rma="88123", qty=1, gtin="04601234567893", reason="C02"),
        ArrivedLine(
            line="2", rma="88123", qty=1, gtin="04609999000013", serials=("356938035643809",)
        ),
        ArrivedLine(line="3", rma="88123", qty=1, gtin="04600000000015"),
    ),
    carrier="ruspost",
    tracking="RB123456785RU",
    declared_g=1200,
    seal="intact",
    window="in",
    due="2026-11-30T18:00:00+03:00",
)
SCANNED = ScanRead(
    device="hand-1",
    via="serial",
    raw_b64=base64.b64encode(MARK).decode("ascii"),
    symbology="gs1_datamatrix",
    text="(01)04601234567893(21)abcd…",
    match=Match(what="item"),
    gs="kept",
    ai={"gtin": "04601234567893", "serial": "abcd"},
)
RESALE = VerdictMade(
    zone="resale",
    disposition="RESTOCK",
    row="R13",
    refund="eligible",
    move="auto",
    grade="A",
    grade_exact=True,
    policy=PACK,
    checklist=LIST,
    engine="1",
    facts={"known": {"grade": "A", "value": 150000}, "missing": {}},
    note={"ru": "Как новое", "en": "As new"},
)
HELD = VerdictMade(
    zone="hold",
    disposition="HOLD_VALUE",
    row="R09",
    refund="blocked",
    move="manual",
    grade="B",
    grade_exact=False,
    policy=PACK,
    checklist=LIST,
    engine="1",
    facts={"known": {"grade": "B", "value": 9900000}, "missing": {"locked": "not asked"}},
    actions=("NOTIFY_SUPERVISOR",),
    missing=(MissingFact(column="locked", why="not asked"),),
)
PHOTO = PhotoTaken(
    sha256="c3" * 32,
    bytes=81234,
    mime="image/jpeg",
    width=1920,
    height=1080,
    slot="screen",
    camera="top",
    sharpness=410,
    mean=122,
    clipped=3,
    bound_by="open_window",
)
SENT = MoveChanged(move=uuid7(0xC01), leg=1, state=MoveState.ACCEPTED, robot="r1")
COUNTS = (
    LineCount(line="1", rma="88123", expected=1, received=1, missing=0),
    LineCount(line="2", rma="88123", expected=1, received=1, missing=0),
    LineCount(line="3", rma="88123", expected=1, received=0, missing=1),
)
PAPER = DocumentData(
    form="return_act",
    fields={
        "rma": "88123",
        "is_complete": True,
        "tracking": "RB123456785RU",
        "received_at": "2025-11-24T16:00:18.000Z",
        "receiver": "0417",
        "seal": "cut",
        "items": [
            {"unit": SHIRT, "line": "1", "gtin": "04601234567893", "qty": 1, "grade": "A"},
            {"unit": PHONE, "line": "2", "qty": 1, "serial": "356938035643809", "grade": "B"},
        ],
    },
    photos=("c3" * 32,),
)
SHORTAGE = DocumentData(
    form="discrepancy_act",
    fields={
        "rmas": ["88123"],
        "carrier": "ruspost",
        "supervisors": [],
        "rows": [
            {
                "kind": "shortage",
                "rma": "88123",
                "line": "3",
                "announced": 1,
                "actual": 0,
                "units": [],
            }
        ],
    },
)

# payload, parcel, unit, status
STORY: tuple[tuple[Payload, str | None, str | None, str | None], ...] = (
    (DeviceState(device="hand-1", device_class="scanner", state="ok"), None, None, None),
    (ARRIVED, BOX, None, "arrived"),
    (ParcelOpened(seal="cut"), BOX, None, "opened"),
    (SCANNED, None, None, None),
    (UnitOpened(line="1"), BOX, SHIRT, None),
    (
        UnitIdentified(
            how="scan",
            basis="mark",
            match="expected",
            confirmed=True,
            epc="https://id.gs1.org/01/04601234567893/21/abcd",
            gtin="04601234567893",
            sku="TS-M",
            serial="abcd",
            ki="010460123456789321abcd",
            rma="88123",
            line="1",
            category="apparel",
            title={"ru": "Футболка", "en": "T-shirt"},
        ),
        BOX,
        SHIRT,
        "identified",
    ),
    (
        InspectionStarted(checklist=LIST, policy=PACK, static={"category": "apparel"}),
        BOX,
        SHIRT,
        "inspecting",
    ),
    (RESALE, BOX, SHIRT, "dispositioned"),
    (RefundEligible(row="R13", line="1", evidence=("e1",)), BOX, SHIRT, None),
    (PutConfirmed(zone="resale", proof="tray", how="hand", after_verdict_ms=4200, tray="A1"),
     BOX, SHIRT, "placed"),
    (SENT, BOX, SHIRT, "routed"),
    (
        MoveChanged(move=SENT.move, leg=1, state=MoveState.DONE, robot="r1"),
        BOX,
        SHIRT,
        None,
    ),
    (
        UnitClosed(ms=Milliseconds(active=9100, waiting=240, interrupted=0), acts_n=3),
        BOX,
        SHIRT,
        "closed",
    ),
    (UnitOpened(line="2"), BOX, PHONE, None),
    (PHOTO, BOX, PHONE, None),
    (HELD, BOX, PHONE, "held"),
    (HoldPlaced(reason="value", missing=("locked",)), BOX, PHONE, "held"),
    (RefundBlocked(row="R09", line="2", reasons=("value",)), BOX, PHONE, None),
    (UnitMissing(line="3", rma="88123", qty=1, gtin="04600000000015"), BOX, None, "missing"),
    (ParcelClosed(lines=COUNTS, units=(SHIRT, PHONE)), BOX, None, "closed"),
    (ReturnCompleted(rma="88123", lines=COUNTS, parcels=(BOX,)), BOX, None, None),
    (PAPER, BOX, None, None),
    (SHORTAGE, BOX, None, None),
    (ParcelArrived(codes=("777",), matched_by="none", provisional="U-ST-01-9"),
     OTHER_BOX, None, "unknown_parcel"),
    (DangerRaised(scope="item", flags=("battery",)), OTHER_BOX, CREAM, "hazard"),
)  # fmt: skip


def story() -> Iterator[Encoded]:
    """The morning's events; then a test piece, a training event and one of another owner."""
    for number, (payload, parcel, unit, status) in enumerate(STORY, 1):
        yield told(number, payload, Subject(parcel=_parcel(parcel), unit=_unit(unit)), status)
    box = Subject(parcel=_parcel(BOX), unit=_unit(CREAM))
    yield told(101, RESALE, box, "graded", audit=True)
    yield told(102, RESALE, box, "graded", mode="training")


def told(
    number: int,
    payload: Payload,
    subject: Subject,
    status: str | None,
    *,
    audit: bool = False,
    mode: str = "live",
    tenant: str = "shop-a",
) -> Encoded:
    """One event of the morning."""
    stamp = Stamp(
        id=EventId(uuid7(0xE000 + number)),
        time_ms=WALL_MS + 1000 * number,
        mono_ms=1000 * number,
        operator="0417",
        tenant=tenant,
        rma=None if subject.parcel == OTHER_BOX else "88123",
        input=f"b00t/hand-1/{number}",
        acts=((1000, "k", "3"),),
        audit=audit,
    )
    draft = Draft(payload=payload, subject=subject, status=status)
    return encode(draft, stamp, origin(mode=mode))


def _parcel(key: str | None) -> ParcelId | None:
    return None if key is None else ParcelId(key)


def _unit(key: str | None) -> UnitId | None:
    return None if key is None else UnitId(key)
