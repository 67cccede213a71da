"""Rendering: every row has its exact width, colours carry contrast, foreign texts do no harm."""

from dataclasses import replace
from itertools import combinations

import pytest

from edge.terminal import theme
from edge.terminal.cells import beside, block, clean, columns, fit, line, phrases, short_code
from edge.terminal.glyphs import LARGE_ROWS, SMALL_ROWS, word
from edge.terminal.header import header
from edge.terminal.pen import Pen
from edge.terminal.screen import render, rows_of
from edge.terminal.stage import stage_word
from edge.terminal.texts import LANGUAGES, texts
from edge.terminal.theme import STAGES, contrast
from edge.views import (
    ChecklistWork,
    ChoiceWork,
    Feedback,
    Light,
    Line,
    Operator,
    ParcelWork,
    Question,
    Severity,
    Side,
    Stage,
    StationView,
    Tone,
    VerdictWork,
)
from quality_scenes import ALL_SCENES as SCENES
from terminal_scenes import BASE, CHOICE, MUST, PARCEL, UNIT, VERDICT

SIZES = [(80, 24), (120, 40), (100, 30), (132, 43), (119, 60), (200, 50)]


def plain(view: StationView, lang: str = "en", size: tuple[int, int] = (80, 24)) -> list[str]:
    return [row.plain for row in rows_of(render(view, lang, size))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCENES)
def test_every_row_has_exactly_the_width_and_every_screen_the_height(
    name: str, size: tuple[int, int]
) -> None:
    for lang in LANGUAGES:
        rows = rows_of(render(SCENES[name], lang, size))
        assert len(rows) == size[1]
        assert {row.cell_length for row in rows} == {size[0]}


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (40, 10), (1, 1)])
def test_a_small_screen_asks_for_its_size_and_keeps_its_own(size: tuple[int, int]) -> None:
    rows = rows_of(render(BASE, "en", size))
    assert [row.cell_length for row in rows] == [size[0]] * size[1]
    assert rows[0].plain[:6] == "Screen too small: 80x24 needed"[: min(6, size[0] - 1)] + (
        "…" if size[0] < 6 else ""
    )


@pytest.mark.parametrize("name", SCENES)
def test_rendering_is_pure(name: str) -> None:
    view = SCENES[name]
    assert plain(view, "ru") == plain(view, "ru")


@pytest.mark.parametrize("name", [name for name in dir(theme) if name.isupper()])
def test_every_pair_of_colours_has_a_contrast_of_five(name: str) -> None:
    value = getattr(theme, name)
    paints = {
        "STAGES": lambda: list(value.values()),
        "FEEDBACKS": lambda: [paint for _, paint in value.values()],
    }.get(name, lambda: [value] if isinstance(value, theme.Paint) else [])()
    assert all(contrast(paint) >= 5.0 for paint in paints)


def test_contrast_is_the_published_measure() -> None:
    assert contrast(theme.Paint(text="#000000", ground="#FFFFFF")) == pytest.approx(21.0)
    assert contrast(STAGES[Tone.RESALE]) == pytest.approx(5.2, abs=0.05)
    assert contrast(STAGES[Tone.HAZMAT]) == pytest.approx(5.4, abs=0.05)


def test_no_two_zones_look_alike_without_colour() -> None:
    zones = [Tone.RESALE, Tone.REPAIR, Tone.DISPOSAL, Tone.HOLD, Tone.HAZMAT]
    for one, two in combinations(zones, 2):
        assert STAGES[one].hatch != STAGES[two].hatch
    assert all(STAGES[zone].hatch for zone in zones)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_stage_word_can_be_drawn_in_eighty_cells(lang: str) -> None:
    said = texts(lang)
    for msgid in (msgid for msgid in said.ids if msgid.startswith("stage.")):
        assert word(said.say(msgid), SMALL_ROWS, 74) is not None, msgid


def test_a_word_of_twelve_wide_letters_fits_and_a_wider_one_is_plain_bold() -> None:
    assert word("ПРОВЕРЬ ШОВ?", SMALL_ROWS, 76) is not None
    assert word("Ж" * 40, LARGE_ROWS, 76) is None
    wide = replace(BASE, stage=Stage(label={"ru": "щ" * 30, "en": "W" * 30}))
    rows = plain(wide)[1:8]
    assert [row.strip() for row in rows if row.strip()] == ["W" * 30]


def test_a_letter_without_a_shape_is_shown_plainly() -> None:
    view = replace(BASE, stage=Stage(label={"en": "猫?"}))
    rows = rows_of(render(view, "en", (80, 24)))
    assert any("猫?" in row.plain for row in rows)
    assert {row.cell_length for row in rows} == {80}


def test_letters_with_tails_keep_the_height_of_the_others() -> None:
    with_tail, without = word("ЩИ", SMALL_ROWS, 80), word("ШИ", SMALL_ROWS, 80)
    assert with_tail is not None
    assert without is not None
    assert [row.strip() != "" for row in without] == [False, *[True] * 5, False]
    assert [row[-4:] for row in with_tail] == [row[-4:] for row in without]


def test_a_proposed_zone_is_marked_on_the_stage() -> None:
    stage = Stage(t="stage.zone.hold", p={"q": "?"}, tone=Tone.HOLD)
    assert stage_word(stage, texts("en")) == "4 HOLD?"


@pytest.mark.parametrize("tone", list(Tone))
def test_the_stage_wears_its_zone_colour_hatch_and_frame(tone: Tone) -> None:
    view = replace(BASE, stage=Stage(t="stage.wait", tone=tone))
    stage = render(view, "en", (80, 24)).stage
    paint = STAGES[tone]
    assert all(str(row.spans[0].style) == f"bold {paint.style}" for row in stage)
    middle = stage[3].plain
    assert middle[5] == (paint.hatch or " ")
    corner = paint.frame.value[0] if paint.frame.value else (paint.hatch or " ")
    assert stage[0].plain[0] == corner


def test_text_from_a_box_cannot_steer_the_screen() -> None:
    nasty = "[/red][bold]\x1b[2J\n\x1d01046\x07"
    view = replace(
        CHOICE,
        work=ChoiceWork(code="E10", p={"code": nasty}),
        fb=Feedback(n=1, sev=Severity.ERROR, t="E10", p={"code": nasty}, at="14:02:00"),
    )
    rows = plain(view)
    assert any("[/red][bold]·[2J··01046·" in row for row in rows)
    assert not any(char in row for row in rows for char in "\x1b\n\x1d\x07")


def test_a_long_name_gives_way_and_the_codes_stay() -> None:
    name = {"en": "Very long name of a thing that nobody can read to its end " * 3}
    lines = (Line(n=1, name=name, gtin="04601234567893", received=0, expected=1),)
    rows = plain(replace(PARCEL, work=ParcelWork(no="1", lines=lines)))
    (row,) = [row for row in rows if "▢ 1" in row]
    assert "…" in row
    assert row.rstrip().endswith("04601234567893")


def test_a_parcel_of_many_lines_says_how_many_are_not_shown() -> None:
    lines = tuple(
        Line(n=n, name={"en": f"Thing {n}"}, gtin="", received=0, expected=1) for n in range(1, 31)
    )
    rows = plain(replace(PARCEL, work=ParcelWork(no="1", lines=lines)))
    assert any("and 23 more" in row for row in rows)
    assert any("Scan the item in your hand" in row for row in rows)


def test_troubles_are_the_last_lights_to_leave_the_header() -> None:
    robots = tuple(Light(id=f"R{n}", s="ready") for n in range(1, 9))
    head = replace(BASE.head, robots=(*robots, Light(id="R9", s="lost")))
    pen = Pen(texts=texts("en"), width=80, height=11)
    row = header(replace(BASE, head=head), pen).plain
    assert "R9 lost" in row
    assert "R1" not in row
    assert row.endswith("14:02 ")


def test_a_long_operator_name_never_hides_the_clock() -> None:
    op = Operator(name={"en": "Konstantinopolskaya-Zavodskaya"}, no="0417")
    row = plain(replace(BASE, head=replace(BASE.head, op=op)))[0]
    assert "Konstantinopo…" in row
    assert row.endswith("14:02 ")


def test_a_typed_pin_is_never_shown() -> None:
    rows = "".join(plain(SCENES["s10_pin"]))
    assert "••••_" in rows


def test_exceptions_are_dim_while_a_question_is_open() -> None:
    dim = [row for row in rows_of(render(MUST, "en", (80, 24))) if "1 stain" in row.plain]
    bright = [row for row in rows_of(render(UNIT, "en", (80, 24))) if "1 stain" in row.plain]
    assert any(str(span.style) == theme.FAINT for row in dim for span in row.spans)
    assert not any(str(span.style) == theme.FAINT for row in bright for span in row.spans)


def test_language_changes_no_place_of_an_exception() -> None:
    def places(lang: str) -> list[tuple[int, int]]:
        rows = plain(UNIT, lang)
        found = []
        for digit in "234567":
            hits = [
                (at, row.index(f" {digit} "))
                for at, row in enumerate(rows[11:20])
                if f" {digit} " in row
            ]
            found.append(hits[0])
        return found

    assert places("ru") == places("en")


def test_a_question_answered_by_scan_says_so() -> None:
    must = Question(step="mark", n=1, of=1, t={"en": "Mark code"})
    assert isinstance(MUST.work, ChecklistWork)
    view = replace(MUST, work=replace(MUST.work, must=must))
    assert any("Scan the code." in row for row in plain(view))


def test_the_put_line_stands_even_when_the_service_owes_nothing_else() -> None:
    assert isinstance(VERDICT.work, VerdictWork)
    rows = plain(replace(VERDICT, work=replace(VERDICT.work, owed=())))
    assert any("Put it into a tray of zone 2 REPAIR" in row for row in rows)


def test_no_move_is_said_not_left_empty() -> None:
    rows = plain(replace(BASE, overlay="moves", side=Side()))
    assert any("No moves." in row for row in rows)


def test_keys_that_do_not_fit_their_row_flow_into_the_other() -> None:
    keys = tuple((f"f{n}", "key.nolabel") for n in range(1, 13))
    rows = plain(replace(BASE, keys=keys), "en")
    assert all(f"F{n} " in rows[22] + rows[23] for n in range(1, 11))


def test_lines_are_cut_padded_and_put_beside_each_other() -> None:
    assert fit(line("abcdef"), 4).plain == "abc…"
    assert fit(line("ab"), 4).plain == "ab  "
    assert beside(line("left"), line("right"), 12).plain == "left   right"
    assert beside(line("left"), line("right"), 8).plain == "l… right"
    assert beside(line("left"), line("right"), 5).plain == "right"
    assert [row.plain for row in columns([line("a"), line("b"), line("c")], 6, 2)] == [
        "a  b  ",
        "c     ",
    ]
    assert clean("a\tb\u202ec") == "a·b·c"
    assert short_code("0123456789012345") == "0123…012345"


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("й", "й"),
        ("Z\u0336\u0489", "Z··"),
        ("a\u202eb\u2066c", "a·b·c"),
        ("4\u200b6\ufeff0", "4·6·0"),
        ("שלום 1", "···· 1"),
        ("١٢", "··"),
        ("\x1b[2J\x9b", "·[2J·"),
        ("Ёж № 5 — «да» ▣", "Ёж № 5 — «да» ▣"),
    ],
)
def test_only_what_takes_its_own_cell_from_left_to_right_is_shown(foreign: str, shown: str) -> None:
    assert clean(foreign) == shown


def test_a_text_longer_than_any_screen_is_cut() -> None:
    assert len(clean("9" * 10_000)) == 4096
    assert clean("9" * 10_000).endswith("…")


def test_what_does_not_fit_beside_a_danger_leaves_row_one_as_a_whole() -> None:
    head = replace(BASE.head, alarm="danger")
    pen = Pen(texts=texts("ru"), width=80, height=11)
    row = header(replace(BASE, head=head), pen).plain
    assert "…" not in row
    assert "поз" not in row


def test_row_22_does_not_repeat_what_the_work_says_of_an_exception() -> None:
    rows = plain(CHOICE)
    assert sum("This item is not in parcel" in row for row in rows) == 1
    assert any("E21  nothing was recorded" in row for row in rows)


def test_too_many_lines_lose_the_empty_ones_first() -> None:
    rows = [line("a"), line(""), line("b"), line(""), line("c")]
    assert [row.plain for row in block(rows, 1, 4)] == ["a", " ", "b", "c"]
    assert [row.plain for row in block(rows, 1, 2)] == ["a", "b"]


def test_phrases_end_a_line_between_two_of_them_and_cut_one_that_is_too_long() -> None:
    rows = phrases(["aaaa", "bbbb", "cccc"], 16)
    assert [row.plain.strip() for row in rows] == ["aaaa · bbbb", "cccc"]
    assert phrases(["x" * 40], 16)[0].plain == "   " + "x" * 11 + "…"
    assert phrases([], 16) == []
