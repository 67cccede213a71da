"""Training on the screen: how far it is, the next piece, the report. The rest is as at work."""

from edge.course import item_of, parcel_of
from edge.station import training
from edge.station.decision import Context
from edge.station.progress import Lesson
from edge.station.state import State
from edge.views import CourseHead, Message, Stage, TrainingWork


def mode(context: Context) -> str:
    """Return the word of the whole screen."""
    return training.LIVE if context.course is None else training.TRAINING


def head(state: State, context: Context) -> CourseHead | None:
    """Return what row 1 tells of the course, None at work."""
    if context.course is None or state.progress is None:
        return None
    return CourseHead(
        task=training.next_task(state, context),
        of=len(context.course.tasks),
        wrong=state.progress.wrong,
    )


def stage(state: State, context: Context) -> Stage | None:
    """Return the big word of the report; None where the flow's own word stands."""
    if state.progress is None or not training.is_over(state, context):
        return None
    return Stage(t="stage.passed" if state.progress.is_passed else "stage.again")


def work(state: State, context: Context) -> TrainingWork | None:
    """Return the next task, or the report when there is none; None at work."""
    course, progress = context.course, state.progress
    if course is None or progress is None:
        return None
    number = training.next_task(state, context)
    task, is_over = course.task(number), training.is_over(state, context)
    return TrainingWork(
        task=number,
        of=len(course.tasks),
        wrong=progress.wrong,
        is_over=is_over,
        is_passed=is_over and progress.is_passed,
        name=task.title if task is not None else {},
        label=f"TR-{parcel_of(number)}, TR-{item_of(number)}",
        mistakes=tuple(_mistake(one) for one in progress.done if one.is_wrong),
    )


def _mistake(one: Lesson) -> Message:
    return Message(t="ui.mistake", p={"no": one.rma, "a": one.zone, "b": one.right})
