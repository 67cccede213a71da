"""targets/: the field map and the status map that a target of sync.toml names."""

import csv
import re
from collections.abc import Mapping
from typing import Any, Final

from edge.outward import ANNOUNCED, HOLD_REASONS, STATUSES, FieldRule, Outward
from edge.settings.files import need_tables, read_toml
from edge.settings.model import TargetKind, TargetSettings
from edge.settings.problems import Findings, Place
from edge.settings.shape import read_rows

HEADER: Final = ["status", "reason", "code"]
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_MAPPABLE: Final = (TargetKind.HTTP_BATCH, TargetKind.JETSTREAM, TargetKind.MQTT)
_SYNC: Final = Place(file="sync.toml", key="target")

Statuses = Mapping[tuple[str, str], str]


def read_outward(targets: tuple[TargetSettings, ...], found: Findings) -> Mapping[str, Outward]:
    """Return what each target gets of an event, by its name."""
    return {target.name: _outward(target, found) for target in targets}


def _outward(target: TargetSettings, found: Findings) -> Outward:
    if target.kind not in _MAPPABLE:
        for key in ("map", "status_map"):
            place = _SYNC.at(target.name).at(key)
            found.need(not getattr(target, key), place, "not for this kind", "leave it out")
        return Outward(mark_raw=True)  # it makes documents of its own, or sends photographs
    return Outward(
        name=target.map or target.status_map.removesuffix(".csv"),
        rules=_rules(target.map, found) if target.map else (),
        statuses=_statuses(target.status_map, found) if target.status_map else None,
        mark_raw=target.mark_raw,
    )


def _rules(name: str, found: Findings) -> tuple[FieldRule, ...]:
    place = Place(file=f"targets/{name}-map.toml")
    if not _NAME.fullmatch(name):
        found.add(_SYNC.at("map"), f"{name!r} does not fit", "1 to 32 of a-z 0-9 _ -")
        return ()
    document = read_toml(place.file, found)
    need_tables(document, ("rule",), place, found)
    rows = read_rows(FieldRule, document.get("rule", []), place.at("rule"), found)
    for at, rule in rows:
        _need_rule(rule, at, found)
    return tuple(rule for _, rule in rows)


def _need_rule(rule: FieldRule, at: Place, found: Findings) -> None:
    found.need(bool(rule.events), at.at("events"), "takes nothing", "globs over event kinds")
    new = list(rule.rename.values())
    for name in new:
        fits = _FIELD.fullmatch(name) is not None
        found.need(fits, at.at("rename"), f"{name!r} does not fit", "a-z 0-9 _, a letter first")
    found.need_unique(new, at.at("rename"), "name")
    lost = sorted(set(rule.rename) & set(rule.drop))
    found.need(not lost, at.at("rename"), f"{', '.join(lost)} is dropped", "one of both")


def _statuses(name: str, found: Findings) -> Statuses:
    """Return the codes; every status that can be sent needs one."""
    place = Place(file=f"targets/{name}")
    rows = _rows(place, found)
    codes: dict[tuple[str, str], str] = {}
    for number, row in enumerate(rows, 2):
        at = place.at(f"line {number}")
        status, reason, code = row
        _need_row(row, at, found)
        found.need((status, reason) not in codes, at, f"{status} {reason} again", "each once")
        codes[status, reason] = code
    if rows:
        for status in STATUSES:
            is_whole = all((status, reason) in codes for reason in HOLD_REASONS)
            fits = (status, "") in codes or (status == "held" and is_whole)
            found.need(fits, place, f"status {status} is not mapped", "a code, or - : not sent")
    return codes


def _need_row(row: list[str], at: Place, found: Findings) -> None:
    status, reason, code = row
    known = (*STATUSES, *ANNOUNCED)
    found.need(status in known, at, f"unknown status {status!r}", ", ".join(known))
    fits = not reason or (status == "held" and reason in HOLD_REASONS)
    found.need(fits, at, f"unknown reason {reason!r}", f"of held: {', '.join(HOLD_REASONS)}")
    found.need(bool(code) and code.isprintable(), at, "no code", "a code, or - : not sent")


def _rows(place: Place, found: Findings) -> list[list[Any]]:
    try:
        text = (found.folder / place.file).read_text(encoding="utf-8")
        lines = list(csv.reader(text.splitlines(), strict=True))
    except (OSError, ValueError, csv.Error) as error:
        found.add(place, f"cannot be read ({type(error).__name__})", "CSV in UTF-8")
        return []
    if not lines or lines[0] != HEADER:
        found.add(place, "has another header", ",".join(HEADER))
        return []
    short = [number for number, line in enumerate(lines, 1) if len(line) != len(HEADER)]
    for number in short:
        found.add(place.at(f"line {number}"), "has another number of fields", ",".join(HEADER))
    return [] if short else lines[1:]
