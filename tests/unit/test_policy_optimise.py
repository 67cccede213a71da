"""`policy optimise`: the order that asks least, what early finish saves, and nothing changed."""

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.commands.policy.optimise import (
    MODEL,
    Unit,
    answered,
    best_orders,
    drawn,
    saved,
)
from policy_kit import default_pack
from small_packs import files, mug, option, small, step
from zoning import session
from zoning.model import AnsweredBy
from zoning.pack import Pack, load_pack

PLAIN = (option("ok"), option("bad", 'cap = "D"'))
FREE = ("must = true", 'group = "g"', 'order = "free"')
ODD = option("odd", 'flags = ["other"]', "ungraded = true")
BUDGET = "[budget.mugs]\nsealed = 9\n"


def written(folder: Path, content: dict[str, bytes]) -> Path:
    for name, text in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return folder


def free_pack() -> Pack:
    """The second question of the group settles more than the first."""
    weights = (
        b'format = "frequencies/1"\n[mugs]\nwho = { ok = 1, odd = 1 }\ncare = { ok = 1, bad = 1 }\n'
    )
    content = files(
        step("care", *FREE, options=PLAIN),
        step("who", *FREE, options=(option("ok"), ODD)),
        head=BUDGET,
    )
    return load_pack({**content, "frequencies.toml": weights})


def test_the_same_seed_draws_the_same_units_and_another_draws_others() -> None:
    pack = default_pack()
    first = list(drawn(pack, "smartphones", 20, 1))
    assert first == list(drawn(pack, "smartphones", 20, 1))
    assert first != list(drawn(pack, "smartphones", 20, 2))
    assert first != list(drawn(pack, "electronics", 20, 1))
    assert {unit.static.attrs for unit in first} == {pack.allowances["smartphones"].attrs}


def test_units_are_drawn_by_the_model() -> None:
    units = list(drawn(default_pack(), "smartphones", 1000, 1))
    answers = [unit.said["back_lift"] for unit in units]
    assert 970 <= answers.count("flat") <= 999
    healthy = [unit.said["health"] for unit in units]
    assert set(healthy) == {95, 85, 75, 0}
    assert 550 <= healthy.count(95) <= 650
    assert 10 <= sum(unit.static.value_minor is None for unit in units) <= 60
    assert {unit.static.value_minor for unit in units} == {None, 0, 500_000, 1_000_000}
    assert 30 <= sum(not unit.static.in_window for unit in units) <= 80
    assert {flag for unit in units for flag in unit.static.parcel_flags} == {
        "tamper",
        "carrier_damage",
    }


def test_a_unit_is_taken_through_by_scan_mark_and_key() -> None:
    levels = (option("ok"), option("bad", 'cap = "D"'), option("over", 'cap = "D"', "end = true"))
    serial = step(
        "serial",
        'type = "barcode"',
        "must = true",
        'compare = "serial"',
        options=(option("match"), option("mismatch", 'cap = "B"')),
    )
    pack = small(
        step("stain", 'default = "ok"', options=levels),
        serial,
        step("care", "must = true", options=PLAIN),
    )
    said: dict[str, str | int] = {"stain": "bad", "serial": "mismatch", "care": "ok"}
    run, asked = answered(pack, Unit(static=mug(), said=said), session.open_must)
    assert asked == 1
    assert {name: one.by for name, one in run.given.items()} == {
        "serial": AnsweredBy.AUTO,
        "stain": AnsweredBy.KEY,
        "care": AnsweredBy.AUTO,
    }
    assert run.is_finished
    run, asked = answered(
        pack, Unit(static=mug(), said={**said, "stain": "over"}), session.open_must
    )
    assert (asked, run.is_finished) == (0, True)


def test_an_answer_that_a_constraint_refuses_is_given_in_another_way() -> None:
    limited = step("care", "must = true", "constraint = \"care = 'ok'\"", options=PLAIN)
    run, asked = answered(
        small(limited), Unit(static=mug(), said={"care": "bad"}), session.open_must
    )
    assert (run.given["care"].value, asked) == ("ok", 1)


def test_the_best_fixed_order_of_a_free_group_is_found_by_asking_the_units() -> None:
    found = best_orders(free_pack(), 200, 1)
    assert [(one.checklist, one.group, one.order) for one in found] == [
        ("mugs", "g", ("who", "care"))
    ]
    assert found[0].as_is == 2
    assert 1.4 < found[0].questions < 1.6
    assert best_orders(small(step("care", "must = true", options=PLAIN), head=BUDGET), 9, 1) == []


def test_what_early_finish_saves_is_counted_and_nothing_changes() -> None:
    one = saved(free_pack(), "mugs", 200, 1)
    assert (one.category, one.units, one.changed) == ("mugs", 200, 0)
    assert one.full == 2
    assert 1.4 < one.early < 1.6
    assert one.without_evidence == one.early


@pytest.mark.parametrize("category", ["small_appliances", "cosmetics"])
def test_the_default_pack_saves_questions_and_changes_no_outcome(category: str) -> None:
    one = saved(default_pack(), category, 25, 3)
    assert one.changed == 0
    assert one.without_evidence <= one.early <= one.full


def test_the_verb_prints_orders_savings_and_its_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = files(
        step("care", *FREE, options=PLAIN),
        step("who", *FREE, options=(option("ok"), ODD)),
        head=BUDGET,
    )
    folder = str(written(tmp_path, content))
    assert main(["policy", "optimise", folder, "--units", "40", "--seed", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"40 units per category, seed 2; model: {MODEL['en']}"
    assert lines[1].startswith("mugs, group g: who, care (1.")
    assert lines[2].split() == [
        "category",
        "questions",
        "early",
        "finish",
        "without",
        "evidence",
        "outcomes",
        "changed",
    ]
    assert lines[3].split()[:2] == ["mugs", "2.00"]
    assert lines[3].endswith(" 0")
    assert main(["policy", "optimise", folder, "--units", "9", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["groups"][0]["order"] == ["who", "care"]
    assert told["categories"][0]["changed"] == 0
    assert (told["units"], told["seed"], told["model"]) == (9, 1, MODEL["en"])
    assert main(["policy", "optimise", folder, "--units", "5", "--lang", "ru"]) == 0
    assert "категория" in capsys.readouterr().out


def test_without_a_free_group_the_verb_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path, files(step("care", "must = true", options=PLAIN), head=BUDGET))
    assert main(["policy", "optimise", str(folder), "--units", "5"]) == 0
    assert 'no group has order = "free"' in capsys.readouterr().out


def test_a_pack_that_does_not_load_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "optimise", str(tmp_path)]) == 2
    assert "no policy pack" in capsys.readouterr().err
