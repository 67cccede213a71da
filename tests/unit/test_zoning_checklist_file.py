"""Checklist files on their own: every key lands in its field, every mistake in its place."""

import pytest

from zoning.checklist.load import read_checklists
from zoning.checklist.values import (
    Band,
    Checklist,
    Match,
    Option,
    Slot,
    Stage,
    Step,
    StepType,
)
from zoning.findings import Report, read_toml
from zoning.grammar import FALSE, TRUE, parse
from zoning.model import Domain, Grade, Kind, Range, Zone, digest
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
    assert part in text, part
    return text[: text.index(part)].count("\n") + 1


def label(ru: str, en: str) -> dict[str, str]:
    return {"ru": ru, "en": en}


def test_the_child_stands_on_its_parent() -> None:
    found, findings = read(FILES)
    assert findings == []
    assert list(found) == ["toys"], "an abstract checklist is no checklist of a unit"
    toys = found["toys"]
    assert (toys.id, toys.version, toys.file, toys.line) == ("toys", 2, "toys.toml", 2)
    assert [step.name for step in toys.steps] == [
        "box", "signed", "danger", "seal", "code", "state", "kilo", "parts", "picture",
    ]  # fmt: skip
    assert toys.match == Match(
        categories=("toys",),
        tenants=("shop-1",),
        when=parse("attrs has none(mark)", DOMAINS),
        priority=5,
        line=line(TOYS, "[match]"),
    )
    assert toys.slots == {
        "item": Slot(
            name="item", label=label("Вещь", "Item"), camera="top", bind="parcel", each=True,
            min_count=2, file="base.toml", line=line(BASE, "[slot.item]"),
        ),
        "label": Slot(
            name="label", label=label("Этикетка", "Label"), camera="side", bind="unit",
            file="base.toml", line=line(BASE, "[slot.label]"),
        ),
    }  # fmt: skip


def steps() -> dict[str, Step]:
    return {step.name: step for step in read(FILES)[0]["toys"].steps}


def heading(text: str, name: str) -> int:
    return line(text, f'[[step]]\nname = "{name}"')


def test_every_key_of_a_step_lands_in_its_field() -> None:
    danger = steps()["danger"]
    assert danger == Step(
        name="danger",
        type=StepType.SELECT_ONE,
        stage=Stage.DANGER,
        label=label("Опасно?", "Danger?"),
        short=label("ОПАСНО?", "DANGER?"),
        hint=label("Смотри", "Look"),
        must=parse("attrs has any(battery)", DOMAINS),
        default="no",
        options=(
            Option(
                id="no", label=label("Нет", "No"), file="base.toml", line=line(BASE, 'id = "no"')
            ),
            Option(
                id="burns", label=label("Горит", "Burns"), cap=Grade.D, flags=("fire",), end=True,
                file="base.toml", line=line(BASE, 'id = "burns"'),
            ),
        ),
        locked=True,
        always=True,
        file="base.toml",
        line=heading(BASE, "danger"),
    )  # fmt: skip
    kilo = steps()["kilo"]
    scope = {**DOMAINS, "kilo": DOMAINS["mass"], "code": Domain(kind=Kind.ENUM, values=("match",))}
    assert kilo == Step(
        name="kilo",
        type=StepType.DECIMAL,
        stage=Stage.BODY,
        label=label("Вес", "Mass"),
        constraint_message=label("Мало", "Too light"),
        must=TRUE,
        relevant=parse("seal != 'sealed' or not late = y", {**DOMAINS, "seal": SEAL}),
        constraint=parse("kilo > 0.5 or code = 'match'", scope),
        unit="kg",
        range=Range(low=0, high=99),
        precision=1,
        bands=(
            Band(low=50, option=Option(id="heavy", label={}, flags=("wipe",), file="toys.toml",
                                       line=line(TOYS, "band ="))),
            Band(low=0, option=Option(id="light", label={}, file="toys.toml",
                                      line=line(TOYS, "band ="))),
        ),
        feeds="mass",
        group="weigh",
        is_free=True,
        file="toys.toml",
        line=heading(TOYS, "kilo"),
    )  # fmt: skip
    assert kilo.domain == Domain(
        kind=Kind.DECIMAL, range=Range(low=0, high=99), precision=1, unit="kg"
    )


SEAL = Domain(kind=Kind.ENUM, values=("sealed", "opened"))


def test_the_other_types_of_step_have_their_own_keys() -> None:
    found = steps()
    assert (found["box"].by_parcel, found["box"].stage) == (True, Stage.PARCEL)
    assert found["box"].options[1].photo == ("item",)
    assert found["seal"].put_scan == {"SELL": "sealed", "FIX": "opened"}
    assert (found["seal"].feeds, found["seal"].domain) == ("seal", SEAL)
    assert (found["code"].compare, found["code"].auto) == ("mark", "item_scan")
    assert found["code"].type is StepType.BARCODE
    assert (found["parts"].exclusive, found["parts"].is_multiple) == (("none",), True)
    assert found["parts"].options[1].photo == ("item", "label")
    assert (found["picture"].slot, found["picture"].count_of) == ("label", "parts")
    assert found["picture"].min_count == 1
    assert [option.id for option in found["signed"].options] == ["yes"]
    assert found["signed"].options[0].label == {"ru": "Да", "en": "Yes"}
    assert (found["state"].options[1].cap, found["state"].must) == (Grade.C, FALSE)
    assert (found["state"].hint, found["state"].label) == (
        label("Игрушка", "Toy"),
        label("Состояние", "State"),
    )
    who = {s.name: s for s in read({"b": BASE.replace("abstract = true", "")})[0]["base"].steps}
    assert (who["who"].budget_s, who["who"].options[1].ungraded) == (7, True)
    assert who["who"].options[1].flags == ("lost",)


def test_the_digest_is_that_of_everything_inherited() -> None:
    toys = read(FILES)[0]["toys"]
    changed = read({**FILES, "base.toml": BASE.replace('en = "Whole"', 'en = "Sound"')})[0]["toys"]
    spaced = read({**FILES, "base.toml": BASE.replace("\n\n", "\n# note\n\n")})[0]["toys"]
    assert toys.sha256 != changed.sha256
    assert toys.sha256 == spaced.sha256
    plain = 'format = "checklist/1"\nid = "x"\nversion = 1\n'
    expected = {"id": "x", "version": 1, "match": {}, "steps": [], "slots": {}, "lists": {}}
    assert read({"x": plain})[0]["x"].sha256 == digest(expected)
    full = f"{plain}[match]\npriority = 5\n[list.s]\noption = []\n[slot.i]\ncamera = 'c'\n"
    full += "label = { ru = 'и', en = 'i' }\n[[step]]\nname = 's'\ntype = 'note'\n"
    full += "label = { ru = 'с', en = 's' }\n"
    expected |= {
        "match": {"priority": 5},
        "steps": [{"name": "s", "type": "note", "label": {"ru": "с", "en": "s"}}],
        "slots": {"i": {"camera": "c", "label": {"ru": "и", "en": "i"}}},
        "lists": {"s": {"option": []}},
    }
    found, findings = read({"x": full})
    assert (found["x"].sha256, findings) == (digest(expected), [])


CHILD = 'format = "checklist/1"\nid = "toys"\nversion = 2\nextends = "base@3"\n'
CHOICE = """label = { ru = "Т", en = "T" }
option = [
  { id = "a", label = { ru = "А", en = "A" } }, { id = "b", label = { ru = "Б", en = "B" } },
]
"""


def child(text: str, base: str = BASE) -> tuple[list[str], list[str]]:
    """Return the step names of a child of the base, and the findings."""
    found, findings = read({"base.toml": base, "toys.toml": CHILD + text})
    return [step.name for step in found["toys"].steps], findings


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ("", ["box", "danger", "who", "state", "new"]),
        ('stage = "parcel"', ["box", "new", "danger", "who", "state"]),
        ('stage = "identity"', ["box", "danger", "who", "new", "state"]),
        ('stage = "seal"', ["box", "danger", "who", "new", "state"]),
        ('stage = "danger"\nafter = "box"', ["box", "new", "danger", "who", "state"]),
        ('stage = "parcel"\nbefore = "box"', ["new", "box", "danger", "who", "state"]),
        ('before = "state"', ["box", "danger", "who", "new", "state"]),
        ('after = "state"', ["box", "danger", "who", "state", "new"]),
    ],
)
def test_a_new_step_goes_beside_the_one_it_names_or_to_the_end_of_its_stage(
    keys: str, names: list[str]
) -> None:
    assert child(f'[[step]]\nname = "new"\nmust = true\n{keys}\n{CHOICE}') == (names, [])


def test_a_step_that_is_written_again_keeps_its_place_unless_it_moves() -> None:
    again = '[[step]]\nname = "state"\nstage = "identity"\n'
    assert child(again)[0] == ["box", "danger", "who", "state"]
    assert child(f'{again}before = "who"\n') == (["box", "danger", "state", "who"], [])
    assert child('remove = ["state", "box"]') == (["danger", "who"], [])


def test_a_step_is_merged_key_by_key_and_its_options_by_id() -> None:
    again = """
[[step]]
name = "who"
label = { en = "Which?" }
budget_s = 9
option = [
  { id = "empty", label = { ru = "Пусто", en = "Empty" }, cap = "D" },
  { id = "other", flags = ["lost", "fix"], label = { en = "Another" } },
]
"""
    found, findings = read({"base.toml": BASE, "toys.toml": CHILD + again})
    who = found["toys"].step("who")
    assert findings == []
    assert who is not None
    assert who.label == label("Что это?", "Which?")
    assert (who.must, who.budget_s, who.stage) == (TRUE, 9, Stage.IDENTITY)
    assert [(o.id, o.label["en"], o.flags, o.ungraded) for o in who.options] == [
        ("match", "Match", (), False),
        ("other", "Another", ("lost", "fix"), True),
        ("empty", "Empty", (), False),
    ]
    assert [(o.file, o.line) for o in who.options] == [
        ("base.toml", line(BASE, 'id = "match"')),
        ("toys.toml", 12),
        ("toys.toml", 11),
    ]
    assert (who.file, who.line) == ("toys.toml", 6)


@pytest.mark.parametrize(
    ("again", "is_fine"),
    [
        ("must = true", True),
        ("must = false", False),
        ('must = "late = y"', False),
        ("budget_s = 5", False),
        ('label = { en = "Fire?" }', False),
        ('option = [{ id = "smoke", label = { ru = "Дым", en = "Smoke" } }]', True),
        ('option = [{ id = "burns", label = { ru = "Дым", en = "Smoke" } }]', False),
        ('option = [{ id = "smoke", label = { ru = "Д", en = "S" } }, { id = "no" }]', False),
    ],
)
def test_a_locked_step_gains_options_or_becomes_must_and_nothing_else(
    again: str, is_fine: bool
) -> None:
    findings = child(f'[[step]]\nname = "danger"\n{again}\n')[1]
    assert findings == ([] if is_fine else ["toys.toml:5 step danger is locked"])


def test_a_locked_step_stays() -> None:
    assert child('remove = ["danger"]')[1] == ["toys.toml:5 step danger is locked"]
    assert child('remove = ["danger"]', BASE.replace("locked = true", "locked = false"))[1] == []
    assert child('remove = ["nose"]')[1] == ["toys.toml:5 remove: there is no nose"]


def layer(name: str, extends: str = "") -> str:
    above = f'extends = "{extends}"\n' if extends else ""
    return f'format = "checklist/1"\nid = "{name}"\nversion = 1\n{above}'


def test_a_chain_has_four_files_at_most_and_no_circle() -> None:
    chain = {"a": layer("a"), "b": layer("b", "a@1"), "c": layer("c", "b@1")}
    chain["d"] = layer("d", "c@1")
    assert read(chain)[1] == []
    chain["e"] = layer("e", "d@1")
    assert read(chain)[1] == ["e:4 extends: a circle, or longer than 4"]
    assert read({"a": layer("a", "a@1")})[1] == ["a:4 extends: a circle, or longer than 4"]
    circle = {"a": layer("a", "b@1"), "b": layer("b", "a@1")}
    assert read(circle)[1] == [
        "a:4 extends: a circle, or longer than 4",
        "b:4 extends: a circle, or longer than 4",
    ]


def test_a_parent_is_pinned_to_its_version() -> None:
    for pin in ("a@2", "a", "a@", "b@1", "a@1@1"):
        files = {"a": layer("a"), "c": layer("c", pin)}
        assert read(files)[1] == [f"c:4 {pin}: there is no such version"]


def test_slots_and_lists_of_the_child_replace_those_of_its_parent() -> None:
    text = """[slot.item]
label = { ru = "В", en = "I" }
camera = "mine"
[list.state]
option = [{ id = "good", label = { ru = "Х", en = "G" } }]
"""
    found, findings = read({"base.toml": BASE, "toys.toml": CHILD + text})
    assert findings == []
    toys = found["toys"]
    assert {name: slot.camera for name, slot in toys.slots.items()} == {
        "item": "mine",
        "label": "side",
    }
    state = toys.step("state")
    assert state is not None
    assert [(option.id, option.file) for option in state.options] == [("good", "toys.toml")]


# In which file, what is written, what stands there instead, and all that is found.
MISTAKES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "base.toml",
        '"checklist/1"',
        '"checklist/2"',
        ("base.toml:1 format: checklist/2 is none of checklist/1",),
    ),
    ("base.toml", 'format = "checklist/1"\n', "", ("base.toml:1 format:  is none of checklist/1",)),
    ("base.toml", '["en", "ru"]', '["en"]', ("base.toml:5 languages: … is none of ru en",)),
    (
        "base.toml",
        '["en", "ru"]',
        '["en", "RU"]',
        (
            "base.toml:5 languages: 'RU' is no valid code",
            "base.toml:5 languages: … is none of ru en",
        ),
    ),
    ("base.toml", '["en", "ru"]', "[]", ()),
    (
        "toys.toml",
        'id = "toys"',
        'id = "base"',
        (
            "toys.toml:2 base occurs twice",
            "toys.toml:4 base@3: there is no such version",
            "toys.toml:5 remove: there is no who",
            "toys.toml:60 photo: there is no item",
            "toys.toml:60 photo: there is no label",
            "toys.toml:66 slot: there is no label",
            "toys.toml:75 after: there is no box",
            "toys.toml:78 default or must is needed",
            "toys.toml:78 the key label is needed",
            "toys.toml:78 the key option is needed",
        ),
    ),
    ("toys.toml", 'id = "toys"', 'id = "Toys"', ("toys.toml:2 id: 'Toys' is no valid code",)),
    ("toys.toml", 'id = "toys"\n', "", ("toys.toml:1 the key id is needed",)),
    ("toys.toml", "version = 2\n", "", ("toys.toml:1 the key version is needed",)),
    (
        "toys.toml",
        "version = 2",
        "version = 2\nabstract = 1",
        ("toys.toml:4 abstract: true | false is expected",),
    ),
    (
        "toys.toml",
        'extends = "base@3"',
        'extends = "base@4"',
        (
            "toys.toml:4 base@4: there is no such version",
            "toys.toml:5 remove: there is no who",
            "toys.toml:60 photo: there is no item",
            "toys.toml:60 photo: there is no label",
            "toys.toml:66 slot: there is no label",
            "toys.toml:75 after: there is no box",
            "toys.toml:78 default or must is needed",
            "toys.toml:78 the key label is needed",
            "toys.toml:78 the key option is needed",
        ),
    ),
    (
        "toys.toml",
        'remove = ["who"]',
        'remove = ["Who"]',
        ("toys.toml:5 remove: 'Who' is no valid code", "toys.toml:5 remove: there is no Who"),
    ),
    (
        "toys.toml",
        'remove = ["who"]',
        'remove = ["who"]\nmore = 1',
        ("toys.toml:6 unknown key more",),
    ),
    (
        "toys.toml",
        'category = ["toys"]',
        'category = ["boats"]',
        ("toys.toml:7 category: there is no boats",),
    ),
    (
        "toys.toml",
        'tenant = ["shop-1"]',
        'tenant = ["-1"]',
        ("toys.toml:9 tenant: '-1' is no valid code",),
    ),
    ("toys.toml", "none(mark)", "none(late)", ("toys.toml:10 when: late is none of battery mark",)),
    (
        "toys.toml",
        'when = "attrs has none(mark)"',
        'when = "late = y"',
        ("toys.toml:10 when: unknown name 'late'",),
    ),
    (
        "toys.toml",
        "priority = 5",
        'priority = "5"',
        ("toys.toml:11 priority: integer is expected",),
    ),
    ("toys.toml", "priority = 5", "more = 5", ("toys.toml:11 unknown key more",)),
    ("base.toml", 'camera = "side"\n', "", ("base.toml:14 the key camera is needed",)),
    (
        "base.toml",
        'camera = "side"',
        'camera = "Side"',
        ("base.toml:16 camera: 'Side' is no valid code",),
    ),
    (
        "base.toml",
        'bind = "parcel"',
        'bind = "box"',
        ("base.toml:10 bind: box is none of unit parcel",),
    ),
    ("base.toml", "each = true", "each = 1", ("base.toml:11 each: true | false is expected",)),
    ("base.toml", "min_count = 2", "min_count = 0", ("base.toml:12 min_count: 0 is none of >= 1",)),
    ("base.toml", "min_count = 2", "min_count = 1", ()),
    ("base.toml", "min_count = 2", "more = 2", ("base.toml:12 unknown key more",)),
    ("base.toml", ', en = "Label" }', " }", ("base.toml:15 label: no text in en",)),
    (
        "toys.toml",
        'type = "decimal"',
        'type = "float"',
        (
            "toys.toml:35 the key option is needed",
            f"toys.toml:37 type: float is none of {' '.join(StepType)}",
            "toys.toml:38 unknown key precision",
            "toys.toml:39 unknown key min",
            "toys.toml:40 unknown key max",
            "toys.toml:41 unknown key unit",
            "toys.toml:43 feeds: there is no mass",
            "toys.toml:47 constraint: unknown name 'kilo'",
            "toys.toml:50 unknown key band",
        ),
    ),
    (
        "toys.toml",
        'name = "kilo"',
        'name = "Kilo"',
        (
            "toys.toml:36 name: 'Kilo' is no valid code",
            "toys.toml:47 constraint: unknown name 'kilo'",
        ),
    ),
    (
        "toys.toml",
        'name = "parts"\n',
        "",
        (
            "toys.toml:52 the key name is needed",
            "toys.toml:66 min_count: count(parts) is none of n, count(<select_multiple | integer>)",
        ),
    ),
    (
        "toys.toml",
        'stage = "seal"\nmust',
        'stage = "roof"\nmust',
        (
            "toys.toml:15 stage: roof is none of parcel danger identity seal body",
            "toys.toml:46 relevant: unknown name 'seal'",
        ),
    ),
    (
        "base.toml",
        'scope = "parcel"',
        'scope = "box"',
        ("base.toml:27 scope: box is none of unit parcel",),
    ),
    ("toys.toml", 'en = "Mass"', f'en = "{"x" * 48}"', ()),
    (
        "toys.toml",
        'en = "Mass"',
        'en = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
        ("toys.toml:49 label: longer than 48 characters",),
    ),
    ("toys.toml", ', en = "Mass" }', " }", ("toys.toml:49 label: no text in en",)),
    (
        "toys.toml",
        'label = { ru = "Вес", en = "Mass" }\n',
        "",
        ("toys.toml:35 the key label is needed",),
    ),
    ("base.toml", 'ru = "ОПАСНО?"', 'ru = "xxxxxxxxxxxx"', ()),
    (
        "base.toml",
        'ru = "ОПАСНО?"',
        'ru = "xxxxxxxxxxxxx"',
        ("base.toml:42 short: longer than 12 characters",),
    ),
    ("base.toml", ', en = "Look" }', " }", ("base.toml:43 hint: no text in en",)),
    (
        "toys.toml",
        ', en = "Too light" }',
        " }",
        ("toys.toml:48 constraint_message: no text in en",),
    ),
    (
        "base.toml",
        'must = "attrs has any(battery)"',
        'must = "attrs has any(x)"',
        ("base.toml:40 must: x is none of battery mark",),
    ),
    (
        "base.toml",
        'must = "attrs has any(battery)"',
        'must = "flags has any(fix)"',
        ("base.toml:40 must: unknown name 'flags'",),
    ),
    (
        "base.toml",
        'must = "attrs has any(battery)"',
        "must = 5",
        ("base.toml:40 must: text is expected",),
    ),
    (
        "toys.toml",
        "not late = y",
        "not early = y",
        ("toys.toml:46 relevant: unknown name 'early'",),
    ),
    (
        "toys.toml",
        "seal != 'sealed'",
        "parts has any(wheel)",
        ("toys.toml:46 relevant: unknown name 'parts'",),
    ),
    (
        "toys.toml",
        "seal != 'sealed'",
        "seal != 'gone'",
        ("toys.toml:46 relevant: 'gone' is none of sealed opened",),
    ),
    (
        "toys.toml",
        'relevant = "seal',
        "relevant = \"grade = 'A' or seal",
        ("toys.toml:46 relevant: unknown name 'grade'",),
    ),
    (
        "toys.toml",
        'relevant = "seal',
        'relevant = "mass > 1 or seal',
        ("toys.toml:46 relevant: unknown name 'mass'",),
    ),
    (
        "toys.toml",
        "kilo > 0.5",
        "kilo > 0.55",
        ("toys.toml:47 constraint: 0.55: more than 1 places",),
    ),
    ("toys.toml", "kilo > 0.5", "late = y", ("toys.toml:47 constraint: unknown name 'late'",)),
    (
        "toys.toml",
        "code = 'match'",
        "attrs has any(mark)",
        ("toys.toml:47 constraint: unknown name 'attrs'",),
    ),
    (
        "toys.toml",
        'default = "none"',
        'default = "nothing"',
        ("toys.toml:52 default or must is needed", "toys.toml:56 default: there is no nothing"),
    ),
    (
        "toys.toml",
        'default = "none"',
        'default = "wheel"',
        ("toys.toml:56 the default wheel is not neutral",),
    ),
    ("toys.toml", 'default = "none"\n', "", ("toys.toml:52 default or must is needed",)),
    (
        "toys.toml",
        'exclusive = ["none"]',
        'exclusive = ["nothing", "all"]',
        ("toys.toml:55 exclusive: there is no all", "toys.toml:55 exclusive: there is no nothing"),
    ),
    (
        "toys.toml",
        'exclusive = ["none"]',
        'exclusive = "none"',
        ("toys.toml:55 exclusive: [codes] is expected",),
    ),
    (
        "toys.toml",
        '{ SELL = "sealed"',
        '{ BUY = "sealed"',
        ("toys.toml:18 put_scan: there is no BUY",),
    ),
    (
        "toys.toml",
        'FIX = "opened" }',
        'FIX = "ajar" }',
        ("toys.toml:18 put_scan: there is no ajar",),
    ),
    (
        "toys.toml",
        'FIX = "opened" }',
        "FIX = 5 }",
        ("toys.toml:18 FIX: text is expected", "toys.toml:18 put_scan: there is no "),
    ),
    (
        "toys.toml",
        "min = 0\n",
        "",
        ("toys.toml:35 the key min is needed", "toys.toml:49 band limits: 50 0"),
    ),
    ("toys.toml", "max = 99\n", "", ("toys.toml:35 the key max is needed",)),
    (
        "toys.toml",
        "min = 0\nmax = 99",
        "min = 99\nmax = 0",
        ("toys.toml:40 max: 0 is none of >= 99", "toys.toml:50 band limits: 50 0"),
    ),
    ("toys.toml", "max = 99", "max = 999", ()),
    ("toys.toml", "max = 99", "max = 1000", ("toys.toml:43 feeds: there is no mass",)),
    ("toys.toml", "precision = 1", "precision = 2", ("toys.toml:43 feeds: there is no mass",)),
    (
        "toys.toml",
        "precision = 1",
        "precision = 5",
        ("toys.toml:38 above the limit: 4", "toys.toml:43 feeds: there is no mass"),
    ),
    (
        "toys.toml",
        "precision = 1",
        "precision = -1",
        (
            "toys.toml:38 above the limit: 4",
            "toys.toml:43 feeds: there is no mass",
            "toys.toml:47 constraint: 0.5: more than 0 places",
        ),
    ),
    (
        "toys.toml",
        'type = "decimal"\nprecision = 1',
        'type = "integer"',
        (
            "toys.toml:42 feeds: there is no mass",
            "toys.toml:46 constraint: 0.5: more than 0 places",
        ),
    ),
    ("toys.toml", 'unit = "kg"', "unit = 5", ("toys.toml:41 unit: text is expected",)),
    ("toys.toml", "from = 50", "from = 0", ("toys.toml:50 band limits: 0 0",)),
    ("toys.toml", "from = 50", "from = 99", ()),
    ("toys.toml", "from = 50", "from = 100", ("toys.toml:50 band limits: 100 0",)),
    ("toys.toml", "{ from = 0,", "{ from = 1,", ("toys.toml:50 band limits: 50 1",)),
    (
        "toys.toml",
        "from = 50, ",
        "",
        ("toys.toml:50 band limits: 0 0", "toys.toml:50 the key from is needed"),
    ),
    ("toys.toml", 'id = "heavy"', 'id = "light"', ("toys.toml:50 light occurs twice",)),
    ("toys.toml", 'id = "heavy"', 'id = "Heavy"', ("toys.toml:50 id: 'Heavy' is no valid code",)),
    (
        "toys.toml",
        'flags = ["wipe"]',
        'flags = ["wash"]',
        ("toys.toml:50 flags: there is no wash",),
    ),
    ("toys.toml", 'id = "light" }', 'id = "light", more = 1 }', ("toys.toml:50 unknown key more",)),
    (
        "toys.toml",
        'id = "light" }',
        'id = "light", label = { ru = "Л" } }',
        ("toys.toml:50 label: no text in en",),
    ),
    (
        "toys.toml",
        'compare = "mark"',
        'compare = "code"',
        ("toys.toml:29 compare: code is none of serial mark lpn",),
    ),
    (
        "toys.toml",
        'type = "barcode"\n',
        'type = "select_one"\n',
        ("toys.toml:29 option: match is none of match mismatch missing nodata unreadable",),
    ),
    (
        "toys.toml",
        'option = [{ id = "match"',
        'option = [{ id = "right"',
        (
            "toys.toml:29 option: right is none of match mismatch missing nodata unreadable",
            "toys.toml:47 constraint: 'match' is none of right",
        ),
    ),
    (
        "toys.toml",
        'auto = "item_scan"',
        'auto = "magic"',
        ("toys.toml:30 auto: magic is none of item_scan expiry_compare recall_compare",),
    ),
    (
        "toys.toml",
        'feeds = "mass"',
        'feeds = "weight"',
        ("toys.toml:43 feeds: there is no weight",),
    ),
    ("toys.toml", 'feeds = "mass"', 'feeds = "price"', ("toys.toml:43 feeds: there is no price",)),
    (
        "toys.toml",
        'feeds = "seal"',
        'feeds = "category"',
        ("toys.toml:13 seal occurs twice", "toys.toml:17 feeds: there is no category"),
    ),
    (
        "toys.toml",
        'feeds = "seal"',
        'feeds = "grade"',
        ("toys.toml:13 seal occurs twice", "toys.toml:17 feeds: there is no grade"),
    ),
    (
        "toys.toml",
        'feeds = "seal"',
        'feeds = "late"',
        (
            "toys.toml:13 seal occurs twice",
            "toys.toml:17 feeds: there is no late",
            "toys.toml:46 relevant: unknown name 'late'",
        ),
    ),
    (
        "toys.toml",
        'feeds = "seal"',
        'feeds = "Seal"',
        (
            "toys.toml:13 seal occurs twice",
            "toys.toml:17 feeds: 'Seal' is no valid code",
            "toys.toml:17 feeds: there is no Seal",
        ),
    ),
    (
        "toys.toml",
        'slot = "label"\n',
        'slot = "selfie"\n',
        ("toys.toml:66 slot: there is no selfie",),
    ),
    ("toys.toml", 'slot = "label"\n', "", ("toys.toml:63 slot: there is no ",)),
    (
        "toys.toml",
        '"count(parts)"',
        '"count(kilo)"',
        ("toys.toml:67 min_count: count(kilo) is none of n, count(<select_multiple | integer>)",),
    ),
    (
        "toys.toml",
        '"count(parts)"',
        '"count(seal)"',
        ("toys.toml:67 min_count: count(seal) is none of n, count(<select_multiple | integer>)",),
    ),
    (
        "toys.toml",
        '"count(parts)"',
        '"count(Parts)"',
        ("toys.toml:67 min_count: count(Parts) is none of n, count(<select_multiple | integer>)",),
    ),
    (
        "toys.toml",
        '"count(parts)"',
        '"parts"',
        ("toys.toml:67 min_count: parts is none of n, count(<select_multiple | integer>)",),
    ),
    ("toys.toml", '"count(parts)"', "0", ("toys.toml:67 min_count: 0 is none of >= 1",)),
    ("toys.toml", '"count(parts)"', "1", ()),
    ("toys.toml", 'group = "weigh"\n', "", ("toys.toml:44 the key group is needed",)),
    (
        "toys.toml",
        'order = "free"',
        'order = "loose"',
        ("toys.toml:45 order: loose is none of free",),
    ),
    (
        "toys.toml",
        'group = "weigh"',
        'group = "Weigh"',
        ("toys.toml:44 group: 'Weigh' is no valid code",),
    ),
    (
        "base.toml",
        "locked = true",
        "locked = 1",
        ("base.toml:38 locked: true | false is expected",),
    ),
    (
        "base.toml",
        "always = true",
        'always = "y"',
        ("base.toml:39 always: true | false is expected",),
    ),
    ("base.toml", "budget_s = 7", "budget_s = -1", ("base.toml:55 budget_s: -1 is none of >= 0",)),
    ("base.toml", "budget_s = 7", "budget_s = 0", ()),
    ("base.toml", "budget_s = 7", "more = 7", ("base.toml:55 unknown key more",)),
    ("toys.toml", 'after = "box"', 'after = "fox"', ("toys.toml:75 after: there is no fox",)),
    (
        "toys.toml",
        'after = "box"',
        'after = "box"\nbefore = "danger"',
        ("toys.toml:76 either after or before",),
    ),
    ("toys.toml", 'after = "box"', 'before = "box"', ()),
    (
        "toys.toml",
        'after = "box"',
        "after = 5",
        ("toys.toml:75 after: text is expected", "toys.toml:75 after: there is no 5"),
    ),
    (
        "toys.toml",
        'name = "parts"',
        'name = "kilo"',
        (
            "toys.toml:52 constraint: kilo: has any|all|none(…) is expected",
            "toys.toml:52 feeds: there is no mass",
            "toys.toml:52 unknown key band",
            "toys.toml:52 unknown key max",
            "toys.toml:52 unknown key min",
            "toys.toml:52 unknown key precision",
            "toys.toml:52 unknown key unit",
            "toys.toml:53 kilo occurs twice",
            "toys.toml:67 min_count: count(parts) is none of n, count(<select_multiple | integer>)",
        ),
    ),
    (
        "toys.toml",
        'name = "parts"',
        'name = "late"',
        (
            "toys.toml:52 late occurs twice",
            "toys.toml:67 min_count: count(parts) is none of n, count(<select_multiple | integer>)",
        ),
    ),
    (
        "toys.toml",
        '{ id = "opened"',
        '{ id = "sealed"',
        ("toys.toml:18 put_scan: there is no opened", "toys.toml:20 sealed occurs twice"),
    ),
    (
        "base.toml",
        '{ id = "bad"',
        '{ id = "good"',
        ("base.toml:61 good occurs twice", "toys.toml:78 good occurs twice"),
    ),
    (
        "base.toml",
        'choices = "state"',
        'choices = "states"',
        (
            "base.toml:61 default or must is needed",
            "base.toml:61 the key option is needed",
            "base.toml:64 choices: there is no states",
            "base.toml:65 default: there is no good",
            "toys.toml:78 choices: there is no states",
            "toys.toml:78 default or must is needed",
            "toys.toml:78 default: there is no good",
            "toys.toml:78 the key option is needed",
        ),
    ),
    (
        "base.toml",
        'choices = "state"',
        'choices = "state"\noption = []',
        ("base.toml:64 either option or choices", "toys.toml:78 either option or choices"),
    ),
    (
        "base.toml",
        'choices = "state"',
        'choices = "State"',
        (
            "base.toml:61 default or must is needed",
            "base.toml:61 the key option is needed",
            "base.toml:64 choices: 'State' is no valid code",
            "base.toml:64 choices: there is no State",
            "base.toml:65 default: there is no good",
            "toys.toml:78 choices: 'State' is no valid code",
            "toys.toml:78 choices: there is no State",
            "toys.toml:78 default or must is needed",
            "toys.toml:78 default: there is no good",
            "toys.toml:78 the key option is needed",
        ),
    ),
    (
        "base.toml",
        'choices = "state"\n',
        "",
        (
            "base.toml:61 default or must is needed",
            "base.toml:61 the key option is needed",
            "base.toml:64 default: there is no good",
            "toys.toml:78 default or must is needed",
            "toys.toml:78 default: there is no good",
            "toys.toml:78 the key option is needed",
        ),
    ),
    ("base.toml", 'cap = "C"', 'cap = "E"', ("base.toml:21 cap: E is none of A B C D",)),
    ("base.toml", 'cap = "C"', 'cap = "A"', ()),
    (
        "base.toml",
        'flags = ["fix"]',
        'flags = ["fixed"]',
        ("base.toml:21 flags: there is no fixed",),
    ),
    ("base.toml", 'photo = ["item"]', 'photo = ["itm"]', ("base.toml:32 photo: there is no itm",)),
    (
        "base.toml",
        'flags = ["lost"]',
        'flags = ["fix"]',
        ("base.toml:58 ungraded without a flag of grade.ungraded_flags",),
    ),
    (
        "base.toml",
        'flags = ["lost"]',
        'flag = ["lost"]',
        (
            "base.toml:58 ungraded without a flag of grade.ungraded_flags",
            "base.toml:58 unknown key flag",
        ),
    ),
    ("base.toml", "end = true", "end = 1", ("base.toml:47 end: true | false is expected",)),
    (
        "base.toml",
        "ungraded = true",
        'ungraded = "y"',
        ("base.toml:58 ungraded: true | false is expected",),
    ),
    ("base.toml", ', en = "Burns" }', " }", ("base.toml:47 label: no text in en",)),
    (
        "base.toml",
        'stage = "danger"',
        'stage = "identity"',
        ("base.toml:35 hazard flag fire outside the stage danger",),
    ),
    (
        "base.toml",
        'stage = "danger"\n',
        "",
        ("base.toml:35 hazard flag fire outside the stage danger",),
    ),
    (
        "base.toml",
        'flags = ["fix"]',
        'flags = ["fire"]',
        (
            "base.toml:61 hazard flag fire outside the stage danger",
            "toys.toml:78 hazard flag fire outside the stage danger",
        ),
    ),
    (
        "toys.toml",
        'flags = ["wipe"]',
        'flags = ["fire"]',
        ("toys.toml:35 hazard flag fire outside the stage danger",),
    ),
    ("base.toml", 'default = "no"\n', "", ("base.toml:35 default or must is needed",)),
    (
        "base.toml",
        'default = "no"',
        'default = "burns"',
        ("base.toml:44 the default burns is not neutral",),
    ),
    (
        "base.toml",
        'default = "good"\n',
        "",
        ("base.toml:61 default or must is needed", "toys.toml:78 default or must is needed"),
    ),
    (
        "base.toml",
        'default = "good"',
        'default = "bad"',
        (
            "base.toml:65 the default bad is not neutral",
            "toys.toml:78 the default bad is not neutral",
        ),
    ),
    (
        "base.toml",
        'default = "whole"',
        'default = "torn"',
        ("base.toml:29 the default torn is not neutral",),
    ),
    (
        "base.toml",
        'default = "whole"\n',
        'default = "whole"\nmust = true\n',
        ("base.toml:30 must does not go with scope parcel",),
    ),
    (
        "base.toml",
        'default = "whole"\n',
        'default = "whole"\nrelevant = "late = y"\n',
        ("base.toml:30 relevant does not go with scope parcel",),
    ),
    (
        "base.toml",
        'default = "whole"\n',
        'default = "whole"\nconstraint = "box = \'whole\'"\n',
        ("base.toml:30 constraint does not go with scope parcel",),
    ),
    (
        "toys.toml",
        'type = "acknowledge"\nmust = true',
        'type = "acknowledge"',
        ("toys.toml:70 default or must is needed",),
    ),
    (
        "toys.toml",
        'type = "image"',
        'type = "image"\nmust = true',
        ("toys.toml:66 must does not go with image",),
    ),
    (
        "toys.toml",
        'type = "image"',
        'type = "note"',
        ("toys.toml:66 slot does not go with note", "toys.toml:67 min_count does not go with note"),
    ),
    (
        "toys.toml",
        'type = "acknowledge"',
        'type = "text"\nexclusive = ["a"]',
        ("toys.toml:74 exclusive does not go with text", "toys.toml:74 exclusive: there is no a"),
    ),
    (
        "base.toml",
        "[list.state]\noption",
        "[list.state]\noptions",
        (
            "base.toml:61 default or must is needed",
            "base.toml:61 the key option is needed",
            "base.toml:65 default: there is no good",
            "toys.toml:78 default or must is needed",
            "toys.toml:78 default: there is no good",
            "toys.toml:78 the key option is needed",
        ),
    ),
    (
        "toys.toml",
        '[[step]]\nname = "seal"',
        '[[steps]]\nname = "seal"',
        ("toys.toml:13 unknown key steps",),
    ),
    (
        "toys.toml",
        "relevant = \"seal != 'sealed' or not late = y\"",
        "relevant = \"state = 'bad'\"",
        ("toys.toml:46 the default hides the must step kilo",),
    ),
    (
        "toys.toml",
        "relevant = \"seal != 'sealed' or not late = y\"",
        "relevant = \"state = 'bad' or late = y\"",
        (),
    ),
    (
        "toys.toml",
        "relevant = \"seal != 'sealed' or not late = y\"",
        "relevant = \"danger = 'burns' and state = 'bad'\"",
        ("toys.toml:46 the default hides the must step kilo",),
    ),
)


@pytest.mark.parametrize(
    ("file", "old", "new", "findings"),
    MISTAKES,
    ids=[f"{old} → {new}"[:60] for _, old, new, _ in MISTAKES],
)
def test_a_mistake_is_told_where_it_stands(
    file: str, old: str, new: str, findings: tuple[str, ...]
) -> None:
    assert old in FILES[file]
    assert read({**FILES, file: FILES[file].replace(old, new, 1)})[1] == list(findings)
