"""Random small packs whose checklists use every part of the format, units of them, their runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from random import Random

from zoning import session
from zoning.checklist.values import Step
from zoning.findings import PolicyParseError
from zoning.model import AnsweredBy, Static
from zoning.pack import Pack, load_pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import Run

LABEL = '{ ru = "Т", en = "T" }'
FLAGS = ("leak", "other", "fix", "wipe", "note", "blind")
ATTRS = ("battery", "cooler")
CATEGORIES = ("mugs", "lamps")
SEALS = ("sealed", "opened")
ZONES = ("resale", "repair", "disposal", "hold", "hazmat")
REFUNDS = ("eligible", "review", "blocked")
_GRADES = ("A", "B", "C", "D", "ungraded")
_POLICY = f"""
format = "policy/1"
id = "random"
version = 1
currency = "RUB"
settle = ["zone", "disposition", "refund", "move", "evidence", "actions"]
grade = {{ ungraded_flags = ["other"] }}
domain.category = {{ kind = "enum", values = {list(CATEGORIES)} }}
domain.grade = {{ kind = "enum", values = {list(_GRADES)}, ordered = true }}
domain.flags = {{ kind = "set", values = {list(FLAGS)} }}
domain.attrs = {{ kind = "set", values = {list(ATTRS)} }}
domain.value = {{ kind = "int", min = 0, max = 9 }}
domain.in_window = {{ kind = "bool" }}
domain.seal = {{ kind = "enum", values = {list(SEALS)} }}
domain.mass = {{ kind = "int", min = 0, max = 9 }}
flag.leak = {{ hazard = true, label = {LABEL} }}
flag.other = {{ label = {LABEL} }}
flag.fix = {{ label = {LABEL}, action = "MEND" }}
flag.wipe = {{ label = {LABEL}, action = "WIPE" }}
flag.note = {{ label = {LABEL} }}
flag.blind = {{ label = {LABEL} }}
"""


def random_pack(rng: Random) -> Pack:
    """Return a pack that loads; nothing says that it passes the gate."""
    while True:
        try:
            return load_pack(random_files(rng))
        except PolicyParseError as error:
            # A default that hides a must step is the one rule that the writer does not heed.
            if any("hides" not in item.text["en"] for item in error.findings):
                raise


def random_files(rng: Random) -> dict[str, bytes]:
    """Return the files of such a pack."""
    head = f'format = "pack/1"\nid = "random"\nversion = 1\ntitle = {LABEL}\nphotos_max = 4\n'
    caps = "".join(_cap(rng, at) for at in range(rng.randint(0, 2)))
    axiom = rng.choice(("", f'\n[[axiom]]\nid = "X1"\nwhen = "{_GRADED}"\niff = "{_OTHER}"\n'))
    dispositions = "".join(f'\n[disposition.{zone.upper()}]\nzone = "{zone}"\nlabel = {LABEL}\n'
                           for zone in ZONES)  # fmt: skip
    files = {
        "pack.toml": head,
        "policy.toml": _POLICY + dispositions + caps + axiom,
        "reasons.toml": 'format = "reasons/1"\nversion = 1\n',
        "zone.csv": _table(rng),
        "checklists/unknown_item.toml": _Writer(rng, "unknown_item", "").text(),
    }
    for category in CATEGORIES:
        match = f'match = {{ category = ["{category}"], priority = 1 }}\n'
        files[f"checklists/{category}.toml"] = _Writer(rng, category, match).text()
    return {name: text.encode() for name, text in files.items()}


_GRADED, _OTHER = "grade = 'ungraded'", "flags has any(other)"


def random_static(rng: Random) -> Static:
    """Return what feeds say of a unit: much of it may be missing or strange."""
    attrs = frozenset(name for name in ATTRS if rng.random() < 0.5)
    unknown = frozenset(name for name in ATTRS if rng.random() < 0.2) - attrs
    return Static(
        category=rng.choice((*CATEGORIES, *CATEGORIES, None, "boats")),
        attrs=rng.choice((attrs, attrs, None, attrs | {"odd"})),
        unknown_attrs=unknown,
        parcel_flags=frozenset(name for name in ("fix", "leak") if rng.random() < 0.15),
        station_flags=frozenset(name for name in ("blind", "odd") if rng.random() < 0.1),
        value_minor=rng.choice((None, 0, 3, 5, 9, 12)),
        currency=rng.choice(("RUB", "RUB", "EUR")),
        in_window=rng.choice((True, False, None)),
    )


def ways(step: Step) -> list[str | int]:
    """Return all answers of a step; of a number every one in its range."""
    if step.is_number:
        assert step.range.low is not None, "the loader wants both limits"
        assert step.range.high is not None, "the loader wants both limits"
        return list(range(step.range.low, step.range.high + 1))
    ids = [option.id for option in step.options]
    if not step.is_multiple:
        return list(ids) or ["-"]
    chosen = ("|".join(one for one, is_in in zip(ids, mask, strict=True) if is_in)
              for mask in product((True, False), repeat=len(ids)))  # fmt: skip
    return [one for one in chosen if one and ("|" not in one or step.exclusive[0] not in one)]


def random_run(rng: Random, pack: Pack) -> Run:
    """Return a finished run of any unit."""
    while True:
        run = run_through(rng, session.begin(pack, random_static(rng)))
        if run is not None:
            return run


def run_through(rng: Random, run: Run) -> Run | None:
    """Answer some steps in any order, then all that is open; None if constraints forbid it."""
    for _ in range(rng.randint(0, 4)):
        run = _one_more(rng, run, sorted(session.open_steps(run)))
    for _ in range(30):
        run = _one_more(rng, run, [step.name for step in session.open_must(run)])
    return run if run.is_finished else None


def unfinished_run(rng: Random, pack: Pack, most: int = 4) -> Run:
    """Return a run with at most so many answers."""
    run = session.begin(pack, random_static(rng))
    for _ in range(rng.randint(0, most)):
        run = _one_more(rng, run, sorted(session.open_steps(run)))
    return run


def completions(run: Run) -> Iterator[Run]:
    """Yield every finished run that answers to the open questions can make of a run."""
    waiting, seen = [run], set()
    while waiting:
        one = waiting.pop()
        key = frozenset((name, given.value) for name, given in one.given.items())
        if key in seen:
            continue
        seen.add(key)
        if one.is_finished:
            yield one
        for step in session.open_must(one):
            waiting += filter(None, (_told(one, step.name, value) for value in ways(step)))


def _one_more(rng: Random, run: Run, names: list[str]) -> Run:
    if not names:
        return run
    step = run.checklist.step(rng.choice(names))
    assert step is not None, "it was among the steps"
    return _told(run, step.name, rng.choice(ways(step))) or run


def _told(run: Run, step: str, value: str | int) -> Run | None:
    try:
        return session.answer(run, step, value, AnsweredBy.AUTO)
    except AnswerRefusedError:
        return None


def _cap(rng: Random, at: int) -> str:
    output, limit = rng.choice((("refund", "review"), ("refund", "blocked"), ("move", "manual")))
    when = rng.choice(
        (
            "flags has any(fix, note)",
            "in_window = n",
            "grade >= 'C'",
            "attrs has all(battery, cooler)",
        )
    )
    head = f'\n[[cap]]\nid = "C{at}"\noutput = "{output}"\nat_most = "{limit}"\n'
    return f'{head}when = "{when}"\ntext = {LABEL}\n'


_CELLS = {
    "grade": ("A", "B|C", "!D", "D|ungraded", "ungraded"),
    "flags": ("any:leak", "any:fix|wipe", "none:note", "all:fix|note", "only:note|blind", "empty"),
    "attrs": ("any:battery", "none:cooler"),
    "value": (">=5", "2..6", "<4"),
    "in_window": ("y", "n"),
    "seal": ("sealed", "!sealed"),
    "mass": (">3", "0..2"),
}


def _table(rng: Random) -> str:
    text = "#zoning-table/1 policy=random version=1 hit=first\n"
    text += f"id,{','.join(_CELLS)},>zone,>disposition,>refund,>actions,note_ru,note_en\n"
    rows = [{"flags": "any:leak"}] if rng.random() < 0.5 else []
    for _ in range(rng.randint(2, 5)):
        names = rng.sample(sorted(_CELLS), rng.randint(1, 2))
        rows.append({name: rng.choice(_CELLS[name]) for name in names})
    rows += [{"grade": "!D"}, {"grade": "D"}] if rng.random() < 0.6 else []
    for at, cells in enumerate(rows):
        zone = rng.choice(ZONES)
        given = ",".join(cells.get(name, "") for name in _CELLS)
        actions = rng.choice(("", "", "PACK"))
        text += f"R{at + 1:02},{given},{zone},{zone.upper()},{rng.choice(REFUNDS)},{actions},т,t\n"
    return text


@dataclass
class _Writer:
    """Writes one checklist step by step; `read` are the tests that a later condition may make."""

    rng: Random
    name: str
    match: str
    read: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the file."""
        self.read = ["attrs has any(battery)", "attrs has none(cooler)", "in_window = y"]
        if self.rng.random() < 0.5:
            self._parcel()
        for stage, most in (("danger", 1), ("identity", 1), ("seal", 1), ("body", 4)):
            for _ in range(self.rng.randint(0, most)):
                self._step(stage)
        head = f'format = "checklist/1"\nid = "{self.name}"\nversion = 1\n{self.match}'
        slots = "".join(
            f'\n[slot.{slot}]\nlabel = {LABEL}\ncamera = "{slot}"\n'
            f"min_count = {count}\neach = {each}\n"
            for slot, count, each in (
                ("near", 1, "false"),
                ("far", 2, "false"),
                ("defect", 1, "true"),
            )
        )
        return head + slots + "".join(self.steps)

    def _parcel(self) -> None:
        options = [
            self._option("intact"),
            self._option("hot", 'flags = ["leak"]', 'photo = ["far"]', "end = true"),
            self._option("torn", 'flags = ["fix"]', 'cap = "B"'),
        ]
        self._add("parcel", "parcel", ['scope = "parcel"', 'default = "intact"', _array(options)])
        self.read.append("parcel = 'torn'")

    def _step(self, stage: str) -> None:
        name = f"s{len(self.steps)}"
        kinds = ["one", "one", "one", "number", "many", "image", "seen", "text", "code"]
        {
            "one": self._one,
            "number": self._number,
            "many": self._many,
            "image": self._image,
            "seen": self._seen,
            "text": self._text_step,
            "code": self._code,
        }[self.rng.choice(kinds) if stage == "body" else "one"](name, stage)
        if self.rng.random() < 0.5:
            self.read.append(f"flags has any({self.rng.choice(FLAGS)})")

    def _one(self, name: str, stage: str) -> None:
        options = [self._option("ok")]
        options += [self._loaded(f"o{at}", stage) for at in range(self.rng.randint(1, 2))]
        keys = [self._must_or_default(), *self._conditions(name), _array(options)]
        if stage == "seal" and self.rng.random() < 0.7:
            options = [self._option("sealed", *self._maybe('flags = ["note"]')),
                       self._option("opened", *self._maybe('cap = "B"'))]  # fmt: skip
            keys = ["must = true", 'feeds = "seal"', _array(options)]
            self.read.append(f"{name} != 'sealed'")
        else:
            self.read.append(f"{name} = '{self.rng.choice(('ok', 'o0'))}'")
        self._add(name, stage, keys)

    def _number(self, name: str, stage: str) -> None:
        bands = [self._band(4, "high"), self._band(0, "low", *self._maybe('cap = "D"'))]
        keys = ['type = "integer"', "must = true", "min = 0", "max = 9", *self._conditions(name)]
        keys += [_array(bands, "band")] if self.rng.random() < 0.7 else []
        if self.rng.random() < 0.4 and not any('feeds = "mass"' in step for step in self.steps):
            keys.append('feeds = "mass"')
        self._add(name, stage, keys)
        self.read += [f"{name} > {self.rng.randint(0, 8)}", f"{name} in 2..5"]

    def _many(self, name: str, stage: str) -> None:
        options = [self._option("none"), self._loaded("a", stage), self._loaded("b", stage)]
        keys = ['type = "select_multiple"', 'exclusive = ["none"]', *self._conditions(name)]
        keys += [self._must_or_default("none"), _array(options)]
        self._add(name, stage, keys)
        self.read += [f"{name} has any(a)", f"{name} has none(b)", f"{name} = {{a, b}}"]
        self.read.append(f"{name} = {{none}}")

    def _image(self, name: str, stage: str) -> None:
        counted = [step.split('"')[1] for step in self.steps if "select_multiple" in step]
        count = f'"count({counted[0]})"' if counted else str(self.rng.randint(1, 2))
        keys = ['type = "image"', 'slot = "near"', f"min_count = {count}"]
        self._add(name, stage, [*keys, *self._conditions(name, constraint=False)])

    def _seen(self, name: str, stage: str) -> None:
        self._add(name, stage, ['type = "acknowledge"', "must = true", *self._conditions(name)])
        self.read.append(f"answered({name})")

    def _text_step(self, name: str, stage: str) -> None:
        must = self.rng.choice(("must = true", "must = false"))
        self._add(name, stage, ['type = "text"', must, *self._conditions(name)])

    def _code(self, name: str, stage: str) -> None:
        options = [self._option("match"), self._loaded("mismatch", stage)]
        self._add(name, stage, ['type = "barcode"', "must = true", _array(options)])
        self.read.append(f"{name} = 'match'")

    def _loaded(self, name: str, stage: str) -> str:
        flags = ["fix", "wipe", "note", *(["leak"] if stage == "danger" else [])]
        keys = self._maybe(f'flags = ["{self.rng.choice(flags)}"]')
        keys += self._maybe(f'cap = "{self.rng.choice("BCD")}"')
        keys += self._maybe(f'photo = ["{self.rng.choice(("near", "far", "defect"))}"]')
        if self.rng.random() < 0.15:
            keys = ['flags = ["other"]', "ungraded = true"]
        return self._option(name, *keys, *(["end = true"] if self.rng.random() < 0.25 else []))

    def _maybe(self, key: str) -> list[str]:
        return [key] if self.rng.random() < 0.5 else []

    def _option(self, name: str, *keys: str) -> str:
        return _inline(f'id = "{name}"', f"label = {LABEL}", *keys)

    def _band(self, low: int, name: str, *keys: str) -> str:
        return _inline(f"from = {low}", f'id = "{name}"', *keys)

    def _must_or_default(self, default: str = "ok") -> str:
        must = self.rng.choice(("true", "true", "false", '"attrs has any(battery)"'))
        return "must = true" if must == "true" else f'must = {must}\ndefault = "{default}"'

    def _conditions(self, name: str, *, constraint: bool = True) -> list[str]:
        found = []
        if self.rng.random() < 0.6:
            found.append(f'relevant = "{self._expression()}"')
        steps = [test for test in self.read if test.split()[0].startswith("s")]
        if constraint and steps and self.rng.random() < 0.25:
            found.append(f'constraint = "{self.rng.choice(steps)}"')
        return found

    def _expression(self) -> str:
        first, second = self.rng.choice(self.read), self.rng.choice(self.read)
        form = self.rng.choice(("{a}", "{a}", "not ({a})", "{a} or {b}", "{a} and {b}"))
        return form.format(a=first, b=second)

    def _add(self, name: str, stage: str, keys: list[str]) -> None:
        always = self._maybe("always = true") if self.rng.random() < 0.2 else []
        lines = [f'name = "{name}"', f'stage = "{stage}"', f"label = {LABEL}", *always, *keys]
        self.steps.append("\n[[step]]\n" + "\n".join(lines) + "\n")


def _inline(*keys: str) -> str:
    return "{ " + ", ".join(keys) + " }"


def _array(parts: list[str], key: str = "option") -> str:
    return key + " = [\n  " + ",\n  ".join(parts) + ",\n]"
