"""A pack from its files: what belongs to it, what is too much, what the head and reasons say."""

import pytest

from zoning.checklist.expectations import PHOTOS_MAX, Allowance
from zoning.findings import PolicyParseError
from zoning.model import Members, Static, digest
from zoning.pack import (
    FILES_MAX,
    PACK_BYTES_MAX,
    PACK_ENTRIES_MAX,
    Pack,
    Reason,
    attributes,
    declared,
    load_pack,
)
from zoning.table import show_table
from zoning.texts import ENTRIES_MAX

HEAD = """format = "pack/1"
id = "small-1"
version = 4
languages = ["ru", "en"]
title = { ru = "Малый", en = "Small" }
photos_max = 3

[budget.toys]
attrs = ["heavy"]
sealed = 3
opened = 5
longest = 9
seconds = 40
goal = { sealed = 2, opened = 4, longest = 8 }
"""
POLICY = """format = "policy/1"
id = "small"
version = 7
currency = "EUR"
grade = { ungraded_flags = [] }

[domain.grade]
kind = "enum"
ordered = true
values = ["A", "B", "C", "D", "ungraded"]

[domain.flags]
kind = "set"
values = ["wet"]

[domain.attrs]
kind = "set"
values = ["heavy", "sealed"]

[domain.category]
kind = "enum"
values = ["toys", "books"]

[flag.wet]
label = { ru = "Мокрый", en = "Wet" }

[disposition.SELL]
zone = "resale"
label = { ru = "Продать", en = "Sell" }
"""
REASONS = """format = "reasons/1"
version = 2

[[customer]]
id = "C01"
label = { ru = "Мало", en = "Small" }

[[found]]
id = "F01"
label = { ru = "Мокро", en = "Wet" }
party = "carrier"
flags = ["wet"]

[[override]]
id = "O01"
label = { ru = "Иначе", en = "Other" }

[[correction]]
id = "K01"
label = { ru = "Опечатка", en = "Slip" }

[[no_evidence]]
id = "N01"
label = { ru = "Без снимка", en = "No photo" }
"""
TABLE = """#zoning-table/1 policy=small version=7 hit=first
id,grade,>zone,>disposition,>refund,note_ru,note_en
R01,A|B|C|D|ungraded,resale,SELL,eligible,да,yes
"""
UNKNOWN = 'format = "checklist/1"\nid = "unknown_item"\nversion = 1\n'
TOYS = 'format = "checklist/1"\nid = "toys"\nversion = 1\n[match]\n'
FREQUENCIES = """format = "frequencies/1"

[all.seal]
sealed = 7
opened = 3

[toys.seal]
sealed = 1

[toys.used]
no = 5
"""
FILES = {
    "pack.toml": HEAD,
    "policy.toml": POLICY,
    "reasons.toml": REASONS,
    "zone.csv": TABLE,
    "checklists/unknown_item.toml": UNKNOWN,
}


def load(**changed: str | bytes | None) -> Pack:
    return load_pack(content(changed))


def content(changed: dict[str, str | bytes | None]) -> dict[str, bytes]:
    files: dict[str, str | bytes | None] = {**FILES, **changed}
    return {
        name: text if isinstance(text, bytes) else text.encode()
        for name, text in files.items()
        if text is not None
    }


def refused(changed: dict[str, str | bytes | None]) -> list[str]:
    with pytest.raises(PolicyParseError) as caught:
        load_pack(content(changed))
    return [str(item) for item in caught.value.findings]


def test_every_part_lands_in_the_pack() -> None:
    pack = load()
    assert (pack.id, pack.version, pack.languages) == ("small-1", 4, ("ru", "en"))
    assert pack.title == {"ru": "Малый", "en": "Small"}
    assert (pack.policy.id, pack.table.rows[0].id) == ("small", "R01")
    assert list(pack.checklists) == ["unknown_item"]
    assert pack.reasons == {
        "customer": (Reason(id="C01", label={"ru": "Мало", "en": "Small"}),),
        "found": (
            Reason(
                id="F01", label={"ru": "Мокро", "en": "Wet"}, party="carrier", flags=("wet",)
            ),
        ),
        "override": (Reason(id="O01", label={"ru": "Иначе", "en": "Other"}),),
        "correction": (Reason(id="K01", label={"ru": "Опечатка", "en": "Slip"}),),
        "no_evidence": (Reason(id="N01", label={"ru": "Без снимка", "en": "No photo"}),),
    }  # fmt: skip
    assert pack.photos_max == 3
    assert pack.allowances == {
        "toys": Allowance(
            attrs=frozenset({"heavy"}),
            allowed={"sealed": 3, "opened": 5, "longest": 9, "seconds": 40},
            goal={"sealed": 2, "opened": 4, "longest": 8},
        )
    }
    assert pack.allowances["toys"].line == 8


def test_a_pack_without_budgets_and_limits_is_a_pack() -> None:
    pack = load(**{"pack.toml": HEAD.partition("photos_max")[0]})
    assert (pack.photos_max, pack.allowances) == (PHOTOS_MAX, {})
    assert pack.frequencies.of("toys", "seal") == {}


def test_the_usual_answers_are_those_of_the_checklist_or_of_all() -> None:
    pack = load(**{"frequencies.toml": FREQUENCIES})
    assert pack.frequencies.of("toys", "seal") == {"sealed": 1}
    assert pack.frequencies.of("books", "seal") == {"sealed": 7, "opened": 3}
    assert pack.frequencies.of("toys", "used") == {"no": 5}
    assert pack.frequencies.of("books", "used") == {}
    assert pack.frequencies.lines == {("all", "seal"): 3, ("toys", "seal"): 7, ("toys", "used"): 10}


def test_the_digest_is_that_of_all_parts() -> None:
    pack = load()
    parts = {
        "pack": {
            "format": "pack/1",
            "id": "small-1",
            "version": 4,
            "languages": ["ru", "en"],
            "title": {"ru": "Малый", "en": "Small"},
            "photos_max": 3,
            "budget": {
                "toys": {
                    "attrs": ["heavy"],
                    "sealed": 3,
                    "opened": 5,
                    "longest": 9,
                    "seconds": 40,
                    "goal": {"sealed": 2, "opened": 4, "longest": 8},
                }
            },
        },
        "policy": pack.policy.sha256,
        "table": show_table(pack.table, pack.policy, pack.languages),
        "checklists": {"unknown_item": pack.checklists["unknown_item"].sha256},
        "reasons": {
            "format": "reasons/1",
            "version": 2,
            "customer": [{"id": "C01", "label": {"ru": "Мало", "en": "Small"}}],
            "found": [
                {
                    "id": "F01",
                    "label": {"ru": "Мокро", "en": "Wet"},
                    "party": "carrier",
                    "flags": ["wet"],
                }
            ],
            "override": [{"id": "O01", "label": {"ru": "Иначе", "en": "Other"}}],
            "correction": [{"id": "K01", "label": {"ru": "Опечатка", "en": "Slip"}}],
            "no_evidence": [{"id": "N01", "label": {"ru": "Без снимка", "en": "No photo"}}],
        },
    }
    assert pack.sha256 == digest(parts)
    often = load(**{"frequencies.toml": 'format = "frequencies/1"\n[all.x]\ny = 1\n'})
    weights = {"format": "frequencies/1", "all": {"x": {"y": 1}}}
    assert often.sha256 == digest({**parts, "frequencies": weights})


MISTAKES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("pack.toml", '"pack/1"', '"pack/2"', ("G01 pack.toml:1 format: pack/2 is none of pack/1",)),
    ("pack.toml", 'format = "pack/1"\n', "", ("G01 pack.toml:1 format:  is none of pack/1",)),
    ("pack.toml", '"small-1"', '"Small"', ("G01 pack.toml:2 id: 'Small' is no valid code",)),
    ("pack.toml", 'id = "small-1"\n', "", ("G01 pack.toml:1 the key id is needed",)),
    ("pack.toml", "version = 4\n", "", ("G01 pack.toml:1 the key version is needed",)),
    ("pack.toml", '["ru", "en"]', '["ru", "en", "ru"]', ("G02 pack.toml:4 ru occurs twice",)),
    ("pack.toml", 'languages = ["ru", "en"]\n', "", ()),
    ("pack.toml", ', en = "Small" }', " }", ("G03 pack.toml:5 title: no text in en",)),
    ("pack.toml", "photos_max = 3", "photos_max = -1",
     ("G01 pack.toml:6 photos_max: -1 is none of >= 0",)),
    ("pack.toml", "photos_max = 3", "photos_max = 0", ()),
    ("pack.toml", "photos_max = 3", "photos = 3", ("G01 pack.toml:6 unknown key photos",)),
    ("pack.toml", "budget.toys", "budget.boats", ("G02 pack.toml:8 budget: there is no boats",)),
    ("pack.toml", '["heavy"]', '["heavy", "huge"]', ("G02 pack.toml:9 attrs: there is no huge",)),
    ("pack.toml", "sealed = 3", 'sealed = "3"', ("G01 pack.toml:10 sealed: integer is expected",)),
    ("pack.toml", "seconds = 40", "minutes = 1", ("G01 pack.toml:13 unknown key minutes",)),
    ("pack.toml", "longest = 8", "seconds = 8", ("G01 pack.toml:14 unknown key seconds",)),
    ("reasons.toml", '"reasons/1"', '"reasons"',
     ("G01 reasons.toml:1 format: reasons is none of reasons/1",)),
    ("reasons.toml", "version = 2\n", "", ("G01 reasons.toml:1 the key version is needed",)),
    ("reasons.toml", "[[override]]", "[[overrides]]",
     ("G01 reasons.toml:14 unknown key overrides",)),
    ("reasons.toml", '"F01"', '"C01"', ("G02 reasons.toml:1 C01 occurs twice",)),
    ("reasons.toml", '"F01"', '"1F"', ("G01 reasons.toml:9 id: '1F' is no valid code",)),
    ("reasons.toml", 'id = "F01"\n', "", ("G01 reasons.toml:8 the key id is needed",)),
    ("reasons.toml", ', en = "Wet" }', " }", ("G03 reasons.toml:10 label: no text in en",)),
    ("reasons.toml", '"carrier"', '"the carrier"',
     ("G01 reasons.toml:11 party: 'the carrier' is no valid code",)),
    ("reasons.toml", '["wet"]', '["wet", "dry"]', ("G02 reasons.toml:8 flags: there is no dry",)),
    ("reasons.toml", '["wet"]', '["wet"]\nmore = 1', ("G01 reasons.toml:13 unknown key more",)),
    ("zone.csv", "R01", "r01", ("G01 zone.csv:3 id: 'r01' is no valid code",)),
    ("checklists/unknown_item.toml", '"unknown_item"', '"other"',
     ("G01 pack.toml:1 the key checklists/unknown_item.toml is needed",)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "findings"),
    MISTAKES,
    ids=[f"{file} {old} → {new}"[:70] for file, old, new, _ in MISTAKES],
)
def test_a_mistake_is_told_where_it_stands(
    file: str, old: str, new: str, findings: tuple[str, ...]
) -> None:
    assert old in FILES[file]
    changed: dict[str, str | bytes | None] = {file: FILES[file].replace(old, new, 1)}
    if findings:
        assert refused(changed) == list(findings)
    else:
        assert load(**changed).version == 4


@pytest.mark.parametrize("name", ["pack.toml", "policy.toml", "reasons.toml", "zone.csv"])
def test_a_file_that_is_not_there_is_told(name: str) -> None:
    assert refused({name: None}) == [f"G01 {name}:1 the file is absent"]


def test_files_that_no_pack_has_are_told_and_others_are_nobody_s_business() -> None:
    for name in ("policies.toml", "zone2.csv", "lists/toys.toml", "zone.toml"):
        assert refused({name: "a = 1\n"}) == [f"G02 {name}:1 pack: there is no {name}"]
    assert load(**{"README.md": "# hi", "manifest.json": "{", "checklists/x.csv": "a"})


def test_what_cannot_be_read_is_told_together_and_ends_the_reading() -> None:
    found = refused({"pack.toml": "a = =", "policy.toml": b"\xff", "zone.csv": None})
    assert [item.partition(" ")[2].partition(":")[0] for item in found] == [
        "pack.toml",
        "policy.toml",
        "zone.csv",
    ]


def test_a_checklist_that_cannot_be_read_is_told_with_the_rest() -> None:
    found = refused({"checklists/toys.toml": "a = =", "zone.csv": TABLE.replace("R01", "r")})
    assert [item.split(":")[0] for item in found] == ["G01 checklists/toys.toml", "G01 zone.csv"]


FREQUENT = "frequencies.toml"


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ('format = "frequencies/1"', "", "1 format:  is none of frequencies/1"),
        ('"frequencies/1"', '"frequencies/2"', "1 format: frequencies/2 is none of frequencies/1"),
        ("sealed = 7", "sealed = -7", "4 sealed: -7 is none of >= 0"),
        ("sealed = 7", 'sealed = "7"', "4 sealed: integer is expected"),
        ("[all.seal]", "[all]\nseal = 5\n[all.other]", "4 seal: {…} is expected"),
    ],
)
def test_weights_are_whole_numbers_from_zero(old: str, new: str, finding: str) -> None:
    assert refused({FREQUENT: FREQUENCIES.replace(old, new, 1)}) == [f"G01 {FREQUENT}:{finding}"]
    assert load(**{FREQUENT: FREQUENCIES.replace("7", "0")})


def test_too_many_files_are_refused_before_they_are_read() -> None:
    spare = {f"note{at}.md": "" for at in range(FILES_MAX - len(FILES))}
    assert load(**spare)
    assert refused({**spare, "pack.toml": "a = =", "last.md": ""}) == [
        "G01 pack.toml:1 above the limit: 200 files"
    ]


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    used = sum(map(len, content({}).values()))
    share = (PACK_BYTES_MAX - used) // 4
    spare = {f"note{at}.md": b" " * share for at in range(3)}
    last = PACK_BYTES_MAX - used - 3 * share
    assert load(**spare, **{"last.md": b" " * last})
    assert refused({**spare, "last.md": b" " * (last + 1)}) == [
        "G01 pack.toml:1 above the limit: 4 MiB"
    ]
    assert load(**spare, **{"huge.md": b" " * (5 << 20)}), "a file nobody reads costs nothing"


def test_too_many_entries_are_refused_before_they_are_read() -> None:
    full = {f"note{at}.md": "\n" * ENTRIES_MAX for at in range(9)}
    used = sum(map(text_entries, content({}).values())) + 9 * ENTRIES_MAX
    left = PACK_ENTRIES_MAX - used
    assert 0 < left < ENTRIES_MAX
    assert load(**full, **{"last.md": "\n" * left})
    assert refused({**full, "last.md": "\n" * (left + 1)}) == [
        "G01 pack.toml:1 above the limit: 200000 entries"
    ]


def text_entries(text: bytes) -> int:
    return sum(text.count(mark) for mark in (b"=", b",", b"[", b"{", b"\n"))


@pytest.mark.parametrize(
    ("match", "chosen"),
    [
        ("", "toys"),
        ('category = ["toys"]', "toys"),
        ('category = ["books"]', "unknown_item"),
        ('category = ["books", "toys"]', "toys"),
        ('tenant = ["shop-a"]', "toys"),
        ('tenant = ["shop-b"]', "unknown_item"),
        ('when = "attrs has any(heavy)"', "toys"),
        ('when = "attrs has any(sealed)"', "unknown_item"),
    ],
)
def test_a_checklist_fits_by_category_shop_and_attributes(match: str, chosen: str) -> None:
    pack = load(**{"checklists/toys.toml": TOYS + match})
    static = Static(category="toys", tenant="shop-a", attrs=frozenset({"heavy"}))
    assert pack.checklist_for(static).id == chosen


def test_a_condition_that_is_not_known_fits() -> None:
    pack = load(**{"checklists/toys.toml": f'{TOYS}when = "attrs has any(sealed)"'})
    assert pack.checklist_for(Static(category="toys")).id == "toys"


def test_of_several_that_fit_the_highest_priority_is_taken() -> None:
    low = f"{TOYS}priority = 1"
    high = low.replace('"toys"', '"games"').replace("priority = 1", "priority = 2")
    pack = load(**{"checklists/toys.toml": low, "checklists/games.toml": high})
    assert pack.checklist_for(Static(category="toys")).id == "games"
    assert pack.checklist_for(Static(category="books")).id == "games"
    assert pack.checklist_for(Static(category="boats")).id == "unknown_item"
    assert pack.checklist_for(Static()).id == "unknown_item"


def test_what_a_feed_does_not_say_is_unknown() -> None:
    policy = load().policy
    heavy, both = frozenset({"heavy"}), frozenset({"heavy", "sealed"})
    assert attributes(policy, Static()) == Members(unknown=both)
    assert attributes(policy, Static(attrs=heavy)) == Members(present=heavy)
    assert attributes(policy, Static(attrs=frozenset())) == Members()
    assert attributes(policy, Static(attrs=heavy, unknown_attrs=both)) == Members(
        present=heavy, unknown=frozenset({"sealed"})
    )
    domain = policy.domains["attrs"]
    assert declared(domain, heavy | {"new"}, frozenset()) == Members(
        present=heavy, unknown=frozenset({"sealed"})
    )
    assert declared(domain, heavy, frozenset({"new"})) == Members(
        present=heavy, unknown=frozenset({"sealed"})
    )
