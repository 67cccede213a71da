"""The checks of the zone table: planted faults are refused, each with its line and a unit."""

from dataclasses import replace

import pytest

from gate_kit import EXEMPT, changed, refusals, said, with_row, with_rows, without_cap, without_row
from policy_kit import default_pack, pack_files, with_file
from zoning.encode.cnf import Cnf
from zoning.findings import item_words
from zoning.gate import prove
from zoning.gate.monotone import repair_text, repaired
from zoning.gate.report import (
    Result,
    Status,
)
from zoning.gate.seeds import reached_rows
from zoning.gate.table_checks import check_complete, check_table
from zoning.gate.theory import (
    Theory,
    read_columns,
)
from zoning.model import Zone
from zoning.pack import Pack, load_pack
from zoning.policy import Disposition, Monotone


def test_the_default_table_passes_every_check_without_a_waiver() -> None:
    found = check_table(default_pack())
    assert found.findings == ()
    assert {status.status for status in found.statuses} == {Result.PROVED}
    assert [status.check for status in found.statuses] == [
        "G20",
        *["G21"] * 20,
        *["G22"] * 9,
        *["G23"] * 3,
        *["G24"] * 2,
    ]
    assert [s.subject for s in found.statuses if s.check != "G21"] == [
        "table",
        *("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I11", "OWNER"),
        *("M1", "M2", "M3"),
        *("zones", "hazmat"),
    ]


# ---------------------------------------------------------------- planted faults


def test_data_wiped_after_scrapping_breaks_the_rule_on_customer_data() -> None:
    def edit(lines: list[str]) -> list[str]:
        wipe = next(line for line in lines if line.startswith("R07"))
        rest = [line for line in lines if line != wipe]
        at = next(at for at, line in enumerate(rest) if line.startswith("R09"))
        return [*rest[: at + 1], wipe, *rest[at + 1 :]]

    pack = with_rows(edit)
    assert said(pack) == [
        "G22 zone.csv:12 R08 I6 | grade=A flags={code_used, wipe} value=0 -> disposal (R08)",
        "G22 zone.csv:13 R09 I6 | grade=A flags={sharp, wipe} value=0 -> disposal (R09)",
    ]
    first = refusals(pack)[0]
    assert first.expected == "zone in {'repair', 'hold', 'hazmat'}"
    assert first.text["ru"] == "нарушено правило «Данные клиента не уходят без стирания»"
    assert first.text["en"] == "the rule «Customer data never leaves without a wipe» is broken"


def test_without_its_cap_a_locked_and_recalled_unit_would_be_refunded() -> None:
    assert said(without_cap("C1")) == [
        "G22 zone.csv:8 R03 I11 | grade=A flags={locked, recall} value=0 in_window=y"
        " -> hold, refund=eligible (R03)"
    ]


def test_without_its_cap_broken_glass_would_go_by_robot() -> None:
    assert said(without_cap("C3")) == [
        "G22 zone.csv:14 R09 I7 | grade=A flags={sharp} value=0 attrs={}"
        " -> disposal, move=auto (R09)",
        "G22 zone.csv:13 R08 I7 | grade=A flags={code_used, sharp} value=0 attrs={}"
        " -> disposal, move=auto (R08)",
        "G22 zone.csv:12 R07 I7 | grade=A flags={sharp, wipe} value=0 attrs={}"
        " -> repair, move=auto (R07)",
    ]


def test_a_row_narrowed_too_far_leaves_a_gap_with_its_region() -> None:
    pack = load_pack(with_file("zone.csv", "R14,B|C", "R14,B"))
    assert said(pack) == [
        "G20 zone.csv:1  table | grade=C flags={} value=0 -> hold (#nopolicy)",
        "G20 zone.csv:1  table | grade=C flags={tamper} value=0 -> hold (#nopolicy)",
    ]
    first, second = refusals(pack)
    assert first.region.startswith("grade = 'C' and flags has none(hazard_battery, hazard_chem, ")
    assert "tamper" in first.region
    assert "value" not in first.region
    assert second.region.endswith("clean) and value <= 499999")
    assert "tamper" not in second.region


def test_a_removed_row_leaves_a_gap() -> None:
    found = said(without_row("R17"))
    assert found[0] == "G20 zone.csv:1  table | grade=D flags={} value=0 -> hold (#nopolicy)"
    assert {text.split()[0] for text in found} == {"G20"}


def test_many_gaps_are_told_up_to_a_limit() -> None:
    pack = default_pack()
    left = tuple(row for row in pack.table.rows if row.id not in ("R13", "R14", "R16", "R17"))
    holed = replace(pack, table=replace(pack.table, rows=left))
    with Cnf() as cnf:
        found = check_complete(Theory.of(cnf, holed)).findings
    assert len(found) == 5
    assert len({finding.region for finding in found}) == 5


def test_a_hazard_that_reaches_resale_is_refused_for_each_way() -> None:
    found = said(without_row("R01"))
    assert found[0] == (
        "G22 zone.csv:17 R13 I1 | grade=A flags={hazard_bio} value=0 attrs={}"
        " -> resale, move=manual (R13)"
    )
    assert [text.split()[2] for text in found if " I1 " in text] == ["R13", "R14", "R17"]


def test_a_shadowed_row_names_the_rows_that_cover_it() -> None:
    pack = with_row("R99,,any:fix,,repair,REFURB,eligible,н,n")
    assert said(pack) == ["G21 zone.csv:23 R99 R99 | grade=A flags={fix} value=0 -> repair (R10)"]
    text = refusals(pack)[0].text
    covering = {"R02", "R10", "R11", "R13", "R14", "R15", "R16", "R17"}
    named = set(text["en"].removeprefix("the row never fires: ").split(" take")[0].split(", "))
    assert named < covering
    assert text["ru"] == f"строка недостижима: всё забирают {', '.join(_in_order(pack, named))}"


def _in_order(pack: Pack, names: set[str]) -> list[str]:
    return [row.id for row in pack.table.rows if row.id in names]


def test_a_row_without_units_of_its_own_is_told_apart() -> None:
    pack = with_row("R99,A,any:wrong_item,,hold,HOLD_DISPUTE,review,н,n", before="R01")
    finding = refusals(pack)[0]
    assert (finding.check, finding.row, finding.line, finding.item) == ("G21", "R99", 3, None)
    assert finding.text["en"] == "the row never fires: its conditions cannot hold together"
    assert finding.got == ""


def test_a_row_covered_by_one_earlier_row_names_that_one() -> None:
    pack = with_row("R99,,all:wipe|fix,low,repair,REFURB,eligible,н,n", before="R08")
    text = refusals(pack)[0].text["en"]
    assert text == "the row never fires: R07 take all its units"


def test_without_the_exemption_a_wipe_improves_the_zone_and_the_repair_is_offered() -> None:
    pack = load_pack(with_file("policy.toml", EXEMPT, ""))
    assert said(pack) == [
        "G23 zone.csv:22 R17 M2 | grade=D flags={} value=0"
        " -> disposal (R17); plus wipe -> repair (R07)"
    ]
    finding = refusals(pack)[0]
    assert finding.text["en"] == "an extra member improves the zone"
    assert finding.expected == "resale > repair > disposal"
    proof = prove(pack)
    told = [f for f in proof.findings if f.check == "G23"]
    assert [f.fix for f in told] == [
        {"ru": "исключить wipe в monotone M2", "en": "exempt wipe in monotone M2"}
    ]
    assert not proof.is_good


def test_no_repair_is_offered_when_another_fault_would_stay() -> None:
    pack = load_pack(with_file("policy.toml", EXEMPT, ""))
    caps = tuple(cap for cap in pack.policy.caps if cap.id != "C1")
    broken = replace(pack, policy=replace(pack.policy, caps=caps))
    told = [f for f in prove(broken).findings if f.check == "G23"]
    assert len(told) == 1
    assert told[0].fix == {}


def test_a_repair_keeps_what_was_exempt_and_needs_few_members() -> None:
    pack = load_pack(with_file("policy.toml", EXEMPT, 'exempt = { used = "no zone" }'))
    fixed = repaired(pack, frozenset(("M2",)))
    assert fixed is not None
    assert fixed.policy.monotone[1].exempt == {"used": "no zone", "wipe": "…"}
    assert repair_text(pack.policy.monotone[1], fixed.policy.monotone[1])["en"] == (
        "exempt wipe in monotone M2"
    )
    two = replace(fixed.policy.monotone[1], exempt={"used": "", "wipe": "", "fix": ""})
    assert repair_text(pack.policy.monotone[1], two) == {
        "ru": "исключить wipe, fix в monotone M2",
        "en": "exempt wipe, fix in monotone M2",
    }
    assert fixed.policy.monotone[0] == pack.policy.monotone[0]
    assert refusals(fixed) == []


def test_a_grade_cannot_be_exempted() -> None:
    pack = load_pack(with_file("zone.csv", "R14,B|C,,,resale,BSTOCK", "R14,B|C,,,disposal,RECYCLE"))
    found = refusals(pack)
    assert {f.check for f in found} >= {"G23"}
    assert repaired(pack, frozenset(("M1",))) is None


def test_a_worse_grade_that_improves_the_zone_is_refused() -> None:
    pack = load_pack(with_file("zone.csv", "R13,A,,,resale,RESTOCK", "R13,A,,,disposal,RECYCLE"))
    grade = next(f for f in refusals(pack) if f.subject == "M1")
    assert item_words(grade.item) == "grade=A flags={} value=0"
    assert grade.got == "disposal (R13); with grade=B -> resale (R14)"
    assert grade.text["ru"] == "худшее grade улучшает зону"
    assert grade.text["en"] == "a worse grade improves the zone"


def test_a_lower_value_that_improves_the_zone_is_refused() -> None:
    pack = with_row("R99,A,,high,repair,REFURB,eligible,н,n", before="R13")
    found = next(f for f in refusals(pack) if f.subject == "M3")
    assert item_words(found.item) == "grade=A flags={} value=1000000"
    assert found.got == "repair (R99); with value=0 -> resale (R13)"
    assert found.text["en"] == "a lower value improves the zone"
    assert (found.row, found.line) == ("R99", 18)


def test_zones_that_are_not_in_the_order_are_not_compared() -> None:
    pack = with_row("R99,A,,high,hold,HOLD_VALUE,eligible,н,n", before="R13")
    assert [f for f in refusals(pack) if f.check == "G23"] == []


def test_every_pair_of_zones_is_compared_not_neighbours_only() -> None:
    """Disposal → resale is a fault even where no unit of the middle zone is near."""
    rule = Monotone(
        id="M9", column="value", zone_order=(Zone.RESALE, Zone.HAZMAT, Zone.DISPOSAL), line=7
    )
    assert refusals(changed(monotone=(rule,))) == []
    pack = with_rows(lambda lines: [_swapped(line) for line in lines])
    found = refusals(replace(pack, policy=replace(pack.policy, monotone=(rule,))))
    assert [f.got for f in found if f.check == "G23"] == [
        "disposal (R16); with value=0 -> resale (R17)"
    ]


def _swapped(line: str) -> str:
    """Scrap what is dear and sell what is cheap."""
    line = line.replace("R17,D,,,disposal,RECYCLE", "R17,D,,,resale,BSTOCK")
    return line.replace("R16,D,,high,hold,HOLD_VALUE", "R16,D,,high,disposal,RECYCLE")


@pytest.mark.parametrize("column", ["in_window", "seal"])
def test_a_column_without_an_order_cannot_be_monotone(column: str) -> None:
    rule = Monotone(id="M9", column=column, zone_order=(Zone.RESALE, Zone.REPAIR), line=5)
    found = refusals(changed(monotone=(rule,)))
    assert [(f.check, f.file, f.line, f.subject) for f in found] == [
        ("G23", "policy.toml", 5, "M9")
    ]
    assert found[0].text["en"] == f"the column {column} has no order"


def test_a_disposition_outside_its_zone_is_refused() -> None:
    pack = default_pack()
    rows = tuple(
        replace(row, zone=Zone.RESALE) if row.id == "R08" else row for row in pack.table.rows
    )
    found = [
        f for f in refusals(replace(pack, table=replace(pack.table, rows=rows))) if f.check == "G24"
    ]
    assert [(f.row, f.line, f.subject, f.expected) for f in found] == [
        ("R08", 13, "zones", "disposal")
    ]
    assert found[0].got == "resale, move=auto (R08)"
    assert found[0].text["en"] == "DESTROY belongs to the zone disposal"


def test_an_engine_disposition_cannot_be_moved_out_of_hold() -> None:
    missing = Disposition(zone=Zone.RESALE, label={"ru": "Т", "en": "T"})
    declared = {**default_pack().policy.dispositions, "HOLD_MISSING_FACT": missing}
    found = refusals(changed(dispositions=declared))
    assert [(f.check, f.file, f.subject, f.got, f.expected) for f in found] == [
        ("G24", "policy.toml", "zones", "resale", "hold")
    ]
    assert found[0].text["en"] == "the engine's HOLD_MISSING_FACT belongs to the zone hold"


def test_danger_goes_by_hand_even_without_any_cap() -> None:
    statuses = check_table(changed(caps=())).statuses
    assert statuses[-1] == Status(check="G24", subject="hazmat", status=Result.PROVED)


# ---------------------------------------------------------------- cheap draws


def test_cheap_draws_reach_nearly_all_rows_and_never_a_dead_one() -> None:
    columns = read_columns(default_pack())
    reached = reached_rows(default_pack(), columns)
    rows = {row.id for row in default_pack().table.rows}
    assert rows - reached <= {"R02"}  # its flags go with an unconfirmed identity only
    dead = with_row("R99,,any:fix,,repair,REFURB,eligible,н,n")
    assert "R99" not in reached_rows(dead, columns)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("flags", "none:used|clean"),
        ("flags", "all:fix|clean"),
        ("flags", "only:fix|clean"),
        ("flags", "empty"),
        ("flags", "all:fix & none:clean"),
        ("value", "7..9"),
        ("value", ">=400"),
        ("value", "<70"),
        ("in_window", "n"),
        ("in_window", "y"),
        ("seal", "!sealed"),
    ],
)
def test_a_draw_lies_in_the_box_of_its_row(column: str, cell: str) -> None:
    table = "\n".join(
        (
            "#zoning-table/1 policy=returns-default version=1 hit=first",
            f"id,{column},>zone,>disposition,>refund,note_ru,note_en",
            f"R01,{cell},hold,RTV,review,н,n",
        )
    )
    pack = load_pack({**pack_files(), "zone.csv": table.encode()})
    plain = changed(axioms=())
    pack = replace(pack, policy=plain.policy)
    assert "R01" in reached_rows(pack, (column,))
