"""Messages of the terminal's socket and their JSON-line codec."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from edge.records import from_json, to_json
from edge.views.model import Role, StationView

PROTOCOL_VERSION: Final = 1
LINE_BYTES_MAX: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """First line of a terminal."""

    KIND: ClassVar[str] = "hello"
    v: int
    role: Role = Role.OPERATOR
    app: str = ""
    size: tuple[int, int] = (80, 24)
    lang: str = "ru"


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """First line of the service."""

    KIND: ClassVar[str] = "welcome"
    v: int
    svc: str
    boot: str
    station: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key press; `rev` and `epoch` are those of the view the person saw."""

    KIND: ClassVar[str] = "key"
    id: str
    k: str
    rev: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedScan:
    """A code that was typed into the screen by an ungrabbed scanner or pasted."""

    KIND: ClassVar[str] = "scan"
    id: str
    src: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Answer to a key or typed scan: `did` = event kind, or `no` = refusal code."""

    KIND: ClassVar[str] = "ack"
    id: str
    did: str | None = None
    seq: int | None = None
    no: str | None = None
    p: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Proof of life, each second; answered by Pong."""

    KIND: ClassVar[str] = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """Answer to Ping."""

    KIND: ClassVar[str] = "pong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """The terminal painted revision `rev` in `ms` milliseconds."""

    KIND: ClassVar[str] = "painted"
    rev: int
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """The service closes: replaced, version, slow, stopping."""

    KIND: ClassVar[str] = "bye"
    why: str


ToService = Hello | Key | TypedScan | Ping | Pong | Painted
ToTerminal = Welcome | Ack | StationView | Ping | Pong | Bye

_TO_SERVICE: Final[Mapping[str, type[Any]]] = {
    kind.KIND: kind for kind in (Hello, Key, TypedScan, Ping, Pong, Painted)
}
_TO_TERMINAL: Final[Mapping[str, type[Any]]] = {
    kind.KIND: kind for kind in (Welcome, Ack, StationView, Ping, Pong, Bye)
}


def to_line(message: ToService | ToTerminal) -> bytes:
    """Return the message as one JSON line; `m` names its kind."""
    body = {"m": message.KIND, **to_json(message)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_to_service(line: bytes) -> ToService:
    """Read what a terminal sent. Raises ValueError, naming what is wrong with the line."""
    name, body = _parse(line)
    if name not in _TO_SERVICE:
        raise ValueError(f"unknown message {name!r}")
    message: ToService = from_json(_TO_SERVICE[name], body)
    return message


def read_to_terminal(line: bytes) -> ToTerminal:
    """Read what the service sent. Raises ValueError, naming what is wrong with the line."""
    name, body = _parse(line)
    if name not in _TO_TERMINAL:
        raise ValueError(f"unknown message {name!r}")
    message: ToTerminal = from_json(_TO_TERMINAL[name], body)
    return message


def _parse(line: bytes) -> tuple[str, dict[str, Any]]:
    if len(line) > LINE_BYTES_MAX:
        raise ValueError("line too long")
    body = json.loads(line.decode("utf-8"))
    if not isinstance(body, dict) or not isinstance(body.get("m"), str):
        raise ValueError("an object with the key m is expected")
    return body["m"], body
