"""Journal events as EPCIS: every row of the table, and that nothing else is told."""

import uuid

import pytest

from edge.events import Event, InspectionWithdrawn, OperatorOut, Payload, utc_text
from edge.sync.epcis.correction import correction_of, declared
from edge.sync.epcis.mapping import ROWS, Step, mapped
from edge.sync.epcis.names import event_id
from edge.sync.epcis.view import KINDS, View, view_of
from epcis_kit import (
    GS1,
    GTIN,
    MOVE,
    NAMESPACE,
    OWN,
    PARCEL,
    TIME_MS,
    UNIT,
    Case,
    Given,
    arrived,
    case,
    cases,
    closed,
    correction,
    event_of,
    event_uuid,
    photo,
    put,
    removed,
    verdict,
    weighed,
)

EPC = f"https://id.gs1.org/01/{GTIN}/21/A-1"


def _said(name: str, n: int = 0) -> tuple[object, ...]:
    step = case(name).steps[n]
    lasting = step.get("persistentDisposition", {}).get("set", [])
    return (step["bizStep"], step.get("disposition"), *lasting)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("parcel arrived", ("accepting", "returned")),
        ("parcel closed with a line missing", ("inspecting", "returned", "mismatch_quantity")),
        ("unit identified", ("receiving", "returned")),
        ("unit identified, wrong serial", ("receiving", "returned", "mismatch_instance")),
        ("unit identified, not announced", ("receiving", "returned", "mismatch_class")),
        ("unit identified, article unknown", ("receiving", "returned", "mismatch_class")),
        ("verdict resale", ("inspecting", "returned", "conformant")),
        ("verdict repair", ("inspecting", "non_sellable_other", "non_conformant")),
        (
            "verdict repair, a part is missing",
            (
                "inspecting",
                "non_sellable_other",
                "non_conformant",
                "damaged",
                "needs_replacement",
            ),
        ),
        ("verdict disposal", ("inspecting", "non_sellable_other", "non_conformant")),
        ("verdict hold, recalled", ("inspecting", "recalled")),
        ("verdict hold, expired", ("inspecting", "expired")),
        ("verdict hold, suspect", ("inspecting", "no_pedigree_match")),
        ("verdict hold, a fact is missing", ("inspecting", "returned")),
        ("verdict hazmat", ("inspecting", "non_sellable_other")),
        ("put resale in a tray", ("storing", "sellable_not_accessible")),
        ("put repair", ("holding", "unavailable")),
        ("put disposal", ("collecting", "disposed")),
        ("put hold, recalled", ("holding", "recalled")),
        ("put hazmat", ("holding", "non_sellable_other")),
        ("move carrying", ("transporting", None)),
        ("photo taken", ("inspecting", None)),
        ("weight answered", ("inspecting", None)),
    ],
)
def test_a_moment_is_told_in_the_words_of_its_row(name: str, said: tuple[object, ...]) -> None:
    assert _said(name) == said


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert {one.events[-1].kind for one in cases()} == set(ROWS)


def test_a_kind_without_a_row_is_not_exported() -> None:
    for payload in (OperatorOut(), InspectionWithdrawn(step="screen")):
        given: Payload = payload
        assert mapped(event_of(Given(payload=given), 1), View(), OWN) == ()


def test_a_kind_of_a_newer_release_is_not_exported() -> None:
    known = case("unit identified").events[-1]
    unread = Event(
        seq=known.seq,
        id=known.id,
        kind=known.kind,
        parcel=known.parcel,
        unit=known.unit,
        time_ms=known.time_ms,
        recorded_ms=known.recorded_ms,
        data=known.data,
        payload=None,
    )
    assert mapped(unread, View(), OWN) == ()


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_what_when_where_stand_in_every_event(one: Case) -> None:
    for step in one.steps:
        assert step["eventTime"] == utc_text(TIME_MS + len(one.given))
        assert step["eventTimeZoneOffset"] == "+03:00"
        assert step["readPoint"] == {"id": one.names.station_uri}
        assert "recordTime" not in step


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_event_ids_come_from_the_journal_and_differ(one: Case) -> None:
    journalled = event_uuid(len(one.given))
    ids = [step["eventID"] for step in one.steps]
    assert ids[0] == f"urn:uuid:{journalled}"
    assert len(set(ids)) == len(ids)


def test_a_second_event_takes_the_name_based_uuid_of_its_number() -> None:
    journalled = event_uuid(7)
    assert event_id(journalled, 1) == f"urn:uuid:{uuid.uuid5(uuid.UUID(journalled), '1')}"
    assert event_id(journalled, 2) == f"urn:uuid:{uuid.uuid5(uuid.UUID(journalled), '2')}"


# ---------------------------------------------------------------- names


def _only(name: str) -> Step:
    (step,) = case(name).steps
    return step


@pytest.mark.parametrize(
    ("name", "epc"),
    [
        ("parcel arrived", f"{NAMESPACE}/parcel/{PARCEL}"),
        ("parcel arrived with an SSCC", "https://id.gs1.org/00/106141412345678908"),
        ("unit identified", EPC),
        (
            "unit identified, a serial that needs escaping",
            f"https://id.gs1.org/01/{GTIN}/21/A%2F1%252%2B3",
        ),
        ("unit identified without a serial", f"{NAMESPACE}/unit/{UNIT}"),
        ("unit identified, wrong serial", f"{NAMESPACE}/unit/{UNIT}"),
        ("unit identified, article unknown", f"{NAMESPACE}/unit/{UNIT}"),
        ("move carrying", EPC),
    ],
)
def test_a_thing_has_its_gs1_key_or_our_own_address(name: str, epc: str) -> None:
    assert _only(name)["epcList"] == [epc]


def test_places_are_of_the_site_by_its_number_or_by_our_own_address() -> None:
    assert (OWN.site_uri, GS1.site_uri) == (
        f"{NAMESPACE}/site/msk1",
        "https://id.gs1.org/414/4601234000000",
    )
    assert GS1.station_uri == "https://id.gs1.org/414/4601234000000/254/st07"
    assert GS1.zone_uri("resale") == "https://id.gs1.org/414/4601234000000/254/zone.resale"
    assert OWN.zone_uri("resale") == f"{NAMESPACE}/zone/msk1.resale"
    assert GS1.place_uri("a place with a long name") == (
        f"{NAMESPACE}/place/msk1.a%20place%20with%20a%20long%20name"
    )


def test_a_return_is_a_business_transaction_of_the_site() -> None:
    two = case("parcel arrived for two returns", GS1).steps[0]["bizTransactionList"]
    assert two == [
        {"type": "rma", "bizTransaction": "urn:epcglobal:cbv:bt:4601234000000:88123"},
        {
            "type": "rma",
            "bizTransaction": "urn:epcglobal:cbv:bt:4601234000000:88%2F124%20%D0%B1",
        },
    ]
    own = case("unit identified").steps[0]["bizTransactionList"]
    assert own == [{"type": "rma", "bizTransaction": f"{NAMESPACE}/rma/88123"}]


def test_a_parcel_nobody_announced_names_no_return() -> None:
    assert "bizTransactionList" not in _only("parcel arrived unannounced")


# ---------------------------------------------------------------- what beside


def test_an_arrival_tells_where_the_parcel_is_and_a_damage_if_it_was_seen() -> None:
    event = event_of(arrived(), 1, damage=["crushed"])
    (step,) = mapped(event, view_of((event,)), OWN)
    assert step["destinationList"] == [{"type": "location", "destination": OWN.site_uri}]
    assert step["persistentDisposition"] == {"set": ["damaged"]}


def test_a_parcel_that_held_all_it_should_is_not_told_again() -> None:
    event = event_of(closed(missing=0), 1)
    assert mapped(event, View(), OWN) == ()


def test_an_identified_unit_names_its_parcel_and_its_article_where_the_epc_does_not() -> None:
    known, unknown = _only("unit identified"), _only("unit identified, wrong serial")
    assert known["retx:parcel"] == f"{NAMESPACE}/parcel/{PARCEL}"
    assert "retx:gtin" not in known
    assert unknown["retx:gtin"] == f"g{GTIN}"
    assert known["bizLocation"] == {"id": OWN.site_uri}


def test_a_verdict_tells_what_decided_it() -> None:
    step = _only("verdict repair")
    assert {key: step[key] for key in step if key.startswith("retx:")} == {
        "retx:grade": "B",
        "retx:zone": "repair",
        "retx:row": "R10",
        "retx:policy": f"{NAMESPACE}/policy/returns-default/v7",
        "retx:checklist": f"{NAMESPACE}/checklist/smartphones/v12",
    }
    assert _only("verdict hold, recalled")["retx:reason"] == "HOLD_QUALITY"
    assert _only("verdict hazmat")["retx:hazard"] == ["hazard_battery", "hazard_chem"]
    assert "retx:grade" not in _only("verdict hazmat")


def test_names_of_a_policy_that_look_like_numbers_are_kept_as_words() -> None:
    step = _only("verdict hold, names like numbers")
    assert (step["retx:grade"], step["retx:row"]) == ("v1", "v7.10")


def test_facts_of_another_shape_are_no_flags() -> None:
    for facts in ({}, {"known": None}, {"known": {"flags": "recall"}}):
        event = event_of(verdict("hold", "HOLD_VERIFY"), 1, facts=facts)
        (step,) = mapped(event, view_of((event,)), OWN)
        assert step["disposition"] == "returned"


def test_a_zone_of_a_newer_release_is_not_exported() -> None:
    for given in (verdict("donation", "GIVE"), put("donation", "A1")):
        event = event_of(given, 1)
        assert mapped(event, view_of((event,)), OWN) == ()


def test_a_put_into_a_tray_is_packed_too() -> None:
    stored, packed = case("put resale in a tray").steps
    assert stored["bizLocation"] == packed["bizLocation"] == {"id": OWN.zone_uri("resale")}
    assert (packed["type"], packed["action"], packed["bizStep"]) == (
        "AggregationEvent",
        "ADD",
        "packing",
    )
    assert (packed["parentID"], packed["childEPCs"]) == (f"{NAMESPACE}/tray/msk1.A1", [EPC])
    assert "epcList" not in packed
    _, in_tote = case("put resale in a tote with a GRAI").steps
    assert in_tote["parentID"] == "https://id.gs1.org/8003/04601234000000T-17"


def test_a_unit_that_leaves_its_container_is_unpacked() -> None:
    (step,) = case("taken out of a container").steps
    assert (step["type"], step["action"], step["bizStep"]) == (
        "AggregationEvent",
        "DELETE",
        "unpacking",
    )
    assert (step["parentID"], step["childEPCs"]) == (f"{NAMESPACE}/tray/msk1.A1", [EPC])
    undone = event_of(removed("undo"), 1)  # its put is declared in error instead
    assert mapped(undone, view_of((undone,)), OWN) == ()


def test_a_put_without_a_tray_is_one_event() -> None:
    assert len(case("put repair").steps) == 1


def test_a_held_unit_whose_verdict_is_not_known_is_returned() -> None:
    event = event_of(put("hold"), 1)
    (step,) = mapped(event, view_of((event,)), OWN)
    assert step["disposition"] == "returned"


def test_a_carried_unit_comes_from_somewhere_and_goes_somewhere() -> None:
    step = _only("move carrying")
    assert step["sourceList"] == [{"type": "location", "source": OWN.place_uri("HO1")}]
    assert step["destinationList"] == [{"type": "location", "destination": OWN.place_uri("Z-RES")}]
    assert step["retx:robot"] == f"{NAMESPACE}/robot/msk1.r1"
    assert step["retx:move"] == f"urn:uuid:{MOVE}"
    unplanned = _only("move carrying, plan unknown")
    assert unplanned.keys().isdisjoint({"sourceList", "destinationList"})


def test_a_photo_is_named_by_its_content_and_a_personal_one_is_not_told() -> None:
    (element,) = _only("photo taken")["sensorElementList"]
    assert element["sensorReport"] == [
        {"type": f"{NAMESPACE}/voc/Photo", "uriValue": f"ni:///sha-256;{'c4' * 32}"}
    ]
    event = event_of(photo(personal=True), 1)
    assert mapped(event, View(), OWN) == ()


def test_a_weight_is_a_mass_in_grams_and_other_answers_are_not_told() -> None:
    (element,) = _only("weight answered")["sensorElementList"]
    assert element["sensorReport"] == [{"type": "Mass", "value": 412, "uom": "GRM"}]
    assert mapped(event_of(weighed(step="battery_percent"), 1), View(), OWN) == ()


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_a_measurement_names_no_return_and_no_places(one: Case) -> None:
    for step in one.steps:
        if "sensorElementList" in step:
            assert step.keys().isdisjoint({"bizTransactionList", "sourceList", "destinationList"})


# ---------------------------------------------------------------- view and corrections


def test_the_view_is_that_of_the_moment() -> None:
    one = case("put hold, recalled")
    before = view_of(one.events[:1])
    after = view_of(one.events)
    assert before.verdict is None
    assert after.verdict is not None
    assert after.identified == before.identified


def test_the_view_is_made_of_the_kinds_it_names() -> None:
    one = Case(name="", given=(arrived(), *case("move carrying").given, *case("put hazmat").given))
    told = tuple(event for event in one.events if event.kind in KINDS)
    assert len(told) < len(one.events)
    assert view_of(told) == view_of(one.events)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("undo", "did_not_occur"),
        ("retract", "did_not_occur"),
        ("replace", "incorrect_data"),
    ],
)
def test_a_correction_repeats_the_original_and_declares_it(act: str, reason: str) -> None:
    originals = case("put resale in a tray").steps
    replacements = case("put repair").steps
    event = correction(9, 3, act, 2)
    copies = declared(originals, event, replacements)
    for original, copied in zip(originals, copies, strict=True):
        declaration = copied["errorDeclaration"]
        assert {**copied, "errorDeclaration": None} == {**original, "errorDeclaration": None}
        assert declaration["declarationTime"] == utc_text(event.time_ms)
        assert declaration["reason"] == reason
    ids = copies[0]["errorDeclaration"].get("correctiveEventIDs")
    assert ids == ([f"urn:uuid:{event_uuid(2)}"] if act == "replace" else None)


def test_a_replacement_that_is_not_exported_is_not_named() -> None:
    (copied,) = declared(case("put repair").steps, correction(9, 2, "replace", 5))
    assert "correctiveEventIDs" not in copied["errorDeclaration"]


def test_only_a_correction_is_one() -> None:
    assert correction_of(case("put repair").events[-1]) is None
    found = correction_of(correction(9, 3, "replace", 2))
    assert found is not None
    assert (found.of, found.act, found.replacement) == (event_uuid(3), "replace", event_uuid(2))
