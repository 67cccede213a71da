"""A bench's days drawn by lot, as journal events: every case that a figure counts is in them."""

from random import Random
from typing import Any, Final

from edge.events import (
    ADJUDICATED,
    GENESIS,
    Answer,
    ArrivedLine,
    CorrectionMade,
    DiverterChanged,
    DiverterState,
    DocumentRef,
    Draft,
    Encoded,
    Event,
    EventId,
    HoldPlaced,
    InspectionFinished,
    LineCount,
    Match,
    Milliseconds,
    MoveChanged,
    MoveState,
    Outcome,
    ParcelArrived,
    ParcelId,
    ParcelOpened,
    Payload,
    PhotoLost,
    PhotoMissing,
    PhotoTaken,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    ReturnCompleted,
    ScanRead,
    Stamp,
    Subject,
    UnitClosed,
    UnitId,
    UnitIdentified,
    UnitMissing,
    UnitOpened,
    UnitParked,
    VerdictChanged,
    VerdictMade,
    canonical,
    decode,
    encode,
    splice,
    utc_text,
)
from journal_kit import WALL_MS, origin, uuid7
from zoning.model import Range

PACK: Final = DocumentRef(id="returns-default", version=1, sha256="a1" * 32)
LIST: Final = DocumentRef(id="apparel", version=1, sha256="b2" * 32)
BANDS: Final = {PACK.sha256: {"low": Range(low=0, high=499_999), "high": Range(low=500_000)}}
ROWS: Final = {"resale": "R13", "repair": "R20", "disposal": "R30", "hold": "#missing"}
REFUNDS: Final[dict[str, type[RefundEligible | RefundReview | RefundBlocked]]] = {
    "eligible": RefundEligible,
    "review": RefundReview,
    "blocked": RefundBlocked,
}
DAY_MS: Final = 86_400_000


class Days:
    """What was journalled so far; time goes on with every event."""

    def __init__(self, seed: int, mode: str = "live") -> None:
        self.rng = Random(seed)
        self.now_ms = WALL_MS
        self.encoded: list[Encoded] = []
        self._mode = mode
        self._ids = seed * 10_000_000

    def new_id(self) -> str:
        """Return an id that nothing has yet."""
        self._ids += 1
        return uuid7(self._ids)

    def tell(
        self,
        payload: Payload,
        *,
        parcel: str = "",
        unit: str = "",
        audit: bool = False,
        **more: Any,
    ) -> str:
        """Journal a payload a moment later; returns the event's id."""
        self.now_ms += self.rng.randint(200, 9_000)
        subject = Subject(parcel=ParcelId(parcel) or None, unit=UnitId(unit) or None)
        stamp = Stamp(
            id=EventId(self.new_id()),
            time_ms=self.now_ms,
            mono_ms=5,
            operator="0417",
            audit=audit,
            **more,
        )
        self.encoded.append(
            encode(Draft(payload=payload, subject=subject), stamp, origin(mode=self._mode))
        )
        return stamp.id

    def tell_raw(self, kind: str, fields: dict[str, Any], **subject: Any) -> str:
        """Journal an event by its fields alone, as of a release that knows this kind."""
        name = self.tell(UnitParked(), **subject)
        made = self.encoded.pop()
        head = made.head.replace(b"unit.parked", kind.encode())
        head = head.replace(b'"data":{', b'"data":' + canonical(fields)[:-1] + b",", 1)
        tail = made.tail.replace(b"unit.parked", kind.encode())
        self.encoded.append(
            Encoded(
                id=made.id,
                kind=kind,
                parcel=made.parcel,
                unit=made.unit,
                input=None,
                head=head,
                tail=tail,
                tenant=made.tenant,
            )
        )
        return name

    def undo(self, *events: str, parcel: str, unit: str) -> None:
        """Take events back, the newest first."""
        for one in reversed(events):
            correction = CorrectionMade(of=one, act="undo", reason="operator")
            self.tell(correction, parcel=parcel, unit=unit)

    def events(self) -> list[Event]:
        """Return what a reader of the journal gets."""
        return [
            decode(n, splice(one, prevhash=GENESIS, recorded_ms=self.now_ms, seq=n))
            for n, one in enumerate(self.encoded, start=1)
        ]


def days(units: int, seed: int, *, parcels_a_day: int = 200) -> Days:
    """Return so many units, in parcels of up to three, none of them like the other."""
    told = Days(seed)
    number, taken = 0, 0
    while taken < units:
        number += 1
        taken += _parcel(told, number, min(told.rng.randint(1, 3), units - taken))
        if number % parcels_a_day == 0:
            told.now_ms = (told.now_ms // DAY_MS + 1) * DAY_MS
    return told


def _parcel(told: Days, number: int, count: int) -> int:
    rng, parcel, rma = told.rng, told.new_id(), f"{50_000 + number}"
    tenant = rng.choice(("shop-a", "shop-b"))
    is_test = rng.random() < 0.02
    common: dict[str, Any] = {"tenant": tenant, "audit": is_test}
    is_known = rng.random() < 0.95
    lines = tuple(
        ArrivedLine(line=str(n), rma=rma, qty=1, reason=rng.choice(("C01", "C04", "C99_UNKNOWN")))
        for n in range(1, count + 1)
    )
    arrived = ParcelArrived(
        codes=(f"T{number}",),
        matched_by="tracking" if is_known else "none",
        rmas=(rma,) if is_known else (),
        lines=lines if is_known else (),
        carrier=rng.choice(("ruspost", "cdek")),
        seal=rng.choice(("intact", "cut", "unseen")),
        due=utc_text(told.now_ms + rng.randint(0, 400_000)) if rng.random() < 0.5 else None,
    )
    told.tell(arrived, parcel=parcel, **common)
    if rng.random() < 0.05:
        told.tell_raw("parcel.damaged", {"kinds": ["torn"], "photos": []}, parcel=parcel, **common)
    if not is_known and rng.random() < 0.5:
        fields = {"rmas": [rma], "by": "central", "evidence": []}
        told.tell_raw("parcel.matched", fields, parcel=parcel, **common)
    told.tell(ParcelOpened(), parcel=parcel, **common)
    told.now_ms += rng.choice((0, 0, 90_000))
    for line in lines:
        _unit(told, parcel, line, {**common, "rma": rma})
    if rng.random() < 0.1:
        missing = UnitMissing(line="9", rma=rma, qty=rng.randint(1, 2))
        told.tell(missing, parcel=parcel, **common)
    counts = tuple(
        LineCount(line=one.line, rma=rma, expected=1, received=1, missing=0) for one in lines
    )
    told.tell(ReturnCompleted(rma=rma, lines=counts, parcels=(parcel,)), parcel=parcel, **common)
    return count


def _unit(told: Days, parcel: str, line: ArrivedLine, common: dict[str, Any]) -> None:
    rng = told.rng
    about = {"parcel": parcel, "unit": told.new_id(), **common}
    again = told.new_id() if rng.random() < 0.03 else None
    opened = told.tell(UnitOpened(line=line.line, previous=again), **about)
    if rng.random() < 0.03:  # taken by mistake: it never was, and is taken once more
        told.undo(opened, parcel=parcel, unit=about["unit"])
        about["unit"] = told.new_id()
        told.tell(UnitOpened(line=line.line), **about)
    if rng.random() < 0.05:
        typed = ScanRead(
            device="terminal", via="typed", raw_b64="", symbology="unknown",
            text="4601234567893", match=Match(what="item"),
        )  # fmt: skip
        told.tell(typed, **about)
    identified = UnitIdentified(
        how="scan",
        basis="parcel",
        match=rng.choices(("expected", "surplus", "wrong_item", "undeclared"), (90, 4, 3, 3))[0],
        confirmed=True,
        epc="urn:x",
        rma=line.rma,
        line=line.line,
        category=rng.choice(("apparel", "smartphones", None)),
    )
    told.tell(identified, **about)
    _photos(told, about)
    answers = (Answer(step="seal", answer=rng.choice(("sealed", "opened")), by="key"),)
    finished = InspectionFinished(answers=answers, defaulted_n=0, confirm_ms=9, fast_ok=False)
    told.tell(finished, **about)
    _decided(told, about)


def _photos(told: Days, about: dict[str, Any]) -> None:
    rng = told.rng
    for slot in rng.sample(("defect", "label", "screen"), rng.randint(0, 2)):
        sha256 = f"{rng.getrandbits(256):064x}"
        if rng.random() < 0.1:
            supervisor = rng.choice(("0001", None))
            told.tell(PhotoMissing(slot=slot, reason="dark", supervisor=supervisor), **about)
        told.tell(
            PhotoTaken(
                sha256=sha256, bytes=1, mime="image/jpeg", width=1, height=1, slot=slot,
                camera="top", sharpness=100, mean=1, clipped=0,
                bound_by=rng.choice(("code_in_frame", "open_window", "none")),
                step=rng.choice(("wear", "wear", None)),
            ),
            **about,
        )  # fmt: skip
        if rng.random() < 0.05:
            told.tell(PhotoLost(sha256=sha256, reason="absent"))


def _decided(told: Days, about: dict[str, Any]) -> None:
    rng = told.rng
    zone = rng.choices(tuple(ROWS), (70, 12, 10, 8))[0]
    value = rng.choice((None, 100_000, 499_999, 500_000, 2_000_000))
    known: dict[str, Any] = {} if value is None else {"value": value}
    if rng.random() < 0.05:
        known["flags"] = rng.sample(("wrong_item", "empty_box", "over_qty", "used"), 2)
    verdict = VerdictMade(
        zone=zone,
        disposition=zone.upper(),
        row=ROWS[zone],
        refund=rng.choice(("eligible", "review", "blocked")),
        move="auto",
        grade_exact=True,
        policy=PACK,
        checklist=LIST,
        engine="1",
        facts={"known": known},
        grade=rng.choice("ABCD"),
    )
    told.tell(verdict, **about)
    if rng.random() < 0.04:
        recommended = Outcome(zone=zone, disposition="X", refund="review", row=ROWS[zone])
        decided = Outcome(zone="repair", disposition="X", refund="review")
        changed = VerdictChanged(
            of="x", recommended=recommended, decided=decided, reason="O1", by="operator"
        )
        told.tell(changed, **about)
    while rng.random() < 0.06:  # put into the wrong place, taken back, put again
        told.undo(*_put(told, about, verdict), parcel=about["parcel"], unit=about["unit"])
    _put(told, about, verdict)
    if rng.random() < 0.05:
        _second_look(told, about, verdict)
    if rng.random() < 0.05:
        _back_by_its_number(told, about)


def _back_by_its_number(told: Days, about: dict[str, Any]) -> None:
    """A new inspection of the same piece; one in ten is taken back at once."""
    former, again = about["unit"], {**about, "unit": told.new_id()}
    opened = told.tell(UnitOpened(n=2, previous=former), **again)
    if told.rng.random() < 0.1:
        told.undo(opened, parcel=about["parcel"], unit=again["unit"])
        return
    answers = (Answer(step="seal", answer="opened", by="key"),)
    finished = InspectionFinished(answers=answers, defaulted_n=0, confirm_ms=9, fast_ok=False)
    told.tell(finished, **again)
    _decided(told, again)


def _put(told: Days, about: dict[str, Any], verdict: VerdictMade) -> list[str]:
    rng = told.rng
    put = PutConfirmed(zone=verdict.zone, proof="tray", how="hand", after_verdict_ms=5, tray="A1")
    done = [told.tell(put, **about)]
    done.append(told.tell(REFUNDS[verdict.refund](row=verdict.row), **about))
    if verdict.zone == "hold":
        done.append(told.tell(HoldPlaced(reason="missing_fact"), **about))
    parts = (rng.randint(1_000, 90_000), rng.randint(0, 3_000), rng.choice((0, 0, 0, 70_000)))
    touch = Milliseconds(active=parts[0], waiting=parts[1], interrupted=parts[2])
    done.append(told.tell(UnitClosed(ms=touch, acts_n=rng.randint(3, 9)), **about))
    if rng.random() < 0.3:
        state = rng.choices((DiverterState.DONE, DiverterState.WRONG_LANE), (95, 5))[0]
        if rng.random() < 0.05:
            state = DiverterState.UNCONFIRMED
        told.tell(
            DiverterChanged(
                move="m", leg=0, state=state, conveyor="c1", lane=1, token=1, wire_seq=1,
                plc_boot=1, count_before=0, exit_before=0, exit_lane=rng.choice((1, 1, None)),
            ),
            **about,
        )  # fmt: skip
    if rng.random() < 0.3:
        told.tell(_carried(rng), **about)
    return done


def _carried(rng: Random) -> MoveChanged:
    """A robot's leg at its end: mostly confirmed by a scan, some by its own word alone."""
    if rng.random() < 0.8:
        return MoveChanged(
            move="m", leg=1, state=MoveState.DONE, robot="r1", seen_at=rng.choice(("Z-RES", None))
        )
    reason = rng.choice(("no_scan", "wrong_place", "memory_lost"))
    return MoveChanged(move="m", leg=1, state=MoveState.IN_DOUBT, robot="r1", reason=reason)


def _second_look(told: Days, about: dict[str, Any], verdict: VerdictMade) -> None:
    rng = told.rng
    first = {"grade": verdict.grade, "zone": verdict.zone}
    second = {"grade": rng.choice((verdict.grade, rng.choice("ABCD"))), "zone": verdict.zone}
    agree = first == second
    fields: dict[str, Any] = {
        "way": rng.choice(("random", "random", "gold", "fast_ok")),
        "first": first,
        "second": second,
        "agree": agree,
    }
    if not agree and rng.random() < 0.8:
        fields["adjudicated"] = rng.choice(("first", "second"))
    told.tell_raw("quality.rechecked", fields, **about)
    if fields.get("adjudicated") == "first":
        found = Outcome(zone=verdict.zone, disposition="X", refund="review", row=verdict.row)
        changed = VerdictChanged(
            of="x", recommended=found, decided=found, reason=ADJUDICATED, by="supervisor"
        )
        told.tell(changed, **about)
