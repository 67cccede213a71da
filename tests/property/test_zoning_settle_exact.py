"""Early finish is exact: it says settled if and only if every completion has the same outcome."""

from contextlib import suppress
from dataclasses import replace
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from policy_kit import HIGH, LOW, MID, default_pack
from random_checklists import completions, random_pack, unfinished_run, ways
from zoning import session, settle
from zoning.evaluate import decide
from zoning.model import AnsweredBy, Static, Verdict
from zoning.pack import Pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import UNDECIDED, Run

SEEDS = st.integers(0, 2**32 - 1)
PLAIN = ("zone", "disposition", "refund", "move")
BRUTE_MAX = 3_000


def columns_of(pack: Pack, run: Run) -> tuple[object, ...]:
    """Return what the policy wants settled of a finished run."""
    verdict = decide(pack, session.facts(run))
    parts: list[object] = [getattr(verdict, name) for name in PLAIN if name in pack.policy.settle]
    if "actions" in pack.policy.settle:
        parts.append(frozenset(verdict.actions))
    if "evidence" in pack.policy.settle:
        parts.append(demanded(run))
    return tuple(parts)


def demanded(run: Run) -> frozenset[tuple[str, str]]:
    """Return the photographs: the slot, and of a slot that wants one each who wants it."""
    each = run.checklist.slots
    return frozenset(
        (due.slot, f"{due.count}" if each[due.slot].each else "") for due in session.slots_due(run)
    )


def settling(pack: Pack, columns: tuple[str, ...]) -> Pack:
    return replace(pack, policy=replace(pack.policy, settle=columns))


@given(SEEDS)
@example(133)  # an answer that ended the questions becomes irrelevant by an earlier one
@example(166)
def test_settled_means_that_no_completion_differs(seed: int) -> None:
    rng = Random(seed)
    every = ("evidence", "actions", *PLAIN)
    pack = settling(random_pack(rng), tuple(name for name in every if rng.random() < 0.7))
    run = unfinished_run(rng, pack)
    seen, is_whole = set(), True
    for at, finished in enumerate(completions(run)):
        seen.add(columns_of(pack, finished))
        if at > BRUTE_MAX:
            is_whole = False
            break
    early = settle.settled(run)
    if early is not None:
        assert len(seen) == 1
        neutral = session.neutral(run)
        assert columns_of(pack, neutral) in seen
        assert early.row == decide(pack, session.facts(neutral)).row
    elif is_whole and seen and not _is_careful(run):
        assert len(seen) > 1


def _is_careful(run: Run) -> bool:
    """Whether the answer may be on the safe side.

    Constraints on marks, no neutral way out, or an answer still to come that ends the questions.
    """
    steps = run.checklist.steps
    limited = any(step.default and step.constraint is not None for step in steps)
    waiting = (step for step in steps if run.states[step.name] in UNDECIDED)
    can_end = any(option.end for step in waiting for option in step.outcomes)
    return limited or can_end or not session.neutral(run).is_finished


def static_of(rng: Random) -> Static:
    """Return the facts of a unit of the default pack."""
    pack = default_pack()
    category = rng.choice(pack.policy.domains["category"].values)
    attrs = pack.allowances[category].attrs
    extra = frozenset(rng.sample(pack.policy.domains["attrs"].values, rng.choice((0, 0, 1, 2))))
    return Static(
        category=category,
        attrs=attrs | extra,
        parcel_flags=frozenset(rng.choice(((), (), ("tamper",), ("carrier_damage",)))),
        station_flags=frozenset(rng.choice(((), (), ("blind",)))),
        value_minor=rng.choice((None, LOW, MID, HIGH)),
        currency="RUB",
        in_window=rng.choice((True, False, None)),
    )


def any_answer(rng: Random, run: Run, name: str) -> str | int:
    step = run.checklist.step(name)
    assert step is not None, "it is a step of the run"
    return rng.choice(ways(step))


LEAN = settling(default_pack(), PLAIN)


@given(SEEDS, st.sampled_from((default_pack(), LEAN)))
def test_an_early_end_and_the_full_run_agree_on_the_default_pack(seed: int, pack: Pack) -> None:
    rng = Random(seed)
    run = session.begin(pack, static_of(rng))
    for _ in range(rng.randint(0, 3)):
        names = sorted(session.open_steps(run))
        if names:
            name = rng.choice(names)
            run = session.answer(run, name, any_answer(rng, run, name), AnsweredBy.AUTO)
    while steps := settle.open_must(run):
        answer = any_answer(rng, run, steps[0].name)
        run = session.answer(run, steps[0].name, answer, AnsweredBy.AUTO)
    verdict, is_early = settle.concluded(run)
    assert is_early is not run.is_finished
    for _ in range(5):
        full = run
        while steps := session.open_must(full):
            step = rng.choice(steps)
            answer = any_answer(rng, full, step.name)
            full = session.answer(full, step.name, answer, AnsweredBy.AUTO)
        assert outcome(verdict) == outcome(decide(pack, session.facts(full)))
        if "evidence" in pack.policy.settle:
            assert demanded(full) == demanded(run)


def outcome(verdict: Verdict) -> tuple[str, ...]:
    return (verdict.zone, verdict.disposition, verdict.refund, verdict.move)


@given(SEEDS)
def test_danger_identity_and_always_are_asked_before_an_early_end(seed: int) -> None:
    rng = Random(seed)
    run = unfinished_run(rng, random_pack(rng))
    for _ in range(40):
        steps = settle.open_must(run)
        if not steps:
            break
        step = rng.choice(steps)
        with suppress(AnswerRefusedError):
            run = session.answer(run, step.name, rng.choice(ways(step)), AnsweredBy.AUTO)
    else:
        return  # a constraint that nothing keeps
    left = session.open_must(run)
    assert not [step.name for step in left if step.always or step.stage in ("danger", "identity")]
    assert settle.concluded(run)[1] is bool(left)
