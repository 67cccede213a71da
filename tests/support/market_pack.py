"""A marketplace as a folder: the shipped pack with another owner's questions, rows and terms."""

from pathlib import Path
from typing import Final

from source_tree import ROOT

DEFAULT: Final = ROOT / "config" / "packs" / "default"
TENANT: Final = "big-market"
TERMS: Final = """
format = "terms/1"
tenants = ["big-market"]
refund_at = "graded"
free_disposal_below_minor = 100000
window_days = 14
label = { ru = "БИГ-МАРКЕТ", en = "BIG MARKET" }

billing = ["inspections", "photos"]

[[partner]]
code = "sc-linen"
label = { ru = "Сервис «Лён»", en = "Linen service" }
dispositions = ["REFURB"]
categories = ["apparel"]

[hold]
unannounced = 5
other = 30

[sla]
exchange = 8
other = 24

[claim]
courier = 3
other = 10

[[number]]
name = "market-parcel"
kind = "tracking"
regex = "BM[0-9]{4}=(?P<value>[0-9A-Z]{8})"
examples = ["BM0042=7QX2LD31"]
counter_examples = ["BM42=7QX2LD31"]
"""
# The whole difference of this owner's policy, as words of the shipped pack and what stands instead.
EDITS: Final = (
    ("pack.toml", 'id = "default"', 'id = "big-market"'),
    # What nobody announced is decided by the table like everything else; the money waits.
    (
        "zone.csv",
        "any:wrong_variant|undeclared|blind|over_qty",
        "any:wrong_variant|undeclared|over_qty",
    ),
    (
        "policy.toml",
        'undeclared, blind, over_qty, serial_unreadable, serial_unverified)"\nthen',
        'undeclared, over_qty, serial_unreadable, serial_unverified)"\nthen',
    ),
    # Marked down already from 3,000 on is worth a repair.
    ("policy.toml", "500000", "300000"),
    # A question of their own, and the act that it may take.
    ("pack.toml", "opened = 3, longest = 25,", "opened = 3, longest = 26,"),
    ("checklists/apparel.toml", "version = 1\nextends", "version = 2\nextends"),
)
QUESTION: Final = """
[[step]]
name = "brand_box"
stage = "body"
label = { ru = "Фирменная коробка цела?", en = "Is the brand's box whole?" }
default = "whole"
option = [
  { id = "whole", label = { ru = "Цела", en = "Whole" } },
  { id = "torn", label = { ru = "Порвана", en = "Torn" }, cap = "B" },
]
"""


def write_market(packs: Path, terms: str = TERMS, name: str = "big-market") -> Path:
    """Write the folder beside the station's own pack; nothing of the product is asked."""
    folder = packs / name
    for path in sorted(DEFAULT.rglob("*")):
        if path.suffix in (".toml", ".csv"):
            content = path.read_text(encoding="utf-8")
            inner = path.relative_to(DEFAULT).as_posix()
            for file, old, new in EDITS:
                if file == inner:
                    assert old in content, f"{file} has no {old!r}"
                    content = content.replace(old, new)
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    apparel = folder / "checklists" / "apparel.toml"
    apparel.write_text(apparel.read_text(encoding="utf-8") + QUESTION, encoding="utf-8")
    head = (folder / "pack.toml").read_text(encoding="utf-8")
    head = head.replace('id = "big-market"', f'id = "{name}"')
    (folder / "pack.toml").write_text(head, encoding="utf-8")
    (folder / "terms.toml").write_text(terms, encoding="utf-8")
    return folder
