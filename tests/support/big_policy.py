"""A large pack as text: thousands of rows in the shape of a real returns policy, without a gap.

Every category has a block of rows of the same order: doubt, customer data, not fit for sale,
repairs, what is left by grade and value. Thresholds differ from category to category.
"""

from collections.abc import Iterator
from functools import cache

from policy_kit import pack_files
from zoning.pack import Pack, load_pack

ROWS = 3300
CATEGORIES = 55
HAZARDS = ("hazard_battery", "hazard_chem", "hazard_bio")
STRANGERS = ("wrong_item", "empty_box", "unknown_item")
DOUBTS = ("not_a_pair", "undeclared", "blind", "serial_unreadable", "recall", "suspect", "locked")
UNFIT = ("hygiene_broken", "unsafe", "expired", "code_used", "sharp")
REPAIRS = ("fix", "test_later", "rest_24h", "missing_part", "screen", "hinge", "motor", "pump")
REWORKS = ("remark", "relabel", "clean", "repack", "iron")
OTHERS = ("tamper", "wipe", "used", "liquid", "supplier_fault")
FLAGS = (*HAZARDS, *STRANGERS, *DOUBTS, *UNFIT, *REPAIRS, *REWORKS, *OTHERS)
ATTRS = ("battery", "hazmat", "two_person", "cooler")
CHANNELS = ("web", "shop", "market", "locker")
_LABEL = '{ ru = "Т", en = "T" }'
_HEAD = ("id,category,grade,flags,attrs,value,channel,in_window", ">zone,>disposition,>refund")
_DISPOSITIONS = {
    "RESTOCK": "resale",
    "BSTOCK": "resale",
    "REFURB": "repair",
    "REWORK": "repair",
    "WIPE": "repair",
    "DESTROY": "disposal",
    "RECYCLE": "disposal",
    "DISPUTE": "hold",
    "QUALITY": "hold",
    "VALUE": "hold",
    "HAZMAT": "hazmat",
}


@cache
def big_pack(rows: int = ROWS) -> Pack:
    """Return the loaded pack of about so many rows, made once."""
    return load_pack(big_files(rows))


def big_files(rows: int = ROWS) -> dict[str, bytes]:
    """Return its files; the row count is met exactly for multiples of the block."""
    text = pack_files()["checklists/unknown_item.toml"].decode()
    assert text, "the default pack has a checklist of unknown items"
    files = {
        "pack.toml": f'format = "pack/1"\nid = "big"\nversion = 1\ntitle = {_LABEL}\n',
        "policy.toml": _policy(),
        "reasons.toml": 'format = "reasons/1"\nversion = 1\n',
        "checklists/unknown_item.toml": (
            'format = "checklist/1"\nid = "unknown_item"\nversion = 1\n'
        ),
        "zone.csv": _table(rows),
    }
    return {name: content.encode() for name, content in files.items()}


def categories() -> tuple[str, ...]:
    """Return the names of all categories."""
    return tuple(f"goods_{at:02}" for at in range(CATEGORIES))


def _table(rows: int) -> str:
    lines = ["#zoning-table/1 policy=big version=1 hit=first", f"{','.join(_HEAD)},note_ru,note_en"]
    found = [*_common()]
    each, spare = divmod(rows - len(found), CATEGORIES)
    for at, name in enumerate(categories()):
        found += _block(name, at, each + (at < spare))
    for at, (cells, disposition, refund) in enumerate(found):
        given = [cells.get(name, "") for name in _HEAD[0].split(",")[1:]]
        outputs = [_DISPOSITIONS[disposition], disposition, refund]
        lines.append(",".join([_row_id(at), *given, *outputs, f"т{at}", f"t{at}"]))
    return "\n".join(lines) + "\n"


def _row_id(at: int) -> str:
    return f"{chr(ord('A') + at // 1000)}{at % 1000:03}"


_Line = tuple[dict[str, str], str, str]


def _common() -> Iterator[_Line]:
    yield {"flags": f"any:{'|'.join(HAZARDS)}"}, "HAZMAT", "review"
    yield {"flags": f"any:{'|'.join(STRANGERS)}"}, "DISPUTE", "blocked"


def _block(category: str, at: int, size: int) -> list[_Line]:
    """Return the rows of one category, exactly `size` of them."""
    low, high = 30_000 + 7_000 * at, 600_000 + 11_000 * at
    last = [*_last(high)]
    body = [*_body(low, high)][: size - len(last)]
    assert len(body) + len(last) == size, "more rows are asked for than there are conditions"
    return [({"category": category, **cells}, out, refund) for cells, out, refund in body + last]


def _body(low: int, high: int) -> Iterator[_Line]:
    for flag in DOUBTS:
        yield {"flags": f"any:{flag}", "value": f">={high}"}, "DISPUTE", "review"
        yield {"flags": f"any:{flag}"}, "QUALITY", "review"
    yield {"flags": "any:tamper", "value": f">={low}"}, "DISPUTE", "review"
    yield {"flags": "any:wipe", "channel": "!locker"}, "WIPE", "eligible"
    yield {"flags": "any:wipe"}, "WIPE", "review"
    for flag in UNFIT:
        yield {"flags": f"any:{flag}", "in_window": "y"}, "DESTROY", "review"
        yield {"flags": f"any:{flag}"}, "DESTROY", "blocked"
    for flag in REPAIRS:
        yield {"grade": "A|B", "flags": f"any:{flag}", "in_window": "y"}, "REFURB", "eligible"
        yield {"grade": "A|B|C", "flags": f"any:{flag}"}, "REFURB", "review"
    for flag in REWORKS:
        online = {"grade": "A|B", "flags": f"any:{flag}", "channel": "web|market"}
        yield online, "REWORK", "eligible"
        yield {"grade": "A|B|C", "flags": f"any:{flag}"}, "REWORK", "review"
    for flag in REPAIRS:
        yield {"grade": "D", "flags": f"any:{flag}", "value": f">={high}"}, "REFURB", "review"


def _last(high: int) -> Iterator[_Line]:
    yield {"grade": "A", "attrs": "none:hazmat|two_person"}, "RESTOCK", "eligible"
    yield {"grade": "A"}, "RESTOCK", "review"
    yield {"grade": "B|C"}, "BSTOCK", "eligible"
    yield {"grade": "D|ungraded", "value": f">={high}"}, "VALUE", "review"
    yield {"grade": "D|ungraded"}, "RECYCLE", "review"


def _policy() -> str:
    dispositions = (
        f'{name} = {{ zone = "{zone}", label = {_LABEL} }}' for name, zone in _DISPOSITIONS.items()
    )
    parts = [
        'format = "policy/1"\nid = "big"\nversion = 1\ncurrency = "RUB"',
        'settle = ["zone", "disposition", "refund", "move"]',
        f"grade = {{ ungraded_flags = {list(STRANGERS)} }}",
        _enum("category", categories()),
        _enum("grade", ("A", "B", "C", "D", "ungraded"), "\nordered = true"),
        f'[domain.flags]\nkind = "set"\nvalues = {list(FLAGS)}',
        f'[domain.attrs]\nkind = "set"\nvalues = {list(ATTRS)}',
        '[domain.value]\nkind = "int"\nmin = 0\nmax = 1000000000',
        _enum("channel", CHANNELS),
        '[domain.in_window]\nkind = "bool"',
        *(f"[flag.{name}]\nlabel = {_LABEL}{_hazard(name)}" for name in FLAGS),
        "[disposition]\n" + "\n".join(dispositions),
        *(_cap(*cap) for cap in _CAPS),
        *(_invariant(f"I{at}", *rule) for at, rule in enumerate(_rules())),
        *(_monotone(*rule) for rule in (("M1", "grade"), ("M2", "flags"), ("M3", "value"))),
        '[[axiom]]\nid = "X1"\nwhen = "grade = \'ungraded\'"',
        f'iff = "flags has any({", ".join(STRANGERS)})"',
    ]
    return "\n".join(parts) + "\n"


def _enum(name: str, values: tuple[str, ...], more: str = "") -> str:
    return f'[domain.{name}]\nkind = "enum"\nvalues = {list(values)}{more}'


def _hazard(name: str) -> str:
    return '\nhazard = true\nscope = "area"' if name in HAZARDS else ""


_CAPS = (
    ("C1", "refund", "blocked", f"flags has any({', '.join((*STRANGERS, 'locked'))})"),
    ("C2", "refund", "review", "flags has any(used, suspect, tamper, missing_part, liquid)"),
    ("C3", "move", "manual", f"flags has any({', '.join((*HAZARDS, 'sharp'))})"),
    ("C4", "move", "manual", "attrs has any(hazmat, two_person)"),
    ("C5", "refund", "review", "in_window = n"),
)


def _rules() -> list[tuple[str, str]]:
    """Return at least 20 sentences (when, then) that hold of the table."""
    off_shelf = [(f"flags has any({flag})", "zone != 'resale'") for flag in (*UNFIT, *REPAIRS[:3])]
    doubted = [(f"flags has any({flag})", "zone in {'hold', 'hazmat'}") for flag in DOUBTS]
    return [
        (f"flags has any({', '.join(HAZARDS)})", "zone = 'hazmat' and move = 'manual'"),
        (
            f"grade = 'ungraded' and flags has none({', '.join(HAZARDS)})",
            "zone = 'hold' and refund = 'blocked'",
        ),
        ("grade = 'D'", "zone != 'resale'"),
        ("flags has any(wipe)", "zone in {'repair', 'hold', 'hazmat'}"),
        ("flags has any(sharp) or attrs has any(hazmat, two_person)", "move = 'manual'"),
        ("flags has any(locked)", "refund = 'blocked'"),
        ("in_window = n", "refund != 'eligible'"),
        *doubted,
        *off_shelf,
    ]


def _cap(name: str, output: str, at_most: str, when: str) -> str:
    head = f'[[cap]]\nid = "{name}"\noutput = "{output}"\nat_most = "{at_most}"'
    return f'{head}\nwhen = "{when}"\ntext = {_LABEL}'


def _invariant(name: str, when: str, then: str) -> str:
    return f'[[invariant]]\nid = "{name}"\nwhen = "{when}"\nthen = "{then}"\ntext = {_LABEL}'


def _monotone(name: str, column: str) -> str:
    spared = '\nexempt = { wipe = "wiped first" }' if column == "flags" else ""
    order = '["resale", "repair", "disposal"]'
    return f'[[monotone]]\nid = "{name}"\ncolumn = "{column}"\nzone_order = {order}{spared}'
