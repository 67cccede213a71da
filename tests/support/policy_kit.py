"""The default pack, units of it, and a slow oracle of the decision that shares no code with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from source_tree import ROOT
from zoning import session
from zoning.evaluate import decide
from zoning.grammar import Test
from zoning.model import AnsweredBy, Facts, Members, Static, Value, Verdict
from zoning.pack import Pack, load_pack
from zoning.session.walk import Run
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell

PACK = ROOT / "config" / "packs" / "default"
LOW, MID, HIGH = 100_000, 700_000, 2_000_000
ATTRS: Mapping[str, tuple[str, ...]] = {
    "apparel": ("mark_required",),
    "footwear": ("mark_required",),
    "electronics": ("serialised", "data_bearing", "battery"),
    "smartphones": ("serialised", "data_bearing", "battery"),
    "small_appliances": ("serialised",),
    "large_appliances": ("serialised", "two_person", "cooler"),
    "cosmetics": ("mark_required", "liquid"),
    "toys": ("mark_required", "battery"),
    "books": (),
    "batteries_hazmat": ("hazmat",),
}


@cache
def pack_files() -> Mapping[str, bytes]:
    """Return the files of the default pack as they are stored."""
    paths = (path for path in PACK.rglob("*") if path.is_file())
    return {path.relative_to(PACK).as_posix(): path.read_bytes() for path in paths}


@cache
def default_pack() -> Pack:
    """Return the default pack, loaded once."""
    return load_pack(pack_files())


def with_file(name: str, old: str, new: str) -> dict[str, bytes]:
    """Return the pack's files with one text replaced, which must be there."""
    text = pack_files()[name].decode()
    assert old in text, f"{name} does not hold {old!r}"
    return {**pack_files(), name: text.replace(old, new, 1).encode()}


def unit(category: str | None, **given: object) -> Static:
    """Return the static facts of a cheap, expected unit inside its return window."""
    known = frozenset(ATTRS[category]) if category else None
    static = Static(
        category=category,
        tenant="shop-a",
        attrs=known,
        value_minor=LOW,
        currency="RUB",
        in_window=True,
    )
    return replace(static, **given)  # type: ignore[arg-type]


def begun(category: str | None, **given: object) -> Run:
    """Return a fresh run under the default pack."""
    return session.begin(default_pack(), unit(category, **given))


def answered(run: Run, answers: Mapping[str, str | int]) -> Run:
    """Return the run with answers given by the station, in this order."""
    for step, value in answers.items():
        run = session.answer(run, step, value, AnsweredBy.AUTO)
    return run


def decided(run: Run) -> Verdict:
    """Return the verdict of a run whose open questions all find nothing wrong."""
    return decide(run.pack, session.facts(session.neutral(run)))


def record(values: Mapping[str, Value]) -> Facts:
    """Return a fact record of the default pack."""
    return Facts(policy_sha256=default_pack().sha256, values=values)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Looks at every row by itself, member by member. Slow and obvious."""

    pack: Pack = field(default_factory=default_pack)

    def row(self, values: Mapping[str, Value]) -> str:
        """Return the id of the row that fires, or the engine's outcome."""
        for row in self.pack.table.rows:
            truths = [self.cell(cell, values.get(name)) for name, cell in row.cells.items()]
            if False in truths:
                continue
            return "#missing" if None in truths else row.id
        return "#nopolicy"

    def cell(self, cell: Cell, value: Value | None) -> bool | None:
        """Test one cell over every world the unknown members allow."""
        if value is None:
            return None
        if isinstance(value, Members):
            return self._worlds(cell, value)
        if isinstance(cell, OneOfCell):
            return value in cell.values
        if isinstance(cell, BoolCell):
            return value == cell.value
        assert isinstance(cell, NumberCell)
        assert isinstance(value, int)
        return any(
            (r.low is None or r.low <= value) and (r.high is None or value <= r.high)
            for r in cell.ranges
        )

    def _worlds(self, cell: Cell, value: Members) -> bool | None:
        """Enumerate worlds over the unknown members the cell speaks of, and one it does not."""
        tests = cell.tests  # type: ignore[union-attr]
        listed = {member for _, members in tests for member in members}
        unknown = sorted(value.unknown & listed) + sorted(value.unknown - listed)[:1]
        found = set()
        for world in range(1 << len(unknown)):
            extra = {member for at, member in enumerate(unknown) if world >> at & 1}
            found.add(all(_holds(t, set(m), value.present | extra) for t, m in tests))
        return found.pop() if len(found) == 1 else None


def _holds(test: Test, listed: set[str], members: set[str] | frozenset[str]) -> bool:
    match test:
        case Test.ANY:
            return bool(listed & members)
        case Test.ALL:
            return listed <= members
        case Test.NONE:
            return not listed & members
        case _:
            return members <= listed
