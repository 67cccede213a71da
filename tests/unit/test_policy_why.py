"""`policy why` and `policy diff`: explanations and differences, in words and for programs."""

import json
from pathlib import Path

import pytest

from edge.commands.policy.why import row_lines
from history_kit import inspection, write_days
from policy_kit import answered, begun, default_pack, record, with_file
from verb_kit import DEFAULT, Run, calls, pack_with
from zoning.explain import explain
from zoning.model import Members

UNIT = "0192f0c1-0000-7000-8000-000000000001"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return calls(capfd)


@pytest.fixture
def facts_file(tmp_path: Path) -> Path:
    path = tmp_path / "facts.json"
    path.write_bytes(
        b'{"known": {"grade": "D", "flags": ["fix"], "value": 5, "attrs": [], "in_window": true}}'
    )
    return path


def test_a_record_is_explained(run: Run, facts_file: Path) -> None:
    code, out, _ = run("why", DEFAULT, "--facts", facts_file)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "Recycle: grade D. Row R17, policy 1"
    assert any(line.startswith("Else: ") for line in lines)
    code, out, _ = run("why", DEFAULT, "--facts", facts_file, "--lang", "ru")
    assert out.splitlines()[0] == "В переработку: оценка D. Строка R17, политика 1"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("R17", ["R17: it fires"]),
        (
            "R12",
            [
                "R12: no: grade=D, the row asks for A|B|C",
                "R12: no: flags={fix}, the row asks for any:remark|relabel_dg|tape_terminal|clean",
            ],
        ),
        ("R16", ["R16: no: value=5, the row asks for high"]),
    ],
)
def test_a_row_says_why_it_does_not_fire(
    run: Run, facts_file: Path, row: str, said: list[str]
) -> None:
    code, out, _ = run("why", DEFAULT, "--facts", facts_file, "--row", row)
    assert code == 0
    assert out.splitlines()[-len(said) :] == said


def test_a_later_and_an_undecided_row_are_told_apart() -> None:
    wiped = record({"grade": "D", "flags": Members(present=frozenset({"wipe"})), "value": 5})
    told = explain(default_pack(), wiped)
    assert [*row_lines(told, "R17", "en")] == ["R17: it fits, but R07 stands before it"]
    assert [*row_lines(told, "R07", "ru")] == ["R07: сработала"]
    told = explain(default_pack(), record({"flags": Members()}))
    assert [*row_lines(told, "R17", "ru")] == ["R17: может подойти"]


def test_without_facts_or_with_a_row_that_is_none_nothing_is_explained(
    run: Run, facts_file: Path, tmp_path: Path
) -> None:
    assert run("why", DEFAULT, "--facts", facts_file, "--row", "R77") == (
        2,
        "",
        "there is no row R77\n",
    )
    facts_file.write_bytes(b"{}")
    code, _, err = run("why", DEFAULT, "--facts", facts_file)
    assert (code, err) == (2, f"{facts_file}: the object known is needed\n")
    assert run("why", DEFAULT, "--facts", tmp_path / "no.json")[0] == 2
    assert run("why", tmp_path, "--facts", facts_file)[0] == 2
    code, _, err = run("why", DEFAULT, "--unit", UNIT, "--data", tmp_path)
    assert (code, "journal.db" in err) == (2, True)


async def recorded(data: Path) -> None:
    """Write a journal in which one shoe was found to be no pair, under the default pack."""
    run = answered(begun("footwear"), {"seal": "opened", "pair": "mixed", "mark": "match"})
    await write_days(data, [inspection(run, UNIT)])


async def test_a_recorded_unit_is_explained_by_its_answers(run: Run, tmp_path: Path) -> None:
    await recorded(tmp_path)
    code, out, _ = run("why", DEFAULT, "--unit", UNIT, "--data", tmp_path)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("Dispute: Left and right: same model and size: Sizes differ")
    assert lines[-1] == "Then: row R18 under pack default 1"


async def test_a_recorded_unit_is_explained_under_another_pack(run: Run, tmp_path: Path) -> None:
    await recorded(tmp_path)
    other = pack_with(tmp_path, with_file("zone.csv", "R18,,any:not_a_pair", "R18,,any:recall"))
    code, out, _ = run("why", other, "--unit", UNIT, "--data", tmp_path, "--row", "R18")
    assert code == 0
    assert "Then: row R18 under pack default 1" in out.splitlines()
    assert "R18: no: flags=" in out.splitlines()[-1]
    assert run("why", DEFAULT, "--unit", "x" * 36, "--data", tmp_path)[0] == 2


# ---------------------------------------------------------------- diff


def test_equal_packs_are_proved_to_be_equal(run: Run, tmp_path: Path) -> None:
    same = pack_with(tmp_path, with_file("policy.toml", "retired = []", "retired  =  [ ]  # none"))
    assert run("diff", DEFAULT, same) == (
        0,
        "by the table: proved that no unit is decided otherwise\n",
        "",
    )
    told = json.loads(run("diff", DEFAULT, same, "--json")[1])
    assert told["equivalent"] is True
    assert (told["changes"], told["decisions"]) == ([], [])
    assert told["old"] == told["new"] == {
        "id": "default", "version": 1, "sha256": default_pack().sha256,
    }  # fmt: skip


def changed_pack(tmp_path: Path) -> Path:
    """Return a pack that differs in a cell, a text, an order, a step, an option and a flag."""
    files = dict(with_file("zone.csv", "R14,B|C", "R14,B"))
    table = files["zone.csv"].decode().splitlines(keepends=True)
    third = next(line for line in table if line.startswith("R03,"))
    table.remove(third)
    table.insert(9, third)
    extra = "R21,C,,,resale,BSTOCK,review,Новая,New\n"
    files["zone.csv"] = ("".join(table).replace(",As new", ",Like new") + extra).encode()
    books = files["checklists/books.toml"].decode()
    files["checklists/books.toml"] = books.replace('cap = "B"', 'cap = "C"', 1).encode()
    return pack_with(tmp_path, files)


def test_what_is_written_otherwise_is_listed(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("diff", DEFAULT, changed_pack(tmp_path))
    lines = out.splitlines()
    written = lines[: lines.index("by the table these are decided otherwise, for example:")]
    assert code == 1
    assert written == [
        "~ row R13 note.en: As new -> Like new",
        "~ row R14 grade: B|C -> B",
        "+ row R21: grade=C >zone=resale >disposition=BSTOCK >refund=review note.en=New",
        "~ option books film=open cap: B -> C",
        "> row R03: now after R05",
    ]
    assert any(line.startswith("  refund: eligible (R14) -> review (R21): ") for line in lines)


def test_differences_are_told_in_russian_and_to_programs(run: Run, tmp_path: Path) -> None:
    new = changed_pack(tmp_path)
    code, out, _ = run("diff", DEFAULT, new, "--lang", "ru")
    assert code == 1
    assert "~ строка R14 grade: B|C -> B" in out.splitlines()
    assert "> строка R03: теперь после R05" in out.splitlines()
    told = json.loads(run("diff", DEFAULT, new, "--json")[1])
    assert told["equivalent"] is False
    assert {
        "kind": "changed", "part": "row", "name": "R14", "facet": "grade", "old": "B|C", "new": "B",
    } in told["changes"]  # fmt: skip
    refund = next(one for one in told["decisions"] if one["output"] == "refund")
    assert set(refund) == {"output", "old", "new", "old_row", "new_row", "item"}
    back = json.loads(run("diff", new, DEFAULT, "--json")[1])
    assert {"kind": "removed", "part": "row", "name": "R21"}.items() <= next(
        one for one in back["changes"] if one["kind"] == "removed"
    ).items()


def test_a_column_that_only_one_pack_has_is_a_difference(run: Run, tmp_path: Path) -> None:
    more = with_file(
        "policy.toml", "[domain.attrs]", '[domain.cold]\nkind = "bool"\n\n[domain.attrs]'
    )
    code, out, _ = run("diff", DEFAULT, pack_with(tmp_path, more))
    assert code == 1
    assert "+ column cold: kind=bool precision=0" in out.splitlines()


def test_a_pack_that_cannot_be_read_has_no_differences(run: Run, tmp_path: Path) -> None:
    code, out, err = run("diff", DEFAULT, tmp_path)
    assert (code, out) == (2, "")
    assert "no policy pack" in err
    bad = pack_with(tmp_path, with_file("zone.csv", "R18,", "R02,"))
    code, _, err = run("diff", bad, DEFAULT)
    assert (code, err) == (2, "G02 zone.csv:5 R02 occurs twice\n")
