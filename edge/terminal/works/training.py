"""Work region between two tasks of a training course, and its report."""

from edge.terminal.cells import Line, line
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, TRAINING, WARNING
from edge.views import StationView, TrainingWork


def training(work: TrainingWork, pen: Pen) -> list[Line]:
    """Say which piece is next; after the last one say how it went, mistake by mistake."""
    if work.is_over:
        return _report(work, pen)
    lines = pen.text("ui.task", BOLD, task=work.task, of=work.of, name=work.name)
    lines += [*pen.text("ui.task_labels", label=work.label), BLANK]
    return [*lines, *_mistakes(work, pen), *pen.text("ui.task_rule", FAINT, of=work.of)]


def coached(view: StationView, pen: Pen, lines: list[Line]) -> list[Line]:
    """Return the work with what is told of the piece in the hand above it."""
    told = [
        line(" " * INDENT, (f" {pen.texts.message(each)} ", f"bold {TRAINING.style}"))
        for each in view.coach
    ]
    return [*told, *lines]


def _report(work: TrainingWork, pen: Pen) -> list[Line]:
    style = BOLD if work.is_passed else WARNING
    text = "ui.passed" if work.is_passed else "ui.not_passed"
    lines = [*pen.text(text, style, of=work.of, wrong=work.wrong), BLANK]
    return [*lines, *_mistakes(work, pen), *pen.text("ui.course_end", FAINT)]


def _mistakes(work: TrainingWork, pen: Pen) -> list[Line]:
    shown = [line(" " * INDENT, ("✗ ", WARNING), pen.texts.message(m)) for m in work.mistakes]
    return [*shown, BLANK] if shown else []
