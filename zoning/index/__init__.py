"""A pack as bit masks per column value: a record becomes one integer by a few ANDs.

Every row, and every test that a cap, an axiom or an action reads, has a bit. A mask holds the bits
twice: in its low half "possibly true", in its high half "definitely true". The bit above both
halves is set in the mask of every record that the policy's domains hold.
"""

from collections.abc import Iterator, Mapping

from zoning.index.bits import Bits, Term, any_of, whole_mask
from zoning.model import Grade, Outcome, Value
from zoning.policy import Axiom, Cap, Policy
from zoning.table import OneOfCell, Table


class Index:
    """The masks of one pack, and in `memo` what `zoning.evaluate` has found whole masks to mean."""

    __slots__ = (
        "_all",
        "_masks",
        "_read",
        "actions",
        "axioms",
        "caps",
        "columns",
        "grades",
        "memo",
        "rows",
        "width",
    )

    def __init__(self, policy: Policy, table: Table) -> None:
        bits = Bits(policy, table.rows)
        self.rows = (1 << len(table.rows)) - 1
        self.caps: tuple[tuple[Cap, Term], ...] = tuple(
            (cap, bits.term(cap.when)) for cap in policy.caps
        )
        self.axioms: tuple[tuple[Axiom, Term, Term], ...] = tuple(
            (axiom, bits.term(axiom.when), bits.term(axiom.iff)) for axiom in policy.axioms
        )
        self.actions = tuple(
            (bits.literal("flags", any_of(name)), policy.flags[name].action)
            for name in policy.domains["flags"].values
            if policy.flags[name].action
        )
        self.grades = tuple(
            (bits.literal("grade", OneOfCell(values=(grade,))), grade) for grade in Grade
        )
        self.width = bits.width
        self.columns = bits.columns()
        self.memo: dict[int, Outcome] = {}
        self._all = whole_mask(self.width)
        self._masks = {name: column.mask for name, column in self.columns.items()}
        self._read = frozenset(n for n, c in self.columns.items() if c.blank != self._all)

    def match(self, values: Mapping[str, Value]) -> int:
        """Return the mask of a record; 0 = a name or value that the policy does not know."""
        both = self._all
        masks = self._masks
        try:
            for name, value in values.items():
                both &= masks[name](value)
        except (KeyError, TypeError):  # an unknown name or member; a value without a hash
            return 0
        for name in self._read.difference(values):
            both &= self.columns[name].blank
        return both

    def parts(self, values: Mapping[str, Value]) -> dict[str, int]:
        """Return the mask of each column; empty for a record that `match` gives 0 for."""
        found = {}
        try:
            for name, column in self.columns.items():
                found[name] = column.mask(values[name]) if name in values else column.blank
        except (KeyError, TypeError):
            return {}
        is_valid = all(found.values()) and values.keys() <= found.keys()
        return found if is_valid else {}

    def joined(self, parts: Mapping[str, int], *, without: str = "") -> int:
        """Return the mask of a record from those of its columns, or of all but one of them."""
        both = self._all
        for name, part in parts.items():
            if name != without:
                both &= part
        return both

    def broken(self, both: int) -> tuple[str, ...]:
        """Return the axioms whose two sides are known to differ, sorted."""
        true = both >> self.width
        found: list[str] = []
        for axiom, when, iff in self.axioms:
            # The side that is definitely true settles which side to look at for "never true".
            other = iff if when.holds(true) else when if iff.holds(true) else None
            if other and not other.holds(both):
                found.append(axiom.id)
        return tuple(sorted(found)) if found else ()

    def is_fired(self, both: int, at: int) -> bool:
        """Return whether a row (by position) decides a record with this mask."""
        possible = both & self.rows
        bit = 1 << at
        is_first = possible & -possible == bit
        return is_first and both >> self.width & bit != 0 and not self.broken(both)


def positions(rows: int) -> Iterator[int]:
    """Yield the positions of the bits that are set, the lowest first."""
    while rows:
        first = rows & -rows
        yield first.bit_length() - 1
        rows ^= first
