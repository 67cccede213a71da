"""Faults planted in the default pack, one by one: each is refused, and the message shows why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from policy_kit import pack_files, with_file
from zoning.findings import Finding, PolicyParseError, Severity
from zoning.gate import prove
from zoning.pack import load_pack

TABLE, POLICY, PACK = "zone.csv", "policy.toml", "pack.toml"
BASE, BOOKS, PHONE = "checklists/base.toml", "checklists/books.toml", "checklists/smartphones.toml"
SLEEVE = """
[[step]]
name = "sleeve"
must = true
relevant = "film = 'intact'"
label = { ru = "Футляр?", en = "Sleeve?" }
option = [{ id = "yes", label = { ru = "Есть", en = "Yes" } }]
"""
NINE = ", ".join(f'{{ id = "o{at}", label = {{ ru = "В{at}", en = "O{at}" }} }}' for at in range(9))


def changed(name: str, text: str) -> dict[str, bytes]:
    return {**pack_files(), name: text.encode()}


def added(name: str, text: str) -> dict[str, bytes]:
    return changed(name, pack_files()[name].decode() + text)


def rows_without(*ids: str) -> str:
    lines = pack_files()[TABLE].decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.partition(",")[0] not in ids)


def row(name: str) -> str:
    lines = pack_files()[TABLE].decode().splitlines(keepends=True)
    return next(line for line in lines if line.startswith(f"{name},"))


def moved(name: str, after: str) -> dict[str, bytes]:
    text = rows_without(name)
    return changed(TABLE, text.replace(row(after), row(after) + row(name)))


def without_rule(mark: str) -> dict[str, bytes]:
    """Return the files without the table of policy.toml that holds a text."""
    parts = re.split(r"(?m)^(?=\[)", pack_files()[POLICY].decode())
    kept = [part for part in parts if mark not in part]
    assert len(kept) == len(parts) - 1
    return changed(POLICY, "".join(kept))


def after_identity() -> dict[str, bytes]:
    """Return the files with the question of danger asked after that of identity."""
    text = pack_files()[BASE].decode()
    at = [text.index(f'[[step]]\nname = "{name}"') for name in ("danger", "identity", "seal")]
    danger = text[at[0] : at[1]].replace('stage = "danger"', 'stage = "identity"')
    return changed(BASE, text[: at[0]] + text[at[1] : at[2]] + danger + text[at[2] :])


def line_of(files: Mapping[str, bytes], name: str, text: str) -> int:
    lines = files[name].decode().splitlines()
    return next(at for at, line in enumerate(lines, start=1) if text in line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Files with a fault, the text so many lines below it, and the message, `{line}` put in."""

    files: Mapping[str, bytes]
    at: tuple[str, str]
    said: str
    shown: tuple[str, ...] = ()
    above: int = 0

    @property
    def message(self) -> str:
        line = line_of(self.files, *self.at) - self.above if self.at[1] else 1
        return "\n".join((self.said.format(line=line), *self.shown))


NO_OTHER_FLAG = "flags has none(hazard_battery, hazard_chem, hazard_bio, sharp, "
CUSTOMER_DATA = "the rule «Customer data never leaves without a wipe» is broken"
WIPED = "  want    zone in {{'repair', 'hold', 'hazmat'}}".replace("{{", "{").replace("}}", "}")
FAULTS = {
    "a removed row": Fault(
        files=changed(TABLE, rows_without("R17")),
        at=(TABLE, ""),
        said="G20 zone.csv:1 table no row takes such a unit",
        shown=(
            "  item    grade=D flags={} value=0 -> hold (#nopolicy)",
            "  region  grade = 'D' and flags has none(hazard_battery, hazard_chem, hazard_bio, "
            "sharp, not_a_pair, wrong_variant, undeclared, blind, over_qty, serial_unreadable, "
            "serial_unverified, recall, suspect, locked, wipe, hygiene_broken, unsafe, "
            "expired, code_used, supplier_fault) and value <= 499999",
        ),
    ),
    "a row narrowed to B": Fault(
        files=with_file(TABLE, "R14,B|C", "R14,B"),
        at=(TABLE, ""),
        said="G20 zone.csv:1 table no row takes such a unit",
        shown=(
            "  item    grade=C flags={} value=0 -> hold (#nopolicy)",
            "  region  grade = 'C' and flags has none(hazard_battery, hazard_chem, hazard_bio, "
            "sharp, not_a_pair, wrong_variant, undeclared, blind, over_qty, serial_unreadable, "
            "serial_unverified, recall, suspect, locked, tamper, wipe, hygiene_broken, unsafe, "
            "expired, code_used, fix, test_later, rest_24h, missing_part, remark, relabel_dg, "
            "tape_terminal, clean)",
        ),
    ),
    "a shadowed row": Fault(
        files=with_file(TABLE, "R16,D", "R98,D,,,hold,HOLD_VALUE,review,х,x\nR16,D"),
        at=(TABLE, "R16,"),
        said="G21 zone.csv:{line} R16 R16 the row never fires: R98 take all its units",
        shown=("  item    grade=D flags={} value=1000000 -> hold (R98)",),
    ),
    "a row without conditions": Fault(
        files=with_file(TABLE, "R17,", "R99,,,,disposal,RECYCLE,review,х,x\nR17,"),
        at=(TABLE, "R99,"),
        said="G21 zone.csv:{line} a row without conditions is refused: "
        "missing facts are the engine's",
    ),
    "a hazard that reaches resale": Fault(
        files=with_file(TABLE, "hazard_chem|hazard_bio", "hazard_chem"),
        at=(TABLE, "R13,"),
        said="G22 zone.csv:{line} R13 I1 the rule «Danger goes to hazmat, by hand» is broken",
        shown=(
            "  item    grade=A flags={hazard_bio} value=0 attrs={} -> resale, move=manual (R13)",
            "  want    zone = 'hazmat' and move = 'manual'",
        ),
    ),
    "a wipe below what destroys": Fault(
        files=moved("R07", after="R09"),
        at=(TABLE, "R08,"),
        said=f"G22 zone.csv:{{line}} R08 I6 {CUSTOMER_DATA}",
        shown=("  item    grade=A flags={code_used, wipe} value=0 -> disposal (R08)", WIPED),
    ),
    "no cap on disputed refunds": Fault(
        files=without_rule('id = "C1"'),
        at=(TABLE, "R03,"),
        said="G22 zone.csv:{line} R03 I11 "
        "the rule «Disputed goods are never refunded by themselves» is broken",
        shown=(
            "  item    grade=A flags={locked, recall} value=0 in_window=y "
            "-> hold, refund=eligible (R03)",
            "  want    refund in {'review', 'blocked'}",
        ),
    ),
    "no cap on carrying danger": Fault(
        files=without_rule('id = "C3"'),
        at=(TABLE, "R09,"),
        said="G22 zone.csv:{line} R09 I7 "
        "the rule «Sharp, dangerous, two-person goods go by hand» is broken",
        shown=(
            "  item    grade=A flags={sharp} value=0 attrs={} -> disposal, move=auto (R09)",
            "  want    move = 'manual'",
        ),
    ),
    "a defect that improves the zone": Fault(
        files=with_file(TABLE, "code_used,,disposal,DESTROY", "code_used,,repair,REWORK"),
        at=(TABLE, "R17,"),
        said="G23 zone.csv:{line} R17 M2 an extra member improves the zone",
        shown=(
            "  item    grade=D flags={} value=0 -> disposal (R17); plus code_used -> repair (R08)",
            "  want    resale > repair > disposal",
        ),
    ),
    "no exemption for wiping": Fault(
        files=with_file(
            POLICY, 'exempt = { wipe = "customer data must be wiped before disposal" }\n', ""
        ),
        at=(TABLE, "R17,"),
        said="G23 zone.csv:{line} R17 M2 an extra member improves the zone",
        shown=(
            "  item    grade=D flags={} value=0 -> disposal (R17); plus wipe -> repair (R07)",
            "  want    resale > repair > disposal",
            "  fix     exempt wipe in monotone M2",
        ),
    ),
    "a question that reads an unasked one": Fault(
        files=added(BOOKS, SLEEVE),
        at=(BOOKS, 'name = "sleeve"'),
        above=1,
        said="G10 checklists/books.toml:{line} books.sleeve "
        "relevant reads a step that may never have been asked: film = 'intact'",
        shown=(
            "  item    attrs={} category=books value=0 in_window=n grade=A flags={sealed} "
            "[seal: sealed, sleeve: yes] -> resale (R13)",
        ),
    ),
    "a missing translation": Fault(
        files=with_file(PHONE, ', en = "Off"', ""),
        at=(PHONE, 'ru = "Снята"'),
        said="G03 checklists/smartphones.toml:{line} label: no text in en",
    ),
    "two options on one key": Fault(
        files=with_file(BOOKS, '{ id = "open"', '{ id = "intact"'),
        at=(BOOKS, 'ru = "Не было / целы"'),
        above=1,
        said="G02 checklists/books.toml:{line} intact occurs twice",
    ),
    "two steps of one name": Fault(
        files=added(BOOKS, SLEEVE + SLEEVE.replace('"Sleeve?"', '"Again?"')),
        at=(BOOKS, '"Again?"'),
        above=3,
        said="G02 checklists/books.toml:{line} sleeve occurs twice",
    ),
    "more options than keys": Fault(
        files=added(
            BOOKS,
            SLEEVE.replace("film = 'intact'", "seal != 'sealed'").replace(
                '[{ id = "yes", label = { ru = "Есть", en = "Yes" } }]', f"[{NINE}]"
            ),
        ),
        at=(BOOKS, 'id = "o0"'),
        said="G04 checklists/books.toml:{line} more than 8 options",
    ),
    "a stale pin of the base": Fault(
        files=with_file(BASE, "version = 1", "version = 2"),
        at=(BOOKS, "extends ="),
        said="G05 checklists/books.toml:{line} base@1: there is no such version",
    ),
    "a hazard asked outside its stage": Fault(
        files=after_identity(),
        at=(BASE, 'name = "danger"'),
        above=1,
        said="G05 checklists/base.toml:{line} hazard flag hazard_bio outside the stage danger",
    ),
    "an answer that hides the identity": Fault(
        files=with_file(BASE, 'flags = ["sharp"],', 'flags = ["sharp"], end = true,'),
        at=(BOOKS, 'id = "books"'),
        said="G30 checklists/books.toml:{line} R02 books "
        "all but answers is known, and yet nothing is decided: flags: open",
        shown=(
            "  item    attrs={} category=books value=0 in_window=n flags={code_used?, empty_box?, "
            "sealed?, sharp, supplier_fault?, undeclared?, unknown_item?, wrong_item?, "
            "wrong_variant?} [danger: glass] -> hold (#missing)",
        ),
    ),
    "a category without a checklist": Fault(
        files={name: text for name, text in pack_files().items() if name != BOOKS},
        at=(POLICY, ""),
        said="G13 policy.toml:{line} books no checklist is for books",
        shown=("  item    category=books attrs={}",),
    ),
}


@cache
def found(name: str) -> tuple[Finding, ...]:
    try:
        return prove(load_pack(FAULTS[name].files)).findings
    except PolicyParseError as error:
        return error.findings


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_refused_with_its_message(name: str) -> None:
    told = [str(finding) for finding in found(name)]
    assert FAULTS[name].message in told, "\n".join(told)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_an_error_and_is_told_in_russian_too(name: str) -> None:
    assert any(finding.severity is Severity.ERROR for finding in found(name))
    for finding in found(name):
        assert re.search("[а-я]", finding.text["ru"]), finding
        assert finding.words("ru") != finding.words("en")


def test_without_a_fault_nothing_is_found() -> None:
    assert prove(load_pack(pack_files())).findings == ()
