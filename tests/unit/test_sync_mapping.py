"""Bodies as a central system gets them: fields, status codes, rights; all else byte for byte."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import GENESIS, Draft, EventId, Match, Stamp, Subject, UnitId, encode, splice
from edge.events.kinds import Payload, kind_of
from edge.events.scan import ScanRead
from edge.events.schemas import schema_of
from edge.outward import PLAIN, FieldRule, Outward
from edge.sync.mapping import COMMON, RIGHTS, coded, mapped, reason_of, without_tail
from event_kit import payloads
from journal_kit import origin

EXAMPLES = list(payloads())
SECRET = b"\x1d91KEY0\x1d92TAIL"
MARK = b"010460123456789321abc"


def body_of(payload: Payload, status: str | None = None) -> bytes:
    stamp = Stamp(id=EventId("e1"), time_ms=1, mono_ms=5, tenant="shop-a")
    draft = Draft(payload=payload, subject=Subject(unit=UnitId("u1")), status=status)
    return splice(encode(draft, stamp, origin()), prevhash=GENESIS, recorded_ms=7, seq=1)


def scan(raw: bytes, gs: str = "kept") -> ScanRead:
    return ScanRead(
        device="hand-1",
        via="serial",
        raw_b64=base64.b64encode(raw).decode(),
        symbology="gs1_datamatrix",
        text="01…21…",
        match=Match(what="item"),
        gs=gs,
    )


def verdict(**changes: Any) -> dict[str, Any]:
    made = next(payload for kind, payload in EXAMPLES if kind == "verdict.made")
    envelope: dict[str, Any] = json.loads(body_of(made, "held"))
    envelope["data"] |= changes
    return envelope


def test_without_a_map_every_body_goes_as_it_is() -> None:
    for kind, payload in EXAMPLES:
        body = body_of(payload, "placed")
        assert mapped(body, kind, PLAIN) is body


def test_a_rule_keeps_drops_renames_and_says_so() -> None:
    made = next(payload for kind, payload in EXAMPLES if kind == "verdict.made")
    rule = FieldRule(
        events=("verdict.*",), keep=("grade", "zone"), drop=("acts",), rename={"zone": "place"}
    )
    before = json.loads(body_of(made))
    after = json.loads(mapped(body_of(made), "verdict.made", Outward(name="oms", rules=(rule,))))
    assert after["data"] == {
        **{name: value for name, value in before["data"].items() if name in COMMON - {"acts"}},
        "grade": "A",
        "place": "resale",
    }
    assert after.pop("mapped") == "oms"
    assert {k: v for k, v in after.items() if k != "data"} == {
        k: v for k, v in before.items() if k != "data"
    }


def test_rules_apply_in_their_order() -> None:
    made = next(payload for kind, payload in EXAMPLES if kind == "put.confirmed")
    rules = (
        FieldRule(events=("*",), rename={"zone": "place"}),
        FieldRule(events=("put.*",), keep=("place",)),
        FieldRule(events=("move.*",), drop=("place",)),
    )
    after = json.loads(mapped(body_of(made), "put.confirmed", Outward(name="m", rules=rules)))
    assert set(after["data"]) - COMMON == {"place"}


def test_a_rule_that_changes_nothing_leaves_the_bytes() -> None:
    made = next(payload for kind, payload in EXAMPLES if kind == "put.confirmed")
    body = body_of(made)
    outward = Outward(name="m", rules=(FieldRule(events=("*",), drop=("unheard_of",)),))
    assert mapped(body, "put.confirmed", outward) is body


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"status": "held", "reason": "dispute"}, "H1"),
        ({"status": "held", "reason": "value"}, "H"),
        ({"status": "held", "disposition": "HOLD_DISPUTE"}, "H1"),
        ({"status": "held", "disposition": "RESTOCK"}, "H"),
        ({"status": "placed"}, "30"),
        ({"status": "opened"}, None),
        ({}, None),
    ],
)
def test_a_status_gets_the_system_s_own_code(data: dict[str, str], code: str | None) -> None:
    codes = {("held", ""): "H", ("held", "dispute"): "H1", ("placed", ""): "30"}
    codes[("opened", "")] = "-"
    assert coded(data, codes).get("status") == code
    assert coded(data, None) is data


def test_the_reason_of_a_hold_is_said_by_event_or_disposition() -> None:
    assert reason_of({"reason": "rtv", "disposition": "HOLD_VALUE"}) == "rtv"
    assert reason_of({"disposition": "HOLD_MISSING_FACT"}) == "missing_fact"
    assert reason_of({"disposition": 7}) == ""


@pytest.mark.parametrize(
    ("raw", "gs", "left"),
    [
        (MARK + SECRET, "kept", MARK),
        (b"\x1d" + MARK + SECRET, "kept", b"\x1d" + MARK),
        (MARK + SECRET.replace(b"\x1d", b""), "lost", b""),
        (MARK + SECRET.replace(b"\x1d", b"\\"), "restored", b""),
        (b"4601234567893", "na", b"4601234567893"),
    ],
)
def test_without_the_right_no_tail_of_a_mark_leaves(raw: bytes, gs: str, left: bytes) -> None:
    body = body_of(scan(raw, gs))
    sent = mapped(body, "scan.read", Outward())
    data = json.loads(sent)["data"]
    assert base64.b64decode(data["raw_b64"]) == left
    assert (sent is body) == (raw == left)
    assert json.loads(sent).get("mapped") == (None if raw == left else RIGHTS)
    assert mapped(body, "scan.read", Outward(mark_raw=True)) is body


@given(st.binary(max_size=60), st.sampled_from(["kept", "lost", "restored", "na"]))
def test_whatever_was_read_nothing_stands_behind_a_separator(raw: bytes, gs: str) -> None:
    data = without_tail("scan.read", {"raw_b64": base64.b64encode(raw).decode(), "gs": gs})
    left = base64.b64decode(data["raw_b64"])
    assert b"\x1d" not in left.lstrip(b"\x1d")
    assert raw.startswith(left)


def test_bytes_that_are_no_base64_are_given_to_nobody() -> None:
    assert without_tail("scan.read", {"raw_b64": "%%%"}) == {"raw_b64": ""}


def test_the_common_fields_are_those_of_the_schemas() -> None:
    for kind, payload in EXAMPLES:
        common = set(schema_of(kind)["properties"]) - set(type(payload).__slots__)
        assert common <= COMMON
        assert kind_of(payload) == kind


def test_held_by_its_disposition_in_a_real_body() -> None:
    envelope = verdict(disposition="HOLD_VALUE")
    codes = {("held", ""): "H", ("held", "value"): "HV"}
    assert coded(envelope["data"], codes)["status"] == "HV"
