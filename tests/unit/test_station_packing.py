"""A missing item: its empty packing is photographed before it is declared, or given up."""

from bench import START_MS, Bench, context
from edge.events import DocumentData, PhotoMissing, PhotoTaken, UnitMissing
from edge.station.decision import state_name
from edge.station.inputs import PhotoInput

SHA256 = "a" * 64


def seen(**changes: object) -> Bench:
    """A parcel of two pieces before a camera that looks at boxes; the T-shirt is put."""
    one = Bench(given=context(camera_roles=frozenset({"parcel"}), **changes))
    one.parcel()
    one.shirt()
    one.tray("A1")
    return one


def photograph(one: Bench, *, is_there: bool = True) -> list[str]:
    """The camera answers what was asked."""
    (parcel,) = one.state.parcels
    taken = PhotoTaken(
        sha256=SHA256,
        bytes=1000,
        mime="image/jpeg",
        width=640,
        height=480,
        slot="packing",
        camera="top",
        sharpness=100,
        mean=120,
        clipped=0,
        bound_by="open_window",
        personal=True,
    )
    return one.take(
        PhotoInput(
            slot="packing",
            photo=taken if is_there else None,
            parcel=parcel,
            reason="" if is_there else "dark",
            at_ms=START_MS,
        )
    )


def test_a_line_is_declared_missing_as_soon_as_its_packing_is_photographed() -> None:
    one = seen()
    assert one.press("f7", "2") == []
    assert one.no == "E34"
    assert state_name(one.state, one.screen) == "PHOTO"
    assert one.last is not None
    assert [(ask.parcel, ask.slot.name) for ask in one.last.photos] == [
        (one.state.bench, "packing")
    ]
    kinds = photograph(one)
    assert kinds[:4] == ["photo.taken", "unit.missing", "refund.blocked", "parcel.closed"]
    papers = [e.payload for e in one.events if isinstance(e.payload, DocumentData)]
    assert any(SHA256 in one.photos for one in papers if one.form == "discrepancy_act")
    assert state_name(one.state, one.screen) == "IDLE"


def test_the_rest_waits_for_it_too_and_one_is_enough_for_a_parcel() -> None:
    one = Bench(given=context(camera_roles=frozenset({"parcel"})))
    one.parcel()
    one.press("f7", "1")
    assert "unit.missing" in photograph(one)
    assert "unit.missing" in one.press("f7", "enter")
    assert [e.kind for e in one.events].count("photo.taken") == 1


def test_a_photograph_that_fails_is_taken_again_or_given_up_by_a_supervisor() -> None:
    one = seen()
    one.press("f7", "2")
    assert photograph(one, is_there=False) == []
    assert one.screen.note is not None
    assert (one.screen.note.t, one.screen.note.p) == ("E34", {"slot": "packing"})
    one.press("9")
    assert one.last is not None
    assert len(one.last.photos) == 1
    one.press("7")
    assert one.supervise() == ["scan.read", "photo.missing"]
    given_up = one.events[-1].payload
    assert isinstance(given_up, PhotoMissing)
    assert (given_up.slot, given_up.supervisor) == ("packing", "0001")
    assert "unit.missing" in one.press("f7", "2")


def test_esc_declares_nothing_and_a_photograph_that_comes_late_is_kept() -> None:
    one = seen()
    one.press("f7", "2")
    assert one.press("0") == []
    assert one.no == "E34"
    one.press("esc")
    assert state_name(one.state, one.screen) == "PARCEL"
    assert photograph(one) == ["photo.taken"]
    assert not any(isinstance(e.payload, UnitMissing) for e in one.events)
    assert "unit.missing" in one.press("f7", "2")


def test_without_such_a_camera_that_is_said_once_and_nothing_waits() -> None:
    one = Bench()
    one.parcel()
    assert one.press("f7", "1")[:2] == ["photo.missing", "unit.missing"]
    lost = next(e.payload for e in one.events if isinstance(e.payload, PhotoMissing))
    assert lost == PhotoMissing(slot="packing", reason="no_camera")
    assert "photo.missing" not in one.press("f7", "enter")


def test_a_declaration_that_is_taken_back_asks_anew() -> None:
    one = seen()
    one.press("f7", "2")
    photograph(one)
    one.press("f9")
    assert one.state.parcel is not None
    assert one.press("f7", "2") == []
    assert state_name(one.state, one.screen) == "PHOTO"
