"""Whatever is printed on a box, the screen keeps its shape."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edge.terminal.keyboard import Burst, Pressed, Stroke
from edge.terminal.screen import render, rows_of
from edge.views import (
    ChecklistWork,
    ChoiceWork,
    Feedback,
    Item,
    Line,
    Mark,
    Message,
    ParcelWork,
    Severity,
    Stage,
    StationView,
)
from terminal_scenes import BASE

foreign = st.text(max_size=120)
labels = st.builds(lambda ru, en: {"ru": ru, "en": en}, foreign, foreign)
parcels = st.builds(
    lambda no, names: ParcelWork(
        no=no,
        lines=tuple(
            Line(n=n, name=name, gtin=no, received=0, expected=n) for n, name in enumerate(names, 1)
        ),
    ),
    foreign,
    st.lists(labels, max_size=20),
)
checklists = st.builds(
    lambda name, marks: ChecklistWork(
        item=Item(name=name, ids=(("gtin", "1"),)),
        pos=(1, 1),
        marks=tuple(
            Mark(k=str(n), step="s", t=label, level=n % 3, levels=2)
            for n, label in enumerate(marks, 1)
        ),
    ),
    labels,
    st.lists(labels, max_size=8),
)
choices = st.builds(
    lambda code, name: ChoiceWork(
        code="E10", p={"code": code}, opts=(("1", Message(t="opt.candidate", p={"name": name})),)
    ),
    foreign,
    labels,
)
views = st.builds(
    lambda work, label, code: replace(
        BASE,
        work=work,
        stage=Stage(label=label),
        fb=Feedback(n=1, sev=Severity.OK, t="E10", p={"code": code}),
    ),
    parcels | checklists | choices,
    labels,
    foreign,
)


@given(
    view=views,
    lang=st.sampled_from(["ru", "en"]),
    size=st.tuples(st.integers(1, 160), st.integers(1, 50)),
)
def test_any_view_fills_any_screen_exactly(
    view: StationView, lang: str, size: tuple[int, int]
) -> None:
    rows = rows_of(render(view, lang, size))
    assert len(rows) == size[1]
    assert {row.cell_length for row in rows} == {size[0]}
    assert all(row.plain.isprintable() for row in rows)


@given(presses=st.lists(st.tuples(st.sampled_from("0123456789aЖ-"), st.floats(0.0, 0.2))))
def test_no_key_is_lost_or_doubled_by_the_burst_rule(presses: list[tuple[str, float]]) -> None:
    burst, at = Burst(), 1.0
    decided: list[Stroke] = []
    for character, gap in presses:
        at += gap
        decided += burst.tick(at)
        decided += burst.press(character, character, at)
    decided += burst.tick(at + 1.0)
    shown = "".join(each.name if isinstance(each, Pressed) else each.text for each in decided)
    assert shown == "".join(character for character, _ in presses)
