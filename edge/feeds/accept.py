"""Rows of a feed to changes of the reference: all rows are good, or none is taken. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge.barcodes.checks import gtin14
from edge.catalogue import CatalogueItem, ReturnLine, order_key
from edge.feeds.columns import ATTRIBUTES, COLUMNS
from edge.journal.reference import Change, EntryChange, ItemChange, LineChange
from edge.records import to_json

GS: Final = "\x1d"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One thing wrong with a page or file: rows are counted from 1, 0 = the whole."""

    row: int
    field: str
    reason: str

    def __str__(self) -> str:
        """Return `row 3: gtin: is no GTIN`."""
        return f"row {self.row}: {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """What became of a page or file; `refused` is empty when it was taken."""

    feed: str
    ok: bool
    rows: int
    refused: tuple[RowProblem, ...]
    at_ms: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row before it is judged; `problem` = it could not even be read."""

    number: int
    values: Mapping[str, object]
    problem: str = ""


def accept(feed: str, rows: Iterable[Row]) -> tuple[list[Change], list[RowProblem]]:
    """Return the changes of the good rows and every problem of the bad ones."""
    changes: list[Change] = []
    problems: list[RowProblem] = []
    for row in rows:
        values = {name: value for name, value in row.values.items() if value is not None}
        found = _problems(feed, row, values)
        problems += found
        if not found:
            changes.append(_change(feed, values))
    return changes, problems


def _change(feed: str, values: Mapping[str, Any]) -> Change:
    match feed:
        case "returns":
            return _line(values)
        case "items":
            return _item(values)
        case "recalls":
            return _recall(values)
        case "releases":
            subject = values.get("unit") or values.get("parcel", "")
            return _entry(values, key=(values["release_id"],), code=subject)
        case "codes":
            return _entry(values, key=(values["list"], values["code"]), code=values["list"])
        case _:
            return _entry(values, key=(values["sha256"],), code=values["sha256"])


def row_of_json(number: int, value: object) -> Row:
    """Return a row of a JSON page or file."""
    if not isinstance(value, dict):
        return Row(number=number, values={}, problem="an object is expected")
    return Row(number=number, values=value)


def row_of_cells(feed: str, number: int, header: list[str], cells: list[str]) -> Row:
    """Return a row of a CSV file; an empty cell says nothing."""
    if len(cells) != len(header):
        problem = f"{len(cells)} fields instead of {len(header)}"
        return Row(number=number, values={}, problem=problem)
    columns = COLUMNS[feed]
    named = zip(header, cells, strict=True)
    return Row(
        number=number,
        values={name: columns[name].cell(cell) for name, cell in named if cell},
    )


def header_problems(feed: str, header: list[str]) -> list[RowProblem]:
    """Return what is wrong with the header of a CSV file."""
    columns = COLUMNS[feed]
    wrong = [(name, "unknown column") for name in header if name not in columns]
    wrong += [(name, "stands twice") for name in sorted(set(header)) if header.count(name) > 1]
    wrong += [
        (name, "column is missing")
        for name, column in columns.items()
        if column.required and name not in header
    ]
    return [RowProblem(row=0, field=name, reason=reason) for name, reason in wrong]


def _problems(feed: str, row: Row, values: Mapping[str, object]) -> list[RowProblem]:
    if row.problem:
        return [RowProblem(row=row.number, field="", reason=row.problem)]
    columns = COLUMNS[feed]
    wrong = [(name, "unknown column") for name in row.values if name not in columns]
    is_delete = values.get("op") == "delete"
    for name, column in columns.items():
        if name in values:
            wrong.append((name, column.check(values[name])))
        elif column.is_key or (column.required and not is_delete):
            wrong.append((name, "is missing"))
    if "value_minor" in values and "currency" not in values:
        wrong.append(("currency", "is missing beside value_minor"))
    if feed == "returns" and not is_delete:
        wrong += _known_problems(values)
    if feed == "recalls":
        wrong += _range_problems(values)
    if feed == "releases" and not is_delete:
        wrong += _release_problems(values)
    return [
        RowProblem(row=row.number, field=name, reason=reason) for name, reason in wrong if reason
    ]


def _known_problems(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """True answers are there for test pieces alone; a grade does not say where the piece goes."""
    wrong = [
        (name, "only beside audit")
        for name in ("known_zone", "known_grade")
        if name in values and not values.get("audit")
    ]
    if "known_grade" in values and "known_zone" not in values:
        wrong.append(("known_zone", "is missing beside known_grade"))
    return wrong


def _range_problems(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """An open end of a range would be the whole article: that is said by no range at all."""
    wrong: list[tuple[str, str]] = []
    for what in ("lot", "serial"):
        low, high = values.get(f"{what}_from"), values.get(f"{what}_to")
        if (low is None) != (high is None):
            wrong.append((f"{what}_{'from' if low is None else 'to'}", "is missing"))
        elif isinstance(low, str) and isinstance(high, str) and order_key(low) > order_key(high):
            wrong.append((f"{what}_to", f"stands before {what}_from"))
    return wrong


def _release_problems(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """A parcel is claimed for a return, or missing of one; other words are about one unit."""
    of_parcel = values.get("decision") in ("claimed", "missing")
    wanted, other = ("parcel", "unit") if of_parcel else ("unit", "parcel")
    wrong = [(name, "is missing") for name in (wanted,) if name not in values]
    if of_parcel and "rma" not in values:
        wrong.append(("rma", "is missing"))
    if other in values:
        wrong.append((other, f"not beside {wanted}"))
    return wrong


def _recall(values: Mapping[str, Any]) -> EntryChange:
    """One range of a recall: a recall may have several of an article."""
    gtin = gtin14(values["gtin"])
    start = (values.get("lot_from", ""), values.get("serial_from", ""))
    return _entry({**values, "gtin": gtin}, key=(values["recall_id"], gtin, *start), code=gtin)


def _entry(values: Mapping[str, Any], *, key: tuple[str, ...], code: str) -> EntryChange:
    """A row that is kept as it came."""
    kept = {name: value for name, value in values.items() if name != "op"}
    is_delete = values.get("op") == "delete"
    body = None if is_delete else json.dumps(kept, ensure_ascii=False)
    return EntryChange(key=json.dumps(key, ensure_ascii=False), code=code, body=body)


def _line(values: Mapping[str, Any]) -> LineChange:
    tenant, rma, line = values["tenant"], values["rma"], values["line"]
    if values.get("op") == "delete":
        return LineChange(tenant=tenant, rma=rma, line=line)
    record = ReturnLine(
        rma=rma,
        line=line,
        tenant=tenant,
        gtin=gtin14(values["gtin"]),
        qty=values["qty"],
        channel=values.get("channel"),
        order=values.get("order"),
        upd=values.get("upd"),
        sku=values.get("sku"),
        title=_title(values),
        serials=tuple(values.get("serials", ())),
        marks=tuple(map(_open_part, values.get("marks", ()))),
        reason=values.get("reason"),
        due_at=values.get("due_at"),
        window_until=values.get("window_until"),
        delivered_at=values.get("delivered_at"),
        decision=values.get("decision"),
        batch=values.get("batch"),
        exchange_waiting=bool(values.get("exchange_waiting", False)),
        tracking=values.get("tracking"),
        carrier=values.get("carrier"),
        declared_g=values.get("declared_g"),
        flags=tuple(values.get("flags", ())),
        value_minor=values.get("value_minor"),
        currency=values.get("currency"),
        audit=bool(values.get("audit", False)),
        known_zone=values.get("known_zone"),
        known_grade=values.get("known_grade"),
    )
    return LineChange(
        tenant=tenant,
        rma=rma,
        line=line,
        gtin=record.gtin,
        tracking=record.tracking,
        body=_body(record, values, ("case_id", "photo_urls")),
        numbers=_numbers(record),
    )


def _open_part(mark: str) -> str:
    """What identifies a mark, before its first separator; the secret rest is not kept."""
    return mark.lstrip(GS).partition(GS)[0]


def _numbers(record: ReturnLine) -> tuple[tuple[str, str], ...]:
    single = (("rma", record.rma), ("tracking", record.tracking), ("order", record.order))
    return (
        *((by, code) for by, code in single if code is not None),
        *(("serial", serial) for serial in record.serials),
        *(("mark", mark) for mark in record.marks),
    )


def _item(values: Mapping[str, Any]) -> ItemChange:
    tenant, gtin = values["tenant"], gtin14(values["gtin"])
    if values.get("op") == "delete":
        return ItemChange(tenant=tenant, gtin=gtin)
    record = CatalogueItem(
        gtin=gtin,
        sku=values["sku"],
        tenant=tenant,
        category=values["category"],
        title=_title(values),
        attrs=frozenset(name for name in ATTRIBUTES if values.get(name)),
        unknown_attrs=frozenset(name for name in ATTRIBUTES if name not in values),
        value_minor=values.get("value_minor"),
        currency=values.get("currency"),
    )
    extra = ("brand", "warranty_months", "picture_url")
    return ItemChange(tenant=tenant, gtin=gtin, body=_body(record, values, extra))


def _title(values: Mapping[str, Any]) -> dict[str, str]:
    names = {"ru": "title_ru", "en": "title_en"}
    return {language: values[name] for language, name in names.items() if name in values}


def _body(record: object, values: Mapping[str, Any], extra: tuple[str, ...]) -> str:
    """What no reader asks for yet is kept beside the record."""
    kept = {name: values[name] for name in extra if name in values}
    return json.dumps(to_json(record) | kept, ensure_ascii=False)
