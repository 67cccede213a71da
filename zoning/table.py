"""The zone table: CSV rows to typed cells, and their canonical print.

Refuses a row without conditions: what is missing is the engine's business, never a row's.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from zoning.findings import Report, read_text
from zoning.grammar import (
    GrammarError,
    Test,
    conjunction,
    has,
    read_range,
    show_range,
)
from zoning.model import Domain, Kind, Label, Members, Range, Refund, Value, Zone
from zoning.policy import COLUMNS_MAX, WORD, Policy
from zoning.texts import UNPRINTABLE

ROWS_MAX = 5000
HEADER_MAX = 64
CELL_MAX = 8192
NOTE_MAX = 200
_HEAD = re.compile(r"#zoning-table/1 policy=(\S+) version=([0-9]{1,9}) hit=first[;,\s]*")
_ROW_ID = re.compile(r"[A-Z]{1,3}[0-9]{1,4}")
_OUTPUTS = (">zone", ">disposition", ">refund")
_OPTIONAL = (">actions",)
_ANY = ("", "-")
# What makes a spreadsheet run a cell; the wide forms do so in East Asian settings.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_NEGATIVE = re.compile(r"-[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfCell:
    """An enum is one of these, in declared order."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolCell:
    """A yes-no column holds this."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCell:
    """A number lies in one of these ranges; `classes` are the names they were given by."""

    ranges: tuple[Range, ...]
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCell:
    """All of these tests hold for a set."""

    tests: tuple[tuple[Test, tuple[str, ...]], ...]


Cell: TypeAlias = OneOfCell | BoolCell | NumberCell | SetCell


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule. Columns without a cell accept anything."""

    id: str
    cells: Mapping[str, Cell]
    zone: Zone
    disposition: str
    refund: Refund
    actions: tuple[str, ...]
    note: Label
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows in order of precedence; the first that is not definitely false decides."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        """Return a row by its id."""
        return next((row for row in self.rows if row.id == name), None)


def cell_truth(cell: Cell, value: Value | None) -> bool | None:
    """Test one value against a cell; None = unknown."""
    if value is None:
        return None
    match cell:
        case OneOfCell(values=values):
            return value in values
        case BoolCell(value=wanted):
            return value is wanted
        case NumberCell(ranges=ranges):
            return isinstance(value, int) and any(value in limits for limits in ranges)
        case SetCell(tests=tests):
            assert isinstance(value, Members), "the domain says it is a set"
            return conjunction(has(test, members, value) for test, members in tests)


def show_table(table: Table, policy: Policy, languages: tuple[str, ...]) -> str:
    """Return the canonical CSV: commas, LF, declared order of values. It is what is hashed."""
    actions = [">actions"] if any(row.actions for row in table.rows) else []
    notes = [f"note_{name}" for name in languages]
    lines = [f"#zoning-table/1 policy={policy.id} version={policy.version} hit=first"]
    lines.append(_line(["id", *table.columns, *_OUTPUTS, *actions, *notes]))
    for row in table.rows:
        cells = [show_cell(row.cells.get(name), policy.domains[name]) for name in table.columns]
        extra = ["|".join(row.actions)] if actions else []
        outputs = [row.zone, row.disposition, row.refund, *extra]
        lines.append(_line([row.id, *cells, *outputs, *(row.note[name] for name in languages)]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return ",".join(_quoted(cell) if _SPECIAL.search(cell) else cell for cell in cells)


def _quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


_SPECIAL = re.compile(r'[",\n\r;]')


def show_cell(cell: Cell | None, domain: Domain) -> str:
    """Return the canonical text of a cell; empty = accepts anything."""
    match cell:
        case None:
            return ""
        case OneOfCell(values=values):
            return "|".join(values)
        case BoolCell(value=value):
            return "y" if value else "n"
        case NumberCell(classes=classes) if classes:
            return "|".join(classes)
        case NumberCell(ranges=ranges):
            return show_range(ranges[0], domain.precision)
        case SetCell(tests=tests):
            return " & ".join(_show_test(test, members) for test, members in tests)


def _show_test(test: Test, members: tuple[str, ...]) -> str:
    return f"{test}:{'|'.join(members)}" if members else "empty"


def read_cell(text: str, domain: Domain) -> Cell | None:
    """Return the typed cell; None = accepts anything. Raises GrammarError."""
    text = text.strip()
    if text in _ANY:
        return None
    match domain.kind:
        case Kind.ENUM:
            return _enum_cell(text, domain)
        case Kind.BOOL:
            if text not in ("y", "n"):
                raise GrammarError(f"{text}: нужно y или n", f"{text}: y or n is expected")
            return BoolCell(value=text == "y")
        case Kind.SET:
            return SetCell(tests=tuple(_test(part, domain) for part in text.split("&")))
    names = tuple(part.strip() for part in text.split("|"))
    if all(name in domain.classes for name in names):
        chosen = tuple(name for name in domain.classes if name in names)
        return NumberCell(ranges=tuple(domain.classes[name] for name in chosen), classes=chosen)
    return NumberCell(ranges=(read_range(text, domain.precision),))


def _enum_cell(text: str, domain: Domain) -> OneOfCell:
    is_negated = text.startswith("!")
    listed = _listed(text.removeprefix("!"), domain)
    values = tuple(v for v in domain.values if (v in listed) is not is_negated)
    if not values:
        raise GrammarError(f"{text}: ничего не остаётся", f"{text}: nothing is left")
    return OneOfCell(values=values)


def _listed(text: str, domain: Domain) -> tuple[str, ...]:
    names = {part.strip() for part in text.split("|")}
    unknown = names - set(domain.values)
    if unknown:
        listed = " ".join(sorted(unknown))
        raise GrammarError(f"нет значений {listed}", f"no such values: {listed}")
    return tuple(value for value in domain.values if value in names)


def _test(text: str, domain: Domain) -> tuple[Test, tuple[str, ...]]:
    word, colon, members = text.strip().partition(":")
    if word == "empty" and not colon:
        return Test.ONLY, ()
    if word not in ("any", "all", "none", "only") or not colon:
        raise GrammarError(f"{text}: нужно any:…", f"{text}: any:… is expected")
    return Test(word), _listed(members, domain)


def read_table(
    name: str, content: bytes, policy: Policy, languages: tuple[str, ...], *, report: Report
) -> Table:
    """Parse `#zoning-table/1`; what is wrong lands in the report and its row is left out."""
    reader = _Reader(name, policy, languages, report)
    return reader.read(content)


class _Reader:
    """Reads one table; keeps what every finding needs."""

    def __init__(
        self, name: str, policy: Policy, languages: tuple[str, ...], report: Report
    ) -> None:
        self._name = name
        self._policy = policy
        self._notes = tuple(f"note_{language}" for language in languages)
        self._report = report
        self._seen: set[str] = set()

    def read(self, content: bytes) -> Table:
        text = read_text(self._name, content, self._report)
        if text is None:
            return Table(columns=(), rows=())
        lines = self._lines(text)
        header = next(lines, (2, []))[1]
        columns = self._columns(header)
        rows: list[Row] = []
        for line, cells in lines:
            if len(rows) == ROWS_MAX:
                self._refuse(line, "too_big", {"max": f"{ROWS_MAX} rows"})
                break
            row = self._row(line, self._given(line, header, cells), columns)
            rows += [row] if row else []
        return Table(columns=columns, rows=tuple(rows))

    def _lines(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the CSV lines from the second on; the separator is that of line 2."""
        head, _, body = text.partition("\n")
        self._check_head(head)
        if body.count("\n") > 2 * ROWS_MAX:
            self._refuse(1, "too_big", {"max": f"{ROWS_MAX} rows"})
            return
        first = body.partition("\n")[0]
        lines = [f"{line}\n" for line in body.split("\n")]
        reader = csv.reader(lines, delimiter=";" if ";" in first else ",", strict=True)
        at = 2
        try:
            for cells in reader:
                if any(cells):
                    yield at, [cell.strip() for cell in cells]
                at = reader.line_num + 2
        except csv.Error as error:
            self._refuse(at, "syntax", {"got": error})

    def _check_head(self, head: str) -> None:
        found = _HEAD.fullmatch(head.strip().strip('"'))
        if found is None:
            self._refuse(1, "header", {"got": head[:80]})
        elif (found[1], int(found[2])) != (self._policy.id, self._policy.version):
            self._refuse(1, "header", {"got": f"{found[1]} {found[2]}"})

    def _columns(self, header: list[str]) -> tuple[str, ...]:
        if len(header) > HEADER_MAX:
            self._refuse(2, "too_big", {"max": f"{HEADER_MAX} columns"})
            return ()
        for name in sorted({name for name in header if header.count(name) > 1}):
            self._refuse(2, "duplicate", {"key": name or "“”"})
        for name in ("id", *_OUTPUTS, *self._notes):
            if name not in header:
                self._refuse(2, "required", {"key": name})
        rest = [n for n in header if n not in ("id", *_OUTPUTS, *_OPTIONAL, *self._notes)]
        for name in rest:
            if name not in self._policy.domains:
                self._refuse(2, "unknown_name", {"key": "id", "got": name})
        if len(rest) > COLUMNS_MAX:
            self._refuse(2, "too_big", {"max": f"{COLUMNS_MAX} columns"})
        return tuple(dict.fromkeys(name for name in rest if name in self._policy.domains))

    def _given(self, line: int, header: list[str], cells: list[str]) -> dict[str, str]:
        """Return a row's cells by column; what a spreadsheet would run or hide is refused."""
        if any(cells[len(header) :]):
            self._refuse(line, "wide_row")
        given = dict(zip(header, cells, strict=False))
        for name, text in given.items():
            if len(text) > CELL_MAX:
                self._refuse(line, "too_big", {"max": f"{CELL_MAX} characters in {name}"})
                given[name] = ""
            elif found := UNPRINTABLE.search(text):
                self._refuse(line, "hidden", {"got": f"U+{ord(found[0]):04X}"})
            elif text.startswith(_FORMULA) and not self._is_plain(name, text):
                self._refuse(line, "formula", {"key": name, "got": text[:40]})
        return given

    def _is_plain(self, name: str, text: str) -> bool:
        """Whether a cell with a formula's first sign is none: blank, or a negative number."""
        domain = self._policy.domains.get(name)
        is_number = domain is not None and domain.is_number
        return text == "-" or (is_number and bool(_NEGATIVE.match(text)))

    def _row(self, line: int, given: Mapping[str, str], columns: Iterable[str]) -> Row | None:
        name = given.get("id", "")
        self._check_id(line, name)
        cells = {column: self._cell(line, column, given.get(column, "")) for column in columns}
        conditions = {column: cell for column, cell in cells.items() if cell is not None}
        if not any(given.get(column, "") not in _ANY for column in columns):
            self._refuse(line, "catch_all")
        outputs = self._outputs(line, given)
        if outputs is None:
            return None
        zone, disposition, refund = outputs
        return Row(
            id=name,
            cells=conditions,
            zone=zone,
            disposition=disposition,
            refund=refund,
            actions=self._actions(line, given),
            note=self._note(line, given),
            line=line,
        )

    def _check_id(self, line: int, name: str) -> None:
        if not _ROW_ID.fullmatch(name):
            self._refuse(line, "bad_code", {"key": "id", "got": repr(name)})
        if name in self._seen:
            self._refuse(line, "duplicate", {"key": name})
        if name in self._policy.retired:
            self._refuse(line, "retired", {"key": name})
        self._seen.add(name)

    def _cell(self, line: int, column: str, text: str) -> Cell | None:
        try:
            return read_cell(text, self._policy.domains[column])
        except GrammarError as error:
            self._refuse(line, "expression", {"key": column, "ru": error.ru, "en": error.en})
            return None

    def _outputs(self, line: int, given: Mapping[str, str]) -> tuple[Zone, str, Refund] | None:
        zone, name, refund = (given.get(output, "") for output in _OUTPUTS)
        disposition = self._policy.dispositions.get(name)
        if disposition is None:
            self._refuse(line, "unknown_name", {"key": ">disposition", "got": name})
        elif disposition.zone != zone:
            self._refuse(line, "zone_of", {"got": name, "want": disposition.zone})
        if refund not in tuple(Refund):
            self._refuse(
                line, "bad_value", {"key": ">refund", "got": refund, "want": " ".join(Refund)}
            )
            return None
        return None if disposition is None else (disposition.zone, name, Refund(refund))

    def _actions(self, line: int, given: Mapping[str, str]) -> tuple[str, ...]:
        found = tuple(filter(None, given.get(">actions", "").split("|")))
        for name in found:
            if not WORD.fullmatch(name):
                self._refuse(line, "bad_code", {"key": ">actions", "got": repr(name)})
        return found

    def _note(self, line: int, given: Mapping[str, str]) -> Label:
        for key in self._notes:
            if len(given.get(key, "")) > NOTE_MAX:
                self._refuse(line, "long_text", {"key": key, "max": NOTE_MAX})
            if not given.get(key):
                self._refuse(line, "no_text", {"key": "note", "lang": key.removeprefix("note_")})
        return {key.removeprefix("note_"): given.get(key, "") for key in self._notes}

    def _refuse(self, line: int, code: str, params: Mapping[str, object] | None = None) -> None:
        self._report.add(self._name, line, code, params or {})
