"""The default pack, units of it, and a slow oracle of the decision that shares no code with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from source_tree import ROOT
from zoning import grammar, session
from zoning.evaluate import decide
from zoning.grammar import Expression, Test
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
            tests = cell.tests  # type: ignore[union-attr]
            found = [_in_all_worlds(test, set(members), value) for test, members in tests]
            return False if False in found else None if None in found else True
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


def _in_all_worlds(test: Test, listed: set[str], value: Members) -> bool | None:
    """Try every world of the unknown members a test speaks of, and of one that it does not."""
    unknown = sorted(value.unknown & listed) + sorted(value.unknown - listed)[:1]
    found = set()
    for world in range(1 << len(unknown)):
        extra = {member for at, member in enumerate(unknown) if world >> at & 1}
        found.add(_holds(test, listed, value.present | extra))
    return found.pop() if len(found) == 1 else None


def _holds(test: Test, listed: set[str], members: set[str] | frozenset[str]) -> bool:
    match test:
        case Test.ANY:
            return bool(listed & members)
        case Test.ALL:
            return listed <= members
        case Test.NONE:
            return not listed & members
        case Test.IS:
            return members == listed
        case _:
            return members <= listed


def slow_truth(expression: Expression, values: Mapping[str, Value]) -> bool | None:
    """Evaluate a condition with three values as 0, 1/2 and 1: min, max and 1 - x."""
    return {0: False, 1: None, 2: True}[_halves(expression, values)]


def _halves(expression: Expression, values: Mapping[str, Value]) -> int:
    match expression:
        case grammar.Constant(value=known):
            return 2 * known
        case grammar.Not(of=inner):
            return 2 - _halves(inner, values)
        case grammar.All(of=parts):
            return min(_halves(part, values) for part in parts)
        case grammar.Any(of=parts):
            return max(_halves(part, values) for part in parts)
        case grammar.Answered():
            return 0
    value = values.get(expression.name)
    if value is None:
        return 1
    match expression:
        case grammar.OneOf(values=listed):
            return 2 * (value in listed)
        case grammar.Is(value=wanted):
            return 2 * (value == wanted)
        case grammar.Has(test=test, members=members):
            assert isinstance(value, Members)
            return {False: 0, None: 1, True: 2}[_in_all_worlds(test, set(members), value)]
        case grammar.Within(range=limits):
            assert isinstance(value, int)
            return 2 * (value in limits)
