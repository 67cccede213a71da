"""Framing and gate of one scanner line joined: bytes in, numbered scans and faults out."""

from drivers.protocols import Scan, ScanFault
from drivers.wire.code_gate import CodeGate
from drivers.wire.raw_codes import RawCode, RawFault
from drivers.wire.serial_frames import FrameDecoder, FrameRules


class LineCodes:
    """One connection of a scanner whose codes come as bytes."""

    def __init__(self, rules: FrameRules, gate: CodeGate) -> None:
        self._frames = FrameDecoder(rules)
        self._gate = gate

    def feed(self, data: bytes, at_ns: int) -> list[Scan | ScanFault]:
        """Take bytes that arrived at `at_ns`."""
        return self._admit(self._frames.feed(data, at_ns))

    def tick(self, now_ns: int) -> list[Scan | ScanFault]:
        """Say that the line was looked at and had been empty up to `now_ns`."""
        return [*self._admit(self._frames.tick(now_ns)), *self._gate.tick(now_ns)]

    def cut(self, at_ns: int) -> list[Scan | ScanFault]:
        """Say that the connection is gone; not to be used afterwards."""
        return self._admit(self._frames.cut(at_ns))

    def _admit(self, raws: list[RawCode | RawFault]) -> list[Scan | ScanFault]:
        return [told for raw in raws for told in self._gate.admit(raw)]
