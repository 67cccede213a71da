"""A view becomes six texts: pure in the view, the language and the size."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from edge.terminal.cells import Line, block, fit, line
from edge.terminal.footer import feedback, keys
from edge.terminal.header import header
from edge.terminal.pen import Pen
from edge.terminal.side import side
from edge.terminal.stage import stage_rows
from edge.terminal.texts import texts
from edge.terminal.theme import BODY, FAINT, RULE
from edge.terminal.works import choice, overlay, override, resume, training, waiting
from edge.terminal.works.checklist import checklist
from edge.terminal.works.container import container
from edge.terminal.works.parcel import parcel
from edge.terminal.works.verdict import verdict
from edge.views import (
    ChecklistWork,
    ChoiceWork,
    ContainerWork,
    EntryWork,
    IdleWork,
    LockedWork,
    OverrideWork,
    ParcelWork,
    ResumeWork,
    Stage,
    StationView,
    StopWork,
    SummaryWork,
    TrainingWork,
    VerdictWork,
)

MIN_SIZE: Final = (80, 24)
LARGE_SIZE: Final = (120, 40)
SMALL_STAGE: Final = 7
LARGE_STAGE: Final = 10
FIXED_ROWS: Final = 6
SIDE_CELLS: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """The six texts of the screen, top down; together every row of the terminal."""

    header: tuple[Line, ...]
    stage: tuple[Line, ...]
    rule: tuple[Line, ...]
    work: tuple[Line, ...]
    feedback: tuple[Line, ...]
    keys: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Regions, and what they were made of."""

    view: StationView
    lang: str
    size: tuple[int, int]
    regions: Regions


def render(view: StationView, lang: str, size: tuple[int, int]) -> Regions:
    """Return the regions for a terminal of `size` = (columns, rows)."""
    return drawn(view, lang, size, None).regions


def drawn(view: StationView, lang: str, size: tuple[int, int], before: Picture | None) -> Picture:
    """Return the picture of a view; what is as it was `before` is taken from there."""
    width, height = size
    if width < MIN_SIZE[0] or height < MIN_SIZE[1]:
        return Picture(view=view, lang=lang, size=size, regions=_too_small(lang, size))
    is_large = width >= LARGE_SIZE[0] and height >= LARGE_SIZE[1]
    rows = LARGE_STAGE if is_large else SMALL_STAGE
    pen = Pen(texts=texts(lang), width=width, height=height - FIXED_ROWS - rows)
    if before is not None and (before.lang, before.size) == (lang, size):
        old, last = before.regions, before.view
        top = old.header if (view.head, view.mode) == (last.head, last.mode) else None
        stage = old.stage if _of_stage(view) == _of_stage(last) else None
        work = old.work if _of_work(view) == _of_work(last) else None
        shown = old.keys if _of_keys(view) == _of_keys(last) else None
    else:
        top = stage = work = shown = None
    rule = line(("─" * width, RULE.style))
    regions = Regions(
        header=top or (header(view, pen),),
        stage=stage or stage_rows(_stage(view), pen.texts, width, rows),
        rule=(rule,),
        work=work or _work_rows(view, pen, is_large=is_large),
        feedback=(rule, feedback(view, pen)),
        keys=shown or keys(view, pen),
    )
    return Picture(view=view, lang=lang, size=size, regions=regions)


def _of_stage(view: StationView) -> tuple[object, ...]:
    return view.stage, view.overlay


def _of_keys(view: StationView) -> tuple[object, ...]:
    """All that the key rows look at: of the head everything but its clock."""
    head = replace(view.head, at="")
    return view.keys, view.now, view.overlay, view.selected, view.state, view.undo, head


def _of_work(view: StationView) -> tuple[object, ...]:
    return (*_of_keys(view), view.work, view.side)


def rows_of(regions: Regions) -> tuple[Line, ...]:
    """Return every row of the screen, top down."""
    return (
        *regions.header,
        *regions.stage,
        *regions.rule,
        *regions.work,
        *regions.feedback,
        *regions.keys,
    )


def _too_small(lang: str, size: tuple[int, int]) -> Regions:
    width, height = size
    said = texts(lang).say("ui.small", {"w": width, "h": height})
    only = block([line((said, BODY.style))], max(1, width), max(1, height))
    return Regions(header=only, stage=(), rule=(), work=(), feedback=(), keys=())


def _stage(view: StationView) -> Stage:
    """An overlay names itself; the work below keeps its own word."""
    match view.overlay:
        case "help":
            return Stage(t="stage.help")
        case "link":
            return Stage(t="stage.link")
        case "moves":
            return Stage(t="stage.moves")
        case "why":
            return Stage(t="stage.why", tone=view.stage.tone)
        case _:
            return view.stage


def _work_rows(view: StationView, pen: Pen, *, is_large: bool) -> tuple[Line, ...]:
    return _with_side(view, pen) if is_large else block(_work(view, pen), pen.width, pen.height)


def _with_side(view: StationView, pen: Pen) -> tuple[Line, ...]:
    wide = pen.width - SIDE_CELLS
    left = Pen(texts=pen.texts, width=wide, height=pen.height)
    right = Pen(texts=pen.texts, width=SIDE_CELLS - 2, height=pen.height)
    pairs = zip(
        block(_work(view, left), wide, pen.height),
        block(side(view, right), right.width, pen.height),
        strict=True,
    )
    return tuple(fit(line(one, ("│ ", FAINT), other), pen.width) for one, other in pairs)


def _work(view: StationView, pen: Pen) -> list[Line]:
    above = _OVERLAYS.get(view.overlay or "")
    if above is not None:
        return above(view, pen)
    return training.coached(view, pen, _below(view, pen))


def _below(view: StationView, pen: Pen) -> list[Line]:
    match view.work:
        case TrainingWork() as work:
            return training.training(work, pen)
        case LockedWork() as work:
            return waiting.locked(work, pen)
        case IdleWork() as work:
            return waiting.idle(work, view, pen)
        case ParcelWork() as work:
            return parcel(work, pen, state=view.state)
        case ChecklistWork() as work:
            return checklist(work, pen)
        case VerdictWork() as work:
            return verdict(work, pen, state=view.state)
        case ChoiceWork() as work:
            return choice.choice(work, pen)
        case EntryWork() as work:
            return waiting.entry(work, pen)
        case ResumeWork() as work:
            return resume.resume(work, view, pen)
        case OverrideWork() as work:
            return override.override(work, pen)
        case ContainerWork() as work:
            return container(work, pen)
        case SummaryWork() as work:
            return choice.summary(work, pen)
        case StopWork() as work:
            return waiting.stop(work, pen)
        case _:
            assert_never(view.work)


_OVERLAYS: Final[Mapping[str, Callable[[StationView, Pen], list[Line]]]] = {
    "help": overlay.help_page,
    "moves": overlay.moves,
    "link": overlay.link,
    "why": overlay.why,
}
