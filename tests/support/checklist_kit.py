"""Two checklist files with every key, a small policy under them, and what reading them finds."""

from zoning.checklist.load import read_checklists
from zoning.checklist.values import Checklist
from zoning.findings import Report, read_toml
from zoning.model import Domain, Kind, Range, Zone
from zoning.policy import Disposition, Flag, HazardScope, Policy

DOMAINS = {
    "grade": Domain(kind=Kind.ENUM, values=("A", "B", "C", "D", "ungraded"), ordered=True),
    "flags": Domain(kind=Kind.SET, values=("fire", "fix", "lost", "wipe")),
    "attrs": Domain(kind=Kind.SET, values=("battery", "mark")),
    "category": Domain(kind=Kind.ENUM, values=("toys", "books")),
    "late": Domain(kind=Kind.BOOL),
    "seal": Domain(kind=Kind.ENUM, values=("sealed", "opened", "gone")),
    "mass": Domain(kind=Kind.DECIMAL, range=Range(low=0, high=999), precision=1),
    "price": Domain(kind=Kind.INT, range=Range(low=0, high=99)),
}
POLICY = Policy(
    id="small",
    version=1,
    sha256="",
    currency="EUR",
    domains=DOMAINS,
    flags={
        "fire": Flag(label={}, hazard=HazardScope.AREA),
        "fix": Flag(label={}),
        "lost": Flag(label={}),
        "wipe": Flag(label={}),
    },
    ungraded_flags=("lost",),
    dispositions={
        "SELL": Disposition(zone=Zone.RESALE, label={}),
        "FIX": Disposition(zone=Zone.REPAIR, label={}),
    },
)
BASE = """format = "checklist/1"
id = "base"
version = 3
abstract = true
languages = ["en", "ru"]

[slot.item]
label = { ru = "Вещь", en = "Item" }
camera = "top"
bind = "parcel"
each = true
min_count = 2

[slot.label]
label = { ru = "Этикетка", en = "Label" }
camera = "side"

[list.state]
option = [
  { id = "good", label = { ru = "Хорошо", en = "Good" } },
  { id = "bad", label = { ru = "Плохо", en = "Bad" }, cap = "C", flags = ["fix"] },
]

[[step]]
name = "box"
stage = "parcel"
scope = "parcel"
label = { ru = "Коробка", en = "Box" }
default = "whole"
option = [
  { id = "whole", label = { ru = "Цела", en = "Whole" } },
  { id = "torn", label = { ru = "Порвана", en = "Torn" }, cap = "B", photo = ["item"] },
]

[[step]]
name = "danger"
stage = "danger"
locked = true
always = true
must = "attrs has any(battery)"
label = { ru = "Опасно?", en = "Danger?" }
short = { ru = "ОПАСНО?", en = "DANGER?" }
hint = { ru = "Смотри", en = "Look" }
default = "no"
option = [
  { id = "no", label = { ru = "Нет", en = "No" } },
  { id = "burns", label = { ru = "Горит", en = "Burns" }, cap = "D", flags = ["fire"], end = true },
]

[[step]]
name = "who"
stage = "identity"
must = true
label = { ru = "Что это?", en = "What is it?" }
budget_s = 7
option = [
  { id = "match", label = { ru = "То", en = "Match" } },
  { id = "other", label = { ru = "Другое", en = "Other" }, ungraded = true, flags = ["lost"] },
]

[[step]]
name = "state"
label = { ru = "Состояние", en = "State" }
choices = "state"
default = "good"
"""
TOYS = """format = "checklist/1"
id = "toys"
version = 2
extends = "base@3"
remove = ["who"]

[match]
category = ["toys"]
tenant = ["shop-1"]
when = "attrs has none(mark)"
priority = 5

[[step]]
name = "seal"
stage = "seal"
must = true
feeds = "seal"
put_scan = { SELL = "sealed", FIX = "opened" }
label = { ru = "Упаковка", en = "Seal" }
option = [
  { id = "sealed", label = { ru = "Целая", en = "Sealed" } },
  { id = "opened", label = { ru = "Вскрыта", en = "Opened" }, cap = "B" },
]

[[step]]
name = "code"
type = "barcode"
stage = "seal"
compare = "mark"
auto = "item_scan"
must = true
label = { ru = "Код", en = "Code" }
option = [{ id = "match", label = { ru = "Тот", en = "Match" } }]

[[step]]
name = "kilo"
type = "decimal"
precision = 1
min = 0
max = 99
unit = "kg"
must = true
feeds = "mass"
group = "weigh"
order = "free"
relevant = "seal != 'sealed' or not late = y"
constraint = "kilo > 0.5 or code = 'match'"
constraint_message = { ru = "Мало", en = "Too light" }
label = { ru = "Вес", en = "Mass" }
band = [{ from = 50, id = "heavy", flags = ["wipe"] }, { from = 0, id = "light" }]

[[step]]
name = "parts"
type = "select_multiple"
exclusive = ["none"]
default = "none"
label = { ru = "Нет чего?", en = "What is missing?" }
option = [
  { id = "none", label = { ru = "Всё", en = "Nothing" } },
  { id = "wheel", label = { ru = "Колесо", en = "Wheel" }, cap = "C", photo = ["item", "label"] },
]

[[step]]
name = "picture"
type = "image"
slot = "label"
min_count = "count(parts)"
label = { ru = "Снимок", en = "Picture" }

[[step]]
name = "signed"
stage = "parcel"
type = "acknowledge"
must = true
after = "box"
label = { ru = "Принято", en = "Taken" }

[[step]]
name = "state"
hint = { ru = "Игрушка", en = "Toy" }
"""
FILES = {"base.toml": BASE, "toys.toml": TOYS}


def read(files: dict[str, str]) -> tuple[dict[str, Checklist], list[str]]:
    """Return the checklists and what was found, as `file:line text`."""
    report = Report()
    sections = [read_toml(name, text.encode(), report) for name, text in files.items()]
    found = read_checklists([s for s in sections if s is not None], POLICY, ("ru", "en"))
    return found, [f"{key[0]}:{key[1]} {key[2]}" for key in sorted(report.found)]


def line(text: str, part: str) -> int:
    """Return the line on which a part of a text stands first."""
    assert part in text, part
    return text[: text.index(part)].count("\n") + 1
