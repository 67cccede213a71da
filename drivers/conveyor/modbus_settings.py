"""Configuration of one PLC link: where it is, which registers it has, and how fast it answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.wire.conveyor_map import MapOptions
from drivers.wire.conveyor_profile import BeltProfile
from drivers.wire.conveyor_styles import style_of

_TCP: Final = re.compile(r"tcp://(?P<host>[^\s/:]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?")
_RTU: Final = re.compile(r"rtu://(?P<path>/[^\s]+)")
_POLLS_MS: Final = {"tcp": (200, 50), "rtu": (500, 100)}  # idle, while a command is open
BEATS_MIN: Final = 3  # one lost and one late must not stop a belt


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusSettings:
    """Where the PLC is and which parts of the register map it has. `base` = B, from 0.

    `url` is tcp://host:port or rtu:///dev/serial/by-id/…; RTU states its `parity`. `reply_ms` is
    the time that a serial slave takes to answer. `auto_start` lets the station start a belt that
    stands because it lost its host; never while a divert is open, in doubt or inhibited.
    `faults` = texts of the vendor's fault numbers: {"101" = { ru = "…", en = "…" }}.
    """

    url: str
    profile: str = "seq_ack"
    base: int = 100
    registers: Mapping[str, int] = field(default_factory=dict)
    word_order: str = "big"
    read_fc: int = 3
    read_from: int | None = None
    max_registers: int = 45
    fc23: bool = False
    device_id: int = 1
    lanes: int = 1
    lane_sensor: bool = False
    lane_full: bool = False
    infeed_sensor: bool = False
    local_mode: bool = False
    auto_start: bool = True
    accept_at_most_once: bool = False
    pulse_ms: int = 100
    pulse_coil: bool = False
    faults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    poll_ms: int | None = None
    open_poll_ms: int | None = None
    heartbeat_ms: int = 500
    host_timeout_ms: int = 2000
    exit_s: float = 5.0
    baudrate: int = 19200
    parity: str = ""
    stopbits: int = 1
    reply_ms: int = 50

    def __post_init__(self) -> None:
        """Raise ValueError, `key: problem: what is allowed`."""
        self._check_url()
        for key, value, low, high in (
            ("base", self.base, 0, 65535),
            ("device_id", self.device_id, 1, 247),
            ("lanes", self.lanes, 1, 8),
            ("read_fc", self.read_fc, 3, 4),
            ("max_registers", self.max_registers, 1, 125),
            ("pulse_ms", self.pulse_ms, 10, 2000),
            ("poll_ms", self.poll_s[0] * 1000, 10, 1000),
            ("open_poll_ms", self.poll_s[1] * 1000, 5, 1000),
            ("heartbeat_ms", self.heartbeat_ms, 20, 1000),
            ("host_timeout_ms", self.host_timeout_ms, self.heartbeat_ms * BEATS_MIN, 60_000),
            ("stopbits", self.stopbits, 1, 2),
            ("reply_ms", self.reply_ms, 1, 5000),
        ):
            if not low <= value <= high:
                raise ValueError(f"{key}: {value} does not fit: {low} to {high}")
        if self.exit_s < 0:
            raise ValueError(f"exit_s: {self.exit_s} does not fit: 0 or more")
        self._check_faults()
        self._check_profile()

    def _check_url(self) -> None:
        match = _TCP.fullmatch(self.url)
        is_tcp = match is not None and 1 <= int(match["port"] or 502) <= 65535
        if not is_tcp and _RTU.fullmatch(self.url) is None:
            raise ValueError(f"url: {self.url!r} does not fit: tcp://host:port or rtu:///dev/…")
        if self.is_serial and self.parity not in ("E", "O", "N"):
            raise ValueError(f"parity: {self.parity!r} does not fit: E, O or N, as the PLC has it")
        if self.is_serial and self.baudrate not in (9600, 19200, 38400, 57600, 115200):
            raise ValueError(f"baudrate: {self.baudrate} does not fit: 9600 to 115200")

    def _check_faults(self) -> None:
        for number, texts in self.faults.items():
            if not (number.isascii() and number.isdigit() and 1 <= int(number) <= 65535):
                raise ValueError(f"faults: {number!r} is no fault number: 1 to 65535")
            if not (texts.get("ru") and texts.get("en")):
                raise ValueError(f"faults: {number} lacks a text: ru and en")

    def _check_profile(self) -> None:
        made = self.made_profile()
        if not made.traits.has_echo and not self.accept_at_most_once:
            raise ValueError(
                f"accept_at_most_once: false does not fit: {self.profile} echoes nothing, so a "
                "lost reply is a divert in doubt; true accepts that"
            )

    @property
    def is_serial(self) -> bool:
        """Return whether this is Modbus RTU."""
        return self.url.startswith("rtu://")

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port; of a serial line its path and 0."""
        if self.is_serial:
            return self.url.removeprefix("rtu://"), 0
        match = _TCP.fullmatch(self.url)
        assert match is not None, "checked when the settings were made"
        return match["host"].strip("[]"), int(match["port"] or 502)

    @property
    def poll_s(self) -> tuple[float, float]:
        """Return the time between two reads when idle, and while a command is open."""
        idle, busy = _POLLS_MS["rtu" if self.is_serial else "tcp"]
        return (self.poll_ms or idle) / 1000, (self.open_poll_ms or busy) / 1000

    def made_profile(self) -> BeltProfile:
        """Return the codec of this PLC's style. Raises ValueError for a map that cannot be."""
        return style_of(
            self.profile,
            MapOptions(
                base=self.base,
                registers=self.registers,
                word_order=self.word_order,
                max_registers=self.max_registers,
                read_from=self.read_from,
                lanes=self.lanes,
                lane_sensor=self.lane_sensor,
                lane_full=self.lane_full,
                infeed_sensor=self.infeed_sensor,
                local_mode=self.local_mode,
                pulse_coil=self.pulse_coil,
            ),
        )
