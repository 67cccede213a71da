"""Texts: complete in both languages, equal placeholders, plurals, parameters of every kind."""

import string
from importlib.resources import files

import pytest

from edge.terminal.po import CatalogueError, translations
from edge.terminal.texts import LANGUAGES, other, texts
from edge.terminal.works.overlay import TROUBLES
from edge.terminal.works.waiting import ZONES
from edge.views import Message

CODES = [
    "E00",
    "E01",
    "E02",
    "E03",
    "E04",
    "E10",
    "E11",
    "E12",
    "E13",
    "E15",
    "E16",
    "E17",
    "E20",
    "E21",
    "E22",
    "E23",
    "E24",
    "E25",
    "E26",
    "E30",
    "E31",
    "E32",
    "E33",
    "E34",
    "E35",
    "E36",
    "E37",
    "E40",
    "E41",
    "E42",
    "E43",
    "E44",
    "E45",
    "E46",
    "E50",
    "E60",
    "E61",
    "E62",
    "E70",
    "E71",
    "E72",
    "E80",
    "E81",
    "E82",
    "E83",
    "E90",
    "E91",
    "E92",
]
MOVES = [
    "waits",
    "planned",
    "sent",
    "resent",
    "accepted",
    "picking",
    "carrying",
    "dropping",
    "done",
    "rejected",
    "failed",
    "cancelling",
    "cancelled",
    "in_doubt",
    "resolved",
    "by_hand",
    "unknown",
    "seen",
    "unconfirmed",
    "wrong_lane",
]


def placeholders(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def patterns(lang: str) -> dict[str, list[str]]:
    """Every message id with all its plural forms, read from the source of a language."""
    source = files("edge.terminal").joinpath("locale", lang, "terminal.po").read_text("utf-8")
    found: dict[str, list[str]] = {}
    current = ""
    for line in source.splitlines():
        keyword, _, rest = line.partition(" ")
        if keyword == "msgid":
            current = rest.strip('"')
        elif keyword.startswith("msgstr") and current:
            found.setdefault(current, []).append(rest[1:-1])
    return found


def test_both_languages_have_the_same_messages() -> None:
    assert texts("ru").ids == texts("en").ids
    assert len(texts("ru").ids) > 300


def test_placeholders_are_equal_in_both_languages_and_all_plural_forms() -> None:
    russian, english = patterns("ru"), patterns("en")
    for msgid, forms in russian.items():
        wanted = placeholders(forms[0])
        assert all(placeholders(form) == wanted for form in (*forms, *english[msgid])), msgid


def test_counts_have_three_russian_and_two_english_forms() -> None:
    russian, english = patterns("ru"), patterns("en")
    counted = [msgid for msgid, forms in russian.items() if len(forms) > 1]
    assert "E11" in counted
    assert all(len(russian[msgid]) == 3 and len(english[msgid]) == 2 for msgid in counted)


def test_no_message_is_empty() -> None:
    for lang in LANGUAGES:
        assert all(form.strip() for forms in patterns(lang).values() for form in forms)


@pytest.mark.parametrize("family", ["zone", "zonename", "zonecolour", "stage.zone"])
def test_every_zone_has_its_words(family: str) -> None:
    assert {f"{family}.{zone}" for zone in ZONES} <= texts("ru").ids


def test_every_refusal_and_every_state_of_a_move_has_a_text() -> None:
    assert set(CODES) <= texts("en").ids
    assert {f"move.{state}" for state in MOVES} <= texts("en").ids
    assert set(MOVES) >= TROUBLES


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "Вижу 1 код. Покажите один."),
        (2, "Вижу 2 кода. Покажите один."),
        (5, "Вижу 5 кодов. Покажите один."),
        (11, "Вижу 11 кодов. Покажите один."),
        (21, "Вижу 21 код. Покажите один."),
    ],
)
def test_russian_counts_follow_the_language(n: int, said: str) -> None:
    assert texts("ru").say("E11", {"n": n}) == said


def test_a_parameter_may_be_a_label_a_message_a_zone_a_list_or_a_number() -> None:
    russian, english = texts("ru"), texts("en")
    question = {"ru": "Включается?", "en": "Powers on?"}
    assert russian.say("E30", {"q": question}) == "Сначала ответьте: Включается?"
    assert english.say("E00", {"want": "want.tray"}) == "Waiting for: a tray."
    assert english.say("E35", {"z": "repair"}) == "Scan a tray of zone 2 REPAIR."
    assert english.say("E31", {"a": "resale/RESTOCK", "b": "hold"}) == (
        "Tray is 1 RESALE · back to shelf, need 4 HOLD."
    )
    assert english.say("ui.parked", {"no": ["A1", "A2"]}) == "Parked: A1, A2"
    assert english.parameter("q", {"t": "zone.hold", "p": {}}) == "4 HOLD"
    assert english.message(Message(t="E26", p={"min": 0, "max": 100})) == "From 0 to 100 please."


def test_an_address_with_a_slash_stays_as_it_is() -> None:
    assert texts("en").say("ui.move_ref", {"ref": "0194/1"}) == "order 0194/1"


def test_a_missing_parameter_and_an_unknown_message_are_visible_not_fatal() -> None:
    assert texts("en").say("E10") == (
        "Code … is unknown. 1 blind receive, 2 rescan, 3 unknown desk."
    )
    assert texts("en").say("fb.not_yet_known", {"n": 2}) == "fb.not_yet_known"


def test_a_label_without_this_language_is_shown_in_the_one_it_has() -> None:
    assert texts("en").label({"ru": "кепка"}) == "кепка"
    assert texts("en").label({}) == ""


def test_braces_in_a_foreign_text_are_plain_text() -> None:
    said = texts("en").say("E10", {"code": "{lang.__class__}"})
    assert said.startswith("Code {lang.__class__} is unknown.")


def test_the_language_switch_goes_round() -> None:
    assert [other("ru"), other("en"), other("xx")] == ["en", "ru", "en"]
    assert texts("xx").lang == "ru"


def test_a_broken_catalogue_names_its_line() -> None:
    with pytest.raises(CatalogueError) as caught:
        translations('msgid "a"\nmsgstr unquoted\n')
    assert caught.value.number == 2


def test_a_continued_text_is_joined_and_escapes_are_read() -> None:
    source = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    found, ids = translations(source + 'msgid "a"\nmsgstr "one "\n"\\"two\\""\n')
    assert ids == {"a"}
    assert found.gettext("a") == 'one "two"'


def test_the_list_of_messages_for_the_service_is_the_catalogue() -> None:
    listed = files("edge.terminal").joinpath("locale", "messages.txt").read_text("utf-8")
    lines = [line for line in listed.splitlines() if not line.startswith("#")]
    wanted = {
        " ".join((msgid, *sorted(placeholders(forms[0]))))
        for msgid, forms in patterns("en").items()
    }
    assert set(lines) == wanted
    assert lines == sorted(lines)
