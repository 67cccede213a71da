"""Cases of parcels and pieces, by the row of docs/cases.md that they play."""

from collections.abc import Mapping
from typing import Final

from cases import (
    BOOK,
    DRESS,
    KETTLE,
    PHONE,
    SHIRT,
    SHOES,
    Case,
    answer,
    box,
    claim,
    item,
    line,
    mark,
    piece,
    press,
    put,
    scan,
    well,
)

IMEI: Final = "356938035643809"
OTHER_IMEI: Final = "356938035643817"
OPENED: Final = ("parcel.arrived", "parcel.opened")
UNIT: Final = ("unit.opened", "unit.identified", "inspection.started")
PLACED: Final = ("inspection.finished", "verdict.made", "put.confirmed")
HELD: Final = {"zone": "hold", "proof": "tray"}

PARCEL_CASES: Final[Mapping[str, Case]] = {
    "blind-receipt": Case(
        acts=(scan("NOBODY-TOLD-1"), press("1"), item(SHIRT), put, press("enter")),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.review", "hold.placed", "parcel.closed"),
        says={"parcel.arrived": {"matched_by": "none"}, "hold.placed": {"reason": "unannounced"}},
    ),
    "several-orders": Case(
        returns=(line("RM-201", "1", SHIRT, box(201)), line("RM-202", "1", DRESS, box(201))),
        acts=(scan(box(201)), item(DRESS), put, item(SHIRT), put),
        leaves=(*OPENED, *UNIT, *PLACED, *UNIT, *PLACED, "parcel.closed",
                "return.completed", "return.completed"),
    ),
    "several-parcels": Case(
        returns=(line("RM-211", "1", SHIRT, box(211)), line("RM-211", "2", DRESS, box(212))),
        acts=(scan(box(211)), item(SHIRT), put, scan(box(212)), item(DRESS), put),
        cut=3,
        leaves=(*OPENED, *PLACED, "parcel.closed", *OPENED, *PLACED, "parcel.closed",
                "return.completed"),
        says={"return.completed": {"rma": "RM-211"}},
    ),
    "missing-item": Case(
        returns=(line("RM-221", "1", SHIRT, box(221)), line("RM-221", "2", DRESS, box(221))),
        acts=(scan(box(221)), item(SHIRT), put, press("f7", "2")),
        leaves=(*OPENED, *PLACED, "photo.missing", "unit.missing", "refund.blocked",
                "parcel.closed", "return.completed"),
        says={"photo.missing": {"slot": "packing", "reason": "no_camera"},
              "unit.missing": {"rma": "RM-221", "line": "2", "qty": 1},
              "refund.blocked": {"rma": "RM-221", "line": "2", "reasons": ["missing"]}},
    ),
    "undeclared-item": Case(
        returns=(line("RM-231", "1", SHIRT, box(231)),),
        acts=(scan(box(231)), item(DRESS), press("2"), put, item(SHIRT), put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.review", "hold.placed", *UNIT, *PLACED,
                "parcel.closed", "return.completed"),
        says={"hold.placed": {"reason": "unannounced"}},
    ),
    "over-receipt": Case(
        returns=(line("RM-241", "1", SHIRT, box(241)), line("RM-241", "2", DRESS, box(241))),
        acts=(scan(box(241)), item(SHIRT), put, item(SHIRT), press("2"), put, item(DRESS), put),
        cut=3,
        leaves=(*OPENED, *PLACED, *UNIT, *PLACED, "refund.review", "hold.placed", "parcel.closed",
                "return.completed"),
        says={"hold.placed": {"reason": "unannounced"}},
    ),
    "wrong-item": Case(
        returns=(line("RM-251", "1", SHIRT, box(251)),),
        acts=(scan(box(251)), press("f10", "1"), mark("identity", 3), press("enter"), put),
        cut=2,
        leaves=(*OPENED, *UNIT, *PLACED, "refund.blocked", "hold.placed", "parcel.closed"),
        says={"hold.placed": {"reason": "dispute"}, "verdict.made": {"row": "R02"}},
    ),
    "empty-box": Case(
        returns=(line("RM-261", "1", SHIRT, box(261)),),
        acts=(scan(box(261)), press("f10", "1"), mark("identity", 4), press("enter"), put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.blocked", "hold.placed", "parcel.closed"),
        says={"hold.placed": {"reason": "dispute"}},
    ),
    "cannot-tell": Case(
        returns=(line("RM-271", "1", SHIRT, box(271)),),
        acts=(scan(box(271)), press("f10", "1"), mark("identity", 5), press("enter"), put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.blocked", "hold.placed", "parcel.closed"),
        says={"hold.placed": {"reason": "dispute"}},
    ),
    "other-variant": Case(
        returns=(line("RM-281", "1", SHIRT, box(281)),),
        acts=(scan(box(281)), item(SHIRT), mark("identity", 1), put),
        leaves=(*OPENED, *UNIT, "inspection.marked", *PLACED, "refund.review", "hold.placed"),
        says={"hold.placed": {"reason": "unannounced"}, "verdict.made": {"grade": "A"}},
    ),
    "one-shoe": Case(
        returns=(line("RM-391", "1", SHOES, box(391)),),
        acts=(scan(box(391)), item(SHOES), mark("pair"), put),
        leaves=(*OPENED, *UNIT, "inspection.marked", *PLACED, "refund.review", "hold.placed"),
        says={"verdict.made": {"grade": "D"}},
    ),
    "account-lock": Case(
        returns=(line("RM-401", "1", PHONE, box(401), serials=["356938035643858"]),),
        acts=(scan(box(401)), piece(PHONE, "356938035643858"), answer("danger", "1"),
              answer("back_lift", "1"), answer("seal", "2"), answer("lock", "2"), well, put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.blocked", "hold.placed", "parcel.closed"),
        says={"hold.placed": {"reason": "unlock", "owner": "customer"}},
    ),
    "supplier-fault": Case(
        returns=(line("RM-411", "1", BOOK, box(411)),),
        acts=(scan(box(411)), item(BOOK), mark("pages", 3), put),
        leaves=(*OPENED, *UNIT, "inspection.marked", *PLACED, "hold.placed"),
        says={"hold.placed": {"reason": "rtv", "owner": "supplier"}},
    ),
    "too-dear": Case(
        returns=(line("RM-421", "1", BOOK, box(421), value_minor=2_000_000, currency="RUB"),),
        acts=(scan(box(421)), item(BOOK), mark("pages", 2), put),
        leaves=(*OPENED, *UNIT, "inspection.marked", *PLACED, "refund.review", "hold.placed"),
        says={"hold.placed": {"reason": "value", "owner": "supervisor"}},
    ),
    "serial-mismatch": Case(
        returns=(line("RM-291", "1", PHONE, box(291), serials=[IMEI]),),
        acts=(scan(box(291)), piece(PHONE, OTHER_IMEI), well, put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.blocked", "hold.placed", "parcel.closed"),
        says={"unit.identified": {"match": "wrong_serial"}, "hold.placed": {"reason": "dispute"}},
    ),
    "serial-nodata": Case(
        returns=(line("RM-301", "1", PHONE, box(301)),),
        acts=(scan(box(301)), piece(PHONE, "356938035643825"), well, put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.review", "hold.placed", "parcel.closed"),
        says={"hold.placed": {"reason": "verify"}},
    ),
    "serial-unreadable": Case(
        returns=(line("RM-311", "1", PHONE, box(311), serials=["356938035643833"]),),
        acts=(scan(box(311)), item(PHONE), answer("danger", "1"), well, put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.review", "hold.placed", "parcel.closed"),
        says={"hold.placed": {"reason": "verify"}},
    ),
    "no-code": Case(
        returns=(line("RM-321", "1", KETTLE, box(321)), line("RM-321", "2", DRESS, box(321))),
        acts=(scan(box(321)), press("f10"), press("2"), put, press("f7", "1")),
        cut=2,
        leaves=(*OPENED, *UNIT, *PLACED, "unit.missing", "parcel.closed"),
        says={"unit.identified": {"how": "by_hand", "confirmed": False, "line": "2"}},
    ),
    "two-returns": Case(
        returns=(line("RM-331", "1", SHIRT, box(331), order="ORDER-33"),
                 line("RM-332", "1", DRESS, box(332), order="ORDER-33")),
        acts=(scan("ORDER-33"), press("2"), item(DRESS), put),
        leaves=(*OPENED, *UNIT, *PLACED, "parcel.closed", "return.completed"),
        says={"parcel.arrived": {"matched_by": "order", "rmas": ["RM-332"]}},
    ),
    "unknown-parcel": Case(
        returns=(line("RM-351", "1", SHIRT, None),),
        acts=(scan("NOBODY-TOLD-2"), press("3"), claim("RM-351"), scan("NOBODY-TOLD-2"),
              item(SHIRT), put),
        leaves=("parcel.arrived", "parcel.parked", "parcel.matched", "parcel.resumed", *UNIT,
                *PLACED, "refund.review", "parcel.closed", "return.completed"),
        says={"parcel.arrived": {"matched_by": "none"},
              "parcel.matched": {"rmas": ["RM-351"], "by": "central"},
              "unit.identified": {"match": "expected"}},
    ),
    "unknown-but-near": Case(
        returns=(line("RM-361", "1", SHIRT, box(36161)),),
        acts=(scan("TORN" + box(36161)[4:10]), press("4"), item(SHIRT), put),
        leaves=(*OPENED, *UNIT, *PLACED, "parcel.closed", "return.completed"),
        says={"parcel.arrived": {"rmas": ["RM-361"]}},
    ),
    "damaged-parcel": Case(
        returns=(line("RM-371", "1", SHIRT, box(371), carrier="post"),),
        acts=(scan(box(371)), press("1"), item(SHIRT), put),
        leaves=(*OPENED, "parcel.damaged", *UNIT, *PLACED, "refund.review", "parcel.closed",
                "document.data", "claim.ready"),
        says={"parcel.damaged": {"kinds": ["damaged"], "flags": ["carrier_damage"],
                                 "carrier": "post"},
              "claim.ready": {"carrier": "post", "kinds": ["damaged"]}},
    ),
    "corrected-unit": Case(
        returns=(line("RM-381", "1", SHIRT, box(381)),),
        acts=(scan(box(381)), item(SHIRT), put, scan(box(381)), press("1"), press("1"),
              item(SHIRT), mark("stain"), put),
        leaves=(*OPENED, *UNIT, *PLACED, "refund.review", "parcel.closed", "return.completed",
                *UNIT, "inspection.marked", "correction.made", "verdict.made", "put.confirmed",
                "refund.review", "unit.closed"),
        says={"correction.made": {"act": "replace"}, "unit.opened": {"n": 2},
              "put.confirmed": {"zone": "repair"}},
    ),
    "five-units": Case(
        returns=(line("RM-341", "1", SHIRT, box(341)), line("RM-342", "1", DRESS, box(341)),
                 line("RM-342", "2", KETTLE, box(342)), line("RM-343", "1", PHONE, box(342),
                                                             serials=["356938035643841"]),
                 line("RM-343", "2", DRESS, box(342))),
        acts=(
            scan(box(341)), item(SHIRT), put, item(SHIRT), press("2"), put,
            press("f10", "1"), mark("identity", 3), press("enter"), put,
            scan(box(342)), item(KETTLE), well, put, press("f7", "3"),
            piece(PHONE, "356938035643841"), well, put,
        ),
        cut=8,
        leaves=("parcel.closed", "return.completed", "unit.missing", "parcel.closed",
                "return.completed", "return.completed"),
    ),
}  # fmt: skip
