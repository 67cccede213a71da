"""What a screen tells beside what is asked: the customer's reason, compared numbers, time left."""

from dataclasses import replace

from bench import LINES, Bench, context, pack
from edge.events import DeviceCommand, MoveChanged, MoveState
from edge.floor import LpnRules
from edge.station import inspection
from edge.station.apply import apply
from edge.station.clocks import clock, left, short_clock
from edge.station.decision import Screen, wanted
from edge.station.inputs import LockTimer, PhotoInput, PrintInput, StartInput
from edge.station.present import Shown, present
from edge.views import (
    ChecklistWork,
    Head,
    IdleWork,
    LockedWork,
    Mark,
    Net,
    ParcelWork,
    ResumeWork,
    StationView,
    VerdictWork,
)
from zoning.terms import OTHER

HOUR_MS = 3_600_000
SHOWN = Shown(
    head=Head(station="ST-01", net=Net(s="up"), at=""),
    seq=1,
    rev=1,
    clock_text="",
    scan=None,
    stopped=None,
)


def seen(bench: Bench) -> StationView:
    return present(bench.state, bench.screen, SHOWN, replace(bench.given, wall_ms=bench.now_ms))


def checklist(bench: Bench) -> ChecklistWork:
    work = seen(bench).work
    assert isinstance(work, ChecklistWork)
    return work


def parcel(bench: Bench) -> ParcelWork:
    work = seen(bench).work
    assert isinstance(work, ParcelWork)
    return work


def mark_of(work: ChecklistWork, step: str) -> Mark:
    return next(mark for mark in work.marks if mark.step == step)


def test_the_customer_s_reason_is_told_in_the_words_of_the_pack() -> None:
    bench = Bench(lines=tuple(replace(line, reason="C01") for line in LINES))
    bench.parcel()
    assert parcel(bench).reason == {"ru": "Мало", "en": "Too small"}


def test_what_a_customer_wrote_in_their_own_words_is_not_shown() -> None:
    bench = Bench(lines=tuple(replace(line, reason="звоните +7 900 Анне") for line in LINES))
    bench.parcel()
    assert parcel(bench).reason is None


def test_a_compared_number_and_the_time_left_stand_beside_the_item() -> None:
    due = "2026-01-01T00:00:00Z"
    bench = Bench(lines=tuple(replace(line, due_at=due) for line in LINES))
    bench.parcel()
    bench.phone()
    told = {fact.t: fact.p for fact in checklist(bench).facts}
    assert told["fact.serial.match"]["no"].startswith("…")
    assert told["fact.due"]["left"]["t"] == "left.days"


def test_a_mark_keeps_its_word_and_says_beside_it_what_was_marked() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    before = mark_of(checklist(bench), "stain")
    assert (before.t["ru"], before.said, before.cap) == ("пятно, запах", None, "")
    bench.press(before.k)
    after = mark_of(checklist(bench), "stain")
    assert after.t == before.t
    assert after.said is not None
    assert after.cap == "C"


def test_a_claim_against_the_carrier_is_told_of_a_box_with_damage_where_days_are_agreed() -> None:
    own = pack()
    agreed = replace(own, terms=replace(own.terms, claim_days={OTHER: 3}))
    bench = Bench(given=context(packs={own.sha256: agreed}))
    bench.parcel()
    assert parcel(bench).claim is None
    bench.press("1")
    claim = parcel(bench).claim
    assert claim is not None
    assert claim.p["left"] == {"t": "left.days", "p": {"n": 2}}
    bench.given = context()
    assert parcel(bench).claim is None


def test_a_parcel_that_is_known_at_once_says_how_long_that_took() -> None:
    bench = Bench()
    bench.parcel()
    note = bench.screen.note
    assert note is not None
    assert note.t == "fb.parcel_read"
    assert note.p["took"] == 0


def test_esc_lays_a_parcel_aside_and_only_ends_the_question_what_is_missing() -> None:
    bench = Bench()
    bench.parcel()
    assert dict(seen(bench).keys)["esc"] == "key.park"
    bench.press("f7")
    assert dict(seen(bench).keys)["esc"] == "key.back"


def test_a_line_says_where_its_piece_was_put() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    assert [line.zone for line in parcel(bench).lines] == ["resale", ""]
    bench.press("f9")
    bench.press("esc")
    assert [line.zone for line in parcel(bench).lines] == ["", ""]


def test_a_move_says_what_it_carries_since_when_and_when_its_robot_was_told() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.given = replace(bench.given, offset_s=3 * 3600)
    move = seen(bench).side.moves[0]
    assert move.name == {"ru": "Футболка", "en": "T-shirt"}
    assert move.at == clock(bench.now_ms, 3 * 3600)
    assert move.sent_at == ""
    work = next(iter(bench.state.moves.values()))
    sent = MoveChanged(move=work.move, leg=0, state=MoveState.SENT, attempt=1, robot="R1")
    event = replace(bench.events[-1], payload=sent, unit=work.unit, time_ms=bench.now_ms + 60_000)
    bench.state = apply(bench.state, event)
    assert seen(bench).side.moves[0].sent_at == clock(bench.now_ms + 60_000, 3 * 3600)


def test_a_tray_stands_at_the_bench_until_somebody_has_taken_it() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.press("esc")
    work = seen(bench).work
    assert isinstance(work, IdleWork)
    assert work.waiting.bench == ("A1",)
    move = next(iter(bench.state.moves.values()))
    taken = MoveChanged(move=move.move, leg=0, state=MoveState.CARRYING, attempt=1, robot="R1")
    bench.state = apply(bench.state, replace(bench.events[-1], payload=taken, unit=move.unit))
    work = seen(bench).work
    assert isinstance(work, IdleWork)
    assert work.waiting.bench == ()


def test_the_time_of_a_stop_is_that_of_the_last_act_before_it() -> None:
    bench = Bench()
    bench.parcel()
    bench.state = replace(bench.state, acted_ms=3_600_000)
    work = resumed(bench)
    assert work.at == "01:00:00"
    bench.state = replace(bench.state, acted_ms=7_200_000)
    later = seen(bench).work
    assert isinstance(later, ResumeWork)
    assert later.at == "01:00:00"


def test_a_badge_at_a_locked_screen_is_no_act_at_the_work() -> None:
    bench = Bench()
    bench.parcel()
    locked = replace(bench.state, locked=True, acted_ms=5)
    event = replace(bench.events[-1], time_ms=9, data={"acts": [[1, "s", ""]]})
    assert apply(locked, event).acted_ms == 5


def test_a_lock_of_its_own_says_why_and_the_screen_whose_work_is_open() -> None:
    bench = Bench()
    bench.parcel()
    bench.take(LockTimer(minutes=5))
    bench.state = replace(bench.state, acted_ms=3_600_000)
    bench.given = replace(bench.given, offset_s=3 * 3600)
    work = seen(bench).work
    assert isinstance(work, LockedWork)
    assert work.who == {"ru": "Иванова", "en": "Ivanova"}
    assert work.at == "04:00"
    note = bench.screen.note
    assert note is not None
    assert (note.t, note.p) == ("fb.locked_idle", {"n": 5})


def resumed(bench: Bench) -> ResumeWork:
    bench.screen = Screen()
    start = StartInput(version="1", sqlite="3", replay_ms=38, new_journal="", events=412)
    bench.take(start)
    work = seen(bench).work
    assert isinstance(work, ResumeWork)
    return work


def test_after_a_crash_the_item_in_the_hand_is_named_by_its_line_and_what_was_read() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    work = resumed(bench)
    assert (work.line, work.events, work.read_ms) == (2, 412, 38)
    assert work.must is not None


def test_after_a_crash_a_dangerous_item_is_shown_with_no_other_zone() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("f11")
    work = resumed(bench)
    assert work.proposed is not None
    assert work.proposed.zone == "hazmat"
    assert work.must is None


def test_the_time_of_the_last_act_is_that_of_the_newest_event_with_acts() -> None:
    bench = Bench()
    bench.parcel()
    event = bench.events[-1]
    acted = apply(bench.state, replace(event, time_ms=7, data={"acts": [[1, "k", "3"]]}))
    assert acted.acted_ms == 7
    assert apply(acted, replace(event, time_ms=9, data={})).acted_ms == 7


def test_the_clock_is_that_on_the_wall() -> None:
    assert clock(0, 3 * 3600) == "03:00:00"
    assert short_clock(23 * HOUR_MS, 3 * 3600) == "02:00"
    assert clock(1_000, -3600) == "23:00:01"


def test_time_left_is_told_in_hours_then_in_days_and_never_as_nothing_before_the_end() -> None:
    assert left(HOUR_MS // 2, 0) == {"t": "left.hours", "p": {"n": 1}}
    assert left(47 * HOUR_MS, 0)["p"] == {"n": 47}
    assert left(72 * HOUR_MS, 0) == {"t": "left.days", "p": {"n": 3}}
    assert left(5, 5) == {"t": "left.late"}


def test_a_photograph_that_was_not_sharp_is_owed_still_and_says_why() -> None:
    bench = Bench(given=context(camera_roles=frozenset({"defect"})))
    bench.parcel()
    bench.shirt()
    torn = mark_of(checklist(bench), "fabric").k
    bench.press(torn, torn)
    unit = bench.state.unit
    assert unit is not None
    refused = PhotoInput(
        unit=unit.unit, slot="defect", photo=None, reason="camera_failed", flaw="blurred"
    )
    bench.take(refused)
    assert checklist(bench).photos == (("defect", "blurred"),)
    bench.press("enter")
    bench.tray("D1")
    bench.take(refused)
    work = seen(bench).work
    assert isinstance(work, VerdictWork)
    assert (seen(bench).state, work.flaw) == ("PHOTO", "blurred")
    assert [owed.p for owed in work.owed if owed.t == "owed.photo"] == [{"slot": "defect"}]
    bench.press("9")
    assert bench.screen.flaw is not None, "it stands until the next one is there"


def test_another_slot_s_photograph_leaves_what_was_wrong_with_this_one() -> None:
    screen = Screen(flaw=("defect", "dark"))
    assert inspection.without_due(screen, "item").flaw == ("defect", "dark")
    assert inspection.without_due(screen, "defect").flaw is None


def test_the_report_of_a_shift_is_printed_from_its_summary_where_there_is_a_printer() -> None:
    given = context(lpn=LpnRules(printer="printer:9100"))
    bench = Bench(given=given)
    bench.badge()
    bench.badge()
    assert dict(seen(bench).keys)["f5"] == "key.report"
    assert bench.press("f5") == ["device.command"]
    command = bench.events[-1].payload
    assert isinstance(command, DeviceCommand)
    assert (command.device, command.command) == ("printer", "report")
    assert seen(bench).state == "SUMMARY"
    for is_sent, told in ((True, "fb.report_printed"), (False, "fb.report_failed")):
        assert bench.take(PrintInput(unit=None, lpn="report", is_sent=is_sent)) == []
        assert bench.screen.note is not None
        assert bench.screen.note.t == told


def test_without_a_printer_no_report_is_ordered_and_its_key_is_not_offered() -> None:
    bench = Bench()
    bench.badge()
    bench.badge()
    assert "f5" not in dict(seen(bench).keys)
    assert bench.press("f5") == []
    assert bench.screen.note is not None
    assert bench.screen.note.t == "fb.report_failed"


def test_a_reason_names_what_was_asked_and_what_was_answered() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("6")
    proposed = checklist(bench).proposed
    assert proposed is not None
    (why,) = proposed.why
    assert why["ru"].startswith("пятно, запах: ")
    assert why["en"].startswith("stain, smell: ")


def test_dangerous_goods_wait_for_their_container_not_for_a_tray() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("f11")
    assert wanted(bench.state, bench.screen) == "want.container"


def test_a_station_that_starts_locked_asks_for_a_badge_before_it_speaks_of_the_work() -> None:
    for locks, told in ((True, "fb.locked"), (False, "fb.resumed")):
        bench = Bench()
        bench.parcel()
        start = StartInput(version="1", sqlite="3", replay_ms=1, new_journal="", locks=locks)
        bench.take(start)
        assert bench.screen.note is not None
        assert bench.screen.note.t == told


def test_a_foreign_code_beside_dangerous_goods_names_their_container_alone() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    bench.press("f11")
    bench.shirt()
    assert bench.no == "E36"


def test_answers_are_numbered_as_the_person_gave_them() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    bench.press("1")
    assert bench.screen.note is not None
    assert (bench.screen.note.t, bench.screen.note.p["n"]) == ("fb.answered", 1)
