"""terms.toml: whose pack it is and what was agreed; what is wrong in it, by line."""

import pytest

from small_packs import files
from zoning.compare import edits
from zoning.findings import PolicyParseError
from zoning.gate.table_checks import check_table
from zoning.gate.theory import promises
from zoning.pack import load_pack
from zoning.terms import RefundAt, Terms, of_kind

HEAD = 'format = "terms/1"\n'
FULL = f"""{HEAD}
tenants = ["shop-a", "shop-b"]
channels = ["market/1"]
refund_at = "return_completed"
free_disposal_below_minor = 0
window_days = 7
label = {{ ru = "Магазин", en = "Shop" }}
hold = {{ rework = 4, other = 72 }}
sla = {{ exchange = 8, other = 48 }}
claim = {{ ru-post = 10 }}
billing = ["photos", "seconds"]
lpn = {{ mode = "auto", zones = {{ hazmat = "none" }}, categories = {{ mugs = "preprinted" }} }}
[[number]]
name = "own"
kind = "rma"
regex = "RX[0-9]{{6}}"
examples = ["RX000001"]
[[partner]]
code = "sc-1"
label = {{ ru = "Сервис", en = "Service" }}
dispositions = ["MEND"]
categories = ["mugs"]
"""


def terms(text: str) -> Terms:
    return load_pack(files() | {"terms.toml": text.encode()}).terms


def refused(text: str) -> list[str]:
    with pytest.raises(PolicyParseError) as caught:
        terms(text)
    return [f"{one.line} {one.text['en']}" for one in caught.value.findings]


def test_a_pack_without_terms_agrees_nothing_and_keeps_its_digest() -> None:
    bare = load_pack(files())
    assert bare.terms == Terms()
    assert bare.terms.refund_at is RefundAt.PLACED
    assert load_pack(files() | {"terms.toml": HEAD.encode()}).sha256 != bare.sha256


def test_everything_that_may_be_agreed_is_read() -> None:
    read = terms(FULL)
    assert read.tenants == ("shop-a", "shop-b")
    assert (read.refund_at, read.window_days) == (RefundAt.RETURN_COMPLETED, 7)
    assert read.free_disposal_below_minor == 0
    assert [of_kind(read.hold_hours, name) for name in ("rework", "dispute")] == [4, 72]
    assert [of_kind(read.claim_days, name) for name in ("ru-post", "courier")] == [10, None]
    told = [read.lpn.mode_of(*one) for one in (("hold", None), ("hazmat", "mugs"))]
    assert told == ["auto", "none"]
    assert [read.lpn.mode_of("resale", name) for name in ("mugs", "x")] == ["preprinted", ""]
    assert (read.numbers[0].name, read.label["en"]) == ("own", "Shop")
    partner = read.partner_of("MEND", "mugs")
    assert partner is not None
    assert (partner.code, partner.label["en"]) == ("sc-1", "Service")
    assert read.partner_of("MEND", None) is None
    assert read.partner_of("WIPE", "mugs") is None
    assert read.billing == ("photos", "seconds")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('refund_at = "soon"', "2 refund_at: soon is none of graded placed return_completed"),
        ("window_days = 0", "2 window_days: 0 is none of 1..366"),
        ("free_disposal_below_minor = -1", "2 free_disposal_below_minor: -1 is none of >= 0"),
        ("hold = { dispute_ = 1 }", "2 hold: there is no dispute_"),
        ("sla = { express = 1 }", "2 sla: there is no express"),
        ('sla = { other = "1" }', "2 other: integer is expected"),
        ('channels = ["a"]', "2 the key tenants is needed"),
        ('tenants = ["a", "a"]', "2 a occurs twice"),
        ('lpn = { mode = "often" }', "2 mode: often is none of none auto preprinted"),
        ('lpn = { zones = { moon = "auto" } }', "2 zones: there is no moon"),
        ('lpn = { categories = { moon = "auto" } }', "2 categories: there is no moon"),
        ('lpn = { print = "auto" }', "2 unknown key print"),
        ("speed = 1", "2 unknown key speed"),
        ('billing = ["hours"]', "2 billing: there is no hours"),
        (f'label = {{ ru = "{"я" * 29}", en = "x" }}', "2 label: longer than 28 characters"),
        ('label = { ru = "x" }', "2 label: no text in en"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, told: str) -> None:
    assert told in refused(HEAD + text)


PARTNER = """
[[partner]]
code = "sc-1"
label = { ru = "Сервис", en = "Service" }
dispositions = ["MEND"]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('["MEND"]', '["SCRAP"]', "dispositions: there is no SCRAP"),
        ('["MEND"]', "[]", "the key dispositions is needed"),
        ('["MEND"]', '["MEND"]\ncategories = ["cars"]', "categories: there is no cars"),
        ("Service", "S" * 29, "label: longer than 28 characters"),
        ('code = "sc-1"\n', "", "the key code is needed"),
    ],
)
def test_what_is_wrong_of_a_partner_is_named(old: str, new: str, told: str) -> None:
    assert any(told in one for one in refused(HEAD + PARTNER.replace(old, new)))


def test_two_partners_never_do_the_same_and_the_one_of_a_category_goes_before() -> None:
    assert refused(HEAD + PARTNER + PARTNER.replace("sc-1", "sc-2")) == [
        "3 MEND other occurs twice"
    ]
    mugs = PARTNER.replace("sc-1", "sc-2").replace('["MEND"]', '["MEND"]\ncategories = ["mugs"]')
    read = terms(HEAD + PARTNER + mugs)
    found = [read.partner_of("MEND", category) for category in ("mugs", None)]
    assert [one.code for one in found if one is not None] == ["sc-2", "sc-1"]


def test_a_number_of_no_kind_is_refused_and_one_is_not_named_twice() -> None:
    row = '[[number]]\nname = "own"\nkind = "rma"\nregex = "[0-9]{6}"\n'
    assert refused(HEAD + row + row) == ["2 own occurs twice"]
    assert "kind: box is none of" in refused(HEAD + row.replace("rma", "box"))[0]


def test_the_closest_pack_is_the_one_that_names_the_channel_too() -> None:
    any_channel, one_channel = Terms(tenants=("a",)), Terms(tenants=("a",), channels=("m",))
    assert [any_channel.fits("a", name) for name in ("m", None)] == [1, 1]
    assert [one_channel.fits("a", name) for name in ("m", "n", None)] == [2, 0, 0]
    assert [any_channel.fits(name, None) for name in ("b", None)] == [0, 0]
    assert not any_channel.overlaps(one_channel)
    assert one_channel.overlaps(Terms(tenants=("b", "a"), channels=("n", "m")))
    assert not one_channel.overlaps(Terms(tenants=("a",), channels=("n",)))
    assert any_channel.overlaps(any_channel)


def test_a_changed_term_is_shown_as_a_difference() -> None:
    old, new = (load_pack(files() | {"terms.toml": text.encode()}) for text in (HEAD, FULL))
    told = {(one.part, one.name, one.facet) for one in edits(old, new)}
    assert {("terms", "terms", "window_days"), ("number", "own", "")} <= told
    assert ("partner", "sc-1", "") in told


def test_only_a_pack_that_names_tenants_may_let_go_what_nobody_announced() -> None:
    content = files()
    policy = content["policy.toml"].decode()
    policy = policy.replace('"wipe", "note"]', '"wipe", "note", "blind"]')
    head, rest = policy.split("flag.note", 1)
    policy = f"{head}flag.blind = {{ label = {{ ru = 'Т', en = 'T' }} }}\nflag.note{rest}"
    content["policy.toml"] = policy.encode()
    everybodys = load_pack(content)
    assert promises(everybodys)[-1].id == "OWNER"
    (told, *_) = [one for one in check_table(everybodys).findings if one.subject == "OWNER"]
    assert told.item is not None
    assert told.item["flags"] == ["blind"]
    theirs = load_pack(content | {"terms.toml": f'{HEAD}tenants = ["shop-a"]\n'.encode()})
    assert not [one for one in check_table(theirs).findings if one.subject == "OWNER"]
