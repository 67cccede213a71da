"""Explanations in words: one line for screen and label, and the whole of it line by line.

Russian and English; another language of a pack gets its own labels within English sentences.
"""

from collections.abc import Mapping

from zoning.checklist.values import Checklist, Step
from zoning.explain.values import Cause, Change, Explanation
from zoning.grammar import show_number
from zoning.model import Deciding, Domain, Label, Members, Missing, Value, Verdict
from zoning.pack import Pack
from zoning.policy import Cap
from zoning.table import show_cell

_LISTED = 4  # members named one by one; of more the rest is counted
_CENTS = "/100"
_WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "line": "{head}{why}. Строка {row}, политика {version}",
        "graded": "оценка {grade}",
        "note": "{row}: {note}",
        "cause": "{column}: {value}, строка требует {cell}{answers}",
        "open": "{column}: {value}, а строка {row} требует {cell}{answers}",
        "cap": "Ограничение {id}: {text}",
        "unproved": "Ограничение {id}, не исключено: {text}",
        "also": "Подходит и дальше {row}: {note}",
        "change": "Иначе: {column}: {change}, тогда {row}: {zone}, {disposition}",
        "missing": "Не хватает: {column}: {why}",
        "why_absent": "нет в данных",
        "why_out_of_domain": "политика не знает такого значения",
        "why_currency": "другая валюта",
        "why_stale": "устарело",
        "why_open": "ещё не отвечено",
        "why_cut_off": "осмотр закончен раньше",
        "why_invalid": "недопустимо или противоречит другим сведениям",
        "unknown": "неизвестно",
        "none": "нет",
        "maybe": "возможно {members}",
        "yes": "да",
        "no": "нет",
        "value_ungraded": "без оценки",
    },
    "en": {
        "line": "{head}{why}. Row {row}, policy {version}",
        "graded": "grade {grade}",
        "note": "{row}: {note}",
        "cause": "{column}: {value}, the row asks for {cell}{answers}",
        "open": "{column}: {value}, but the row {row} asks for {cell}{answers}",
        "cap": "Cap {id}: {text}",
        "unproved": "Cap {id}, not ruled out: {text}",
        "also": "Further on {row} fits, too: {note}",
        "change": "Else: {column}: {change}, then {row}: {zone}, {disposition}",
        "missing": "Missing: {column}: {why}",
        "why_absent": "not in the data",
        "why_out_of_domain": "a value that the policy does not know",
        "why_currency": "another currency",
        "why_stale": "out of date",
        "why_open": "not answered yet",
        "why_cut_off": "the inspection ended before",
        "why_invalid": "not valid, or against other facts",
        "unknown": "unknown",
        "none": "none",
        "maybe": "perhaps {members}",
        "yes": "yes",
        "no": "no",
        "value_ungraded": "no grade",
    },
}
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "category": "категория",
        "grade": "оценка",
        "flags": "признаки",
        "attrs": "свойства товара",
        "value": "цена",
        "in_window": "срок возврата",
        "warranty": "гарантия",
        "seal": "упаковка",
        "identity": "тот ли товар",
        "channel": "канал продажи",
        "tenant": "продавец",
        "customer_reason": "причина клиента",
        "evidence": "доказательства",
    },
    "en": {
        "category": "category",
        "grade": "grade",
        "flags": "flags",
        "attrs": "attributes",
        "value": "value",
        "in_window": "return window",
        "warranty": "warranty",
        "seal": "packaging",
        "identity": "identity",
        "channel": "sales channel",
        "tenant": "tenant",
        "customer_reason": "customer's reason",
        "evidence": "evidence",
    },
}
_ZONES: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "resale": "продажа",
        "repair": "ремонт",
        "disposal": "утилизация",
        "hold": "ожидание",
        "hazmat": "опасное",
    },
    "en": {},
}


def reason(pack: Pack, checklist: Checklist | None, verdict: Verdict) -> Label:
    """Return the one line for screen and label: what is done, why, by which row."""
    return {name: _Teller(pack, checklist, name).line(verdict) for name in pack.languages}


def explanation_lines(explanation: Explanation, language: str) -> tuple[str, ...]:
    """Return the whole explanation, the one line of `reason` first."""
    teller = _Teller(explanation.pack, explanation.checklist, language)
    verdict = explanation.verdict
    row = explanation.row.id if explanation.row else ""
    return (
        teller.line(verdict),
        *([] if verdict.row.startswith("#") else [teller.noted("note", verdict.row, verdict.note)]),
        *(teller.cause(cause, row) for cause in explanation.causes),
        *(
            teller.cap(cap, is_proved=cap.id not in explanation.unproved)
            for cap in explanation.caps
        ),
        *(teller.noted("also", other.id, other.note) for other in explanation.also_true),
        *(teller.missing(item) for item in verdict.missing),
        *(teller.change(change) for change in explanation.one_change),
    )


class _Teller:
    """Says things of one pack, and of one checklist if it is known, in one language."""

    def __init__(self, pack: Pack, checklist: Checklist | None, language: str) -> None:
        known = language if language in _WORDS else "en"
        self._pack = pack
        self._checklist = checklist
        self._language = language
        self._words = _WORDS[known]
        self._columns = _COLUMNS[known]
        self._zones = _ZONES[known]

    def line(self, verdict: Verdict) -> str:
        """Say what is done, why, and by which row."""
        disposition = self._pack.policy.dispositions.get(verdict.disposition)
        head = self._text(disposition.label if disposition else verdict.note, verdict.disposition)
        parts = [self._answer(item) for item in verdict.deciding]
        if verdict.row.startswith("#"):
            parts += [self._column(item.column) for item in verdict.missing]
        elif verdict.grade is not None:
            parts.append(self._words["graded"].format(grade=verdict.grade))
        why = ": " + ", ".join(parts) if parts else ""
        version = self._pack.policy.version
        return self._words["line"].format(head=head, why=why, row=verdict.row, version=version)

    def noted(self, word: str, row: str, note: Label) -> str:
        """Say a row and its note."""
        return self._words[word].format(row=row, note=self._text(note, ""))

    def cause(self, cause: Cause, row: str) -> str:
        """Say a condition of a row beside the fact, and the answers that gave the fact."""
        told = ", ".join(self._answer(item) for item in cause.answers)
        return self._words["cause" if cause.is_met else "open"].format(
            column=self._column(cause.column),
            value=self._value(cause.column, cause.value),
            row=row,
            cell=show_cell(cause.cell, self._pack.policy.domains[cause.column]),
            answers=f" ({told})" if told else "",
        )

    def cap(self, cap: Cap, *, is_proved: bool) -> str:
        """Say a cap that applies, and whether it does so only because nothing rules it out."""
        form = self._words["cap" if is_proved else "unproved"]
        return form.format(id=cap.id, text=self._text(cap.text, ""))

    def missing(self, item: Missing) -> str:
        """Say which column is missing and why."""
        why = self._words.get(f"why_{item.why}", item.why)
        return self._words["missing"].format(column=self._column(item.column), why=why)

    def change(self, change: Change) -> str:
        """Say which other value sends the unit elsewhere."""
        return self._words["change"].format(
            column=self._column(change.column),
            change=self._step(change),
            row=change.row.id,
            zone=self._zones.get(change.row.zone, change.row.zone),
            disposition=change.row.disposition,
        )

    def _step(self, change: Change) -> str:
        if not isinstance(change.before, Members):
            shown = [self._value(change.column, each) for each in (change.before, change.value)]
            return " → ".join(shown)
        signs = (("+", change.added), ("−", change.removed))
        return " ".join(
            f"{sign}{self._member(change.column, name)}"
            for sign, members in signs
            for name in self._pack.policy.domains[change.column].values
            if name in members
        )

    def _answer(self, item: Deciding) -> str:
        step = self._checklist.step(item.step) if self._checklist else None
        if step is None:
            return f"{item.step} = {item.answer}"
        chosen = [self._option(step, name) for name in str(item.answer).split("|")]
        return f"{self._text(step.label, step.name).rstrip('?')}: {', '.join(chosen)}"

    def _option(self, step: Step, name: str) -> str:
        option = step.option(name)
        if option is not None:
            return self._text(option.label, option.id)
        is_scaled = step.is_number and name.lstrip("-").isdigit()
        shown = show_number(int(name), step.precision) if is_scaled else name
        return f"{shown} {step.unit}".rstrip()

    def _value(self, column: str, value: Value | None) -> str:
        domain = self._pack.policy.domains[column]
        match value:
            case None:
                return self._words["unknown"]
            case bool():
                return self._words["yes" if value else "no"]
            case Members():
                return self._members(column, value)
            case int():
                return _number(value, domain)
        return self._words.get(f"value_{value}", value)

    def _members(self, column: str, value: Members) -> str:
        domain = self._pack.policy.domains[column]
        present, unknown = (
            [self._member(column, name) for name in domain.values if name in members]
            for members in (value.present, value.unknown)
        )
        more = len(unknown) - _LISTED
        told = unknown[:_LISTED] + ([f"… +{more}"] if more > 0 else [])
        maybe = [self._words["maybe"].format(members=", ".join(told))] if told else []
        return ", ".join(present + maybe) or self._words["none"]

    def _member(self, column: str, name: str) -> str:
        flag = self._pack.policy.flags.get(name) if column == "flags" else None
        return self._text(flag.label, name) if flag else name

    def _column(self, name: str) -> str:
        return self._columns.get(name, name)

    def _text(self, label: Label, otherwise: str) -> str:
        return label.get(self._language) or label.get("en") or otherwise


def _number(value: int, domain: Domain) -> str:
    """Return a number with its unit (money in whole units) and the classes it lies in."""
    is_money = domain.unit.endswith(_CENTS)
    shown = show_number(value, domain.precision + (2 if is_money else 0))
    classes = [name for name, limits in domain.classes.items() if value in limits]
    named = f"({', '.join(classes)})" if classes else ""
    return " ".join(filter(None, (shown, domain.unit.removesuffix(_CENTS), named)))
