"""Small random packs as text, read by the loader, and records of them: few columns, few rows."""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product
from random import Random

from hypothesis import strategies as st

from zoning.grammar import truth
from zoning.model import Domain, Kind, Members, Value
from zoning.pack import Pack, load_pack

ZONES = ("resale", "repair", "disposal", "hold", "hazmat")
REFUNDS = ("eligible", "review", "blocked")
FLAGS = ("wipe", "fix", "sharp", "leak")
ATTRS = ("battery", "cooler")
GRADES = ("A", "B", "C", "D", "ungraded")
SEALS = ("sealed", "opened", "missing")
VALUE_MAX, MASS_MAX = 7, 5
_LABEL = '{ ru = "Т", en = "T" }'
_CLASSES = 'classes = { low = "0..<2", mid = "2..4", high = "5..7" }'


def packs() -> st.SearchStrategy[Pack]:
    """Strategy of random packs; a failing one is built again from its seed."""
    return st.integers(0, 2**32 - 1).map(lambda seed: random_pack(Random(seed)))


def random_pack(rng: Random) -> Pack:
    """Return a valid pack; nothing says that it is complete or keeps its invariants."""
    return load_pack(random_files(rng))


def random_files(rng: Random) -> dict[str, bytes]:
    """Return the files of a random pack."""
    writer = _Writer(rng)
    files = {
        "pack.toml": f'format = "pack/1"\nid = "random"\nversion = 1\ntitle = {_LABEL}\n',
        "policy.toml": writer.policy(),
        "reasons.toml": 'format = "reasons/1"\nversion = 1\n',
        "checklists/unknown_item.toml": (
            'format = "checklist/1"\nid = "unknown_item"\nversion = 1\n'
        ),
        "zone.csv": writer.table(),
    }
    return {name: text.encode() for name, text in files.items()}


def random_values(rng: Random, pack: Pack) -> dict[str, Value]:
    """Return a record of a pack with gaps: absent columns, unknown members."""
    found = {
        name: _value(rng, domain)
        for name, domain in pack.policy.domains.items()
        if rng.random() < 0.8
    }
    return {name: value for name, value in found.items() if value is not None}


def complete_records(pack: Pack) -> Iterator[dict[str, Value]]:
    """Yield every record without a gap (some thousands), those that break an axiom too."""
    domains = pack.policy.domains
    for values in product(*(_all_values(domain) for domain in domains.values())):
        yield dict(zip(domains, values, strict=True))


def valid_records(pack: Pack) -> Iterator[dict[str, Value]]:
    """Yield every record without a gap that keeps the axioms."""
    for values in complete_records(pack):
        if all(truth(a.when, values) is truth(a.iff, values) for a in pack.policy.axioms):
            yield values


def _value(rng: Random, domain: Domain) -> Value | None:
    if domain.kind is not Kind.SET:
        return rng.choice(list(_all_values(domain)))
    states = {member: rng.choice("PPUAA") for member in domain.values}
    if rng.random() < 0.4:
        states = {member: state.replace("U", "A") for member, state in states.items()}
    return Members(
        present=frozenset(member for member, state in states.items() if state == "P"),
        unknown=frozenset(member for member, state in states.items() if state == "U"),
    )


def _all_values(domain: Domain) -> Iterator[Value]:
    match domain.kind:
        case Kind.BOOL:
            yield from (False, True)
        case Kind.ENUM:
            yield from domain.values
        case Kind.SET:
            for size in range(len(domain.values) + 1):
                for chosen in combinations(domain.values, size):
                    yield Members(present=frozenset(chosen))
        case _:
            assert domain.range.low is not None, "the loader wants both limits"
            assert domain.range.high is not None, "the loader wants both limits"
            yield from range(domain.range.low, domain.range.high + 1)


class _Writer:
    """Writes the policy and the table of one pack over the columns it has drawn."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._flags = FLAGS[: rng.randint(2, 4)]
        self._attrs = ATTRS[: rng.randint(1, 2)]
        optional = [name for name in ("value", "mass", "in_window", "seal") if rng.random() < 0.6]
        self._columns = ["grade", "flags", "attrs", *optional]

    def policy(self) -> str:
        """Return the text of policy.toml."""
        parts = [
            'format = "policy/1"\nid = "random"\nversion = 1\ncurrency = "RUB"',
            'settle = ["zone", "disposition", "refund", "move"]',
            f'grade = {{ ungraded_flags = ["{self._flags[0]}"] }}',
            *(f"[domain.{name}]\n{self._domain(name)}" for name in self._columns),
            *(f"[flag.{name}]\n{self._flag()}" for name in self._flags),
            *(f'[disposition.{z.upper()}{n}]\nzone = "{z}"\nlabel = {_LABEL}' for z, n in _TWO),
            *(self._cap(f"C{at}") for at in range(self._rng.randint(0, 3))),
            *(self._invariant(f"I{at}") for at in range(self._rng.randint(0, 2))),
            *(self._monotone(f"M{at}") for at in range(self._rng.randint(0, 1))),
            *(self._axiom(f"X{at}") for at in range(self._rng.choice((0, 0, 1, 2)))),
        ]
        return "\n".join(parts) + "\n"

    def table(self) -> str:
        """Return the text of zone.csv; every second one ends with rows that take all the rest."""
        columns = self._rng.sample(self._columns, self._rng.randint(1, len(self._columns)))
        lines = [self._cells(columns) for _ in range(self._rng.randint(1, 6))]
        if self._rng.random() < 0.5 and "grade" in columns:
            lines += [{"grade": "!D"}, {"grade": "D"}]
        head = "#zoning-table/1 policy=random version=1 hit=first\n"
        names = ["id", *columns, ">zone", ">disposition", ">refund", ">actions"]
        text = ",".join([*names, "note_ru", "note_en"]) + "\n"
        for at, cells in enumerate(lines):
            zone, n = self._rng.choice(_TWO)
            outputs = [zone, f"{zone.upper()}{n}", self._rng.choice(REFUNDS)]
            actions = self._rng.choice(("", "", "PACK", "PACK|WEIGH"))
            given = [cells.get(name, "") for name in columns]
            text += ",".join([f"R{at + 1:02}", *given, *outputs, actions, f"т{at}", f"t{at}"])
            text += "\n"
        return head + text

    def _cells(self, columns: list[str]) -> dict[str, str]:
        chosen = self._rng.sample(columns, self._rng.randint(1, min(3, len(columns))))
        return {name: self._cell(name) for name in chosen}

    def _cell(self, name: str) -> str:
        match name:
            case "grade":
                return self._rng.choice(("", "", "!")) + "|".join(self._some(GRADES, 4))
            case "seal":
                return "|".join(self._some(SEALS, 2))
            case "in_window":
                return self._rng.choice(("y", "n"))
            case "value" if self._rng.random() < 0.3:
                return "|".join(self._some(("low", "mid", "high"), 2))
            case "value" | "mass":
                return self._range(name, "")
        tests = [self._set_cell(name) for _ in range(self._rng.choice((1, 1, 1, 2)))]
        return " & ".join(tests)

    def _set_cell(self, name: str) -> str:
        word = self._rng.choice(("any", "any", "all", "none", "only", "empty"))
        return word if word == "empty" else f"{word}:{'|'.join(self._some(self._members(name), 3))}"

    def _domain(self, name: str) -> str:
        listed: Mapping[str, tuple[str, ...]] = {
            "grade": GRADES,
            "flags": self._flags,
            "attrs": self._attrs,
            "seal": SEALS,
        }
        match name:
            case "value":
                return f'kind = "int"\nmin = 0\nmax = {VALUE_MAX}\n{_CLASSES}'
            case "mass":
                return f'kind = "decimal"\nprecision = 1\nmin = 0\nmax = {MASS_MAX}'
            case "in_window":
                return 'kind = "bool"'
        kind = "set" if name in ("flags", "attrs") else "enum"
        order = "\nordered = true" if name == "grade" else ""
        return f'kind = "{kind}"\nvalues = {list(listed[name])}{order}'

    def _flag(self) -> str:
        action = self._rng.choice(("", '\naction = "WASH"', '\naction = "PACK"'))
        hazard = self._rng.choice(("", "", "\nhazard = true"))
        return f"label = {_LABEL}{hazard}{action}"

    def _cap(self, name: str) -> str:
        output = self._rng.choice(("refund", "refund", "move"))
        words = REFUNDS if output == "refund" else ("auto", "manual")
        limit = self._rng.choice(words[1:])
        head = f'[[cap]]\nid = "{name}"\noutput = "{output}"\nat_most = "{limit}"'
        return f'{head}\nwhen = "{self.expression(2)}"\ntext = {_LABEL}'

    def _invariant(self, name: str) -> str:
        then = self._rng.choice(
            (
                f"zone in {{'{self._rng.choice(ZONES)}', 'hold', 'hazmat'}}",
                f"zone != '{self._rng.choice(ZONES)}'",
                f"refund {self._rng.choice(('=', '!=', '<=', '>='))} '{self._rng.choice(REFUNDS)}'",
                "move = 'manual' or refund >= 'review'",
            )
        )
        head = f'[[invariant]]\nid = "{name}"\nwhen = "{self.expression(1)}"'
        return f'{head}\nthen = "{then}"\ntext = {_LABEL}'

    def _monotone(self, name: str) -> str:
        numbers = [name for name in self._columns if name in ("value", "mass")]
        column = self._rng.choice(["grade", "flags", "attrs", *numbers])
        order = [f'"{zone}"' for zone in self._some(ZONES, 4)]
        head = (
            f'[[monotone]]\nid = "{name}"\ncolumn = "{column}"\nzone_order = [{", ".join(order)}]'
        )
        spared = f'\nexempt = {{ {self._flags[-1]} = "why" }}' if column == "flags" else ""
        return head + (spared if self._rng.random() < 0.5 else "")

    def _axiom(self, name: str) -> str:
        when, iff = self._rng.choice(
            (
                ("grade = 'ungraded'", f"flags has any({self._flags[0]})"),
                (self.expression(0), self.expression(1)),
            )
        )
        return f'[[axiom]]\nid = "{name}"\nwhen = "{when}"\niff = "{iff}"'

    def expression(self, depth: int) -> str:
        """Return a condition nested up to a depth."""
        joint = self._rng.choice(("", "and", "or", "not")) if depth else ""
        if joint == "not":
            return f"not ({self.expression(depth - 1)})"
        if joint:
            parts = [self.expression(depth - 1) for _ in range(self._rng.randint(2, 3))]
            return f" {joint} ".join(f"({part})" for part in parts)
        return self._atom(self._rng.choice(self._columns))

    def _atom(self, name: str) -> str:
        match name:
            case "grade":
                operator = self._rng.choice(("=", "!=", "<", "<=", ">", ">="))
                return f"grade {operator} '{self._rng.choice(GRADES)}'"
            case "seal":
                listed = ", ".join(f"'{seal}'" for seal in self._some(SEALS, 2))
                return f"seal in {{{listed}}}"
            case "in_window":
                return f"in_window {self._rng.choice(('=', '!='))} {self._rng.choice('yn')}"
            case "value" | "mass":
                return f"{name} {self._range(name, ' ')}"
        members = ", ".join(self._some(self._members(name), 3))
        word = self._rng.choice(("has any", "has all", "has none", "="))
        return f"{name} = {{{members}}}" if word == "=" else f"{name} {word}({members})"

    def _range(self, name: str, gap: str) -> str:
        show: Callable[[int], str] = str if name == "value" else lambda n: f"{n // 10}.{n % 10}"
        top = VALUE_MAX if name == "value" else MASS_MAX
        low, high = sorted(self._rng.choices(range(top + 1), k=2))
        if self._rng.random() < 0.5:
            operator = self._rng.choice((">=", "<=", ">", "<"))
            return f"{operator}{gap}{show(self._rng.randint(1, top - 1))}"
        return f"{'in ' if gap else ''}{show(low)}..{show(high)}"

    def _members(self, name: str) -> tuple[str, ...]:
        return self._flags if name == "flags" else self._attrs

    def _some(self, values: tuple[str, ...], most: int) -> list[str]:
        return self._rng.sample(values, self._rng.randint(1, min(most, len(values))))


_TWO = tuple((zone, n) for zone in ZONES for n in (1, 2))


SMALL_DOMAINS = f"""
[domain.grade]
kind = "enum"
values = {list(GRADES)}
ordered = true
[domain.flags]
kind = "set"
values = {list(FLAGS)}
[domain.attrs]
kind = "set"
values = {list(ATTRS)}
[domain.value]
kind = "int"
unit = "RUB/100"
min = 0
max = {VALUE_MAX}
{_CLASSES}
[domain.mass]
kind = "decimal"
precision = 1
unit = "kg"
min = 0
max = {MASS_MAX}
[domain.in_window]
kind = "bool"
[domain.seal]
kind = "enum"
values = {list(SEALS)}
[flag]
wipe = {{ label = {{ ru = "стереть", en = "to wipe" }}, action = "WIPE" }}
fix = {{ label = {{ ru = "чинить", en = "to mend" }}, action = "MEND" }}
sharp = {{ label = {{ ru = "острое", en = "sharp edges" }} }}
leak = {{ label = {{ ru = "течёт", en = "leaks" }}, action = "WIPE" }}
"""


def small_pack(columns: str, *rows: str, policy: str = "", domains: str = SMALL_DOMAINS) -> Pack:
    """Return a pack of all kinds of columns with these rows, caps and axioms.

    A row is `cells -> zone [refund [actions]]`, cells by commas in the order of `columns`. Its id
    and notes come from its place; its disposition is that of the zone; refund is eligible.
    """
    head = "#zoning-table/1 policy=small version=7 hit=first\n"
    names = f"id,{columns},>zone,>disposition,>refund,>actions,note_ru,note_en\n"
    lines = [_small_row(at + 1, row) for at, row in enumerate(rows)]
    dispositions = "\n".join(
        f'[disposition.{zone.upper()}1]\nzone = "{zone}"\n'
        f'label = {{ ru = "{zone}-ru", en = "{zone} it" }}'
        for zone in ZONES
    )
    start = 'format = "policy/1"\nid = "small"\nversion = 7\ncurrency = "RUB"\nsettle = ["zone"]\n'
    start += 'grade = { ungraded_flags = ["wipe"] }\n'
    files = {
        "pack.toml": f'format = "pack/1"\nid = "small"\nversion = 1\ntitle = {_LABEL}\n',
        "policy.toml": f"{start}{domains}{dispositions}\n{policy}",
        "reasons.toml": 'format = "reasons/1"\nversion = 1\n',
        "checklists/unknown_item.toml": (
            'format = "checklist/1"\nid = "unknown_item"\nversion = 1\n'
        ),
        "zone.csv": head + names + "".join(lines),
    }
    return load_pack({name: text.encode() for name, text in files.items()})


def _small_row(at: int, row: str) -> str:
    cells, *outputs = row.rsplit(" -> ", 1)
    zone, refund, actions, *_ = [*outputs[0].split(), "", ""]
    given = [zone, f"{zone.upper()}1", refund or "eligible", actions]
    return ",".join([f"R{at}", cells, *given, f"заметка {at}", f"note {at}"]) + "\n"


def small_cap(name: str, output: str, at_most: str, when: str) -> str:
    """Return the text of a cap."""
    head = f'[[cap]]\nid = "{name}"\noutput = "{output}"\nat_most = "{at_most}"\n'
    return f'{head}when = "{when}"\ntext = {{ ru = "предел {name}", en = "limit {name}" }}\n'


def small_axiom(name: str, when: str, iff: str) -> str:
    """Return the text of an axiom."""
    return f'[[axiom]]\nid = "{name}"\nwhen = "{when}"\niff = "{iff}"\n'
