"""Hostile policy files are refused within a second, in words, whatever their bytes are."""

import time
from collections.abc import Mapping

import pytest

from policy_kit import default_pack, pack_files
from zoning.findings import FINDINGS_MAX, Finding, PolicyParseError
from zoning.pack import load_pack
from zoning.texts import ENTRIES_MAX as TOML_ENTRIES_MAX
from zoning.texts import NESTING_MAX, WORD_MAX, shown

SECONDS_MAX = 1.0
POLICY, TABLE, BOOKS = "policy.toml", "zone.csv", "checklists/books.toml"
MIB = 1 << 20


def table(body: str) -> bytes:
    """Return a table with the default pack's two head lines."""
    head, columns, *_ = pack_files()[TABLE].decode().split("\n")
    return f"{head}\n{columns}\n{body}".encode()


def in_table(old: str, new: str) -> bytes:
    return replaced(TABLE, old, new)


def replaced(name: str, old: str, new: str) -> bytes:
    text = pack_files()[name].decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def policy(more: str) -> bytes:
    return pack_files()[POLICY] + more.encode()


def condition(text: str) -> bytes:
    return replaced(POLICY, 'when = "in_window = n"', f'when = "{text}"')


def refused(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Return the findings, which must come at once and be short enough to be read."""
    begun = time.process_time()
    with pytest.raises(PolicyParseError) as caught:
        load_pack(files)
    assert time.process_time() - begun < SECONDS_MAX
    found = caught.value.findings
    assert all(len(item.text["ru"]) < 700 and item.text["ru"].isprintable() for item in found)
    return found


ROW = "R{0},A,,,resale,RESTOCK,eligible,х,x\n"
TABLES = {
    "a cell of 10 MB": (table('R01,"' + "x" * 10_000_000 + '"\n'), 1, "above the limit: 1 MiB"),
    "a cell of 1 MB": (
        table('R01,"' + "x" * 1_000_000 + '"\n'),
        3,
        "field larger than field limit",
    ),
    "a cell of 9 kB": (
        table("R01,,any:" + "|".join(["wipe"] * 1700) + ",,hold,HOLD_QUALITY,review,х,x\n"),
        3,
        "above the limit: 8192 characters in flags",
    ),
    "10,000 rows": (
        table("".join(ROW.format(at) for at in range(10_000))),
        1,
        "above the limit: 5000 rows",
    ),
    "5,001 rows": (
        table("".join(ROW.format(at) for at in range(5001))),
        5003,
        "above the limit: 5000 rows",
    ),
    "a million empty lines": (table("\n" * 1_000_000), 1, "above the limit: 5000 rows"),
    "a million columns": (b"#zoning-table/1\n" + b"a," * 400_000, 2, "above the limit: 64 columns"),
    "NUL": (in_table("As new", "As\0new"), 18, "hidden character U+0000"),
    "a bell": (in_table("As new", "As new\a"), 18, "hidden character U+0007"),
    "a terminal's escape": (in_table("As new", "\x1b[2J"), 18, "hidden character U+001B"),
    "text from right to left": (in_table("As new", "As \u202enew"), 18, "hidden character U+202E"),
    "a zero-width space in an id": (in_table("R13", "R1\u200b3"), 18, "hidden character U+200B"),
    "a soft hyphen": (in_table("As new", "As\u00ad new"), 18, "hidden character U+00AD"),
    "a line separator": (in_table("As new", "As\u2028new"), 18, "hidden character U+2028"),
    "a mark of bytes lost": (in_table("As new", "As \ufffd"), 18, "hidden character U+FFFD"),
    "a tab in a cell": (in_table("As new", "As\tnew"), 18, "hidden character U+0009"),
    "a line feed in a cell": (in_table(",As new", ',"As\nnew"'), 18, "hidden character U+000A"),
    "lone carriage returns": (
        pack_files()[TABLE].replace(b"\n", b"\r"),
        1,
        "hidden character U+000D",
    ),
    "a carriage return in a cell": (in_table("As new", "As\rnew"), 18, "hidden character U+000D"),
    "quotes never closed": (in_table(",As new", ',"As new'), 18, "the file cannot be read"),
    "two byte order marks": (
        b"\xef\xbb\xbf\xef\xbb\xbf" + pack_files()[TABLE],
        1,
        "hidden character U+FEFF",
    ),
    "UTF-16": (pack_files()[TABLE].decode().encode("utf-16"), 1, "not UTF-8"),
    "Windows-1251": (pack_files()[TABLE].decode().encode("cp1251"), 3, "CSV UTF-8"),
    "bytes that are no UTF-8": (in_table("As new", "As new") + b"\xff\xfe", 23, "not UTF-8"),
    "nothing": (b"", 1, "header: "),
    "a version of 18 digits": (
        in_table("version=1", "version=" + "9" * 18),
        1,
        "header: #zoning-table/1 policy=returns-default version=999999999999999999",
    ),
    "a column twice": (in_table("id,grade,flags", "id,grade,grade"), 2, "grade occurs twice"),
    "a column without a name": (in_table("id,grade,flags", "id,,flags"), 2, "there is no"),
    "more cells than columns": (
        in_table("eligible,Как новый,As new", "eligible,Как новый,As new,,what"),
        18,
        "more cells than columns",
    ),
    "a note of a page": (in_table("As new", "A" * 201), 18, "note_en: longer than 200 characters"),
    "an action that is no code": (
        in_table(">refund,note_ru", ">refund,>actions,note_ru").replace(
            "eligible,Как новый".encode(), "eligible,rm -rf,Как новый".encode()
        ),
        18,
        ">actions: 'rm -rf' is no valid code",
    ),
    "a formula in a note": (
        in_table("As new", "=cmd|' /c calc'!A0"),
        18,
        "note_en: a spreadsheet would run =cmd|' /c calc'!A0 as a formula",
    ),
    "a sum": (in_table("As new", "+1+1"), 18, "a spreadsheet would run +1+1"),
    "a call": (in_table("As new", "@SUM(A1)"), 18, "a spreadsheet would run @SUM(A1)"),
    "a minus": (in_table("As new", "-2+3"), 18, "a spreadsheet would run -2+3"),
    "a blank before a formula": (in_table("As new", '"  =1+1"'), 18, "would run =1+1"),
    "a wide formula": (in_table("As new", "＝1+1"), 18, "would run ＝1+1"),
    "a formula in an id": (in_table("R13,", "=R13,"), 18, "id: a spreadsheet would run =R13"),
    "a formula in a condition": (in_table("any:recall", "=any:recall"), 8, "flags: a spreadsheet"),
    "a negative number where none may stand": (
        in_table("R13,A,", "R13,-5,"),
        18,
        "grade: a spreadsheet would run -5",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_hostile_table_is_refused_with_its_line(name: str) -> None:
    content, line, said = TABLES[name]
    found = refused({**pack_files(), TABLE: content})
    told = [(item.file, item.line) for item in found if said in item.text["en"]]
    assert told == [(TABLE, line)], [str(item) for item in found[:5]]


def line_of(name: str, text: str) -> int:
    lines = pack_files()[name].decode().split("\n")
    return next(at for at, line in enumerate(lines, start=1) if text in line)


END = len(pack_files()[POLICY].decode().split("\n"))
WINDOW = line_of(POLICY, '"in_window = n"')
CURRENCY = line_of(POLICY, "currency")
VERSION = line_of(POLICY, "version = 1")
TOML = {
    "10 MB": (b"a" * 10_000_000, 1, "above the limit: 1 MiB"),
    "arrays in arrays": (policy("x = " + "[" * 40 + "]" * 40), END, f"limit: {NESTING_MAX} levels"),
    "100,000 brackets": (b"x = " + b"[" * 100_000, 1, f"limit: {TOML_ENTRIES_MAX} entries"),
    "tables in tables": (policy("x = " + "{a=" * 17 + "1" + "}" * 17), END, "16 levels"),
    "a key of 250,000 parts": (policy("[" + ".".join("a" * 250_000) + "]"), END, "16 levels"),
    "dots between quoted keys": (policy('"a".' * 17 + '"b" = 1'), END, "16 levels"),
    "thousands of keys": (
        policy("".join(f"k{at} = 1\n" for at in range(40_000))),
        1,
        f"above the limit: {TOML_ENTRIES_MAX} entries",
    ),
    "thousands of tables": (
        policy("[[a]]\n" * 90_000),
        1,
        f"above the limit: {TOML_ENTRIES_MAX} entries",
    ),
    "an integer of a million digits": (
        policy("x = " + "9" * 900_000),
        END,
        f"above the limit: {WORD_MAX} characters in a key or number",
    ),
    "an integer of 16 digits": (
        replaced(POLICY, "version = 1", "version = 1000000000000001"),
        VERSION,
        "above the limit: 1000000000000000",
    ),
    "a version that is no number": (
        replaced(POLICY, "version = 1", "version = nan"),
        VERSION,
        "version: integer is expected",
    ),
    "NUL": (replaced(POLICY, "RUB", "R\0B"), CURRENCY, "hidden character U+0000"),
    "NUL, escaped": (replaced(POLICY, '"RUB"', '"R\\u0000B"'), CURRENCY, "hidden character U+0000"),
    "a zero-width space, escaped": (
        replaced(POLICY, '"RUB"', '"RUB\\u200b"'),
        CURRENCY,
        "hidden character U+200B",
    ),
    "a comment that hides": (policy("# \u202e"), END, "hidden character U+202E"),
    "UTF-16": (pack_files()[POLICY].decode().encode("utf-16"), 1, "not UTF-8"),
    "Windows-1251": (
        pack_files()[POLICY].decode().encode("cp1251"),
        line_of(POLICY, "опасная АКБ"),
        "not UTF-8",
    ),
    "lone carriage returns": (
        pack_files()[POLICY].replace(b"\n", b"\r"),
        1,
        "hidden character U+000D",
    ),
    "a quote never closed": (
        replaced(POLICY, '"RUB"', '"RUB'),
        CURRENCY,
        "the file cannot be read: Illegal character",
    ),
    "three quotes never closed": (
        policy('x = """' + '\\"""' * 100_000),
        END,
        "the file cannot be read",
    ),
    "a key twice": (
        replaced(POLICY, "retired = []", "retired = []\nretired = []"),
        line_of(POLICY, "retired = []") + 1,
        "the file cannot be read: Cannot overwrite a value",
    ),
    "1,001 members": (
        policy('[domain.x]\nkind = "set"\nvalues = [' + '"a",' * 1001 + "]"),
        END + 2,
        "above the limit: 1000",
    ),
    "8,000 brackets in a condition": (condition("(" * 8_000), WINDOW, "nested deeper than 16"),
    "2,000 negations": (condition("not " * 2_000 + "true"), WINDOW, "nested deeper than 16"),
    "500 tests": (
        condition(" or ".join(["in_window = n"] * 65)),
        WINDOW,
        "when: more than 64 tests",
    ),
    "a condition of 9 kB": (condition(" " * 9_000 + "true"), WINDOW, "longer than 8192 characters"),
}


@pytest.mark.parametrize("name", TOML)
def test_hostile_toml_is_refused_with_its_line(name: str) -> None:
    content, line, said = TOML[name]
    found = refused({**pack_files(), POLICY: content})
    told = [(item.file, item.line) for item in found if said in item.text["en"]]
    assert told == [(POLICY, line)], [str(item) for item in found[:5]]


TEXTS = {
    "a line feed": ('en = "Book film?"', 'en = "Book\\nfilm?"', "hidden character U+000A"),
    "a tab": ('en = "Book film?"', 'en = "Book\\tfilm?"', "hidden character U+0009"),
    "a joiner": ('en = "Book film?"', 'en = "Book\\u200dfilm?"', "hidden character U+200D"),
    "a language that the pack has not": (
        'en = "Book film?"',
        'en = "Book film?", de = "Folie?"',
        "unknown key de",
    ),
    "a text that is no text": ('en = "Book film?"', "en = 5", "no text in en"),
    "nothing but blanks": ('en = "Book film?"', 'en = "  "', "no text in en"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_one_visible_line_in_each_language_of_the_pack(name: str) -> None:
    old, new, said = TEXTS[name]
    label = first_label(BOOKS)
    content = pack_files()[BOOKS].decode().replace(label, label.replace(label, new), 1)
    found = refused({**pack_files(), BOOKS: content.encode()})
    assert [item.text["en"].rpartition(": ")[2] for item in found] == [said]
    assert old.startswith("en")


def first_label(name: str) -> str:
    """Return the English text of the first label of a file, with its key."""
    text = pack_files()[name].decode()
    begin = text.index("label = {")
    at = text.index('en = "', begin)
    return text[at : text.index('"', at + 6) + 1]


def test_a_report_names_the_first_findings_of_a_file_and_counts_the_others() -> None:
    rows = "".join(f"R{at},Q,,,resale,RESTOCK,eligible,х,x\n" for at in range(5000))
    found = refused({**pack_files(), TABLE: table(rows)})
    assert len(found) == FINDINGS_MAX + 1
    assert found[-1].text["en"] == f"{5000 - FINDINGS_MAX} more findings in this file"
    assert found[-1].line == found[-2].line
    assert {item.file for item in found} == {TABLE}


def test_one_bad_file_does_not_hide_the_findings_of_another() -> None:
    rows = "".join(f"R{at},Q,,,resale,RESTOCK,eligible,х,x\n" for at in range(5000))
    books = replaced(BOOKS, 'extends = "base@1"', 'extends = "base@7"')
    found = refused({**pack_files(), TABLE: table(rows), BOOKS: books})
    assert found[0].file == BOOKS
    assert found[0].text["en"] == "base@7: there is no such version"


def test_a_quoted_text_is_cut_and_cannot_speak_to_a_terminal() -> None:
    found = refused({**pack_files(), "checklists/\x1b[2J.toml": b"x"})
    assert [item.file for item in found] == ["checklists/\\u001b[2J.toml"]
    assert shown("a" * 400) == "a" * 300 + "…"
    assert shown("a" * 300) == "a" * 300
    assert shown("\a\u202e", 5) == "\\u0007\\u202e"


PACKS: dict[str, tuple[dict[str, bytes], str, str]] = {
    "too many files": (
        {f"checklists/a{at}.toml": b"" for at in range(200)},
        "pack.toml",
        "above the limit: 200 files",
    ),
    "too many bytes": (
        {f"checklists/a{at}.toml": b"#" * (MIB - 1) for at in range(5)},
        "pack.toml",
        "above the limit: 4 MiB",
    ),
    "too many keys in many files": (
        {f"checklists/a{at}.toml": b"a=1\n" * 9_999 for at in range(11)},
        "pack.toml",
        "above the limit: 200000 entries",
    ),
    "a second table": ({"zone2.csv": b""}, "zone2.csv", "pack: there is no zone2.csv"),
    "a stray document": ({"notes.toml": b"a = 1"}, "notes.toml", "pack: there is no notes.toml"),
}


@pytest.mark.parametrize("name", PACKS)
def test_a_hostile_pack_is_refused(name: str) -> None:
    more, file, said = PACKS[name]
    found = refused({**pack_files(), **more})
    assert [(item.file, item.text["en"]) for item in found] == [(file, said)]


def test_big_files_that_are_good_are_read_within_a_second() -> None:
    rows = "".join(
        f"R{at},,any:wipe|fix & none:clean,<{at + 1},resale,RESTOCK,eligible,х,x\n"
        for at in range(5000)
    )
    begun = time.process_time()
    pack = load_pack({**pack_files(), TABLE: table(rows)})
    assert time.process_time() - begun < SECONDS_MAX
    assert len(pack.table.rows) == 5000


def test_what_a_spreadsheet_adds_without_harm_is_the_same_table() -> None:
    text = pack_files()[TABLE].decode()
    padded = "\n".join(f"{line},," if line[:1] == "R" else line for line in text.split("\n"))
    saved = f"\ufeff{padded}\n,,,,\n\n".replace("\n", "\r\n")
    assert load_pack({**pack_files(), TABLE: saved.encode()}).sha256 == default_pack().sha256


def test_a_blank_mark_and_negative_numbers_are_no_formulas() -> None:
    cold = policy('\n[domain.cold]\nkind = "int"\nmin = -90\nmax = 90\n')
    rows = in_table("id,grade,flags,value", "id,grade,flags,cold")
    dashes = rows.replace(b"any:tamper,mid|high", b"any:tamper,-40..-5").replace(b",high,", b",-,")
    pack = load_pack({**pack_files(), POLICY: cold, TABLE: dashes})
    row = pack.table.row("R06")
    assert row is not None
    limits = row.cells["cold"].ranges[0]  # type: ignore[union-attr]
    assert (limits.low, limits.high) == (-40, -5)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    files = {
        name: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")
        for name, content in pack_files().items()
    }
    assert load_pack(files).sha256 == default_pack().sha256
