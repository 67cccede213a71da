"""Training: its labels alone, its tasks and report; what moves is only written down."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import FLOOR, PIN, SHIRT, TRACKING, Bench, context, label
from drivers.protocols import DeviceName, ScanSource
from edge.barcodes.checks import is_gtin
from edge.course import TASKS, Course, gtin_of, number_in, tray_in
from edge.dispatch.recorder import Recorder
from edge.events import Event, OperatorOut, StationLocked
from edge.settings.problems import Findings
from edge.settings.training import read_course
from edge.station.apply import apply
from edge.station.decision import state_name
from edge.station.inputs import CourseInput, Input
from edge.station.present import Shown, present
from edge.station.state import State
from edge.station.training import is_over, known
from edge.views import Head, Net, TrainingWork
from source_tree import ROOT


def shipped() -> Course:
    found = Findings(folder=ROOT / "config")
    course = read_course(("ru", "en"), found)
    assert found.problems == []
    assert course is not None
    return course


COURSE = shipped()
TASK = "[[task]]\ncategory = 'apparel'"
BOTH = "{ru='a', en='a'}"


FIXED = replace(FLOOR, trays={name: replace(t, fixed=True) for name, t in FLOOR.trays.items()})


def trained(course: Course = COURSE) -> Bench:
    """A person has been let into the training room."""
    bench = Bench(given=context(course=course, floor=FIXED))
    bench.take(CourseInput(operator="0417", role="operator"))
    return bench


def view(bench: Bench) -> Any:
    head = Head(station="ST-01", net=Net(s="up"), at="")
    shown = Shown(head=head, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    given = replace(bench.given, wall_ms=bench.now_ms, mono_ns=bench.now_ms * 1_000_000)
    return present(bench.state, bench.screen, shown, given)


def lesson(bench: Bench, body: str) -> list[str]:
    return bench.scan(label(f"TR-{body}"))


def test_the_shipped_course_goes_to_every_zone() -> None:
    zones = {str(known(task, context(course=COURSE)).zone) for task in COURSE.tasks}
    assert zones == {"resale", "repair", "disposal", "hold", "hazmat"}
    assert len(COURSE.tasks) == TASKS


def test_articles_of_the_course_can_be_no_goods() -> None:
    codes = [gtin_of(number) for number in range(1, TASKS + 1)]
    assert all(is_gtin(code) and code.startswith("02") for code in codes)
    assert len(set(codes)) == TASKS


def test_a_task_is_done_as_any_parcel_and_compared_with_what_is_true() -> None:
    bench = trained()
    lesson(bench, "P01")
    assert state_name(bench.state, bench.screen) == "PARCEL"
    lesson(bench, "U01")
    assert state_name(bench.state, bench.screen) == "UNIT"
    kinds = lesson(bench, "T1-A1")
    assert {"put.confirmed", "quality.rechecked", "parcel.closed"} <= set(kinds)
    head = view(bench).head.course
    assert (head.task, head.of, head.wrong) == (2, TASKS, 0)


@pytest.mark.parametrize("code", [TRACKING, SHIRT[1:], label("RT-1-A1"), label("RL-1-P1"), "4600"])
def test_no_label_of_the_work_counts(code: str) -> None:
    bench = trained()
    assert bench.scan(code) == ["scan.read"]
    assert bench.no == "E05"


@pytest.mark.parametrize("body", ["P01", "U01", "T1-A1", "X"])
def test_no_label_of_the_course_counts_at_work(body: str) -> None:
    bench = Bench(given=context(can_train=True))
    bench.parcel()
    assert lesson(bench, body) == ["scan.read"]
    assert bench.no == "E03"


@pytest.mark.parametrize("body", ["P00", "P13", "U99", "T6-A1", "T1-", "Q01", "P1"])
def test_a_label_that_names_nothing_of_the_course_is_refused(body: str) -> None:
    bench = trained()
    lesson(bench, body)
    assert bench.no == "E05"


def test_a_camera_reads_no_label_of_the_course() -> None:
    bench = trained()
    bench.scan(label("TR-P01"), source=ScanSource.CAMERA, device=DeviceName("cam"))
    assert bench.no == "E16"


def test_a_wrong_zone_is_counted_and_shown_with_the_right_one() -> None:
    bench = trained()
    for body in ("P02", "U02", "T1-A1"):
        lesson(bench, body)
    work = view(bench).work
    assert isinstance(work, TrainingWork)
    assert [(one.p["a"], one.p["b"]) for one in work.mistakes] == [("resale", "disposal")]
    assert work.wrong == 1


def test_an_undone_put_is_no_mistake() -> None:
    bench = trained()
    for body in ("P02", "U02", "T1-A1"):
        lesson(bench, body)
    bench.press("f9")
    assert view(bench).head.course.wrong == 0


def test_the_hint_comes_after_ten_seconds() -> None:
    bench = trained()
    for body in ("P02", "U02"):
        lesson(bench, body)
    assert [one.t for one in view(bench).coach] == ["ui.story"]
    bench.now_ms += 10_000
    assert [one.t for one in view(bench).coach] == ["ui.story", "ui.hint"]
    assert view(bench).coach[1].p["zone"] == "disposal"


def test_a_task_is_done_once_and_a_course_ends() -> None:
    course = Course(tasks=COURSE.tasks[:2])
    bench = trained(course)
    for body in ("P01", "U01", "T1-A1"):
        lesson(bench, body)
    lesson(bench, "P01")
    assert bench.no == "E07"
    for body in ("P02", "U02", "T1-A1"):
        lesson(bench, body)
    assert is_over(bench.state, bench.given)
    assert view(bench).stage.t == "stage.passed"
    lesson(bench, "P02")
    assert bench.no == "E08"


def test_two_wrong_zones_are_not_passed() -> None:
    course = Course(tasks=(COURSE.tasks[1],) * 2)
    bench = trained(course)
    for number in ("01", "02"):
        for body in (f"P{number}", f"U{number}", "T1-A1"):
            lesson(bench, body)
    assert view(bench).stage.t == "stage.again"
    assert not view(bench).work.is_passed


def test_a_supervisor_lets_in_from_idle_and_out() -> None:
    work = Bench(given=context(can_train=True))
    work.badge()
    work.press("f12")
    work.badge("0001")
    work.press(*PIN, "enter")
    assert work.last is not None
    assert work.last.mode == "training"
    assert [type(draft.payload) for draft in work.last.drafts] == [StationLocked]
    for way in ("f12", "esc"):
        room = trained()
        room.press(way)
        room.badge("0001")
        room.press(*PIN, "enter")
        assert room.last is not None
        assert room.last.mode == "live"
        assert [type(draft.payload) for draft in room.last.drafts] == [OperatorOut]


def test_nobody_is_let_in_with_a_parcel_open_or_where_there_is_no_course() -> None:
    bench = Bench(given=context(can_train=True))
    bench.parcel()
    bench.press("f12")
    assert bench.no == "E00"
    without = Bench()
    without.badge()
    without.press("f12")
    assert without.no == "E00"


def test_an_operator_opens_no_room() -> None:
    bench = Bench(given=context(can_train=True))
    bench.badge()
    bench.press("f12")
    bench.badge("0502")
    assert bench.no == "E80"
    bench.badge("0001")
    bench.press("9", "9", "9", "9", "enter")
    assert bench.no == "E82"
    assert bench.last is not None
    assert bench.last.mode == ""


def test_another_badge_takes_no_part_and_the_own_one_ends_nothing() -> None:
    bench = trained()
    for no in ("0502", "0417"):
        bench.badge(no)
        assert bench.no == "E06"
    bench.press("f3")
    bench.badge("0502")
    assert bench.no == "E06"
    bench.badge("0417")
    assert not bench.state.locked
    assert bench.state.progress is not None


def test_progress_is_the_same_after_a_restart_and_new_with_each_course() -> None:
    bench = trained()
    for body in ("P02", "U02", "T1-A1", "P01", "U01"):
        lesson(bench, body)
    state = State()
    for event in bench.events:
        state = apply(state, event)
    assert state == bench.state
    bench.take(CourseInput(operator="0417", role="operator"))
    assert view(bench).head.course.wrong == 0


class _Desk:
    """What the recorder sees of the room."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.is_writable = True

    @property
    def state(self) -> State:
        return self.bench.state

    async def commit(self, given: Input) -> bool:
        return bool(self.bench.take(given))


def _moved(events: list[Event]) -> list[str]:
    return [event.kind for event in events if event.kind.startswith(("move.", "diverter."))]


async def test_what_would_move_is_written_down_and_told_to_nobody() -> None:
    bench = trained()
    recorder = Recorder(_Desk(bench))
    for body in ("P01", "U01", "T1-A1"):
        lesson(bench, body)
    await recorder.step()
    assert _moved(bench.events) == ["move.planned"], "it can still be undone"
    lesson(bench, "P02")
    await recorder.step()
    assert _moved(bench.events) == ["move.planned", "move.done", "move.done"]
    assert bench.state.moves == {}
    assert not {"move.sent", "diverter.sent", "device.command"} & {e.kind for e in bench.events}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[[task]]\ncategory = 'apparel'\ntitle = {ru='a', en='a'}\nstory = {ru='a', en='a'}",
            "1 tasks",
        ),
        (f"{TASK}\ntitle = {{ru='a'}}\nstory = {BOTH}", "title.en"),
        (f"[[task]]\ntitle = {BOTH}", "category"),
        ("lesson = 1", "unknown key"),
    ],
)
def test_a_course_that_is_no_course_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "training.toml").write_text(text, encoding="utf-8")
    found = Findings(folder=tmp_path)
    read_course(("ru", "en"), found)
    assert any(problem in str(one) for one in found.problems), found.problems


def test_without_the_file_nobody_is_trained(tmp_path: Path) -> None:
    found = Findings(folder=tmp_path)
    assert read_course(("ru", "en"), found) is None
    assert found.problems == []


def test_words_behind_the_prefix_are_read_exactly() -> None:
    assert (number_in("P07", "P"), number_in("P7", "P"), number_in("U07", "P")) == (7, None, None)
    assert (tray_in("T4-H1"), tray_in("T0-H1"), tray_in("P4-H1")) == ((4, "H1"), None, None)
