"""A number that nobody announced: likely parcels by rank, the desk, and the owner's later word."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bench import LINES, TRACKING, Bench
from drivers.protocols import Symbology
from edge.events import ParcelArrived, ParcelId, ParcelMatched, parse_utc
from edge.station.decision import state_name
from edge.station.inputs import Candidate, ClaimInput, DueTimer, Lookups, ScanInput
from edge.station.unknown import by_date, fragments, nearest

DAMAGED = "X9123456785"
CANDIDATE = Candidate(matched_by="rma", key="88123", lines=LINES, whole_rmas=("88123",))


class NearBench(Bench):
    """A bench whose look-up finds one parcel that an unknown number may mean."""

    def take(self, given: object) -> list[str]:
        """Add what the caches would have found."""
        if isinstance(given, ScanInput) and not given.lookups.candidates:
            lookups: Lookups = replace(given.lookups, near=(CANDIDATE,))
            given = replace(given, lookups=lookups)
        return super().take(given)  # type: ignore[arg-type]


def _claim(parcel: ParcelId, name: str = "r1") -> ClaimInput:
    return ClaimInput(
        input=f"claim/{name}", parcel=parcel, rma="88123", release=name, candidate=CANDIDATE
    )


def _laid_aside() -> tuple[Bench, ParcelId]:
    bench = Bench()
    bench.badge()
    bench.scan("NOBODY-KNOWS-IT", symbology=Symbology.CODE128)
    bench.press("3")
    return bench, next(iter(bench.state.parcels))


def test_a_likely_parcel_is_received_only_by_its_digit() -> None:
    bench = NearBench()
    bench.badge()
    assert bench.scan(DAMAGED) == ["scan.read"]
    assert bench.screen.choice is not None
    assert [digit for digit, _ in bench.screen.choice.ways] == ["1", "2", "3", "4"]
    assert bench.press("5") == []
    assert bench.press("4") == ["parcel.arrived", "parcel.opened"]
    arrived = next(e.payload for e in bench.events if isinstance(e.payload, ParcelArrived))
    assert DAMAGED in arrived.codes
    assert arrived.rmas == ("88123",)


def test_a_claimed_parcel_is_what_the_owner_says_from_then_on() -> None:
    bench, parcel = _laid_aside()
    before = list(bench.events)
    assert bench.take(_claim(parcel)) == ["parcel.matched"]
    assert bench.events[: len(before)] == before
    bench.scan("NOBODY-KNOWS-IT", symbology=Symbology.CODE128)
    assert state_name(bench.state, bench.screen) == "PARCEL"
    bench.shirt()
    assert bench.state.unit is not None
    assert (bench.state.unit.rma, bench.state.unit.match) == ("88123", "expected")
    assert bench.state.unit.static["station_flags"] == []


def test_the_time_of_a_claimed_parcel_is_as_announced_and_it_is_told_when_it_is_over() -> None:
    bench, parcel = _laid_aside()
    due = "2026-12-01T00:00:00.000Z"
    claim = _claim(parcel)
    assert claim.candidate is not None
    lines = tuple(replace(line, due_at=due) for line in claim.candidate.lines)
    bench.take(replace(claim, candidate=replace(claim.candidate, lines=lines)))
    assert bench.state.parcels[parcel].due == due
    assert bench.take(DueTimer(wall_ms=parse_utc(due))) == ["sla.warning"]


def test_a_second_claim_of_the_same_parcel_changes_nothing() -> None:
    bench, parcel = _laid_aside()
    bench.take(_claim(parcel))
    assert bench.take(_claim(parcel, "r2")) == []


def test_what_was_taken_out_before_the_claim_stays_what_it_was() -> None:
    bench = Bench()
    bench.badge()
    bench.scan("NOBODY-KNOWS-IT", symbology=Symbology.CODE128)
    bench.press("1")
    bench.shirt()
    bench.tray("H1")
    assert bench.state.bench is not None
    bench.take(_claim(bench.state.bench))
    assert bench.state.parcel is not None
    assert bench.state.parcel.lines == ()
    assert bench.state.parcel.rmas == ("88123",)


def test_a_parcel_that_was_closed_is_claimed_by_an_event_of_its_own() -> None:
    bench, parcel = _laid_aside()
    bench.scan("NOBODY-KNOWS-IT", symbology=Symbology.CODE128)
    bench.press("enter")
    assert parcel not in bench.state.parcels
    assert bench.take(_claim(parcel)) == ["parcel.matched"]
    matched = bench.events[-1].payload
    assert isinstance(matched, ParcelMatched)
    assert (matched.rmas, matched.evidence, matched.lines) == (("88123",), ("r1",), ())
    assert bench.events[-1].parcel == parcel


def test_the_number_with_the_longest_shared_part_comes_first() -> None:
    numbers = ("RB000000028RU", TRACKING, "A-7")
    assert nearest(DAMAGED, numbers) == (TRACKING,)
    assert fragments("A7") == ()


@given(st.text(alphabet="AB12", max_size=12), st.lists(st.text(alphabet="AB12", max_size=12)))
def test_every_number_offered_shares_four_characters(code: str, numbers: list[str]) -> None:
    for number in nearest(code, numbers):
        assert any(code[n : n + 4] in number for n in range(len(code) - 3))


def test_of_parcels_with_the_same_article_the_one_due_first_comes_first() -> None:
    late = replace(LINES[0], rma="2", due_at="2026-12-09T00:00:00Z")
    soon = replace(LINES[0], rma="1", due_at="2026-12-01T00:00:00Z")
    never = replace(LINES[0], rma="0")
    found = by_date(
        Candidate(matched_by="rma", key=line.rma, lines=(line,)) for line in (never, late, soon)
    )
    assert [one.key for one in found] == ["1", "2", "0"]
