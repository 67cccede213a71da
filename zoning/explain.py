"""Why a unit goes where it goes: one line per language, and what each row says about it."""

from collections.abc import Iterable

from zoning.checklist.values import Checklist, Step
from zoning.model import Facts, Label, Verdict
from zoning.pack import Pack
from zoning.table import cell_truth

_LINE = {
    "ru": "{head}{why}. Строка {row}, политика {version}",
    "en": "{head}{why}. Row {row}, policy {version}",
}
_GRADE = {"ru": "оценка {}", "en": "grade {}"}


def reason(pack: Pack, checklist: Checklist, verdict: Verdict) -> Label:
    """Return the one line for screen and label: what is done, why, by which row."""
    return {name: _line(pack, checklist, verdict, name) for name in pack.languages}


def why_not(pack: Pack, facts: Facts, row: str) -> tuple[str, ...]:
    """Return the columns that reject a row for these facts; empty = it is or may be true."""
    found = pack.table.row(row)
    if found is None:
        return ()
    return tuple(
        name
        for name, cell in found.cells.items()
        if cell_truth(cell, facts.values.get(name)) is False
    )


def _line(pack: Pack, checklist: Checklist, verdict: Verdict, language: str) -> str:
    disposition = pack.policy.dispositions.get(verdict.disposition)
    head = (disposition.label if disposition else verdict.note).get(language, verdict.disposition)
    parts = [*_answers(checklist, verdict, language), *_grade(verdict, language)]
    form = _LINE.get(language, _LINE["en"])
    why = ": " + ", ".join(parts) if parts else ""
    return form.format(head=head, why=why, row=verdict.row, version=pack.policy.version)


def _answers(checklist: Checklist, verdict: Verdict, language: str) -> Iterable[str]:
    for item in verdict.deciding:
        step = checklist.step(item.step)
        if step is not None:
            yield _words(step, item.answer, language)


def _words(step: Step, answer: str | int, language: str) -> str:
    question = step.label.get(language, step.name).rstrip("?")
    option = step.option(str(answer))
    said = option.label.get(language, option.id) if option else f"{answer} {step.unit}".rstrip()
    return f"{question}: {said}"


def _grade(verdict: Verdict, language: str) -> Iterable[str]:
    if verdict.grade is not None:
        yield _GRADE.get(language, _GRADE["en"]).format(verdict.grade)
