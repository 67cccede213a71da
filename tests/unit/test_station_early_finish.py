"""The station asks nothing that cannot change the outcome, before and after a restart."""

from dataclasses import replace
from functools import reduce

from bench import Bench, context, pack
from edge.events import InspectionFinished, VerdictMade
from edge.station import asking, checks
from edge.station.apply import apply
from edge.station.decision import Context
from edge.station.state import State
from zoning.evaluate import decide
from zoning.model import Facts


def locked_phone() -> Bench:
    """A phone with an account lock in the hand: sound, opened, locked."""
    bench = Bench()
    bench.parcel()
    bench.phone()
    bench.press("1")
    bench.press("1")
    bench.press("2")
    bench.press("2")
    return bench


def asked(bench: Bench, surroundings: Context | None = None) -> str | None:
    assert bench.state.unit is not None
    step = asking.open_step(bench.state.unit, surroundings or bench.given)
    return step.name if step is not None else None


def verdict(bench: Bench) -> VerdictMade:
    return next(e.payload for e in reversed(bench.events) if isinstance(e.payload, VerdictMade))


def test_a_question_that_cannot_change_the_outcome_is_left_out() -> None:
    bench = locked_phone()
    assert asked(bench) == "data"
    assert bench.state.unit is not None
    shown = asking.question(bench.state.unit, "", bench.given)
    assert shown is not None
    assert (shown.step, shown.n, shown.of) == ("data", 5, 5)
    bench.press("1")
    assert asked(bench) is None
    assert asking.question(bench.state.unit, "", bench.given) is None


def test_the_early_verdict_says_that_it_is_early_and_keeps_what_nobody_said_unknown() -> None:
    bench = locked_phone()
    bench.press("1")
    bench.press("enter")
    made = verdict(bench)
    assert (made.zone, made.disposition, made.row) == ("hold", "HOLD_UNLOCK", "R05")
    assert (made.refund, made.move, made.grade) == ("blocked", "auto", "C")
    assert made.settled_early
    assert made.grade_exact is False
    assert made.facts["unknown"] == {"flags": ["fix"]}
    assert {"column": "grade", "why": "open"} in made.facts["missing"]
    finished = next(e.payload for e in bench.events if isinstance(e.payload, InspectionFinished))
    assert "health" not in {answer.step for answer in finished.answers}
    assert decide(pack(), Facts.from_json(made.facts)).row == "R05"
    assert "put.confirmed" in bench.tray("H1")


def test_a_full_run_is_not_early() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    for answer in ("1", "1", "2", "1", "97", "1"):
        bench.press(*answer, *(["enter"] if len(answer) > 1 else []))
    bench.press("enter")
    assert not verdict(bench).settled_early
    assert verdict(bench).grade_exact


def test_the_tray_alone_makes_the_early_verdict() -> None:
    bench = locked_phone()
    assert "put.confirmed" not in bench.tray("H1")
    bench.press("1")
    kinds = bench.tray("H1")
    assert "verdict.made" in kinds
    assert "put.confirmed" in kinds
    assert verdict(bench).settled_early


def test_a_mark_made_later_asks_what_it_opens() -> None:
    """A swollen battery is still seen at any time: danger overrules the early end."""
    bench = locked_phone()
    bench.press("1")
    assert asked(bench) is None
    bench.press("backspace")
    assert asked(bench) == "data"
    bench.press("backspace")
    assert asked(bench) == "lock"
    bench.press("1")
    assert asked(bench) == "health"


def test_a_restart_asks_what_was_asked_before() -> None:
    bench = locked_phone()
    again = reduce(apply, bench.events, State())
    assert again.unit == bench.state.unit
    fresh = replace(pack())
    elsewhere = context(packs={fresh.sha256: fresh})
    assert fresh.settlers == {}
    assert again.unit is not None
    step = asking.open_step(again.unit, elsewhere)
    assert step is not None
    assert step.name == "data"
    bench.press("1")
    bench.press("enter")
    after = reduce(apply, bench.events, State())
    assert after.unit is not None
    assert checks.verdict_of(checks.run_of(after.unit, elsewhere), verdict(bench).checklist) == (
        verdict(bench)
    )
