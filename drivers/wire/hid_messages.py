"""Lines between the keyboard reader process and its client: JSON, payloads base64, no I/O.

The client's first line is the setup; everything else flows from the reader.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drivers.protocols import (
    DeviceHealth,
    DeviceName,
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanFlag,
    ScanSource,
    Symbology,
)
from drivers.wire.check_digits import CheckKind
from drivers.wire.hid_keys import Caps, KeyEnd, KeyProfile, Layout

LINE_BYTES_MAX = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class HidMatch:
    """Which keyboard is meant; all that is given must fit, and one device alone.

    `by_id`, `by_path`: names of links in /dev/input/by-id and by-path. `serial`: the USB serial
    number. `vendor`, `product`: USB numbers.
    """

    by_id: str = ""
    by_path: str = ""
    serial: str = ""
    vendor: int = 0
    product: int = 0

    def __post_init__(self) -> None:
        if not (self.by_id or self.by_path or self.serial or self.vendor):
            raise ValueError("match: empty: by_id, by_path, serial or vendor is needed")
        if "/" in self.by_id or "/" in self.by_path:
            raise ValueError("match: by_id and by_path are names of links, without folders")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSetup:
    """What the reader must know."""

    name: DeviceName
    match: HidMatch
    profile: KeyProfile


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life."""


Told = Scan | ScanFault | DeviceHealth | Beat


def encode_setup(setup: ReaderSetup) -> bytes:
    """Return the setup's line."""
    return _line(asdict(setup))


def decode_setup(line: bytes) -> ReaderSetup:
    """Return the setup. Raises ValueError, KeyError or TypeError for a line of another shape."""
    fields = json.loads(line)
    profile = fields["profile"]
    enums = {"end": KeyEnd(profile["end"]), "caps": Caps(profile["caps"])}
    tuples = {
        "gs": tuple(profile["gs"]),
        "accept": tuple(profile["accept"]),
        "accept_check": tuple(CheckKind(kind) for kind in profile["accept_check"]),
    }
    layout = {"layout": Layout(profile["layout"])}
    return ReaderSetup(
        name=DeviceName(fields["name"]),
        match=HidMatch(**fields["match"]),
        profile=KeyProfile(**(profile | enums | tuples | layout)),
    )


def encode(told: Told) -> bytes:
    """Return one line, at most LINE_BYTES_MAX long."""
    match told:
        case Scan():
            return _line(_scan_fields(told))
        case ScanFault():
            return _line(_fault_fields(told))
        case DeviceHealth():
            return _line({"is": "health", **asdict(told)})
        case Beat():
            return _line({"is": "beat"})


def decode(line: bytes) -> Told:
    """Return what a line tells. Raises ValueError for a line of another shape."""
    try:
        return _decode(json.loads(line))
    except (KeyError, TypeError) as error:
        raise ValueError(f"reader line without {error}") from error


def _decode(fields: Mapping[str, Any]) -> Told:
    match fields["is"]:
        case "scan":
            return _scan(fields)
        case "fault":
            return _fault(fields)
        case "health":
            return DeviceHealth(
                device=fields["device"],
                state=HealthState(fields["state"]),
                reason=fields["reason"],
                usb_id=fields["usb_id"],
            )
        case "beat":
            return Beat()
        case other:
            raise ValueError(f"reader line of unknown kind {other!r}")


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _scan_fields(scan: Scan) -> Mapping[str, Any]:
    return {
        "is": "scan",
        "no": scan.scan_no,
        "device": scan.device,
        "payload": base64.b64encode(scan.payload).decode("ascii"),
        "first_ns": scan.first_ns,
        "at_ns": scan.at_ns,
        "gap_ns": scan.gap_ns,
        "aim": scan.aim_id,
        "symbology": scan.symbology,
        "flags": sorted(scan.flags),
    }


def _fault_fields(fault: ScanFault) -> Mapping[str, Any]:
    return {
        "is": "fault",
        "no": fault.scan_no,
        "device": fault.device,
        "kind": fault.kind,
        "chars": fault.chars,
        "at_ns": fault.at_ns,
        "head": base64.b64encode(fault.head).decode("ascii"),
        "digest": fault.digest,
    }


def _scan(fields: Mapping[str, Any]) -> Scan:
    return Scan(
        scan_no=fields["no"],
        payload=base64.b64decode(fields["payload"], validate=True),
        device=DeviceName(fields["device"]),
        source=ScanSource.HID,
        first_ns=fields["first_ns"],
        at_ns=fields["at_ns"],
        gap_ns=fields["gap_ns"],
        aim_id=fields["aim"],
        symbology=Symbology(fields["symbology"]),
        flags=frozenset(ScanFlag(flag) for flag in fields["flags"]),
    )


def _fault(fields: Mapping[str, Any]) -> ScanFault:
    return ScanFault(
        scan_no=fields["no"],
        device=DeviceName(fields["device"]),
        kind=FaultKind(fields["kind"]),
        chars=fields["chars"],
        at_ns=fields["at_ns"],
        source=ScanSource.HID,
        head=base64.b64decode(fields["head"], validate=True),
        digest=fields["digest"],
    )
