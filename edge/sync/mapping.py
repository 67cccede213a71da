"""A stored body as a central system gets it: fields kept, dropped and renamed, statuses coded.

Pure. What is not changed goes out byte for byte; what is says so in the attribute `mapped` and no
longer fits its digest. Envelope attributes stay, so order, identity and source never change.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from edge.barcodes.marks import open_part
from edge.events import canonical
from edge.outward import NOT_SENT, FieldRule, Outward

RIGHTS: Final = "rights"  # the name of what is changed by a missing right alone
GS: Final = b"\x1d"
HOLD: Final = "HOLD_"

# Every event has these: a rule's `keep` does not speak of them.
COMMON: Final = frozenset(
    (
        *("tenant", "channel", "mode", "operator", "parcel", "unit", "rma", "boot", "mono_ms"),
        *("tz", "clock", "config", "audit", "input", "acts", "status"),
    )
)


def mapped(body: bytes, kind: str, outward: Outward) -> bytes:
    """Return the body for a target. Raises ValueError for bytes that are no event."""
    if not concerns(kind, outward):
        return body
    envelope = json.loads(body)
    before = envelope["data"]
    data = before if outward.mark_raw else without_tail(kind, before)
    data = coded(data, outward.statuses)
    for rule in outward.rules:
        if _takes(rule, kind):
            data = ruled(data, rule)
    if data == before:
        return body
    return canonical({**envelope, "data": data, "mapped": outward.name or RIGHTS})


def concerns(kind: str, outward: Outward) -> bool:
    """Return whether a body of this kind must be looked into at all."""
    has_mark = kind in _MARKED and not outward.mark_raw
    has_rule = any(_takes(rule, kind) for rule in outward.rules)
    return has_mark or has_rule or outward.statuses is not None


def ruled(data: Mapping[str, Any], rule: FieldRule) -> dict[str, Any]:
    """Return the fields that a rule leaves, under their new names."""
    kept = {
        name: value
        for name, value in data.items()
        if (rule.keep is None or name in rule.keep or name in COMMON) and name not in rule.drop
    }
    return {rule.rename.get(name, name): value for name, value in kept.items()}


def coded(
    data: Mapping[str, Any], statuses: Mapping[tuple[str, str], str] | None
) -> Mapping[str, Any]:
    """Return the data with the target's own code for its status; `-` leaves the status out."""
    status = data.get("status")
    if statuses is None or not isinstance(status, str):
        return data
    code = statuses.get((status, reason_of(data))) or statuses.get((status, ""), status)
    rest = {name: value for name, value in data.items() if name != "status"}
    return rest if code == NOT_SENT else {**rest, "status": code}


def reason_of(data: Mapping[str, Any]) -> str:
    """Return why a subject is held: the reason given, else what its disposition says."""
    reason, disposition = data.get("reason"), data.get("disposition")
    if isinstance(reason, str):
        return reason
    is_hold = isinstance(disposition, str) and disposition.startswith(HOLD)
    return str(disposition).removeprefix(HOLD).lower() if is_hold else ""


_MARKED: Final = frozenset(("scan.read", "mark.captured"))


def without_tail(kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a reading whose raw bytes end before the secret part of a marking code.

    The separator shows where that begins; where it was lost nothing secret of the bytes is given.
    """
    raw = data.get("raw_b64")
    if kind not in _MARKED or not isinstance(raw, str):
        return data
    try:
        code = base64.b64decode(raw, validate=True)
    except binascii.Error:
        return {**data, "raw_b64": ""}
    if data.get("gs") in ("lost", "restored"):
        return {**data, "raw_b64": ""}
    lead = code[: len(code) - len(code.lstrip(GS))]
    head, separator, _ = code.lstrip(GS).partition(GS)
    if not separator:
        return {**data, "raw_b64": base64.b64encode(open_part(code)).decode("ascii")}
    return {**data, "raw_b64": base64.b64encode(lead + head).decode("ascii")}


def _takes(rule: FieldRule, kind: str) -> bool:
    return any(fnmatchcase(kind, glob) for glob in rule.events)
