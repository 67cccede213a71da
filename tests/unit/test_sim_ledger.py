"""The platform's ledger: repeats are dropped, chains are proved from the bytes that came."""

import hashlib
import json
from typing import Any

import pytest

from sim.central.ledger import GENESIS, Ledger, split_batch

SOURCE = "https://returns.example.com/station/demo.ST-01/3f9a61c2"


def body(sequence: int, previous: str, **more: Any) -> bytes:
    event = {
        "data": {},
        "id": f"id-{sequence}",
        "prevhash": previous,
        "sequence": f"{sequence:020d}",
        "source": SOURCE,
        "subject": "station/ST-01",
        "type": "receiving-edge.station.started.v1",
    }
    return json.dumps({**event, **more}).encode()


def chain(count: int) -> list[bytes]:
    bodies: list[bytes] = []
    for sequence in range(1, count + 1):
        previous = hashlib.sha256(bodies[-1]).hexdigest() if bodies else GENESIS
        bodies.append(body(sequence, previous))
    return bodies


def test_a_repeat_is_told_and_not_stored_again() -> None:
    ledger = Ledger()
    for raw in (*chain(3), *chain(3)):
        ledger.take(raw)
    assert (ledger.count, ledger.repeats, ledger.duplicates) == (3, 3, 0)
    assert ledger.is_chain_ok()
    assert ledger.have(SOURCE) == 3


def test_order_of_arrival_does_not_matter() -> None:
    ledger = Ledger()
    for raw in reversed(chain(5)):
        ledger.take(raw)
    assert ledger.is_chain_ok()
    assert ledger.gaps() == []


def test_a_gap_is_named_and_does_not_break_the_chain() -> None:
    ledger = Ledger()
    bodies = chain(4)
    for raw in (bodies[0], bodies[3]):
        ledger.take(raw)
    assert ledger.gaps() == [(SOURCE, 2), (SOURCE, 3)]
    assert ledger.is_chain_ok()


@pytest.mark.parametrize("at", [1, 2])
def test_one_changed_byte_breaks_the_chain(at: int) -> None:
    ledger = Ledger()
    bodies = chain(4)
    bodies[at] = bodies[at].replace(b"started", b"stopped")
    for raw in bodies:
        ledger.take(raw)
    assert not ledger.is_chain_ok()


def test_one_number_used_twice_is_a_duplicate() -> None:
    ledger = Ledger()
    bodies = chain(2)
    ledger.take(bodies[0])
    ledger.take(bodies[1])
    ledger.take(bodies[1].replace(b"id-2", b"id-9"))
    assert ledger.duplicates == 1
    assert not ledger.is_chain_ok()


def test_a_batch_is_cut_into_the_bytes_that_were_joined() -> None:
    bodies = [b'{"a":"],[\\"{"}', '{"b": "Ё"}'.encode(), b"{}"]
    assert list(split_batch(b"[" + b",".join(bodies) + b"]")) == bodies
    assert list(split_batch(b" [ ] ")) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(b"{}", "array"), (b"[{} {}]", "comma"), (b"[{", "Expecting"), (b"", "array")],
)
def test_what_is_no_array_is_refused(wrong: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(split_batch(wrong))


def test_an_event_without_id_is_refused() -> None:
    with pytest.raises(ValueError, match="id is missing"):
        Ledger().take(b'{"source":"x","sequence":"1"}')


def test_units_and_trays_are_followed_through_their_events() -> None:
    ledger = Ledger()
    leg = {"kind": "conveyor", "start": "c1", "end": "lane-3"}
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("parcel.arrived", "parcel/p1", {"codes": ["RB1"], "rmas": ["88"]}),
        ("unit.identified", "unit/u1", {"gtin": "04600070000052", "match": "expected"}),
        ("verdict.made", "unit/u1", {"zone": "disposal", "row": "R17"}),
        ("put.confirmed", "unit/u1", {"zone": "disposal", "how": "conveyor", "tray": "D1"}),
        ("move.planned", "unit/u1", {"move": "m1", "tray": "D1", "legs": [leg]}),
        ("diverter.sent", "unit/u1", {"move": "m1", "leg": 0, "token": 7}),
    ]
    for sequence, (kind, subject, data) in enumerate(told, start=1):
        name = f"receiving-edge.{kind}.v1"
        ledger.take(body(sequence, "", type=name, subject=subject, data=data, correlationid="p1"))
    unit, move = ledger.units["unit/u1"], ledger.moves["m1"]
    assert (unit.gtin, unit.zone, unit.verdict, unit.puts) == (
        "04600070000052",
        "disposal",
        "disposal",
        1,
    )
    assert (move.tray, move.tokens, move.done) == ("D1", {7}, set())
    done = {"move": "m1", "leg": 0, "token": 7}
    ledger.take(body(9, "", type="receiving-edge.diverter.done.v1", subject="unit/u1", data=done))
    assert move.done == {0}
    assert ledger.parcels == {"p1": ("RB1", "88")}
