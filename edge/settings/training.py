"""training.toml: the prepared pieces of the training course. Without the file nobody is trained."""

from typing import Final

from edge.course import TASKS, Course, Task
from edge.settings.files import need_tables, read_toml
from edge.settings.problems import Findings, Place
from edge.settings.shape import read_rows

TRAINING_FILE: Final = Place(file="training.toml")


def read_course(languages: tuple[str, ...], found: Findings) -> Course | None:
    """Return the course, None where none is configured; each task has its texts and a category."""
    document = read_toml(TRAINING_FILE.file, found, required=False)
    if not document:
        return None
    need_tables(document, ("task",), TRAINING_FILE, found)
    place = TRAINING_FILE.at("task")
    rows = read_rows(Task, document.get("task", []), place, found)
    count = len(document.get("task", []))
    found.need(count == TASKS, place, f"{count} tasks", f"{TASKS} of them")
    for at, task in rows:
        for name, text in (("title", task.title), ("story", task.story)):
            for language in languages:
                found.need(
                    bool(text.get(language)), at.at(f"{name}.{language}"), "missing", "a text"
                )
    return Course(tasks=tuple(task for _, task in rows))
