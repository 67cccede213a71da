"""`receiving-edge policy optimise`: the order of questions that asks least, and what it saves."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from random import Random
from typing import Any, Final, TypeAlias

from edge.commands.policy.packs import PackRefusedError, add_language, add_pack, usable
from zoning import session, settle
from zoning.checklist.values import Checklist, Step
from zoning.evaluate import decide
from zoning.model import AnsweredBy, Static, Verdict
from zoning.pack import Pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import Run

UNITS: Final = 200
GROUP_MAX: Final = 6  # 720 orders; a longer free group is left as it stands
EVIDENCE: Final = "evidence"
MODEL: Final = {
    "ru": "товар с attrs из бюджета категории; классы стоимости поровну, без стоимости 3 %; срок "
    "возврата прошёл у 5 %; посылка переклеена 2 %, повреждена 5 %; ответы по frequencies.toml, "
    "иначе поровну; скан товара отвечает identity, serial, mark; отметки ставятся сразу",
    "en": "item with the attrs of the category's budget; value classes equally often, 3 % without "
    "a value; 5 % outside the return window; parcel re-taped 2 %, damaged 5 %; answers by "
    "frequencies.toml, else equally often; the item scan tells identity, serial and mark; marks "
    "are made at once",
}
_OUT_OF_WINDOW, _NO_VALUE = 0.05, 0.03
_PARCEL: Final = (("tamper", 0.02), ("carrier_damage", 0.05))
_SCANNED: Final = ("serial", "mark", "item_scan")
_TEXTS: Final = {
    "ru": {
        "model": "товаров на категорию {units}, seed {seed}; модель: {model}",
        "group": "{checklist}, группа {group}: {order} "
        "(вопросов {questions:.2f}, как в файле {as_is:.2f})",
        "no_group": 'групп с order = "free" нет',
        "head": ("категория", "вопросов", "с ранним концом", "без снимков", "исход изменился"),
    },
    "en": {
        "model": "{units} units per category, seed {seed}; model: {model}",
        "group": "{checklist}, group {group}: {order} "
        "({questions:.2f} questions, as filed {as_is:.2f})",
        "no_group": 'no group has order = "free"',
        "head": ("category", "questions", "early finish", "without evidence", "outcomes changed"),
    },
}  # fmt: skip
_Ask: TypeAlias = Callable[[Run], Sequence[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One drawn unit: what feeds say of it, and what would be answered to every step."""

    static: Static
    said: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Mean explicit questions of a category: all, with early finish, with less to be settled.

    `changed` = units whose outcome differs from that of the full run; it must be 0.
    """

    category: str
    units: int
    full: float
    early: float
    without_evidence: float
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The fixed order of a free group that asks least, and what file order asks."""

    checklist: str
    group: str
    order: tuple[str, ...]
    questions: float
    as_is: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser)
    parser.add_argument("--units", type=int, default=UNITS, help=f"per category ({UNITS})")
    parser.add_argument("--seed", type=int, default=1, help="of the drawn units (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Print orders and savings: 0 no outcome changes, 1 one does or the pack is refused, 2 none."""
    try:
        pack = usable(args.pack, args.lang)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return error.code
    orders = best_orders(pack, args.units, args.seed)
    savings = [saved(pack, category, args.units, args.seed) for category in pack.allowances]
    if args.json:
        print(json.dumps(_to_json(orders, savings, args), ensure_ascii=False))
    else:
        print("\n".join(_lines(orders, savings, args)))
    return 0 if all(one.changed == 0 for one in savings) else 1


def saved(pack: Pack, category: str, units: int, seed: int) -> Saved:
    """Compare full runs of drawn units with early ones, with and without `evidence`."""
    without = _settling(pack, [name for name in pack.policy.settle if name != EVIDENCE])
    full = early = less = changed = 0
    for unit in drawn(pack, category, units, seed):
        whole, asked = answered(pack, unit, session.open_must)
        full += asked
        first, asked = answered(pack, unit, settle.open_must)
        early += asked
        second, asked = answered(without, unit, settle.open_must)
        less += asked
        is_other = _differs(whole, first, pack.policy.settle)
        changed += is_other or _differs(whole, second, without.policy.settle)
    return Saved(
        category=category,
        units=units,
        full=full / units,
        early=early / units,
        without_evidence=less / units,
        changed=changed,
    )


def best_orders(pack: Pack, units: int, seed: int) -> list[Order]:
    """Return for every free group the fixed order that asks the drawn units least."""
    found = []
    for checklist in pack.checklists.values():
        sample = [
            unit
            for category in pack.allowances
            for unit in drawn(pack, category, units, seed)
            if pack.checklist_for(unit.static).id == checklist.id
        ]
        for group, steps in _free_groups(checklist).items():
            if sample and 1 < len(steps) <= GROUP_MAX:
                found.append(_best_order(pack, checklist.id, group, steps, sample=sample))
    return found


def drawn(pack: Pack, category: str, units: int, seed: int) -> Iterator[Unit]:
    """Yield units of a category; the same seed gives the same ones."""
    rng = Random(f"{seed} {category}")  # noqa: S311 - a model, no secret
    for _ in range(units):
        static = _static(pack, category, rng)
        steps = pack.checklist_for(static).steps
        said = {step.name: _drawn_answer(pack, static, step, rng) for step in steps}
        yield Unit(static=static, said=said)


def answered(pack: Pack, unit: Unit, ask: _Ask) -> tuple[Run, int]:
    """Take a unit through its checklist; return the run and the number of questions answered."""
    run = session.begin(pack, unit.static)
    for step in run.checklist.steps:
        if _is_scanned(step) and step.name in session.open_steps(run):
            run = session.answer(run, step.name, unit.said[step.name], AnsweredBy.AUTO)
    run = _marked(run, unit)
    count = 0
    while steps := ask(run):
        run = _marked(_told(run, steps[0], unit), unit)
        count += 1
    return run, count


def _static(pack: Pack, category: str, rng: Random) -> Static:
    column = pack.policy.domains.get("value")
    classes = [part.low or 0 for part in column.classes.values()] if column else []
    value = rng.choice(classes) if classes else None
    flags = [name for name, share in _PARCEL if rng.random() < share]
    return Static(
        category=category,
        attrs=pack.allowances[category].attrs,
        parcel_flags=frozenset(flags).intersection(pack.policy.flags),
        value_minor=None if rng.random() < _NO_VALUE else value,
        currency=pack.policy.currency,
        in_window=rng.random() >= _OUT_OF_WINDOW,
    )


def _drawn_answer(pack: Pack, static: Static, step: Step, rng: Random) -> str | int:
    weights = pack.frequencies.of(pack.checklist_for(static).id, step.name)
    names = [option.id for option in step.outcomes]
    if not names:
        return (step.range.low or 0) if step.is_number else "-"
    likely = [weights.get(name, 0) if weights else 1 for name in names]
    chosen = rng.choices(names, likely if any(likely) else None)[0]
    return next((band.low for band in step.bands if band.option.id == chosen), chosen)


def _is_scanned(step: Step) -> bool:
    return bool({step.compare, step.auto}.intersection(_SCANNED))


def _marked(run: Run, unit: Unit) -> Run:
    """Mark every exception of the unit that counts by now; one may close the others."""
    while wrong := _unmarked(run, unit):
        run = session.answer(run, wrong, unit.said[wrong], AnsweredBy.KEY)
    return run


def _unmarked(run: Run, unit: Unit) -> str | None:
    views = (view for view in session.exceptions(run) if view.asked)
    return next((view.name for view in views if unit.said[view.name] != view.answer), None)


def _told(run: Run, step: Step, unit: Unit) -> Run:
    """Answer a question as drawn; what a constraint refuses is answered in another way."""
    for value in (unit.said[step.name], *(option.id for option in step.options)):
        try:
            return session.answer(run, step.name, value, AnsweredBy.AUTO)
        except AnswerRefusedError:
            continue
    return session.neutral(run)


def _settling(pack: Pack, columns: Iterable[str]) -> Pack:
    return replace(pack, policy=replace(pack.policy, settle=tuple(columns)))


def _differs(whole: Run, early: Run, columns: Iterable[str]) -> bool:
    last, first = decide(whole.pack, session.facts(whole)), settle.concluded(early)[0]
    is_other = any(_column(first, name) != _column(last, name) for name in columns)
    return is_other or (EVIDENCE in columns and _photos(whole) != _photos(early))


def _column(verdict: Verdict, name: str) -> object:
    return None if name == EVIDENCE else getattr(verdict, name)


def _photos(run: Run) -> dict[str, int]:
    return {due.slot: due.count for due in session.slots_due(run)}


def _free_groups(checklist: Checklist) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for step in checklist.steps:
        if step.is_free:
            found[step.group] = (*found.get(step.group, ()), step.name)
    return found


def _best_order(
    pack: Pack, checklist: str, group: str, steps: tuple[str, ...], *, sample: Sequence[Unit]
) -> Order:
    asked = {
        order: sum(answered(pack, unit, _in_order(order))[1] for unit in sample) / len(sample)
        for order in permutations(steps)
    }
    best = min(asked, key=asked.__getitem__)
    return Order(
        checklist=checklist, group=group, order=best, questions=asked[best], as_is=asked[steps]
    )


def _in_order(order: tuple[str, ...]) -> _Ask:
    """Ask what is needed in file order, but the steps of one group in this order."""

    def ask(run: Run) -> Sequence[Step]:
        steps = settle.needed(run)
        if not steps or steps[0].name not in order:
            return steps
        group = [step for step in steps if step.name in order]
        first = min(group, key=lambda step: order.index(step.name))
        return (first, *(step for step in steps if step is not first))

    return ask


def _to_json(orders: list[Order], savings: list[Saved], args: argparse.Namespace) -> dict[str, Any]:
    return {
        "units": args.units,
        "seed": args.seed,
        "model": MODEL[args.lang],
        "groups": [asdict(one) for one in orders],
        "categories": [asdict(one) for one in savings],
    }


def _lines(orders: list[Order], savings: list[Saved], args: argparse.Namespace) -> Iterator[str]:
    texts: Mapping[str, Any] = _TEXTS[args.lang]
    yield texts["model"].format(units=args.units, seed=args.seed, model=MODEL[args.lang])
    for one in orders:
        yield texts["group"].format(**{**asdict(one), "order": ", ".join(one.order)})
    if not orders:
        yield texts["no_group"]
    rows = [texts["head"], *(_row(one) for one in savings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in cells).rstrip()


def _row(one: Saved) -> tuple[str, ...]:
    less = (_share(one.full, one.early), _share(one.full, one.without_evidence))
    return (one.category, f"{one.full:.2f}", *less, str(one.changed))


def _share(full: float, early: float) -> str:
    percent = 100 * (full - early) / full if full else 0.0
    return f"{early:.2f} (-{percent:.0f} %)"
