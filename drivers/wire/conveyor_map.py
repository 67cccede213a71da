"""Where the words of a PLC stand: names to addresses; one block is written, one is read. Pure.

Addresses are those of the protocol, counted from 0. A value of two registers is named by the
address of its first one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

WORD: Final = 1 << 16
WIDE: Final = frozenset({"item", "done_item", "exit_item"})  # two registers, unsigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Registers of one read."""

    address: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Values of one write, each uint16; or one coil."""

    address: int
    values: tuple[int, ...]
    is_coil: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOptions:
    """What the configuration says about a PLC's registers.

    `registers` moves single names away from `base`; `read_from` lets a read begin earlier, where
    a PLC wants it at the first register of an assembly. What is not switched on is not read.
    """

    base: int = 100
    registers: Mapping[str, int] = field(default_factory=dict)
    word_order: str = "big"
    max_registers: int = 45
    read_from: int | None = None
    lanes: int = 1
    lane_sensor: bool = False
    lane_full: bool = False
    infeed_sensor: bool = False
    local_mode: bool = False
    pulse_coil: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError, `key: problem: what is allowed`."""
        if self.word_order not in ("big", "little"):
            raise ValueError(f"word_order: {self.word_order!r} does not fit: big or little")
        for name, address in self.registers.items():
            if not 0 <= address < WORD:
                raise ValueError(f"registers: {name} = {address} does not fit: 0 to 65535")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Names and addresses that are read, or written, in one request."""

    addresses: Mapping[str, int]
    is_little: bool = False
    first: int | None = None

    def span(self, *, without: str = "") -> Span:
        """Return the registers from the first to the last name, without the named last one."""
        ends = [a + _width(name) for name, a in self.addresses.items() if name != without]
        start = min(self.addresses.values()) if self.first is None else self.first
        return Span(address=start, count=max(ends) - start)

    def encode(self, values: Mapping[str, int]) -> Write:
        """Return one write of the whole block; what lies between the names is written as 0.

        Raises ValueError for a number that its registers cannot hold.
        """
        span = self.span()
        words = [0] * span.count
        for name, address in self.addresses.items():
            value, width = values.get(name, 0), _width(name)
            if not 0 <= value < WORD**width:
                raise ValueError(f"{name} {value} does not fit: {width} registers")
            at = address - span.address
            words[at : at + width] = self._words(value, width)
        return Write(address=span.address, values=tuple(words))

    def decode(self, registers: Sequence[int], span: Span) -> dict[str, int]:
        """Return the values of the names within `span`.

        Raises ValueError for another number of registers, or one that is no uint16.
        """
        if len(registers) != span.count or not all(0 <= word < WORD for word in registers):
            raise ValueError(f"{len(registers)} registers came: {span.count}")
        values: dict[str, int] = {}
        for name, address in self.addresses.items():
            at, width = address - span.address, _width(name)
            if at + width <= span.count:
                values[name] = self._value(registers[at : at + width])
        return values

    def _words(self, value: int, width: int) -> list[int]:
        if width == 1:
            return [value]
        words = [value >> 16, value % WORD]
        return words[::-1] if self.is_little else words

    def _value(self, words: Sequence[int]) -> int:
        if len(words) == 1:
            return words[0]
        high, low = reversed(words) if self.is_little else words
        return high * WORD + low


def block_of(
    offsets: Mapping[str, int], options: MapOptions, *, first: int | None = None, last: str = ""
) -> Block:
    """Return the block of these names, by default `base` and offset.

    Raises ValueError when names overlap, lie too far apart for one request, or `last` is not last.
    """
    addresses = {
        name: options.registers.get(name, options.base + offset) for name, offset in offsets.items()
    }
    taken: dict[int, str] = {}
    for name, address in addresses.items():
        for register in range(address, address + _width(name)):
            if register in taken:
                raise ValueError(f"registers: {name} lies on {taken[register]}: one address each")
            taken[register] = name
    if last and addresses[last] != max(taken):
        raise ValueError(f"registers: {last} is not the last one written: the highest address")
    is_little = options.word_order == "little"
    block = Block(addresses=addresses, is_little=is_little, first=first)
    span = block.span()
    if first is not None and first > min(taken):
        raise ValueError(f"read_from: {first} is behind the first register: up to {min(taken)}")
    if span.count > options.max_registers:
        said = f"{span.count} in one request"
        raise ValueError(f"max_registers: {said}: names closer together, or up to 125")
    if max(taken) >= WORD:
        raise ValueError(f"base: {max(taken)} does not fit: 0 to 65535")
    return block


def check_names(options: MapOptions, known: Sequence[str]) -> None:
    """Raise ValueError for a name that the profile does not have."""
    for name in options.registers:
        if name not in known:
            raise ValueError(f"registers: {name} is no name: {', '.join(known)}")


def grown(now: int, before: int) -> int:
    """Return by how much a wrapping sixteen-bit counter has grown."""
    return (now - before) % WORD


def _width(name: str) -> int:
    return 2 if name in WIDE else 1
