"""The clauses of a checklist are its runs: every run is a model, every model is a run."""

from collections.abc import Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from policy_kit import default_pack
from random_checklists import random_pack, random_run, ways
from zoning import session
from zoning.encode.checklist import Joint, encode_checklist
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.space import EnumColumn, NumberColumn, SetColumn
from zoning.encode.statics import free_statics, selects
from zoning.evaluate import decide
from zoning.gate.runs import Runs
from zoning.model import AnsweredBy, Static, Value, Verdict
from zoning.pack import Pack
from zoning.session.walk import Run, chosen_options

SEEDS = st.integers(0, 2**32 - 1)


def as_assumed(joint: Joint, run: Run) -> list[Lit]:
    """Return the static facts and the explicit answers of a run as literals."""
    lits = [*joint.statics.assume(run.pack, run.static), *joint.obeying()]
    for name, one in joint.steps.items():
        if one.step.by_parcel or one.step.is_silent:
            continue
        answer = run.given.get(name)
        lits.append(one.given if answer else -one.given)
        if answer is None:
            continue
        match one.choice:
            case NumberColumn(cuts=cuts, reached=reached):
                pairs = zip(cuts, reached, strict=True)
                lits += [lit if int(answer.value) >= cut else -lit for cut, lit in pairs]
            case SetColumn(members=members):
                chosen = chosen_options(one.step, answer.value)
                lits += [rail.yes if n in chosen else rail.no for n, rail in members.items()]
            case EnumColumn(values=values):
                lits.append(values[str(answer.value)])
    return lits


def outcome(joint: Joint) -> tuple[str, ...]:
    """Return row, zone, disposition, refund and move of the last model."""
    cnf, encoded = joint.cnf, joint.encoded
    rows = dict(zip((row.id for row in joint.pack.table.rows), encoded.fires, strict=True))
    rows |= {"#missing": encoded.missing, "#nopolicy": encoded.none, "#invalid": encoded.invalid}
    parts = (rows, encoded.zone, encoded.disposition, encoded.refund, encoded.move)
    found = [[value for value, lit in part.items() if cnf.value(lit)] for part in parts]
    assert all(len(values) == 1 for values in found), found
    return tuple(str(values[0]) for values in found)


def decided(verdict: Verdict) -> tuple[str, ...]:
    parts = (verdict.row, verdict.zone, verdict.disposition, verdict.refund, verdict.move)
    return tuple(map(str, parts))


def assert_is_modelled(joint: Joint, run: Run) -> None:
    """The model under a run's answers has its facts, its verdict and its photographs."""
    cnf = joint.cnf
    assumed = as_assumed(joint, run)
    chosen = selects(cnf, run.pack, joint.statics, run.checklist.id)
    assert cnf.solve(*assumed, chosen), "the run is no model"
    facts = session.facts(run)
    assert outcome(joint) == decided(decide(run.pack, facts))
    assert as_classes(joint, joint.space.model(cnf)) == as_classes(joint, facts.values)
    demanded = {slot for slot, lit in joint.photos.items() if cnf.value(lit)}
    assert demanded == {due.slot for due in session.slots_due(run)}
    counting = {name for name, one in joint.steps.items() if cnf.value(one.counts)}
    readable = {name for name, one in joint.steps.items() if one.choice is not None}
    assert counting & readable == run.answered.keys() & readable


def as_classes(joint: Joint, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return facts with each number as the lowest of its class: all that clauses can tell."""
    found = dict(values)
    for name, column in joint.space.columns.items():
        value = found.get(name)
        if isinstance(column, NumberColumn) and isinstance(value, int):
            found[name] = max((cut for cut in column.cuts if cut <= value), default=column.low)
    return found


@given(SEEDS)
def test_every_finished_run_of_a_random_checklist_is_a_model(seed: int) -> None:
    rng = Random(seed)
    pack = random_pack(rng)
    run = random_run(rng, pack)
    with Cnf() as cnf:
        assert_is_modelled(encode_checklist(cnf, pack, run.checklist, free_statics(cnf, pack)), run)


@given(SEEDS, st.data())
def test_every_model_of_a_random_checklist_is_a_finished_run(
    seed: int, data: st.DataObject
) -> None:
    rng = Random(seed)
    pack = random_pack(rng)
    checklist = pack.checklists[rng.choice(sorted(pack.checklists))]
    with Cnf() as cnf:
        runs = Runs.of(cnf, pack, checklist)
        likes = [lit if rng.random() < 0.5 else -lit for lit in range(1, cnf.variables + 1)]
        wanted = data.draw(st.lists(st.sampled_from(likes), max_size=40))
        if not runs.can():
            return
        told = runs.plain(wanted=wanted)
        assert told is not None
        assert told.run.is_finished
        assert told.run.checklist is checklist
        assert outcome(runs.joint) == decided(told.verdict)
        assert_is_modelled(runs.joint, told.run)


JOINTS: dict[str, Joint] = {}


def default_joint(pack: Pack, checklist: str) -> Joint:
    """Return the clauses of a default checklist, encoded once for all examples."""
    if checklist not in JOINTS:
        cnf = Cnf()
        statics = free_statics(cnf, pack)
        JOINTS[checklist] = encode_checklist(cnf, pack, pack.checklists[checklist], statics)
    return JOINTS[checklist]


@given(SEEDS)
def test_every_finished_run_of_the_default_pack_is_a_model(seed: int) -> None:
    rng = Random(seed)
    pack = default_pack()
    run = session.begin(pack, _default_static(rng))
    for _ in range(rng.randint(0, 5)):
        run = _answered(rng, run, sorted(session.open_steps(run)))
    while names := [step.name for step in session.open_must(run)]:
        run = _answered(rng, run, names)
    assert_is_modelled(default_joint(pack, run.checklist.id), run)


def _default_static(rng: Random) -> Static:
    domains = default_pack().policy.domains
    attrs = frozenset(rng.sample(domains["attrs"].values, rng.randint(0, 4)))
    unknown = frozenset(rng.sample(domains["attrs"].values, rng.choice((0, 0, 2)))) - attrs
    return Static(
        category=rng.choice((None, "boats", *domains["category"].values)),
        attrs=rng.choice((attrs, attrs, None)),
        unknown_attrs=unknown,
        parcel_flags=frozenset(
            rng.sample(("tamper", "carrier_damage", "hazard_chem"), rng.choice((0, 0, 1)))
        ),
        station_flags=frozenset(rng.sample(("blind", "over_qty", "vip"), rng.choice((0, 0, 1)))),
        value_minor=rng.choice((None, 1, 700_000, 5_000_000)),
        currency=rng.choice(("RUB", "RUB", "EUR")),
        in_window=rng.choice((True, False, None)),
    )


def _answered(rng: Random, run: Run, names: list[str]) -> Run:
    if not names:
        return run
    step = run.checklist.step(rng.choice(names))
    assert step is not None, "it was among the steps"
    return session.answer(run, step.name, rng.choice(ways(step)), AnsweredBy.AUTO)
