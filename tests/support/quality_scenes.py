"""Screens of second looks and of training, beside those of every day."""

from collections.abc import Mapping
from dataclasses import replace

from edge.views import (
    ChoiceWork,
    CourseHead,
    Message,
    Severity,
    Stage,
    StationView,
    TrainingWork,
)
from scene_values import PHONE, SHIRT
from terminal_scenes import (
    ASKED,
    BASE,
    CHOICE,
    OVERRIDE,
    SCENES,
    UNIT,
    VERDICT,
    VERDICT_WORK,
    fb,
)

DRAWN_WORK = replace(
    VERDICT_WORK, by="hand", trays=("Q1",), owed=(Message(t="owed.look", p={"t": "Q1"}),)
)
DRAWN = replace(
    VERDICT,
    stage=Stage(t="stage.look"),
    work=DRAWN_WORK,
    fb=fb(Severity.WARN, "E51", t="Q1"),
)
DIFFER = replace(
    DRAWN,
    stage=Stage(t="stage.differ"),
    work=replace(DRAWN_WORK, owed=(Message(t="owed.differ", p={"t": "Q1"}),)),
    fb=fb(Severity.WARN, "E54", t="Q1"),
)
TAKEN = replace(
    CHOICE,
    work=ChoiceWork(
        code="E53",
        p={"t": "Q1"},
        opts=(
            ("1", Message(t="opt.look", p={"name": SHIRT, "no": "0500-0007"})),
            ("2", Message(t="opt.look", p={"name": PHONE, "no": "…4417"})),
        ),
    ),
    fb=fb(Severity.ERROR, "E53", t="Q1"),
)
ADJUDGED = replace(
    OVERRIDE,
    work=replace(
        ASKED,
        what=Message(t="override.recheck"),
        step="reason",
        ways=(
            ("1", Message(t="look.first", p={"z": "resale", "grade": "A"})),
            ("2", Message(t="look.second", p={"z": "repair", "grade": "C"})),
        ),
    ),
)

COURSE = replace(BASE.head, course=CourseHead(task=3, of=12, wrong=1))
STORY = {"ru": "на спине дыра", "en": "a hole in the back"}
TRAINED = replace(
    UNIT,
    mode="training",
    head=COURSE,
    coach=(
        Message(t="ui.story", p={"story": STORY}),
        Message(
            t="ui.hint",
            p={"names": [{"ru": "Порыв, дыра", "en": "Tear, hole"}], "zone": "disposal"},
        ),
    ),
    fb=fb(Severity.OK, "fb.training"),
)
TASK = replace(
    BASE,
    mode="training",
    head=COURSE,
    work=TrainingWork(task=3, of=12, wrong=1, name=SHIRT, label="TR-P03, TR-U03"),
    fb=fb(Severity.ERROR, "E05"),
    keys=(("f12", "key.leave"), ("f1", "key.help")),
)
REPORT = TrainingWork(
    task=12,
    of=12,
    wrong=1,
    is_over=True,
    is_passed=True,
    mistakes=(Message(t="ui.mistake", p={"no": "TR-P02", "a": "resale", "b": "disposal"}),),
)
PASSED = replace(TASK, stage=Stage(t="stage.passed"), work=REPORT, fb=None)
FAILED = replace(
    TASK,
    stage=Stage(t="stage.again"),
    work=replace(REPORT, wrong=2, is_passed=False, mistakes=REPORT.mistakes * 2),
    fb=fb(Severity.ERROR, "E08"),
)
ROOM = replace(OVERRIDE, work=replace(ASKED, what=Message(t="override.training"), item=None))

ON_LANE = replace(
    VERDICT,
    work=replace(VERDICT_WORK, by="conveyor", trays=("L3",), owed=()),
    keys=(
        ("scan", "key.scan"),
        ("enter", "key.conveyor"),
        ("1-4", "key.zone"),
        ("6", "key.reason"),
        ("8", "key.why"),
        ("9", "key.photo"),
        ("esc", "key.back"),
        ("f1", "key.help"),
        ("f9", "key.undo"),
        ("f11", "key.danger"),
    ),
)

ALL_SCENES: Mapping[str, StationView] = {
    **SCENES,
    "s05f_drawn": DRAWN,
    "s05g_differ": DIFFER,
    "s05h_lane": ON_LANE,
    "s07f_taken": TAKEN,
    "s10d_adjudged": ADJUDGED,
    "s10e_room": ROOM,
    "s12_training": TRAINED,
    "s12b_task": TASK,
    "s12c_passed": PASSED,
    "s12d_failed": FAILED,
}
