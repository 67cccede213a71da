"""What framing hands on: one whole code, or the notice that one was not whole.

Collects bytes within fixed memory; knows no device, no prefix and no meaning.
"""

from dataclasses import dataclass
from hashlib import sha256

from drivers.protocols import SCAN_BYTES_MAX, FaultKind, ScanFlag, Symbology

HEAD_BYTES = 64  # what the journal keeps of a refused code
_KINDS_WITH_HEAD = (FaultKind.OVERLONG, FaultKind.CONTROL_CHAR, FaultKind.BAD_FRAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCode:
    """Bytes between two ends of code, at most SCAN_BYTES_MAX, the end itself cut off.

    `gap_ns` = the longest silence between two of its bytes.
    `symbology` where the frame itself names it; an AIM identifier in the payload goes before.
    """

    payload: bytes
    first_ns: int
    at_ns: int
    gap_ns: int = 0
    flags: frozenset[ScanFlag] = frozenset()
    symbology: Symbology = Symbology.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFault:
    """Bytes that must not be used: their number, and where allowed their head and sha256."""

    kind: FaultKind
    chars: int
    at_ns: int
    head: bytes = b""
    digest: str = ""


def refuse(kind: FaultKind, payload: bytes, at_ns: int) -> RawFault:
    """Return the fault for bytes that are all here. A torn code's head is never passed on."""
    head = payload[:HEAD_BYTES] if kind in _KINDS_WITH_HEAD else b""
    digest = sha256(payload).hexdigest() if payload else ""
    return RawFault(kind=kind, chars=len(payload), at_ns=at_ns, head=head, digest=digest)


class Collector:
    """The bytes of the code that is arriving: SCAN_BYTES_MAX kept, all counted and digested."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._count = 0
        self._all = sha256()
        self._first_ns = 0
        self._last_ns = 0
        self._gap_ns = 0

    @property
    def is_open(self) -> bool:
        """Return whether anything arrived since the last end."""
        return self._count > 0

    def add(self, data: bytes, at_ns: int) -> None:
        """Take bytes that arrived at `at_ns`; nothing happens for none."""
        if data and not self._count:
            self._first_ns = self._last_ns = at_ns
        if data:
            self._gap_ns = max(self._gap_ns, at_ns - self._last_ns)
            self._last_ns = at_ns
        self._count += len(data)
        self._all.update(data)
        self._kept += data[: SCAN_BYTES_MAX - len(self._kept)]

    def end(self, at_ns: int, flags: frozenset[ScanFlag] = frozenset()) -> RawCode | RawFault:
        """Return the code and start over; longer than SCAN_BYTES_MAX is an overlong fault."""
        if self._count > SCAN_BYTES_MAX:
            return self.drop(FaultKind.OVERLONG, at_ns)
        code = RawCode(
            payload=bytes(self._kept),
            first_ns=self._first_ns,
            at_ns=at_ns,
            gap_ns=self._gap_ns,
            flags=flags,
        )
        self.clear()
        return code

    def drop(self, kind: FaultKind, at_ns: int) -> RawFault:
        """Return the fault for what arrived and start over. Too long is told before all else."""
        kind = FaultKind.OVERLONG if self._count > SCAN_BYTES_MAX else kind
        head = bytes(self._kept[:HEAD_BYTES]) if kind in _KINDS_WITH_HEAD else b""
        digest = self._all.hexdigest() if self._count else ""
        fault = RawFault(kind=kind, chars=self._count, at_ns=at_ns, head=head, digest=digest)
        self.clear()
        return fault

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._count = self._gap_ns = 0
        self._all = sha256()
