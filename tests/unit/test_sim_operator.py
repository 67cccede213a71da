"""The simulated operator's choices, from views written by hand; his account, from counts."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from sim.operator.account import Account, TrayScan, misplaced, zone_counts
from sim.operator.acts import Press, Scan, Wait
from sim.operator.choose import choose
from sim.operator.mind import Mind, read_plan
from sim.operator.reading import could_obey, is_quiet, step_of
from sim.truth.scenarios import GOOD

TRAYS = [
    {"id": "A1", "zone": "resale", "disposition": "RESTOCK", "fixed": False, "code": "T-A1"},
    {"id": "A2", "zone": "resale", "disposition": "RESTOCK", "fixed": False, "code": "T-A2"},
    {"id": "B1", "zone": "resale", "disposition": "BSTOCK", "fixed": False, "code": "T-B1"},
    {"id": "R1", "zone": "repair", "disposition": None, "fixed": False, "code": "T-R1"},
    {"id": "H1", "zone": "hold", "disposition": None, "fixed": True, "code": "T-H1"},
    {"id": "Z1", "zone": "hazmat", "disposition": None, "fixed": True, "code": "T-Z1"},
]
GTIN = "04600070000052"


def unit(**more: Any) -> dict[str, Any]:
    return {
        "id": "RB1/0",
        "gtin": GTIN,
        "line": "1",
        "scan": "4600070000052",
        "aim": "]E0",
        "answers": dict(GOOD),
        "marks": {},
        "seal_by_put": False,
        "zone": "resale",
        "disposition": "RESTOCK",
        "missing": False,
        "undeclared": False,
        **more,
    }


def mind(*units: Mapping[str, Any]) -> Mind:
    box = {"code": "RB1", "aim": "]C0", "tracking": "RB1", "rma": "88", "units": list(units)}
    reply = {
        "badges": [{"role": "operator", "code": "BADGE"}, {"role": "supervisor", "code": "BOSS"}],
        "trays": TRAYS,
        "first_legs": {"resale": "conveyor", "repair": "robot", "hold": "hand"},
        "parcels": [box],
    }
    return Mind(read_plan(reply, Random(1)))


def view(state: str, work: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    base = {
        "state": state,
        "work": dict(work or {}),
        "selected": 0,
        "head": {"alarm": ""},
        "side": {"moves": []},
    }
    return {**base, **more}


def parcel_view(received: int = 0, **more: Any) -> dict[str, Any]:
    line = {"n": 1, "gtin": GTIN, "expected": 1, "received": received, "missing": 0}
    return view("PARCEL", {"kind": "parcel", "no": "RB1", "rmas": ["88"], "lines": [line]}, **more)


def unit_view(**work: Any) -> dict[str, Any]:
    base = {
        "kind": "checklist",
        "item": {"ids": [["gtin", GTIN]]},
        "marks": [],
        "page": 1,
        "pages": 1,
        "proposed": {"zone": "resale", "disposition": "RESTOCK"},
    }
    return view("UNIT", {**base, **work})


def holding(one: Mapping[str, Any]) -> Mind:
    """A mind with the parcel open and the unit in the hand."""
    known = mind(one)
    known.see(parcel_view(), 0.0)
    known.see(unit_view(), 0.0)
    return known


def move(**more: Any) -> dict[str, Any]:
    return {"n": 1, "id": "m1", "tray": "A1", "to": "resale", "s": "sent", "ref": "", **more}


def test_a_locked_screen_gets_the_badge() -> None:
    assert choose(view("LOCKED"), mind(unit()), 0.0) == Scan(text="BADGE")


def test_an_idle_station_gets_the_next_box_and_none_twice() -> None:
    known = mind(unit())
    assert choose(view("IDLE"), known, 0.0) == Scan(text="RB1", aim="]C0")
    known.see(parcel_view(), 0.0)
    known.see(view("IDLE"), 0.0)
    assert isinstance(choose(view("IDLE"), known, 0.0), Wait)


def test_a_stranger_is_scanned_before_what_was_announced() -> None:
    stranger = unit(id="RB1/1", gtin="04600070003008", scan="S", undeclared=True)
    known = mind(unit(), stranger)
    known.see(parcel_view(), 0.0)
    assert choose(parcel_view(), known, 0.0) == Scan(text="S", aim="]E0", unit="RB1/1")
    known.done["RB1/1"] = "H1"
    assert choose(parcel_view(), known, 0.0) == Scan(text="4600070000052", aim="]E0", unit="RB1/0")


def test_a_stranger_is_received_as_surplus_and_other_surprises_are_rescanned() -> None:
    exc = view("EXC", {"kind": "choice", "code": "E21", "opts": [["1", {}], ["2", {}]]})
    known = mind(unit(undeclared=True))
    known.unit = unit(undeclared=True)
    assert choose(exc, known, 0.0) == Press(key="2")
    known.unit = unit()
    assert choose(exc, known, 0.0) == Press(key="1")


def test_a_gap_is_told_by_f7_and_the_digit_of_its_line() -> None:
    known = mind(unit(missing=True))
    known.see(parcel_view(), 0.0)
    assert choose(parcel_view(), known, 0.0) == Press(key="f7")
    asked = parcel_view(fb={"t": "fb.missing_which"})
    assert choose(asked, known, 0.0) == Press(key="1")


def test_an_option_is_chosen_by_its_words_and_else_by_its_place() -> None:
    known = holding(unit(answers={**GOOD, "seal": "sealed"}))
    opts = [["1", {"en": "Opened, complete box"}], ["2", {"en": "Sealed, never opened"}]]
    shown = unit_view(must={"step": "seal", "opts": opts})
    assert choose(shown, known, 0.0) == Press(key="2")
    opts = [["1", {"en": "new"}], ["2", {"en": "used"}]]
    assert choose(unit_view(must={"step": "seal", "opts": opts}), known, 0.0) == Press(key="1")


@pytest.mark.parametrize(
    ("typed", "key"), [("", "9"), ("9", "7"), ("97", "enter"), ("98", "backspace")]
)
def test_a_number_is_typed_digit_by_digit(typed: str, key: str) -> None:
    must = {"step": "health", "opts": [], "number": {"typed": typed}}
    assert choose(unit_view(must=must), holding(unit()), 0.0) == Press(key=key)


def test_the_tray_answers_the_seal_where_the_truth_says_so() -> None:
    known = holding(unit(seal_by_put=True))
    must = {"step": "seal", "opts": [["1", {"en": "Sealed, never opened"}]]}
    assert choose(unit_view(must=must), known, 0.0) == Scan(text="T-A1", tray="A1")


def test_a_mark_is_pressed_until_it_is_as_bad_as_it_is() -> None:
    known = holding(unit(marks={"fabric": 2}))
    mark = {"k": "5", "step": "fabric", "level": 1, "levels": 2}
    assert choose(unit_view(marks=[mark]), known, 0.0) == Press(key="5")
    shown = unit_view(marks=[{**mark, "level": 2}])
    assert choose(shown, known, 0.0) == Scan(text="T-A1", tray="A1")
    assert choose(unit_view(pages=2), known, 0.0) == Press(key="8")


def test_another_zone_than_the_truth_goes_on_to_the_verdict() -> None:
    shown = unit_view(proposed={"zone": "repair", "disposition": "REFURB"})
    assert choose(shown, holding(unit()), 0.0) == Press(key="enter")


def test_a_verdict_gets_a_free_tray_of_its_kind() -> None:
    known = holding(unit())
    verdict = {"zone": "resale", "disposition": "RESTOCK"}
    shown = view("VERDICT", {"item": {"ids": [["gtin", GTIN]]}, "verdict": verdict})
    shown["side"]["moves"] = [move()]
    assert choose(shown, known, 0.0) == Scan(text="T-A2", tray="A2")
    known.taken_until["A2"] = 5.0
    assert isinstance(choose(shown, known, 1.0), Wait)
    assert choose(shown, known, 6.0) == Scan(text="T-A2", tray="A2")


def test_danger_goes_into_the_hazmat_container() -> None:
    verdict = {"zone": "hazmat", "disposition": "HAZMAT_HOLD"}
    shown = view("HAZARD", {"item": {"ids": [["gtin", GTIN]]}, "verdict": verdict})
    assert choose(shown, holding(unit()), 0.0) == Scan(text="T-Z1", tray="Z1")


def test_an_owed_photograph_is_waited_for_then_asked_again_then_waived() -> None:
    known = holding(unit())
    shown = view("PHOTO", {"item": {"ids": [["gtin", GTIN]]}})
    known.see(shown, 100.0)
    assert isinstance(choose(shown, known, 101.0), Wait)
    assert choose(shown, known, 109.0) == Press(key="9")
    assert choose(shown, known, 131.0) == Press(key="7")
    asked: list[dict[str, Any]] = [{"step": "badge", "typed": 0}]
    asked += [{"step": "pin", "typed": n} for n in range(5)]
    acts = [choose(view("OVERRIDE", work), known, 131.0) for work in (*asked, {"step": "reason"})]
    assert acts == [Scan(text="BOSS"), *map(_press, (*"4711", "enter", "1"))]


def test_a_photograph_of_empty_packing_is_waited_for_with_nothing_in_the_hand() -> None:
    known = holding(unit())
    shown = view("PHOTO", parcel_view(1)["work"])
    assert known.see(shown, 100.0) is None
    assert isinstance(choose(shown, known, 101.0), Wait)
    assert choose(shown, known, 109.0) == Press(key="9")


def test_a_unit_is_done_when_its_tray_was_scanned_and_the_hand_is_empty() -> None:
    known = holding(unit())
    assert known.see(parcel_view(1), 1.0) is None
    known = holding(unit())
    known.tray_tried, known.last_tray = True, "A1"
    assert known.see(view("IDLE"), 1.0) == "RB1/0"
    assert known.done == {"RB1/0": "A1"}


def test_a_restarted_service_that_shows_the_unit_puts_it_back_in_the_hand() -> None:
    known = mind(unit())
    known.see(parcel_view(), 0.0)
    known.see(unit_view(), 1.0)
    assert known.unit is not None
    assert known.unit["id"] == "RB1/0"


def test_a_move_in_doubt_is_settled_by_what_the_eyes_see() -> None:
    known = mind(unit())
    shown = view("IDLE", side={"moves": [move(s="in_doubt")]})
    known.see(shown, 0.0)
    assert choose(shown, known, 10.0) == Scan(text="RB1", aim="]C0")
    assert choose(shown, known, 21.0) == Press(key="f6")
    listed = {**shown, "overlay": "moves"}
    assert choose(listed, known, 21.0) == Press(key="1")
    known.whereabouts["m1"] = "at_target"
    assert choose({**listed, "selected": 1}, known, 21.0) == Press(key="3")
    known.whereabouts["m1"] = "at_pickup"
    assert choose({**listed, "selected": 1}, known, 21.0) == Press(key="1")
    assert choose({**view("IDLE"), "overlay": "moves"}, mind(unit()), 21.0) == Press(key="esc")


def test_the_account_joins_a_tray_scan_with_the_order_it_started() -> None:
    account = Account()
    scan = TrayScan(tray="A1", kind="robot", at_ns=1_000_000, idle=True, known=frozenset({"old"}))
    account.pending.append(scan)
    account.match([move(id="old", ref="o-0"), move(ref="")])
    assert account.routed == []
    account.match([move(ref="o-1")])
    stats = {"orders": [{"order_id": "o-1", "accepted_ns": 6_000_000}], "diverts_seen": []}
    assert account.order_times(stats) == ([5.0], [])


def test_a_leg_behind_another_is_reported_apart() -> None:
    ahead = view("UNIT", side={"moves": [move(s="planned")]})
    free = view("UNIT", side={"moves": [move(s="carrying")]})
    idle = {"robots": 1, "conveyor": True}
    assert could_obey("conveyor", idle, free)
    assert not could_obey("conveyor", idle, ahead)
    assert could_obey("robot", idle, free)
    assert not could_obey("robot", {"robots": 0, "conveyor": True}, free)


def test_the_calm_wait_for_devices_ends_with_a_danger_in_the_hand() -> None:
    idle, at_work = {"robots": 2, "conveyor": True}, {"robots": 0, "conveyor": True}
    planned = {"moves": [move(s="planned")]}
    assert is_quiet(idle, view("PUT"))
    assert not is_quiet(at_work, view("PUT"))
    assert not is_quiet(idle, view("PUT", side=planned))
    assert is_quiet(at_work, view("HAZARD", side=planned))


def test_what_lies_in_another_zone_is_told_once_on_each_side() -> None:
    plan = mind(unit()).plan.parcels
    seen = [{"codes": ["RB1", "88"], "gtin": GTIN, "zone": "repair", "puts": 1}]
    assert misplaced(plan, {"RB1/0": "A1"}, seen) == (
        [f"RB1 {GTIN} resale"],
        [f"RB1 {GTIN} repair"],
    )
    seen[0]["zone"] = "resale"
    assert misplaced(plan, {"RB1/0": "A1"}, seen) == ([], [])
    assert zone_counts(seen)["resale"] == 1


def test_the_step_is_state_item_question_and_marks() -> None:
    must = {"step": "lock", "opts": []}
    assert step_of(unit_view(must=must)) != step_of(unit_view())
    assert step_of(unit_view(must=must)) == step_of({**unit_view(must=must), "rev": 9})
    marked = {"then": "HAZARD", "item": {}, "marks": [{"step": "stain", "level": 1}]}
    assert step_of(view("RESUME", work=marked)) == step_of(view("HAZARD", work={"item": {}}))


def _press(key: str) -> Press:
    return Press(key=key)


def test_a_danger_of_the_area_is_ended_by_the_supervisor_and_what_stood_is_started() -> None:
    danger, halted = {"alarm": "danger"}, {"alarm": "halted"}
    person = mind(unit())
    assert choose(view("PARCEL", head=danger), person, 0.0) == Press(key="f12")
    asked = view("OVERRIDE", {"step": "badge", "typed": 0}, head=danger)
    assert choose(asked, person, 0.0) == Scan(text="BOSS")
    assert choose(view("IDLE", head=halted), person, 0.0) == Press(key="f6")
    listed = view("IDLE", head=halted, overlay="moves")
    assert choose(listed, person, 0.0) == Press(key="enter")


def test_a_danger_waits_until_the_hand_is_empty() -> None:
    work = {"verdict": {"zone": "hazmat", "disposition": "HAZARD"}}
    shown = view("HAZARD", work, head={"alarm": "danger"})
    assert isinstance(choose(shown, mind(unit()), 0.0), Scan)
