"""Problems of policy files: all of them at once, each with file, line and reason in two languages.

Reads TOML tables key by key so that nothing unknown or of a wrong type gets through.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from types import MappingProxyType
from typing import Any

from zoning.model import Deciding, Label, Members, Value
from zoning.texts import HIDDEN, UNPRINTABLE, Path, excess, hidden, locate, shown

FILE_BYTES_MAX = 1 << 20
LABEL_MAX = 48
TEXT_MAX = 500
ITEMS_MAX = 1000
NUMBER_MAX = 10**15
FINDINGS_MAX = 200
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
# A spreadsheet turns these into dates when the table is opened and saved.
_DATE_LIKE = re.compile(r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[0-9]{1,4}")

_NOTHING: Mapping[str, object] = MappingProxyType({})

_MESSAGES: Mapping[str, tuple[str, str, str]] = {
    "syntax": ("G01", "файл не читается: {got}", "the file cannot be read: {got}"),
    "absent_file": ("G01", "файла нет", "the file is absent"),
    "too_big": ("G01", "больше предела: {max}", "above the limit: {max}"),
    "hidden": ("G01", "невидимый знак {got}", "hidden character {got}"),
    "more": ("G01", "и ещё замечаний: {got}", "{got} more findings in this file"),
    "unknown_key": ("G01", "неизвестный ключ {key}", "unknown key {key}"),
    "use_must": ("G01", "вместо required пишите must", "write must in place of required"),
    "required": ("G01", "нет ключа {key}", "the key {key} is needed"),
    "wrong_type": ("G01", "{key}: нужно {want}", "{key}: {want} is expected"),
    "bad_code": ("G01", "{key}: недопустимый код {got}", "{key}: {got} is no valid code"),
    "bad_value": ("G01", "{key}: {got} не из {want}", "{key}: {got} is none of {want}"),
    "expression": ("G01", "{key}: {ru}", "{key}: {en}"),
    "duplicate": ("G02", "{key} встречается дважды", "{key} occurs twice"),
    "unknown_name": ("G02", "{key}: нет такого: {got}", "{key}: there is no {got}"),
    "retired": ("G02", "{key} выведен из употребления", "{key} is retired"),
    "no_text": ("G03", "{key}: нет текста на языке {lang}", "{key}: no text in {lang}"),
    "long_text": ("G03", "{key}: длиннее {max} знаков", "{key}: longer than {max} characters"),
    "many_options": ("G04", "вариантов больше 8", "more than 8 options"),
    "stale_pin": ("G05", "{got}: такой версии нет", "{got}: there is no such version"),
    "cycle": ("G05", "цепочка extends: круг или длиннее 4", "extends: a circle, or longer than 4"),
    "locked": ("G05", "шаг {key} закрыт для изменений", "step {key} is locked"),
    "stage_order": ("G05", "стадия {got} раньше предыдущей", "stage {got} after a later one"),
    "hazard_stage": (
        "G05",
        "флаг опасности {got} не на стадии danger",
        "hazard flag {got} outside the stage danger",
    ),
    "default_loaded": (
        "G05",
        "ответ по умолчанию {got} не нейтрален",
        "the default {got} is not neutral",
    ),
    "default_hides": (
        "G05",
        "ответ по умолчанию скрывает обязательный шаг {got}",
        "the default hides the must step {got}",
    ),
    "no_default": ("G05", "нужен default или must", "default or must is needed"),
    "bands": ("G01", "границы band: {got}", "band limits: {got}"),
    "either": ("G01", "либо {a}, либо {b}", "either {a} or {b}"),
    "not_here": ("G01", "{key} не бывает у {got}", "{key} does not go with {got}"),
    "shared": ("G02", "{key} уже у шага {got}", "{key} belongs to the step {got}"),
    "torn_group": ("G05", "группа {got} разорвана", "the group {got} is torn apart"),
    "ungraded": (
        "G05",
        "ungraded без флага из grade.ungraded_flags",
        "ungraded without a flag of grade.ungraded_flags",
    ),
    "header": ("G01", "заголовок: {got}", "header: {got}"),
    "wide_row": ("G01", "ячеек больше, чем столбцов", "more cells than columns"),
    "formula": (
        "G01",
        "{key}: таблица примет {got} за формулу",
        "{key}: a spreadsheet would run {got} as a formula",
    ),
    "encoding": (
        "G01",
        "не UTF-8: сохраните как UTF-8 (в таблице: «CSV UTF-8»)",
        "not UTF-8: save as UTF-8 (in a spreadsheet: “CSV UTF-8”)",
    ),
    "catch_all": (
        "G21",
        "строка без условий запрещена: недостающий факт обходит движок",
        "a row without conditions is refused: missing facts are the engine's",
    ),
    "zone_of": (
        "G24",
        "{got} относится к зоне {want}",
        "{got} belongs to the zone {want}",
    ),
}


class Severity(StrEnum):
    """Whether a finding refuses the pack."""

    ERROR = "error"
    WARNING = "warning"


_LINE_WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {"item": "пример", "expected": "нужно", "region": "область", "fix": "правка"},
    "en": {"item": "item", "expected": "want", "region": "region", "fix": "fix"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem: which check, where, and why, in Russian and English.

    What a proof refuses also has a unit that shows it: `item` (JSON form, see `item_json`), the
    answers that lead there, what it `got` and what was `expected`, and for a gap the whole region.
    """

    check: str
    file: str
    line: int
    text: Label
    severity: Severity = Severity.ERROR
    row: str = ""
    subject: str = ""
    item: Mapping[str, Any] | None = None
    path: tuple[Deciding, ...] = ()
    got: str = ""
    expected: str = ""
    region: str = ""
    fix: Label = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words("en")

    def words(self, language: str) -> str:
        """Return where, what and the unit that shows it, one line each, in `ru` or `en`."""
        place = (self.check, f"{self.file}:{self.line}", self.row, self.subject)
        said = self.text.get(language, self.text["en"])
        lines = {
            "item": item_words(self.item, self.path) + (f" -> {self.got}" if self.got else ""),
            "expected": self.expected,
            "region": self.region,
            "fix": self.fix.get(language, ""),
        }
        words = _LINE_WORDS.get(language, _LINE_WORDS["en"])
        shown = [f"  {words[name]:<7} {text}" for name, text in lines.items() if text]
        return "\n".join([" ".join(filter(None, (*place, said))), *shown])

    def to_json(self) -> dict[str, Any]:
        """Return what programs read; texts as `text_<language>`."""
        return {
            "check": self.check,
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "row": self.row,
            "subject": self.subject,
            "item": None if self.item is None else dict(self.item),
            "path": [{"step": given.step, "answer": given.answer} for given in self.path],
            "got": self.got,
            "expected": self.expected,
            "region": self.region,
            "fix": dict(self.fix),
            **{f"text_{language}": text for language, text in self.text.items()},
        }


def item_json(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return a unit's columns as JSON: sets as sorted lists, unknown members with a `?`."""
    return {name: _plain(value) for name, value in values.items()}


def item_words(item: Mapping[str, Any] | None, path: Iterable[Deciding] = ()) -> str:
    """Return a unit in words: `grade=D flags={fix, wipe} value=0`, then the answers it gave."""
    facts = [f"{name}={_value_words(value)}" for name, value in (item or {}).items()]
    answers = [f"{given.step}: {given.answer}" for given in path]
    return " ".join([*facts, *([f"[{', '.join(answers)}]"] if answers else [])])


def _plain(value: Value) -> Any:
    if not isinstance(value, Members):
        return value
    return sorted([*value.present, *(f"{member}?" for member in value.unknown)])


def _value_words(value: Any) -> str:
    if isinstance(value, bool):
        return "y" if value else "n"
    return f"{{{', '.join(value)}}}" if isinstance(value, list) else str(value)


class PolicyParseError(Exception):
    """A pack is refused. `findings` lists every problem found, in file order."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        return "policy refused: " + "; ".join(str(item) for item in self.findings[:20])


@dataclass(frozen=True, slots=True)
class Report:
    """Collects findings; the same problem at the same place is told once.

    Of one file `FINDINGS_MAX` are kept and the others counted: a hostile file has a short report.
    """

    found: dict[tuple[str, int, str], Finding] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)

    def add(self, file: str, line: int, code: str, params: Mapping[str, object] = _NOTHING) -> None:
        """Note a problem by its message code; what is quoted is cut and made printable."""
        found = _finding(file, line, code, params)
        key = (file, line, found.text["en"])
        if key not in self.found:
            self.count[file] += 1
            if self.count[file] <= FINDINGS_MAX:
                self.found[key] = found

    def stop(self) -> None:
        """Raise PolicyParseError if anything was found."""
        if not self.found:
            return
        found = [self.found[key] for key in sorted(self.found)]
        for file, count in sorted(self.count.items()):
            if count > FINDINGS_MAX:
                last = max(item.line for item in found if item.file == file)
                found.append(_finding(file, last, "more", {"got": count - FINDINGS_MAX}))
        raise PolicyParseError(tuple(found))


def _finding(file: str, line: int, code: str, params: Mapping[str, object]) -> Finding:
    check, ru, en = _MESSAGES[code]
    safe = {name: shown(value) for name, value in params.items()}
    text = {"ru": ru.format_map(safe), "en": en.format_map(safe)}
    return Finding(check=check, file=shown(file), line=line, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a TOML value stands, so that a finding can name its line."""

    report: Report
    file: str
    lines: Mapping[Path, int]
    path: Path = ()

    def at(self, *more: str | int) -> "Place":
        """Return the place of a value inside this one."""
        return replace(self, path=(*self.path, *more))

    def refuse(self, code: str, params: Mapping[str, object] = _NOTHING) -> None:
        """Note a problem here."""
        self.report.add(self.file, self.line, code, params)

    @property
    def line(self) -> int:
        """Return the line of the value, or of what holds it."""
        path = self.path
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class Section:
    """One TOML table being read: each key is asked for once, `finish` refuses what is left."""

    __slots__ = ("_left", "place", "raw")

    def __init__(self, raw: Mapping[str, Any], place: Place) -> None:
        self.raw = raw
        self.place = place
        self._left = set(raw)

    def value(self, key: str, kind: type, want: str, *, needed: bool = False) -> Any:
        """Return a key's value if it has this type, else None; refuse what is wrong."""
        self._left.discard(key)
        if key not in self.raw:
            if needed:
                self.place.refuse("required", {"key": key})
            return None
        value = self.raw[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.place.at(key).refuse("wrong_type", {"key": key, "want": want})
            return None
        return value

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        """Return a string that holds nothing invisible but line feeds and tabs."""
        value = self.value(key, str, "text", needed=needed)
        if value is None or not self._is_visible(key, value, HIDDEN):
            return default
        return str(value)

    def integer(self, key: str, default: int = 0, *, needed: bool = False) -> int:
        """Return an integer of at most 15 digits."""
        value = self.value(key, int, "integer", needed=needed)
        if value is not None and abs(value) > NUMBER_MAX:
            self.place.at(key).refuse("too_big", {"max": NUMBER_MAX})
            return default
        return default if value is None else value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return a boolean."""
        value = self.value(key, bool, "true | false")
        return default if value is None else value

    def code(self, key: str, pattern: re.Pattern[str] = CODE, *, needed: bool = False) -> str:
        """Return a code that fits a pattern."""
        return self._code(key, self.text(key, needed=needed), pattern)

    def one_of(
        self, key: str, allowed: Iterable[str], default: str, *, needed: bool = False
    ) -> str:
        """Return one of the allowed words."""
        value = self.text(key, default, needed=needed)
        choice = tuple(allowed)
        if value in choice:
            return value
        self.place.at(key).refuse("bad_value", {"key": key, "got": value, "want": " ".join(choice)})
        return default

    def codes(self, key: str, pattern: re.Pattern[str] = CODE) -> tuple[str, ...]:
        """Return a list of codes, none twice."""
        items = self._items(key, "[codes]")
        if not all(isinstance(item, str) for item in items):
            self.place.at(key).refuse("wrong_type", {"key": key, "want": "[codes]"})
            return ()
        for item, count in Counter(items).items():
            if count > 1:
                self.place.at(key).refuse("duplicate", {"key": item})
        return tuple(dict.fromkeys(self._code(key, item, pattern) for item in items))

    def label(self, key: str, languages: Iterable[str], *, needed: bool = True) -> Label:
        """Return a text in every language: one line each, nothing invisible, no other language."""
        raw = self.value(key, dict, "{ru, en}", needed=needed)
        if raw is None:
            return {}
        wanted = tuple(languages)
        for name in wanted:
            if not isinstance(raw.get(name), str) or not raw[name].strip():
                self.place.at(key).refuse("no_text", {"key": key, "lang": name})
        for name in sorted(raw.keys() - set(wanted)):
            self.place.at(key).refuse("unknown_key", {"key": name})
        texts = {name: text for name, text in raw.items() if isinstance(text, str)}
        return {name: self._line(key, text) for name, text in texts.items()}

    def _line(self, key: str, text: str) -> str:
        if len(text) > TEXT_MAX:
            self.place.at(key).refuse("long_text", {"key": key, "max": TEXT_MAX})
        self._is_visible(key, text, UNPRINTABLE)
        return text

    def _is_visible(self, key: str, text: str, pattern: re.Pattern[str]) -> bool:
        found = pattern.search(text)
        if found:
            self.place.at(key).refuse("hidden", {"got": f"U+{ord(found[0]):04X}"})
        return found is None

    def table(self, key: str) -> "Section":
        """Return a table inside this one; an absent one is empty."""
        return Section(self.value(key, dict, "{…}") or {}, self.place.at(key))

    def named(self, key: str) -> Iterator[tuple[str, "Section"]]:
        """Yield the tables of a table by name."""
        section = self.table(key)
        for name, raw in islice(section.raw.items(), self._at_most(key, section.raw)):
            place = section.place.at(name)
            if isinstance(raw, dict):
                yield section._code(name, name, CODE), Section(raw, place)  # noqa: SLF001
            else:
                place.refuse("wrong_type", {"key": name, "want": "{…}"})

    def tables(self, key: str) -> Iterator["Section"]:
        """Yield the tables of an array."""
        for index, raw in enumerate(self._items(key, "[{…}]")):
            place = self.place.at(key, index)
            if isinstance(raw, dict):
                yield Section(raw, place)
            else:
                place.refuse("wrong_type", {"key": key, "want": "[{…}]"})

    def finish(self) -> None:
        """Refuse every key that nobody asked for."""
        for key in sorted(self._left):
            code = "use_must" if key == "required" else "unknown_key"
            self.place.at(key).refuse(code, {"key": key})

    def _items(self, key: str, want: str) -> list[Any]:
        items = self.value(key, list, want) or []
        return items[: self._at_most(key, items)]

    def _at_most(self, key: str, items: Sized) -> int:
        if len(items) > ITEMS_MAX:
            self.place.at(key).refuse("too_big", {"max": ITEMS_MAX})
        return ITEMS_MAX

    def _code(self, key: str, value: str, pattern: re.Pattern[str]) -> str:
        if value and (not pattern.fullmatch(value) or _DATE_LIKE.fullmatch(value)):
            self.place.at(key).refuse("bad_code", {"key": key, "got": repr(value)})
        return value


def read_toml(name: str, content: bytes, report: Report) -> Section | None:
    """Parse one TOML file; None when it cannot be read at all.

    What tomllib would take very long for is refused before it sees it.
    """
    text = read_text(name, content, report)
    if text is None:
        return None
    if broken := excess(text):
        report.add(name, broken[0], "too_big", {"max": broken[1]})
        return None
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        report.add(name, line, "syntax", {"got": error})
        return None
    return Section(raw, Place(report=report, file=name, lines=locate(text)))


def read_text(name: str, content: bytes, report: Report) -> str | None:
    """Return a file as text with LF line ends; None when it is too big or no clean UTF-8.

    A byte order mark at the start is taken, one inside is refused as any hidden character.
    """
    if len(content) > FILE_BYTES_MAX:
        report.add(name, 1, "too_big", {"max": "1 MiB"})
        return None
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report.add(name, line, "encoding", {})
        return None
    if found := hidden(text):
        report.add(name, found[0], "hidden", {"got": found[1]})
        return None
    return text
