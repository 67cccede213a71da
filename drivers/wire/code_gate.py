"""The gate every hand-scanner code passes: AIM prefix, GS forms, hygiene, limits, numbers.

It repairs nothing: what is not clean becomes a ScanFault without a usable text.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from drivers.protocols import (
    DeviceName,
    FaultKind,
    Scan,
    ScanFault,
    ScanFlag,
    ScanSource,
)
from drivers.wire import aim
from drivers.wire.check_digits import CheckKind, passes
from drivers.wire.raw_codes import RawCode, RawFault, refuse

GS = b"\x1d"
PREFIX_MAX = 16
CODES_PER_S = 20  # more is a flood: several labels in one shot, a stuck trigger, line noise
FAULTS_PER_S = 20  # more are reported as one, so that noise cannot fill the journal
_SECOND_NS = 1_000_000_000
_ISO_15434 = b"[)>\x1e"
_CONTROLS = frozenset(range(0x20)) - {0x1D} | {0x7F}
_CONTROLS_15434 = _CONTROLS - {0x1E, 0x04}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """How one scanner dresses its codes.

    `prefix`: what it is set to send before every code; a code without it has lost its head.
    `aim`: it sends the AIM identifier. `texts`: character sequences that stand for GS.
    `accept`, `accept_check`: lengths and numbers that are believed where only silence ended them.
    """

    prefix: bytes = b""
    aim: bool = False
    texts: tuple[bytes, ...] = ()
    accept: frozenset[int] = frozenset()
    accept_check: frozenset[CheckKind] = frozenset()


def gs_texts(forms: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the sequences that `text:…` and `char:…` name.

    Raises ValueError when one is empty, not printable ASCII, or `char` names more than one.
    """
    texts = []
    for form in forms:
        kind, _, text = form.partition(":")
        if kind not in ("text", "char"):
            continue
        if not text or not (text.isascii() and text.isprintable()):
            raise ValueError(f"gs: {form!r}: printable ASCII must follow the colon")
        if kind == "char" and len(text) != 1:
            raise ValueError(f"gs: {form!r}: exactly one character must follow the colon")
        texts.append(text.encode("ascii"))
    return tuple(texts)


def overrun(refused: Scan | ScanFault, last: Scan | ScanFault | None) -> Scan | ScanFault:
    """Return the one fault that stands for codes refused because a queue was full.

    `last` is the stand-in so far. Its number is that of the last refused code: it stands for all
    numbers since the one before it in the queue, and counts their characters.
    """
    chars = len(refused.payload) if isinstance(refused, Scan) else refused.chars
    if isinstance(last, ScanFault):
        chars += last.chars
    return ScanFault(
        scan_no=refused.scan_no,
        device=refused.device,
        kind=FaultKind.OVERRUN,
        chars=chars,
        at_ns=refused.at_ns,
        source=refused.source,
    )


def prefix_bytes(prefix: str) -> bytes:
    """Return a configured prefix. Raises ValueError unless it is printable ASCII, up to 16."""
    if len(prefix) > PREFIX_MAX or not (prefix.isascii() and prefix.isprintable()):
        raise ValueError(f"prefix: {prefix!r}: up to {PREFIX_MAX} characters of printable ASCII")
    return prefix.encode("ascii")


class _Window:
    """At most `limit` passes in any second."""

    def __init__(self, limit: int) -> None:
        self._times: deque[int] = deque(maxlen=limit)

    def has_room(self, at_ns: int) -> bool:
        full = len(self._times) == self._times.maxlen
        return not full or at_ns - self._times[0] >= _SECOND_NS

    def note(self, at_ns: int) -> None:
        self._times.append(at_ns)


class CodeGate:
    """Turns raw codes of one device into numbered scans and faults."""

    def __init__(
        self, device: DeviceName, source: ScanSource, rules: GateRules, *, numbers: Iterator[int]
    ) -> None:
        self._device = device
        self._source = source
        self._rules = rules
        self._numbers = numbers
        self._codes = _Window(CODES_PER_S)
        self._faults = _Window(FAULTS_PER_S)
        self._storm: RawFault | None = None

    def admit(self, raw: RawCode | RawFault) -> list[Scan | ScanFault]:
        """Return what may be told about a raw code: nothing while faults are too many to tell."""
        checked = self._check(raw) if isinstance(raw, RawCode) else raw
        if isinstance(checked, RawFault):
            return self._tell(checked)
        if not self._codes.has_room(checked.at_ns):
            return self._tell(refuse(FaultKind.FLOOD, checked.payload, checked.at_ns))
        self._codes.note(checked.at_ns)
        storm = self._end_storm()
        return [*storm, self._scan(checked)]

    def tick(self, now_ns: int) -> list[Scan | ScanFault]:
        """Return the fault that stands for many, once there is room to tell it."""
        if self._storm is None or not self._faults.has_room(now_ns):
            return []
        self._faults.note(now_ns)
        return self._end_storm()

    def _tell(self, fault: RawFault) -> list[Scan | ScanFault]:
        if self._faults.has_room(fault.at_ns):
            self._faults.note(fault.at_ns)
            return [*self._end_storm(), self._fault(fault)]
        chars = fault.chars + (self._storm.chars if self._storm else 0)
        self._storm = RawFault(kind=FaultKind.FLOOD, chars=chars, at_ns=fault.at_ns)
        return []

    def _end_storm(self) -> list[Scan | ScanFault]:
        storm, self._storm = self._storm, None
        return [] if storm is None else [self._fault(storm)]

    def _check(self, raw: RawCode) -> RawCode | RawFault:
        """Return the code with GS as 0x1D, or why it is refused. The AIM identifier stays."""
        whole = raw.payload.removeprefix(self._rules.prefix)
        if self._rules.prefix and whole == raw.payload:
            return RawFault(kind=FaultKind.BAD_FRAME, chars=len(whole), at_ns=raw.at_ns)
        aim_id, data = aim.split(whole) if self._rules.aim else (None, whole)
        plain, flags = self._with_gs(data)
        controls = _CONTROLS_15434 if plain.startswith(_ISO_15434) else _CONTROLS
        if not controls.isdisjoint(plain):
            return refuse(FaultKind.CONTROL_CHAR, raw.payload, raw.at_ns)
        if not plain:
            return refuse(FaultKind.BAD_FRAME, raw.payload, raw.at_ns)
        if ScanFlag.IDLE_END in raw.flags and not self._is_believed(plain):
            return refuse(FaultKind.NO_TERMINATOR, raw.payload, raw.at_ns)
        return replace(raw, payload=whole[: 3 if aim_id else 0] + plain, flags=flags | raw.flags)

    def _is_believed(self, code: bytes) -> bool:
        rules = self._rules
        if any(code.endswith(text[:size]) for text in rules.texts for size in range(1, len(text))):
            return False  # half a text that stands for GS: more was to come
        return len(code) in rules.accept or any(passes(one, code) for one in rules.accept_check)

    def _with_gs(self, data: bytes) -> tuple[bytes, frozenset[ScanFlag]]:
        flags = set()
        for text in self._rules.texts:
            if text in data:
                data = data.replace(text, GS)
                flags.add(ScanFlag.GS_SUBSTITUTE if len(text) == 1 else ScanFlag.GS_TEXT)
        return data, frozenset(flags)

    def _scan(self, code: RawCode) -> Scan:
        aim_id, data = aim.split(code.payload) if self._rules.aim else (None, code.payload)
        missing = {ScanFlag.AIM_MISSING} if self._rules.aim and aim_id is None else set()
        return Scan(
            scan_no=next(self._numbers),
            payload=data,
            device=self._device,
            source=self._source,
            first_ns=code.first_ns,
            at_ns=code.at_ns,
            gap_ns=code.gap_ns,
            aim_id=aim_id,
            symbology=aim.symbology(aim_id) if aim_id else code.symbology,
            flags=code.flags | missing,
        )

    def _fault(self, fault: RawFault) -> ScanFault:
        return ScanFault(
            scan_no=next(self._numbers),
            device=self._device,
            kind=fault.kind,
            chars=fault.chars,
            at_ns=fault.at_ns,
            source=self._source,
            head=fault.head,
            digest=fault.digest,
        )
