"""The gate over random checklists: no refusal is its own fault, what a run shows it has refused."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from random_checklists import ATTRS, FLAGS, random_pack, random_static, run_through
from zoning import session
from zoning.checklist.values import Option
from zoning.evaluate import INVALID, MISSING, decide
from zoning.gate.checklist_checks import JointChecked, check_checklists
from zoning.gate.report import Result
from zoning.gate.theory import UNSOUND
from zoning.model import Members, Static
from zoning.pack import UNKNOWN_ITEM, Pack
from zoning.session.walk import Run, outcomes, readings

SEEDS = st.integers(0, 2**32 - 1)
CAMERAS = frozenset({"near", "far", "defect"})


def lawful(rng: Random, pack: Pack) -> Static:
    """Return facts that feeds, parcel and station of this pack can state."""
    static = random_static(rng)
    raised = {
        flag
        for one in pack.checklist_for(static).steps
        if one.by_parcel
        for option in one.options
        for flag in option.flags
    }
    return replace(
        static,
        parcel_flags=frozenset(flag for flag in raised if rng.random() < 0.3),
        station_flags=frozenset({"blind"} if rng.random() < 0.2 else ()),
    )


def is_known(run: Run) -> bool:
    """Return whether every feed has said its fact of a unit."""
    static = run.static
    is_whole = static.attrs is not None and static.attrs <= set(ATTRS) and not static.unknown_attrs
    is_valued = static.currency == "RUB" and static.value_minor in range(10)
    has_category = run.checklist.id == UNKNOWN_ITEM or static.category is not None
    return is_whole and is_valued and has_category and static.in_window is not None


def refused(told: JointChecked, check: str, subject: str) -> bool:
    statuses = told.checked.statuses
    return any(
        (one.check, one.subject, one.status) == (check, subject, Result.REFUSED) for one in statuses
    )


def demands(run: Run) -> int:
    return sum(due.count for due in session.slots_due(run))


@settings(max_examples=60)  # a whole gate each
@given(SEEDS)
def test_no_refusal_of_a_random_pack_is_a_fault_of_the_gate(seed: int) -> None:
    told = check_checklists(random_pack(Random(seed)), CAMERAS)
    assert [str(one) for one in told.checked.findings if one.check == UNSOUND] == []


@settings(max_examples=60)  # a whole gate each
@given(SEEDS)
def test_what_a_run_shows_the_gate_has_refused(seed: int) -> None:
    rng = Random(seed)
    pack = random_pack(rng)
    told = check_checklists(pack, CAMERAS)
    for _ in range(8):
        run = run_through(rng, session.begin(pack, lawful(rng, pack)))
        if run is None:
            continue
        name = run.checklist.id
        facts = session.facts(run)
        verdict = decide(pack, facts)
        if verdict.row == MISSING and is_known(run) and name != UNKNOWN_ITEM:
            assert refused(told, "G30", name)
        if verdict.row == INVALID:
            assert refused(told, "G31", f"X1 {name}")
        if demands(run) > pack.photos_max:
            assert refused(told, "G34", f"photos {name}")
        _astray(told, run, verdict.zone)
        _unread(told, run)
        assert isinstance(facts.values["flags"], Members)
        assert facts.values["flags"].present <= set(FLAGS)


def _astray(told: JointChecked, run: Run, zone: str) -> None:
    for step in run.checklist.steps:
        given_answer = run.given.get(step.name)
        if given_answer is None or step.name not in run.answered:
            continue
        for option in outcomes(step, given_answer.value):
            if run.pack.policy.is_hazard(option.flags) and zone != "hazmat":
                assert refused(told, "G31", f"answers {run.checklist.id}")
            if option.ungraded and zone not in ("hold", "hazmat"):
                assert refused(told, "G31", f"answers {run.checklist.id}")


def _unread(told: JointChecked, run: Run) -> None:
    """A condition that is unknown although every feed has spoken and nothing was cut off."""
    if not is_known(run) or "cut" in run.states.values() or run.checklist.id == UNKNOWN_ITEM:
        return
    if any(option.end for option in _taken(run)):
        return
    for step in run.checklist.steps:
        if not step.by_parcel and readings(run, step.name)[0] is None:
            assert refused(told, "G10", run.checklist.id)


def _taken(run: Run) -> Iterator[Option]:
    """Yield what every answer that counts acts as, the parcel's too."""
    for name, value, _ in session.final_answers(run):
        step = run.checklist.step(name)
        if step is not None:
            yield from outcomes(step, value)
