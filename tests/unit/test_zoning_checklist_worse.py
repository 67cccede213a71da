"""Worse answers never make better units, photographs find their cameras: G33 and G34."""

import pytest

from policy_kit import with_file
from small_packs import MUGS, files, found, line_of, only, option, replayed, slot, small, step
from zoning import session
from zoning.gate.checklist_checks import check_checklists
from zoning.pack import load_pack

PLAIN = (option("ok"), option("bad", 'cap = "D"'))


def must(name: str, *keys: str, options: tuple[str, ...]) -> str:
    return step(name, "must = true", *keys, options=options)


# ---------------------------------------------------------------- G33


def test_a_worse_answer_that_closes_questions_is_shown_with_both_runs() -> None:
    torn = step("torn", "must = true", options=(option("no"), option("yes", 'cap = "C"')))
    stain = step("stain", "must = true", "relevant = \"torn = 'no'\"", options=PLAIN)
    content = files(torn, stain)
    pack = load_pack(content)
    finding = only(found(pack, "G33"))
    assert finding.subject == "mugs.torn"
    assert finding.line == line_of(content, MUGS, 'cap = "C"')
    assert {one.step: one.answer for one in finding.path} == {"torn": "no", "stain": "bad"}
    assert finding.got == "grade=D disposal (R7); torn: no -> yes: grade=C resale (R6)"
    assert (
        found(small(torn, stain.replace("torn = 'no'", "torn = 'no' or torn = 'yes'")), "G33") == []
    )


def test_a_worse_answer_that_ends_the_questions_is_refused() -> None:
    torn = step(
        "torn", "must = true", options=(option("no"), option("yes", 'cap = "C"', "end = true"))
    )
    stain = step("stain", "must = true", options=PLAIN)
    finding = only(found(small(torn, stain), "G33"))
    assert "torn: no -> yes: grade=C" in finding.got
    last = small(stain, torn)
    assert found(last, "G33") == []


def test_more_flags_are_worse_only_if_the_decision_reads_them() -> None:
    opens = step(
        "seal", "must = true", options=(option("opened"), option("sealed", 'flags = ["note"]'))
    )
    care = step("care", "must = true", "relevant = \"seal != 'sealed'\"", options=PLAIN)
    assert found(small(opens, care), "G33") == []
    rows = (
        "R0,A|B|C,any:note,repair,MEND,eligible"
        + "\n"
        + "\n".join(
            line
            for line in (
                "R5,A,,resale,STOCK,eligible",
                "R6,B|C,,resale,SECOND,eligible",
                "R7,D,,disposal,SCRAP,review",
            )
        )
    )
    assert only(found(small(opens, care, rows=rows), "G33")).subject == "mugs.seal"


def test_an_exempt_flag_excuses_a_better_zone() -> None:
    glass = step("glass", "must = true", options=PLAIN)
    data = step(
        "data",
        "must = true",
        options=(option("blank"), option("present", 'cap = "C"', 'flags = ["wipe"]')),
    )
    assert found(small(glass, data), "G33") == []
    strict = 'exempt = { wipe = "wiped before anything else" }\n'
    content = files(glass, data)
    content["policy.toml"] = content["policy.toml"].replace(strict.encode(), b"")
    finding = only(found(load_pack(content), "G33"))
    assert finding.got == "grade=D disposal (R7); data: blank -> present: grade=D repair (R3)"
    assert {one.step: one.answer for one in finding.path} == {"data": "blank", "glass": "bad"}


def test_one_more_choice_of_several_is_worse() -> None:
    keys = ('type = "select_multiple"', "must = true", 'exclusive = ["none"]')
    many = step(
        "many", *keys, options=(option("none"), option("a", 'cap = "B"'), option("b", 'cap = "C"'))
    )
    after = step("after", "must = true", 'relevant = "many has none(b)"', options=PLAIN)
    finding = only(found(small(many, after), "G33"))
    assert finding.subject == "mugs.many"
    assert found(small(many, after.replace("has none(b)", "has any(a, b)")), "G33") == []


def test_another_choice_is_not_one_more() -> None:
    """From b to a the grade rises, and rightly: nothing was added to what was chosen."""
    keys = ('type = "select_multiple"', "must = true")
    many = step("many", *keys, options=(option("a", 'cap = "B"'), option("b", 'cap = "C"')))
    assert found(small(many), "G33") == []


def test_flags_that_only_a_cap_reads_weigh_beside_those_of_rows() -> None:
    cap = (
        '\n[[cap]]\nid = "C1"\noutput = "refund"\nat_most = "review"\n'
        'when = "flags has any(note)"\ntext = { ru = "т", en = "t" }\n'
    )
    for flag in ("note", "fix"):
        opens = must("seal", options=(option("opened"), option("sealed", f'flags = ["{flag}"]')))
        care = must("care", "relevant = \"seal != 'sealed'\"", options=PLAIN)
        finding = only(found(small(opens, care, policy=cap), "G33"))
        assert finding.subject == "mugs.seal"


def test_a_lower_band_is_worse() -> None:
    keys = ('type = "integer"', "must = true", "min = 0", "max = 9")
    bands = 'band = [{ from = 5, id = "high" }, { from = 0, id = "low", cap = "B" }]'
    after = step("after", "must = true", 'relevant = "n >= 5"', options=PLAIN)
    finding = only(found(small(step("n", *keys, bands), after), "G33"))
    assert finding.got == "grade=D disposal (R7); n: 5 -> 0: grade=B resale (R6)"


def test_without_an_order_of_zones_only_the_grade_is_compared() -> None:
    data = step(
        "data",
        "must = true",
        options=(option("blank"), option("present", 'cap = "C"', 'flags = ["wipe"]')),
    )
    assert found(small(step("glass", "must = true", options=PLAIN), data, policy=""), "G33") == []


# ---------------------------------------------------------------- G34

PHOTO = step("stain", "must = true", options=(option("ok"), option("bad", 'photo = ["near"]')))


def test_a_demanded_photograph_without_a_camera_is_refused() -> None:
    content = files(slot("near", 'camera = "top"'), slot("far"), PHOTO)
    pack = load_pack(content)
    finding = only(found(pack, "G34", cameras=frozenset({"side", "far"})))
    assert (finding.subject, finding.expected, finding.got) == (
        "mugs.near",
        "camera = top",
        "cameras = {far, side}",
    )
    assert finding.line == line_of(content, MUGS, "[slot.near]")
    assert {one.step: one.answer for one in finding.path} == {"stain": "bad"}
    assert {due.camera for due in session.slots_due(replayed(pack, finding))} == {"top"}
    assert found(pack, "G34", cameras=frozenset({"top"})) == []
    assert found(pack, "G34") == []


def test_a_photograph_of_the_parcel_needs_its_camera_too() -> None:
    parcel = step(
        "parcel",
        'stage = "parcel"',
        'scope = "parcel"',
        'default = "intact"',
        options=(option("intact"), option("wet", 'flags = ["note"]', 'photo = ["box"]')),
    )
    pack = small(slot("box", 'bind = "parcel"'), slot("spare"), parcel)
    assert only(found(pack, "G34", cameras=frozenset())).subject == "mugs.box"
    assert found(pack, "G34", cameras=frozenset({"box"})) == []


def test_what_was_checked_of_photographs_is_in_the_statuses() -> None:
    pack = small(slot("near"), PHOTO)
    for cameras, expected in (
        (None, ["photos mugs", "photos unknown_item"]),
        (
            frozenset({"near"}),
            ["cameras mugs", "cameras unknown_item", "photos mugs", "photos unknown_item"],
        ),
    ):
        told = check_checklists(pack, cameras).checked.statuses
        assert sorted(one.subject for one in told if one.check == "G34") == expected


MANY = step(
    "many",
    'type = "select_multiple"',
    'default = "none"',
    'exclusive = ["none"]',
    options=(
        option("none"),
        option("a", 'photo = ["near"]'),
        option("b", 'photo = ["near", "far"]'),
        option("c", 'photo = ["near"]'),
    ),
)


@pytest.mark.parametrize(
    ("near", "extra", "most"),
    [
        ("each = false", "", 2),
        ("each = true", "", 4),
        ("min_count = 3", "", 4),
        ("each = true\nmin_count = 2", "", 7),
        ("each = true", 'type = "image"\nslot = "near"\nmin_count = 2', 9),
        ("each = false", 'type = "image"\nslot = "near"\nmin_count = "count(many)"', 4),
        ("each = false", 'type = "image"\nslot = "far"\nmin_count = "count(many)"', 4),
    ],
)
def test_the_most_photographs_of_a_run_are_counted_exactly(
    near: str, extra: str, most: int
) -> None:
    parts = [slot("near", near), slot("far"), MANY, *([step("pic", extra)] if extra else [])]
    assert found(small(*parts, head=f"photos_max = {most}\n"), "G34") == []
    pack = small(*parts, head=f"photos_max = {most - 1}\n")
    finding = only(found(pack, "G34"))
    assert finding.expected == f"<= {most - 1}"
    due = session.slots_due(replayed(pack, finding))
    assert sum(one.count for one in due) == most
    assert finding.got.startswith(f"{most}: ")


def test_photographs_counted_by_a_number_are_bounded() -> None:
    keys = ('type = "integer"', "must = true", "min = 0", "max = 9")
    picture = step("pic", 'type = "image"', 'slot = "near"', 'min_count = "count(n)"')
    finding = only(
        found(small(slot("near"), step("n", *keys), picture, head="photos_max = 4\n"), "G34")
    )
    assert finding.got == "5: near 5"
    assert (
        found(small(slot("near"), step("n", *keys), picture, head="photos_max = 9\n"), "G34") == []
    )


def test_a_default_pack_without_the_exemption_is_refused_by_the_joint_check_too() -> None:
    old = 'exempt = { wipe = "customer data must be wiped before disposal" }\n'
    told = found(load_pack(with_file("policy.toml", old, "")), "G33")
    assert {one.subject for one in told} >= {"smartphones.data", "electronics.data"}
