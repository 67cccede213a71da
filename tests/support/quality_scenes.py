"""Screens of second looks and of training, beside those of every day."""

from collections.abc import Mapping
from dataclasses import replace

from edge.views import ChoiceWork, Message, Severity, Stage, StationView
from scene_values import PHONE, SHIRT
from terminal_scenes import (
    ASKED,
    CHOICE,
    OVERRIDE,
    SCENES,
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

ALL_SCENES: Mapping[str, StationView] = {
    **SCENES,
    "s05f_drawn": DRAWN,
    "s05g_differ": DIFFER,
    "s07f_taken": TAKEN,
    "s10d_adjudged": ADJUDGED,
}
