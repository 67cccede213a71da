"""Checklist files on their own: every key lands in its field, every mistake in its place."""

import pytest

from checklist_kit import BASE, DOMAINS, FILES, TOYS, line, read
from zoning.checklist.values import (
    Band,
    Match,
    Option,
    Slot,
    Stage,
    Step,
    StepType,
)
from zoning.grammar import FALSE, TRUE, parse
from zoning.model import Domain, Grade, Kind, Range, digest


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


def test_everything_knows_its_file_and_line() -> None:
    toys = read(FILES)[0]["toys"]
    assert {name: (slot.file, slot.line) for name, slot in toys.slots.items()} == {
        "item": ("base.toml", line(BASE, "[slot.item]")),
        "label": ("base.toml", line(BASE, "[slot.label]")),
    }
    assert {step.name: step.line for step in toys.steps if step.file == "base.toml"} == {
        "box": heading(BASE, "box"),
        "danger": heading(BASE, "danger"),
    }
    places = {o.id: (o.file, o.line) for step in toys.steps for o in step.outcomes}
    assert places["burns"] == ("base.toml", line(BASE, 'id = "burns"'))
    assert places["bad"] == ("base.toml", line(BASE, 'id = "bad"'))
    assert places["wheel"] == ("toys.toml", line(TOYS, 'id = "wheel"'))
    assert places["heavy"] == ("toys.toml", line(TOYS, "band ="))


def test_no_step_feeds_the_grade() -> None:
    text = """[[step]]
name = "new"
must = true
feeds = "grade"
label = { ru = "Т", en = "T" }
option = [{ id = "ungraded", label = { ru = "А", en = "A" } }]
"""
    assert child(text)[1] == ["toys.toml:8 feeds: there is no grade"]


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
        ('must = true\noption = [{ id = "smoke", label = { ru = "Д", en = "S" } }]', True),
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


def test_what_an_option_names_wrongly_is_told_on_its_own_line() -> None:
    text = """[[step]]
name = "new"
must = true
label = { ru = "Т", en = "T" }
[[step.option]]
id = "a"
label = { ru = "А", en = "A" }
flags = ["fire", "smoke"]
photo = ["selfie"]
cap = "E"
"""
    assert child(text)[1] == [
        "toys.toml:5 hazard flag fire outside the stage danger",
        "toys.toml:12 flags: there is no smoke",
        "toys.toml:13 photo: there is no selfie",
        "toys.toml:14 cap: E is none of A B C D",
    ]


@pytest.mark.parametrize("precision", [0, 4])
def test_a_decimal_has_up_to_four_places(precision: int) -> None:
    text = f'name = "new"\ntype = "decimal"\nprecision = {precision}\nmin = 0\nmax = 9\n'
    text += 'must = true\nlabel = { ru = "Т", en = "T" }\n'
    found, findings = read({"base.toml": BASE, "toys.toml": f"{CHILD}[[step]]\n{text}"})
    new = found["toys"].step("new")
    assert new is not None
    assert (new.precision, findings) == (precision, [])
    kind = Kind.DECIMAL if precision else Kind.INT
    assert new.domain == Domain(kind=kind, range=Range(low=0, high=9), precision=precision)


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
