"""CloudEvents 1.0 envelope, canonical bytes and hash chain.

An event is encoded once; the same bytes are hashed, stored and sent. The submitter encodes,
the journal's writer only splices in `prevhash`, `recordedtime` and `sequence`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any, Final, NewType

from edge.events.kinds import Payload, kind_of, read_payload
from edge.records import to_json

UnitId = NewType("UnitId", str)
ParcelId = NewType("ParcelId", str)
IntentId = NewType("IntentId", str)
EventId = NewType("EventId", str)

TYPE_PREFIX: Final = "receiving-edge"
GENESIS: Final = "0" * 64
NO_TENANT: Final = "default"

_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_PLAIN: Final = frozenset((str, int, bool, type(None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about: a unit, else a parcel, else the station."""

    parcel: ParcelId | None = None
    unit: UnitId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it is stamped; `status` is the new status of its subject, if it changes.

    `time_ms` = when it happened, where that was before it is recorded. `audit` = it is about a
    test piece.
    """

    payload: Payload
    subject: Subject = Subject()
    status: str | None = None
    time_ms: int | None = None
    audit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What every event of one station has in common: becomes envelope and common fields."""

    namespace: str
    site: str
    station: str
    journal_id: str
    boot: str
    config: str
    tz: str
    mode: str = "live"

    @property
    def source(self) -> str:
        """Return the CloudEvents `source`."""
        return f"{self.namespace}/station/{self.site}.{self.station}/{self.journal_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What receiving adds to a draft: identity, times, who, and the input that caused it.

    `audit` = it is about a test piece: only targets with that right get it.
    """

    id: EventId
    time_ms: int
    mono_ms: int
    clock: str = "synced"
    operator: str | None = None
    tenant: str | None = None
    channel: str | None = None
    rma: str | None = None
    input: str | None = None
    cause: EventId | None = None
    audit: bool = False
    acts: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An event without its place in the chain: `head + prevhash, recordedtime, sequence + tail`.

    `input` is UNIQUE in the journal: a repeated input changes nothing. Only events of mode
    `live` go to targets, and only to those that have rights to `tenant` and `audit`.
    """

    id: EventId
    kind: str
    parcel: ParcelId | None
    unit: UnitId | None
    input: str | None
    head: bytes
    tail: bytes
    mode: str = "live"
    tenant: str = NO_TENANT
    audit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One journalled event as read back; `cause` = first event of its transaction, if another."""

    seq: int
    id: EventId
    kind: str
    parcel: ParcelId | None
    unit: UnitId | None
    time_ms: int
    recorded_ms: int
    data: Mapping[str, Any]
    payload: Payload | None
    cause: EventId | None = None


def encode(draft: Draft, stamp: Stamp, origin: Origin) -> Encoded:
    """Encode once, canonically (RFC 8785). Raises TypeError or ValueError for a value without form.

    Source: CloudEvents 1.0 JSON event format, structured mode.
    """
    kind, version = kind_of(draft.payload), draft.payload.SCHEMA
    subject = quoted(_subject_of(draft.subject, origin.station))
    data = canonical(_data_of(draft, stamp, origin)).decode("utf-8")
    cause = "" if stamp.cause is None else f'"causationid":{quoted(stamp.cause)},'
    parcel = draft.subject.parcel
    about = "" if parcel is None else f'"correlationid":{quoted(parcel)},'
    schema = quoted(f"{origin.namespace}/schema/{kind}.v{version}.json")
    # the keys of the envelope, in their order: only `data` is sorted anew for each event
    head = (
        f'{{{cause}{about}"data":{data},"datacontenttype":"application/json","dataschema":{schema},'
        f'"id":{quoted(stamp.id)},"partitionkey":{subject},"prevhash":"'
    )
    tail = (
        f'","source":{quoted(origin.source)},"specversion":"1.0","subject":{subject},'
        f'"time":"{utc_text(stamp.time_ms)}","type":"{TYPE_PREFIX}.{kind}.v{version}"}}'
    )
    return Encoded(
        id=stamp.id,
        kind=kind,
        parcel=parcel,
        unit=draft.subject.unit,
        input=stamp.input,
        head=head.encode("utf-8"),
        tail=tail.encode("utf-8"),
        mode=origin.mode,
        tenant=stamp.tenant or NO_TENANT,
        audit=stamp.audit,
    )


def splice(encoded: Encoded, *, prevhash: str, recorded_ms: int, seq: int) -> bytes:
    """Return the final body: the three values that only the writer knows are put in place."""
    middle = f'{prevhash}","recordedtime":"{utc_text(recorded_ms)}","sequence":"{seq:020d}'
    return encoded.head + middle.encode("ascii") + encoded.tail


def digest(body: bytes, prevhash: str) -> str:
    """Return the SHA-256 of a body, hex, and assert that it names its predecessor.

    Raises ValueError when the chain is broken here.
    """
    if f'"prevhash":"{prevhash}"'.encode("ascii") not in body:
        raise ValueError("the body does not follow the given digest")
    return hashlib.sha256(body).hexdigest()


def decode(seq: int, body: bytes) -> Event:
    """Read a stored body: `data` as it stands, unknown fields kept; `payload` in today's version.

    An unknown kind, or one of a newer version, has no payload.

    Raises ValueError for bytes that are no event of ours.
    """
    envelope = json.loads(body)
    kind, _, version = str(envelope["type"]).removeprefix(f"{TYPE_PREFIX}.").rpartition(".v")
    data = envelope["data"]
    return Event(
        seq=seq,
        id=envelope["id"],
        kind=kind,
        parcel=data.get("parcel"),
        unit=data.get("unit"),
        time_ms=parse_utc(envelope["time"]),
        recorded_ms=parse_utc(envelope["recordedtime"]),
        data=data,
        payload=read_payload(kind, data, int(version)),
        cause=envelope.get("causationid"),
    )


def canonical(value: Any) -> bytes:
    """Return RFC 8785 bytes; equal to `json.dumps` while there is no float and keys are ASCII.

    Raises ValueError for floats, TypeError for other values without a JSON form.
    """
    _refuse_floats(value)
    return _ENCODER.encode(value).encode("utf-8")


def utc_text(ms: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    return f"{_second_text(ms // 1000)}.{ms % 1000:03d}Z"


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def parse_utc(text: str) -> int:
    """Return milliseconds since the epoch. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _subject_of(subject: Subject, station: str) -> str:
    if subject.unit is not None:
        return f"unit/{subject.unit}"
    if subject.parcel is not None:
        return f"parcel/{subject.parcel}"
    return f"station/{station}"


def _data_of(draft: Draft, stamp: Stamp, origin: Origin) -> dict[str, Any]:
    common: dict[str, Any] = {
        "tenant": stamp.tenant or NO_TENANT,
        "channel": stamp.channel,
        "mode": origin.mode,
        "operator": stamp.operator,
        "parcel": draft.subject.parcel,
        "unit": draft.subject.unit,
        "rma": stamp.rma,
        "boot": origin.boot,
        "mono_ms": stamp.mono_ms,
        "tz": origin.tz,
        "clock": stamp.clock,
        "config": origin.config,
        "audit": stamp.audit or None,
        "input": stamp.input,
        "acts": [list(act) for act in stamp.acts],
        "status": draft.status,
    }
    present = {name: value for name, value in common.items() if value is not None}
    payload: dict[str, Any] = to_json(draft.payload)
    return present | payload


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError(f"{value!r}: floats have no canonical form")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) not in _PLAIN:
                _refuse_floats(item)
