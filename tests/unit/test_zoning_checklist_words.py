"""What the gate says of checklists, to the letter, in both languages."""

from dataclasses import dataclass

import pytest

from small_packs import MUGS, files, found, option, slot, step
from source_tree import ROOT
from zoning.pack import load_pack


@dataclass(frozen=True)
class Case:
    """A pack, the check that refuses it, and the station's cameras."""

    files: dict[str, bytes]
    check: str
    cameras: frozenset[str] | None = None


PLAIN = (option("ok"), option("bad", 'cap = "D"'))


def must(name: str, *keys: str, options: tuple[str, ...] = PLAIN) -> str:
    return step(name, "must = true", *keys, options=options)


def cups(match: str) -> dict[str, bytes]:
    """The small pack with one more checklist."""
    text = f'format = "checklist/1"\nid = "cups"\nversion = 1\nmatch = {match}\n'
    return {**files(), "checklists/cups.toml": text.encode()}


def either(quiet: str, loud: str, *keys: str) -> tuple[str, str]:
    return option(quiet), option(loud, *keys)


SEAL = must("seal", options=either("sealed", "opened", 'cap = "B"'))
CARE = must("care", "relevant = \"seal != 'sealed'\"")
TORN = must("torn", options=either("no", "yes", 'cap = "C"'))
STAIN = must("stain", "relevant = \"torn = 'no'\"")
MANY = must(
    "many",
    'type = "select_multiple"',
    'exclusive = ["none"]',
    options=(option("none"), option("a", 'cap = "B"'), option("b", 'cap = "C"')),
)
HOLE = must("after", 'relevant = "many has none(b)"')
NOTED = must("noted", options=either("no", "yes", 'flags = ["note"]'))
ODD = must("who", 'stage = "identity"', options=either("ok", "odd", 'flags = ["other"]'))
DANGER = must("danger", 'stage = "danger"', options=either("no", "yes", 'flags = ["leak"]'))
DATA = must("data", options=either("no", "yes", 'flags = ["wipe"]'))
ENDS = must("who", 'stage = "identity"', options=either("ok", "skip", "end = true"))
FLAW = must("flaw", options=either("none", "some", 'flags = ["fix"]'))
PHOTO = must("stain", options=either("ok", "bad", 'photo = ["near"]'))
RULE = """
[[invariant]]
id = "I1"
when = "flags has any(note)"
then = "refund = 'blocked'"
text = { ru = "Стоп", en = "Stop" }
"""
AXIOM = """
[[axiom]]
id = "X1"
when = "grade = 'ungraded'"
iff = "flags has any(other)"
"""
BY_VALUE = """
R1,>=5,any:note,hold,HOLD,blocked
R2,<5,any:note,hold,HOLD,blocked
R3,,none:note,hold,HOLD,review
"""
WIPE_FIRST = """
R0,,any:wipe,hold,HOLD,review
R1,,any:leak,hazmat,DANGER,review
R2,,none:leak,hold,HOLD,review
"""
NEVER = "constraint = \"a = 'ok' and a = 'bad'\""
SEALED_AND_OPENED = "seal = 'sealed' and seal = 'opened'"
CASES = {
    "an unread step": Case(files(SEAL, CARE, must("more", "relevant = \"care = 'bad'\"")), "G10"),
    "an unread step in a constraint": Case(
        files(SEAL, CARE, must("more", "constraint = \"care = 'ok' or more = 'bad'\"")), "G10"
    ),
    "a step never asked": Case(
        files(SEAL, must("more", f'relevant = "{SEALED_AND_OPENED}"')), "G11"
    ),
    "an answer never given": Case(files(must("more", "constraint = \"more != 'bad'\"")), "G11"),
    "a constraint never kept": Case(
        files(SEAL, must("more", f'constraint = "{SEALED_AND_OPENED}"')), "G12"
    ),
    "a constraint that refuses nothing": Case(
        files(SEAL, must("more", "constraint = \"seal = 'sealed' or seal = 'opened'\"")), "G12"
    ),
    "a trap": Case(
        files(
            SEAL,
            must("more", "constraint = \"seal = 'sealed' or (more = 'ok' and more = 'bad')\""),
        ),
        "G12",
    ),
    "no way to finish": Case(files(must("a"), must("b", NEVER), must("c", NEVER)), "G12"),
    "no checklist": Case({n: text for n, text in files().items() if n != MUGS}, "G13"),
    "a tie": Case(cups("{ when = 'attrs has any(battery)', priority = 1 }"), "G13"),
    "a checklist for nobody": Case(cups("{ category = ['mugs'], priority = 0 }"), "G13"),
    "a run that decides nothing": Case(files(ENDS, FLAW), "G30"),
    "an axiom": Case(files(ODD, policy=AXIOM), "G31"),
    "a sentence": Case(files(NOTED, rows=BY_VALUE, columns="value,flags", policy=RULE), "G31"),
    "a danger elsewhere": Case(files(DANGER, DATA, rows=WIPE_FIRST), "G31"),
    "a row for nobody": Case(files(rows=WIPE_FIRST), "G32"),
    "a worse answer": Case(files(TORN, STAIN), "G33"),
    "a worse answer by grade alone": Case(files(TORN, STAIN, policy=""), "G33"),
    "one more choice": Case(files(MANY, HOLE), "G33"),
    "no camera": Case(
        files(slot("near", 'camera = "top"'), PHOTO), "G34", frozenset({"side", "back"})
    ),
    "no camera at all": Case(files(slot("near"), PHOTO), "G34", frozenset()),
    "too many photographs": Case(
        files(slot("near", "min_count = 3"), PHOTO, head="photos_max = 2\n"), "G34"
    ),
    "over the budget": Case(files(SEAL, CARE, head="[budget.mugs]\nopened = 3\n"), "G04"),
    "too many digits": Case(
        files(*[step(f"s{n}", 'default = "ok"', options=PLAIN) for n in range(9)]), "G04"
    ),
    "a frequency of nothing": Case(
        {
            **files(SEAL),
            "frequencies.toml": b'format = "frequencies/1"\n[mugs]\nseal = { ajar = 1 }\n',
        },
        "G02",
    ),
}
WORDS = ROOT / "tests" / "data" / "policies" / "checklist_findings.txt"


def words() -> dict[str, list[str]]:
    """Return the findings in English and Russian by the name of their case."""
    found = {}
    for part in WORDS.read_text(encoding="utf-8").removeprefix("## ").split("\n## "):
        name, _, text = part.partition("\n")
        found[name] = text.strip("\n").split("\n\n")
    return found


def test_every_case_has_its_words_and_no_words_are_spare() -> None:
    assert list(words()) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_told_to_the_letter(name: str) -> None:
    case = CASES[name]
    finding = found(load_pack(case.files), case.check, cameras=case.cameras)[0]
    assert [finding.words("en"), finding.words("ru")] == words()[name]
