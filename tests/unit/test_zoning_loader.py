"""A wrong pack is refused with all its findings: check, file, line, reason in both languages."""

import csv
import io
from collections.abc import Mapping

import pytest

from policy_kit import default_pack, pack_files, with_file
from zoning.findings import Finding, PolicyParseError
from zoning.pack import load_pack
from zoning.table import show_table
from zoning.texts import locate


def findings(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    with pytest.raises(PolicyParseError) as caught:
        load_pack(files)
    found = caught.value.findings
    assert all(item.text["ru"] and item.text["en"] for item in found)
    return found


def line_of(name: str, text: str) -> int:
    lines = pack_files()[name].decode().splitlines()
    return next(at for at, line in enumerate(lines, start=1) if text in line)


PHONE, BASE = "checklists/smartphones.toml", "checklists/base.toml"
WRONG = (
    ("policy.toml", 'currency = "RUB"', 'currency = "roubles"', "G01", "currency"),
    ("policy.toml", "settle = [", 'colour = "red"\nsettle = [', "G01", "unknown key colour"),
    ("policy.toml", 'when = "in_window = n"', 'when = "in_window = maybe"', "G01", "= y or = n"),
    ("policy.toml", 'output = "move"', 'output = "zone"', "G01", "zone is none of refund move"),
    ("policy.toml", 'id = "C2"', 'id = "C1"', "G02", "C1 occurs twice"),
    ("policy.toml", "[domain.attrs]", "[domain.traits]", "G01", "domain.attrs is needed"),
    ("policy.toml", 'low = "0..<500000"', 'low = "cheap"', "G01", "cheap is no range"),
    ("policy.toml", '"hazard_chem", ', '"hazard_chem", "mar1", ', "G01", "'mar1' is no valid code"),
    ("policy.toml", 'RTV = { zone = "hold"', 'RTV = { zone = "roof"', "G01", "roof"),
    (PHONE, 'extends = "base@1"', 'extends = "base@2"', "G05", "base@2: there is no such version"),
    (PHONE, "min = 0\n", "min = 0\nrequired = true\n", "G01", "must in place of required"),
    (PHONE, 'id = "flat", ', 'id = "flat", lable = "x", ', "G01", "unknown key lable"),
    (PHONE, 'flags = ["wipe"]', 'flags = ["wiped_out"]', "G02", "there is no wiped_out"),
    (PHONE, 'photo = ["screen"]', 'photo = ["selfie"]', "G02", "there is no selfie"),
    (PHONE, 'default = "absent"', 'default = "bagged"', "G05", "default bagged is not neutral"),
    (PHONE, 'default = "absent"\n', "", "G05", "default or must"),
    (PHONE, "seal != 'sealed'", "seal != 'closed'", "G01", "'closed' is none of"),
    (PHONE, "seal != 'sealed'", "health < 5", "G01", "unknown name 'health'"),
    (PHONE, "{ from = 85", "{ from = 96", "G01", "band limits"),
    (
        PHONE,
        'cap = "D", flags = ["fix"]',
        'cap = "E", flags = ["fix"]',
        "G01",
        "E is none of A B C D",
    ),
    (PHONE, 'stage = "danger"', 'stage = "body"', "G05", "hazard flag hazard_battery"),
    (PHONE, 'en = "Off"', 'de = "Aus"', "G03", "no text in en"),
    (PHONE, 'short = { ru = "АККАУНТ?"', 'short = { ru = "ПРИВЯЗКА К АККАУНТУ?"', "G03", "12"),
    (PHONE, "priority = 10", "priority = 10, when = 'attrs has any(x)'", "G01", "is none of"),
    (BASE, 'ungraded = true, flags = ["wrong_item"]', "ungraded = true", "G05", "ungraded"),
    (BASE, 'RESTOCK = "sealed"', 'RESTORE = "sealed"', "G02", "there is no RESTORE"),
    (BASE, 'feeds = "seal"', 'feeds = "colour"', "G02", "there is no colour"),
    (BASE, 'name = "identity"', 'name = "danger"', "G02", "danger occurs twice"),
    (
        "checklists/apparel.toml",
        'remove = ["serial"',
        'remove = ["nose"',
        "G02",
        "there is no nose",
    ),
    ("checklists/books.toml", 'category = ["books"]', 'category = ["boats"]', "G02", "boats"),
    ("zone.csv", "version=1", "version=2", "G01", "returns-default 2"),
    ("zone.csv", "R18,", "R02,", "G02", "R02 occurs twice"),
    ("zone.csv", "R18,", "18,", "G01", "no valid code"),
    ("zone.csv", "any:not_a_pair", "any:not_a_pear", "G01", "not_a_pear"),
    ("zone.csv", "any:not_a_pair", "some:not_a_pair", "G01", "any:… is expected"),
    ("zone.csv", "any:not_a_pair", "", "G21", "without conditions"),
    ("zone.csv", "hold,HOLD_DISPUTE", "repair,HOLD_DISPUTE", "G24", "belongs to the zone hold"),
    ("zone.csv", "HOLD_DISPUTE,review", "HOLD_DISPUTE,perhaps", "G01", "perhaps"),
    ("zone.csv", ",As new", ",", "G03", "no text in en"),
    ("zone.csv", "id,grade,", "id,colour,", "G02", "there is no colour"),
    ("reasons.toml", 'flags = ["liquid"', 'flags = ["lemonade"', "G02", "lemonade"),
    ("pack.toml", "version = 1", 'version = "one"', "G01", "version: integer is expected"),
)


@pytest.mark.parametrize(
    ("name", "old", "new", "check", "reason"),
    WRONG,
    ids=[f"{name}: {reason}" for name, _, _, _, reason in WRONG],
)
def test_a_mistake_is_found_where_it_stands(
    name: str, old: str, new: str, check: str, reason: str
) -> None:
    found = findings(with_file(name, old, new))
    told = [item for item in found if item.check == check and reason in item.text["en"]]
    assert told, [str(item) for item in found]
    assert name in {item.file for item in told}


def test_a_finding_names_its_line() -> None:
    line = line_of(PHONE, 'flags = ["wipe"]')
    found = findings(with_file(PHONE, 'flags = ["wipe"]', 'flags = ["wiped_out"]'))
    assert [(item.file, item.line) for item in found] == [(PHONE, line)]


def test_all_findings_come_at_once_and_once_each() -> None:
    files = with_file(BASE, 'RESTOCK = "sealed"', 'RESTORE = "sealed"')
    files |= {"zone.csv": with_file("zone.csv", "R18,", "R02,")["zone.csv"]}
    found = findings(files)
    assert [item.file for item in found] == [BASE, "zone.csv"]


def test_an_absent_file_and_a_stray_one_are_found() -> None:
    files = {name: text for name, text in pack_files().items() if name != "reasons.toml"}
    assert [(item.file, item.check) for item in findings(files)] == [("reasons.toml", "G01")]
    stray = findings({**pack_files(), "notes.toml": b"a = 1\n"})
    assert [item.file for item in stray] == ["notes.toml"]


def test_the_checklist_of_unknown_items_may_not_be_missing() -> None:
    files = {k: v for k, v in pack_files().items() if k != "checklists/unknown_item.toml"}
    assert "unknown_item" in findings(files)[0].text["en"]


def test_a_table_saved_by_a_russian_spreadsheet_is_the_same_table() -> None:
    text = pack_files()["zone.csv"].decode()
    head, _, body = text.partition("\n")
    saved = io.StringIO()
    csv.writer(saved, delimiter=";").writerows(csv.reader(io.StringIO(body)))
    semicolons = f"\ufeff{head}\r\n{saved.getvalue()}".encode()
    again = load_pack({**pack_files(), "zone.csv": semicolons})
    assert [row.cells for row in again.table.rows] == [
        row.cells for row in default_pack().table.rows
    ]


def test_windows_1251_is_refused_with_a_hint() -> None:
    files = {**pack_files(), "zone.csv": pack_files()["zone.csv"].decode().encode("cp1251")}
    assert "CSV UTF-8" in findings(files)[0].text["en"]


def test_the_canonical_print_of_the_table_reads_back_alike() -> None:
    pack = default_pack()
    printed = show_table(pack.table, pack.policy, pack.languages)
    again = load_pack({**pack_files(), "zone.csv": printed.encode()})
    assert again.table.rows == pack.table.rows
    assert again.sha256 == pack.sha256


def test_the_digest_follows_the_content_and_not_the_spacing() -> None:
    spaced = with_file("policy.toml", "retired = []", "retired  =  [ ]  # none")
    assert load_pack(spaced).sha256 == default_pack().sha256
    changed = with_file("policy.toml", "500000..<1000000", "500000..<1000001")
    assert load_pack(changed).sha256 != default_pack().sha256


def test_a_locked_step_only_gains_options_or_becomes_must() -> None:
    base = pack_files()[BASE].decode().replace('name = "danger"', 'name = "danger"\nlocked = true')
    files = {**pack_files(), BASE: base.encode()}
    assert load_pack(files).checklists["books"].version == 1
    child = '\n[[step]]\nname = "danger"\nmust = {}\n'
    book = pack_files()["checklists/books.toml"].decode()
    stricter = (book + child.format("true")).encode()
    assert load_pack({**files, "checklists/books.toml": stricter}).checklists["books"].steps
    looser = (book + child.format("false")).encode()
    found = findings({**files, "checklists/books.toml": looser})
    assert [item.check for item in found] == ["G05"]
    gone = book.replace("remove = [", 'remove = ["danger", ')
    assert findings({**files, "checklists/books.toml": gone.encode()})[0].check == "G05"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('feeds = "seal"', "feeds = []"),
        ('{ id = "sealed", ', '7, { id = "sealed", '),
        ('name = "seal"', "name = {}"),
        ('stage = "seal"', "stage = [1]"),
        ('id = "base"', "id = 5"),
    ],
)
def test_a_strange_value_in_a_parent_is_a_finding_and_no_crash(old: str, new: str) -> None:
    assert findings(with_file(BASE, old, new))


def test_a_circle_of_parents_is_found() -> None:
    files = with_file(BASE, "abstract = true", 'abstract = true\nextends = "books@1"')
    assert {item.check for item in findings(files)} >= {"G05"}


def test_a_default_that_hides_a_must_step_is_found() -> None:
    book = pack_files()["checklists/books.toml"].decode()
    files = {**pack_files(), "checklists/books.toml": (book + HIDING).encode()}
    assert "hides the must step proof" in findings(files)[0].text["en"]


HIDING = """
[[step]]
name = "proof"
type = "select_one"
must = true
relevant = "pages != 'clean'"
label = { ru = "Точно?", en = "Sure?" }
option = [{ id = "yes", label = { ru = "Да", en = "Yes" } }]
"""


def test_lines_are_found_through_arrays_comments_and_strings() -> None:
    lines = locate(NESTED)
    assert lines["a",] == 1
    assert lines["s", 0, "k", 1] == 6
    assert lines["s", 0, "t", "z"] == 9
    assert lines["s", 1, "k"] == 11


NESTED = """a = "[ # \\" {" # [
[[s]]
k = [
  { x = 1 },
  # {
  { x = 2 },
]
[s.t]
z = 1
[[s]]
k = 2
"""
