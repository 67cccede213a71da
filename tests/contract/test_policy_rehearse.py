"""`policy rehearse`: the same past gives the same report from a journal and from Parquet facts."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edge.cli import main
from edge.commands.policy import history
from edge.commands.policy import rehearse as verb
from edge.commands.policy.recorded import past as recorded
from edge.commands.policy.rehearse import Options, rehearse
from edge.events import Encoded, PhotoTaken
from edge.journal.reader import Reader
from edge.journal.writer import Submission
from history_kit import early_events, inspection, kept, unit_events, write_days, written
from journal_kit import event, one, opened
from policy_kit import LOW, answered, default_pack, pack_files, unit, with_file
from zoning import session
from zoning.evaluate import decide
from zoning.model import Facts
from zoning.pack import Pack, load_pack
from zoning.replay.report import Report

Files = Mapping[str, bytes]
SCRAP = "R21,A|B|C,any:fix|missing_part,low|mid,disposal,RECYCLE,review,Не окупается,Not worth it\n"


def scrapping() -> dict[str, bytes]:
    """The default pack, but cheap repairs go to disposal."""
    return with_file("zone.csv", "R10,A|B|C", f"{SCRAP}R10,A|B|C")


def with_mould() -> dict[str, bytes]:
    """The default pack with one more flag that the shelf must not see, which no step raises yet."""
    label = '{ ru = "плесень", en = "mould" }'
    files = with_file("policy.toml", '"electric",\n]', '"electric", "mould",\n]')
    flag = f"[flag]\nmould = {{ label = {label} }}\n"
    policy = files["policy.toml"].decode().replace("[flag]\n", flag, 1)
    row = "R22,,any:mould,,disposal,DESTROY,review,Плесень,Mould\n"
    table = files["zone.csv"].decode().replace("R13,A,", f"{row}R13,A,", 1)
    return {**files, "policy.toml": policy.encode(), "zone.csv": table.encode()}


def with_smell() -> dict[str, bytes]:
    """The default pack with a fact that only a new step of one category can give."""
    domain = '[domain.smell]\nkind = "enum"\nvalues = ["none", "strong"]\n\n'
    files = with_file("policy.toml", "[domain.seal]", f"{domain}[domain.seal]")
    head, header, rest = files["zone.csv"].decode().split("\n", 2)
    assert header.startswith("id,grade,flags,value,")
    rows = rest.replace("R13,A,,", "R23,A|B,,,disposal,DESTROY,review,Запах,Smell\nR13,A,,", 1)
    lines = [_with_column(line) for line in rows.splitlines()]
    header = header.replace("value,", "value,smell,", 1)
    step = """
[[step]]
name = "smell"
type = "select_one"
stage = "body"
feeds = "smell"
default = "none"
label = { ru = "Запах?", en = "Smell?" }
option = [
  { id = "none", label = { ru = "Нет", en = "None" } },
  { id = "strong", label = { ru = "Есть", en = "Strong" }, cap = "D" },
]
"""
    name = "checklists/books.toml"
    return {
        **files,
        "zone.csv": "\n".join([head, header, *lines, ""]).encode(),
        name: files[name] + step.encode(),
    }


def _with_column(line: str) -> str:
    cells = line.split(",")
    cells.insert(4, "strong" if cells[0] == "R23" else "")
    return ",".join(cells)


CANDIDATES: Mapping[str, Callable[[], dict[str, bytes]]] = {
    "same": lambda: dict(pack_files()),
    "scrap": scrapping,
    "mould": with_mould,
    "smell": with_smell,
    "dollars": lambda: with_file("policy.toml", 'currency = "RUB"', 'currency = "USD"'),
    "narrow": lambda: with_file("policy.toml", "max = 1000000000\n", "max = 2000000\n"),
}


async def past(data: Path, count: int = 60, packs: tuple[Pack, ...] = ()) -> None:
    """A journal of random units over three days, a sixth of them finished early."""
    chosen = packs or (kept(pack_files(), data),)
    rng = Random(count)
    days: list[list[Encoded]] = [[], [], []]
    for n in range(count):
        pack = chosen[n % len(chosen)]
        is_early = n % 6 == 5
        days[n * 3 // count] += early_events(pack, n) if is_early else unit_events(pack, n, rng)
    await write_days(data, days)


def exported(data: Path) -> Path:
    assert main(["export", "segments", "--data", str(data), "--tail"]) == 0
    return data / "verdicts"


def report(candidate: Path, against: Path, **given: Any) -> dict[str, Any]:
    return dict(rehearse(candidate, against, Options(**given)).content)


def flow(rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(row["from"], row["to"]): row["units"] for row in rows}


@pytest.mark.parametrize("name", CANDIDATES)
async def test_journal_and_parquet_facts_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    await past(tmp_path / "data")
    candidate = written(CANDIDATES[name](), tmp_path / "new")
    facts = exported(tmp_path / "data")
    by_journal = rehearse(candidate, tmp_path / "data", Options(limit=3))
    by_facts = rehearse(candidate, facts, Options(limit=3))
    assert by_facts.content == by_journal.content
    assert by_facts.sha256 == by_journal.sha256
    assert by_journal.records == 60


async def test_two_processes_say_what_one_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await past(tmp_path)
    candidate = written(scrapping(), tmp_path / "new")
    for level in (1, 2):
        alone = rehearse(candidate, tmp_path, Options(limit=2, level=level))
        told: list[int] = []
        with monkeypatch.context() as patched:
            patched.setattr(history, "ALONE_MAX", 0)
            patched.setattr(history, "SLICE_SEQUENCES", 100)
            both = rehearse(candidate, tmp_path, Options(limit=2, level=level, tell=told.append))
        assert both.canonical == alone.canonical
        assert max(told) == 60


async def test_every_unit_gets_what_the_evaluator_says(tmp_path: Path) -> None:
    await past(tmp_path)
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=repaired(LOW, 1)))
    new = load_pack(scrapping())
    candidate = written(scrapping(), tmp_path / "new")
    said = report(candidate, tmp_path, limit=1000)
    expected: dict[tuple[str, str], int] = {}
    changed = set()
    with Reader(tmp_path / "journal.db") as reader:
        for seq, body in reader.verdicts(1, reader.last_seq()):
            record = recorded(seq, body)
            now = decide(new, Facts(policy_sha256="", values=record.facts.values))
            pair = (record.decided.zone, str(now.zone))
            expected[pair] = expected.get(pair, 0) + 1
            if (record.decided.zone, record.decided.refund) != (now.zone, now.refund):
                changed.add(record.unit)
    assert flow(said["zones"]) == expected
    assert {one["unit"] for one in said["units"]} == changed
    assert 1 <= said["changed"]["units"] == len(changed)


def repaired(value: int | None, number: int) -> tuple[Encoded, ...]:
    """A toy that lacks a part: grade C, repair under the default pack."""
    run = session.begin(default_pack(), unit("toys", value_minor=value))
    run = answered(run, {"danger": "clear", "identity": "match", "seal": "opened"})
    for step in session.open_must(run):
        run = answered(run, {step.name: next(o.id for o in step.options if o.is_neutral)})
    run = answered(run, {"parts": "major"})
    assert not session.open_must(run)
    return inspection(run, f"unit-{number}")


async def test_the_first_line_says_who_goes_where_and_what_it_is_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(pack_files(), tmp_path)
    photo = PhotoTaken(
        sha256="ab" * 32, bytes=9, mime="image/jpeg", width=1, height=1, slot="set", camera="top",
        sharpness=99, mean=99, clipped=0, bound_by="open_window",
    )  # fmt: skip
    shots = [event(photo, unit="unit-2")]
    days = [[e for n in range(3) for e in repaired(LOW + 50 * n, n)] + shots]
    await write_days(tmp_path, days)
    candidate = written(scrapping(), tmp_path / "new")
    given = ["policy", "rehearse", str(candidate), "--against", str(tmp_path)]
    file = tmp_path / "report.json"
    assert main([*given, "--json", str(file)]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[0] == "R21: 3 units repair -> disposal, -3,002"
    assert "3 units of 1 stations: 3 get another outcome, 0 cannot be compared" in lines
    assert "Rows that fire for the first time: R21 3" in lines
    why = f"R21: grade=C; flags={{missing_part}}; value={LOW + 100}; before R10"
    assert f"unit-2  repair -> disposal  {why} {'ab' * 6}" in text
    said = json.loads(file.read_bytes())
    assert said["units"][2]["photos"] == ["ab" * 32]
    assert said["tenants"] == [
        {"tenant": "default", "units": 3, "changed": 3, "delta": -300150, "unordered": 0}
    ]
    assert said["categories"][0]["category"] == "toys"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == Report.read(file.read_bytes()).sha256
    assert main([*given, "--lang", "ru"]) == 0
    assert capsys.readouterr().out.startswith("R21: 3 ед. ремонт -> утиль, -3,002\n")


async def test_a_change_that_history_does_not_show_is_found_by_the_solver(tmp_path: Path) -> None:
    await past(tmp_path / "data", 10)
    candidate = written(
        with_file(
            "zone.csv",
            "R05,,any:locked,,hold,HOLD_UNLOCK,blocked",
            "R05,,any:locked,,repair,REFURB,blocked",
        ),
        tmp_path / "new",
    )
    said = report(candidate, tmp_path / "data")
    assert ("hold", "repair") not in flow(said["zones"])
    spot = next(s for s in said["blind_spots"] if (s["from"], s["to"]) == ("hold", "repair"))
    assert "locked" in spot["item"]["flags"]
    assert (spot["row_from"], spot["row_to"]) == ("R05", "R05")
    same = report(written(pack_files(), tmp_path / "same"), tmp_path / "data")
    assert same["blind_spots"] == []


async def test_units_that_were_never_asked_are_not_compared(tmp_path: Path) -> None:
    await past(tmp_path)
    for files, why in ((with_mould(), "flags"), (with_smell(), "smell")):
        said = report(written(files, tmp_path / why), tmp_path)
        gaps = {gap["why"]: gap["units"] for gap in said["not_comparable"]}
        assert set(gaps) == {why}
        assert sum(flow(said["zones"]).values()) + gaps[why] == said["records"] == 60
        assert said["changed"]["units"] == 0


async def test_a_fact_that_the_feed_left_out_is_a_change_and_no_gap(tmp_path: Path) -> None:
    kept(pack_files(), tmp_path)
    await write_days(tmp_path, [[*repaired(LOW, 1), *repaired(None, 2)]])
    said = report(written(scrapping(), tmp_path / "new"), tmp_path)
    assert flow(said["rows"]) == {("R10", "R21"): 1, ("R10", "#missing"): 1}
    assert said["not_comparable"] == []


async def test_money_of_another_currency_is_not_compared(tmp_path: Path) -> None:
    kept(pack_files(), tmp_path)
    await write_days(tmp_path, [repaired(LOW, 1)])
    files = scrapping()
    policy = files["policy.toml"].replace(b'currency = "RUB"', b'currency = "USD"')
    said = report(written({**files, "policy.toml": policy}, tmp_path / "new"), tmp_path)
    assert [gap["why"] for gap in said["not_comparable"]] == ["value"]


async def test_units_of_a_pack_that_is_gone_are_counted_and_not_compared(tmp_path: Path) -> None:
    old = load_pack(with_file("policy.toml", "0..<500000", "0..<400000"))
    base = kept(pack_files(), tmp_path)
    await past(tmp_path, 20, (old, base))
    said = report(written(scrapping(), tmp_path / "new"), tmp_path)
    assert [(gap["why"], gap["units"]) for gap in said["not_comparable"]] == [("pack", 10)]
    assert {row["policy_sha256"]: row["units"] for row in said["policies"]} == {
        old.sha256: 10,
        base.sha256: 10,
    }


async def test_the_base_is_the_pack_of_the_newest_verdict_unless_it_is_named(
    tmp_path: Path,
) -> None:
    files = with_file("policy.toml", "0..<500000", "0..<400000")
    old, base = kept(files, tmp_path), kept(pack_files(), tmp_path)
    await past(tmp_path, 20, (old, base))
    candidate = written(scrapping(), tmp_path / "new")
    assert rehearse(candidate, tmp_path, Options()).base_sha256 == base.sha256
    assert rehearse(candidate, exported(tmp_path), Options()).base_sha256 == base.sha256
    named = rehearse(candidate, tmp_path, Options(base=written(files, tmp_path / "old")))
    assert named.base_sha256 == old.sha256


async def test_only_the_days_that_are_wanted_count(tmp_path: Path) -> None:
    await past(tmp_path)
    candidate = written(scrapping(), tmp_path / "new")
    facts = exported(tmp_path)
    for since, units in (("2025-11-24", 60), ("2025-11-25", 40), ("2025-11-26", 20)):
        for against in (tmp_path, facts):
            assert rehearse(candidate, against, Options(since=since)).records == units
    assert rehearse(candidate, tmp_path, Options(since="2026-01-01")).records == 0


async def test_the_list_of_units_is_bounded_and_says_of_how_many(tmp_path: Path) -> None:
    kept(pack_files(), tmp_path)
    await write_days(tmp_path, [[e for n in range(9) for e in repaired(LOW, n)]])
    candidate = written(scrapping(), tmp_path / "new")
    for limit in (0, 4):
        for against in (tmp_path, exported(tmp_path)):
            said = report(candidate, against, limit=limit)
            assert [one["unit"] for one in said["units"]] == [f"unit-{n}" for n in range(limit)]
            assert said["changed"]["units"] == 9


async def test_answers_of_the_past_run_through_the_new_checklist(tmp_path: Path) -> None:
    kept(pack_files(), tmp_path)
    await write_days(tmp_path, [[*repaired(LOW, 1), *repaired(LOW, 2)]])
    parts = with_file("checklists/base.toml", 'flags = ["missing_part"]', 'flags = ["fix"]')
    said = report(written(parts, tmp_path / "new"), tmp_path, level=2)
    assert said["not_comparable"] == []
    assert flow(said["rows"]) == {("R10", "R10"): 2}
    assert {one["to"][3] for one in said["units"]} == {"eligible"}
    assert report(tmp_path / "new", tmp_path, level=1)["changed"]["units"] == 0


async def test_a_new_step_is_unknown_to_old_units_although_it_has_a_default(
    tmp_path: Path,
) -> None:
    await past(tmp_path)
    said = report(written(with_smell(), tmp_path / "new"), tmp_path, level=2)
    gaps = {gap["why"] for gap in said["not_comparable"]}
    assert gaps == {"step:smell"}


@pytest.mark.parametrize("level", [1, 2])
async def test_an_early_finish_is_never_taken_for_a_change(tmp_path: Path, level: int) -> None:
    default = kept(pack_files(), tmp_path)
    units = [early_events(default, n) for n in range(20)]
    await write_days(tmp_path, [[one for unit in units for one in unit]])
    said = report(written(pack_files(), tmp_path / "new"), tmp_path, level=level)
    gaps = sum(gap["units"] for gap in said["not_comparable"])
    assert said["changed"]["units"] == said["renamed"]["units"] == 0
    assert gaps < 20 if level == 1 else gaps == 0


async def test_the_service_may_go_on_while_it_is_rehearsed(tmp_path: Path) -> None:
    await past(tmp_path)
    candidate = written(scrapping(), tmp_path / "new")
    async with opened(tmp_path) as journal:
        await journal.commit(one())
        assert rehearse(candidate, tmp_path, Options()).records == 60
        await journal.commit(Submission(events=repaired(LOW, 1)))
        assert rehearse(candidate, tmp_path, Options()).records == 61


async def test_a_moved_member_is_refused_where_only_bits_are_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await past(tmp_path, 10)
    before, after = '"hazard_battery", "hazard_chem",', '"hazard_chem", "hazard_battery",'
    moved = with_file("policy.toml", before, after)
    candidate = str(written(moved, tmp_path / "new"))
    facts = str(exported(tmp_path))
    assert main(["policy", "rehearse", candidate, "--against", facts]) == 1
    assert "append-only" in capsys.readouterr().err
    assert main(["policy", "rehearse", candidate, "--against", str(tmp_path)]) == 0


def test_where_there_is_no_past_the_verb_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = str(written(pack_files(), tmp_path / "new"))
    given = ["policy", "rehearse", candidate, "--against"]
    assert main([*given, str(tmp_path / "nowhere")]) == 2
    assert "neither a journal.db nor a Parquet file" in capsys.readouterr().err
    (tmp_path / "x.parquet").touch()
    assert main([*given, str(tmp_path), "--level", "2", "--lang", "ru"]) == 2
    assert "только в журнале" in capsys.readouterr().err
    monkeypatch.setattr(verb, "find_spec", lambda _: None)
    assert main([*given, str(tmp_path)]) == 2
    assert "receiving-edge[bi]" in capsys.readouterr().err
    (tmp_path / "journal.db").write_bytes(b"no journal" * 500)
    assert main([*given, str(tmp_path / "journal.db")]) == 1
    with pytest.raises(SystemExit):
        main([*given, str(tmp_path), "--since", "yesterday"])


def test_a_report_that_was_printed_anew_is_refused() -> None:
    with pytest.raises(ValueError, match="canonical"):
        Report.read(b'{"format": "rehearsal/1"}')
    with pytest.raises(ValueError, match="rehearsal/1"):
        Report.read(b"{}")
