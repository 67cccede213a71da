"""Decisions of one 40-row table: this product, an if-chain, zen-engine, JSONLogic and CEL.

One process; the same distinct, complete records for all, made beforehand into what each engine
takes. An engine goes over them in laps; of each hundred calls the best lap counts, so that what
else runs on the machine matters little. Every answer is compared with ours. We do more (caps,
actions, missing facts), the others name the row. What they make of a missing fact is counted.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cel
import datalogic_py
import zen
from _forty_rows import distinct_records, forty_rows
from _proof import rows as proof_rows

from zoning.evaluate import decide
from zoning.explain import explain
from zoning.grammar import Test
from zoning.model import Facts, Members, Range, Value
from zoning.pack import Pack
from zoning.table import BoolCell, Cell, NumberCell, OneOfCell, SetCell

RECORDS: Final = 20_000
FEW: Final = 2_500  # for what takes long
PART: Final = 100  # calls that are timed together
NO_ROW: Final = "#nopolicy"
COMMON: Final = ("grade", "value", "in_window")  # facts that are absent in practice
Row = dict[str, Any]
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to decide: what a record is made into, and how a row is named for it."""

    name: str
    given: Callable[[Values], Any]
    row: Callable[[Any], str | None]
    records: int = RECORDS
    is_ours: bool = False


def run(seconds: float) -> list[Row]:
    """Return rows of name, per_s, p50_us, p99_us, records, agree, wrong_if_absent, ratio.

    The rows of the proof follow.
    """
    pack = forty_rows()
    facts = distinct_records(pack, 2 * RECORDS)
    records, fresh = [each.values for each in facts[:RECORDS]], facts[RECORDS:]
    rows = [_first_lap(pack, fresh)]
    wanted = [decide(pack, each).row for each in facts[:RECORDS]]
    engines = tuple(_engines(pack))
    rows += [_measured(engine, records, wanted, seconds / len(engines)) for engine in engines]
    for engine, row in zip(engines, rows[1:], strict=True):
        row["wrong_if_absent"] = "-" if engine.is_ours else _wrong(engine, pack, records[:FEW])
    ours = next(row["per_s"] for row in rows if row.get("ours"))
    for row in rows:
        row["ratio"] = round(ours / row["per_s"], 2)
    return rows + proof_rows(seconds)


def _first_lap(pack: Pack, facts: list[Facts]) -> Row:
    """Time a pack that has decided nothing yet: no outcome is kept from before."""
    times, rows = [], []
    started = time.perf_counter()
    for each in facts:
        begun = time.perf_counter_ns()
        rows.append(decide(pack, each).row)
        times.append(time.perf_counter_ns() - begun)
    took = time.perf_counter() - started
    agree = sum(row == _if_chain(_sets(each.values)) for row, each in zip(rows, facts, strict=True))
    return {
        "name": "decide, first lap after loading",
        "per_s": round(len(facts) / took),
        **_spread(times),
        "records": len(facts),
        "laps": 1,
        "agree": f"{agree}/{len(facts)}",
    }


def _measured(engine: Engine, records: list[Values], wanted: list[str], seconds: float) -> Row:
    """Time laps without and with a clock reading per call; of each part its best lap counts."""
    given = [engine.given(values) for values in records[: engine.records]]
    agree = sum(engine.row(each) == row for each, row in zip(given, wanted, strict=False))
    parts = [given[at : at + PART] for at in range(0, len(given), PART)]
    took = [float("inf")] * len(parts)
    times: list[list[int]] = [[] for _ in parts]
    end, laps = time.perf_counter() + seconds, 0
    while not laps or time.perf_counter() < end:
        for at, part in enumerate(parts):
            took[at] = min(took[at], _lap(engine.row, part))
            times[at] = min(
                times[at], _each(engine.row, part), key=lambda t: sum(t) or float("inf")
            )
        laps += 1
    return {
        "name": engine.name,
        "per_s": round(len(given) / sum(took)),
        **_spread([each for part in times for each in part]),
        "records": len(given),
        "laps": laps,
        "agree": f"{agree}/{len(given)}",
        **({"ours": True} if engine.is_ours else {}),
    }


def _lap(row: Callable[[Any], object], given: list[Any]) -> float:
    started = time.perf_counter()
    for each in given:
        row(each)
    return time.perf_counter() - started


def _each(row: Callable[[Any], object], given: list[Any]) -> list[int]:
    times = []
    for each in given:
        started = time.perf_counter_ns()
        row(each)
        times.append(time.perf_counter_ns() - started)
    return times


def _spread(times_ns: list[int]) -> Row:
    ranked = sorted(times_ns)
    return {
        "p50_us": round(ranked[len(ranked) // 2] / 1000, 2),
        "p99_us": round(ranked[int(len(ranked) * 0.99)] / 1000, 2),
    }


def _wrong(engine: Engine, pack: Pack, records: list[Values]) -> str:
    """Count rows named although a fact they rest on is absent; an error is no wrong row."""
    wrong = 0
    for at, values in enumerate(records):
        absent = COMMON[at % len(COMMON)]
        less = {name: value for name, value in values.items() if name != absent}
        try:
            found = engine.row(engine.given(less))
        except (KeyError, TypeError, ValueError, RuntimeError):
            continue
        wrong += found != decide(pack, Facts(policy_sha256="", values=less)).row
    return f"{wrong}/{len(records)}"


# ---------------------------------------------------------------- ours, and by hand


def _engines(pack: Pack) -> Iterator[Engine]:
    def facts(values: Values) -> Facts:
        return Facts(policy_sha256=pack.policy.sha256, values=values)

    yield Engine("decide", facts, lambda each: decide(pack, each).row, is_ours=True)
    yield Engine(
        "decide and explain in full", facts, lambda each: explain(pack, each).verdict.row, FEW
    )
    yield Engine("if-chain in Python, two-valued", _sets, _if_chain)
    yield from _zen(pack)
    yield from _json_logic(pack)
    yield from _cel(pack)


def _sets(values: Values) -> dict[str, Any]:
    return {
        n: value.present if isinstance(value, Members) else value for n, value in values.items()
    }


def _lists(values: Values) -> dict[str, Any]:
    return {n: sorted(v.present) if isinstance(v, Members) else v for n, v in values.items()}


_HAZARD: Final = frozenset(("hazard_battery", "hazard_chem", "hazard_bio"))
_DISPUTED: Final = frozenset(
    ("wrong_item", "empty_box", "unknown_item", "serial_mismatch", "mark_mismatch")
)
_UNFIT: Final = frozenset(("hygiene_broken", "unsafe", "expired", "code_used"))
_WORK: Final = frozenset(("fix", "test_later", "rest_24h", "missing_part"))
_REWORK: Final = frozenset(("remark", "relabel_dg", "tape_terminal", "clean"))
_SHORT: Final = frozenset(("sealed", "short_dated"))


def _if_chain(facts: dict[str, Any]) -> str:  # noqa: C901 - that is what such code becomes
    """Name the row as a programmer would write it by hand: first hit, no third value."""
    category, grade, seal = facts["category"], facts["grade"], facts["seal"]
    flags, attrs, value, in_window = (
        facts["flags"],
        facts["attrs"],
        facts["value"],
        facts["in_window"],
    )
    if not flags.isdisjoint(_HAZARD):
        return "R01"
    if category == "batteries_hazmat" and ("sharp" in flags or "liquid" in flags):
        return "R02"
    if not flags.isdisjoint(_DISPUTED):
        return "R03"
    if "not_a_pair" in flags:
        return "R04"
    if "wrong_variant" in flags or "undeclared" in flags:
        return "R05"
    if "blind" in flags or "over_qty" in flags:
        return "R07" if in_window else "R06"
    if "serial_unreadable" in flags or "serial_unverified" in flags:
        return "R08"
    if "recall" in flags:
        return "R09"
    if "suspect" in flags:
        return "R10" if value >= 500_000 else "R11"
    if "locked" in flags:
        return "R12" if category in ("electronics", "smartphones") else "R13"
    if "tamper" in flags:
        if value >= 500_000:
            return "R14"
        if "missing_part" in flags or "carrier_damage" in flags:
            return "R15"
    if "wipe" in flags:
        return "R16"
    if category == "cosmetics" and ("hygiene_broken" in flags or "expired" in flags):
        return "R17"
    is_good = grade in ("A", "B", "C")
    is_washable = category in ("apparel", "footwear") and is_good and "hygiene_broken" in flags
    if is_washable and "used" not in flags and "unsafe" not in flags:
        return "R18"
    if not flags.isdisjoint(_UNFIT):
        return "R19"
    if "sharp" in flags:
        return "R20"
    if is_good and not flags.isdisjoint(_WORK):
        if category == "large_appliances" and "rest_24h" in flags and "cooler" in attrs:
            return "R21"
        is_for_data = "fix" in flags or "test_later" in flags
        return "R22" if is_for_data and "data_bearing" in attrs else "R23"
    if grade == "D" and "fix" in flags:
        if value >= 1_000_000:
            return "R24"
        if value >= 500_000 and "battery" not in attrs:
            return "R25"
    if is_good and not flags.isdisjoint(_REWORK):
        is_sealed = seal == "sealed" and grade in ("A", "B")
        return "R26" if is_sealed and ("remark" in flags or "relabel_dg" in flags) else "R27"
    return _rest_of_chain(facts)


def _rest_of_chain(facts: dict[str, Any]) -> str:
    category, grade, seal = facts["category"], facts["grade"], facts["seal"]
    flags, value, in_window = facts["flags"], facts["value"], facts["in_window"]
    if grade == "D" and "supplier_fault" in flags:
        return "R28"
    if "non_returnable" in flags and not in_window:
        return "R29"
    if grade == "A":
        is_book = category in ("cosmetics", "books")
        if is_book and "sealed" not in flags and seal in ("opened", "damaged"):
            return "R30"
        if category == "toys" and flags <= _SHORT:
            return "R31"
        if not flags and in_window:
            return "R32"
        if value >= 200_000 and not in_window:
            return "R33"
        if flags >= _SHORT:
            return "R34"
        if seal != "missing":
            return "R35"
    if grade == "B" and 250_000 <= value <= 1_500_000 and seal in ("sealed", "opened"):
        return "R36"
    if grade in ("B", "C") and value < 100_000 and seal in ("damaged", "missing"):
        return "R37"
    if grade != "D":
        return "R38"
    return "R39" if value >= 1_000_000 else "R40"


# ---------------------------------------------------------------- zen-engine: JDM, hit policy first


def _zen(pack: Pack) -> Iterator[Engine]:
    """Yield its two ways: as its manual shows it, and compiled once by a loader."""
    content = _jdm(pack)
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    loading = zen.ZenEngine({"loader": {"type": "static", "content": {"table": content}}})

    def single(record: dict[str, Any]) -> str | None:
        return decision.evaluate(record)["result"].get("row")

    def loaded(record: dict[str, Any]) -> str | None:
        return loading.evaluate("table", record)["result"].get("row")

    yield Engine("zen-engine, create_decision, single calls", _lists, single, FEW)
    yield Engine("zen-engine, compiled by its static loader", _lists, loaded)


def _jdm(pack: Pack) -> dict[str, Any]:
    columns = pack.table.columns
    rules = [
        {"_id": row.id, "row": json.dumps(row.id)}
        | {name: _zen_cell(row.cells.get(name)) for name in columns}
        for row in pack.table.rows
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": rules,
    }
    place = {"x": 0, "y": 0}
    kinds = {"input": "inputNode", "table": "decisionTableNode", "output": "outputNode"}
    nodes = [{"id": n, "name": n, "type": kind, "position": place} for n, kind in kinds.items()]
    nodes[1]["content"] = table
    edges = [
        {"id": "1", "sourceId": "input", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "output", "type": "edge"},
    ]
    return {"nodes": nodes, "edges": edges}


def _zen_cell(cell: Cell | None) -> str:
    match cell:
        case None:
            return ""
        case OneOfCell(values=values):
            return ", ".join(json.dumps(value) for value in values)
        case BoolCell(value=value):
            return json.dumps(value)
        case NumberCell(ranges=ranges):
            return " or ".join(_zen_range(limits) for limits in ranges)
        case SetCell(tests=tests):
            return " and ".join(_zen_test(test, members) for test, members in tests)


def _zen_range(limits: Range) -> str:
    if limits.low is None:
        return f"<= {limits.high}"
    return f">= {limits.low}" if limits.high is None else f"[{limits.low}..{limits.high}]"


def _zen_test(test: Test, members: tuple[str, ...]) -> str:
    if test is Test.ALL:
        return " and ".join(f"some($, # == {json.dumps(member)})" for member in members)
    word = {Test.ANY: "some", Test.NONE: "none", Test.ONLY: "all"}[test]
    return f"{word}($, # in {json.dumps(members)})"


# ---------------------------------------------------------------- datalogic-py: one JSONLogic `if`


def _json_logic(pack: Pack) -> Iterator[Engine]:
    engine = datalogic_py.Engine()
    chain: list[Any] = []
    for row in pack.table.rows:
        chain += [{"and": [_rule(name, cell) for name, cell in row.cells.items()]}, row.id]
    rule = engine.compile({"if": [*chain, NO_ROW]})
    session = engine.session()

    def row_of(handle: datalogic_py.DataHandle) -> str | None:
        found: str | None = session.evaluate_data(rule, handle)
        return found

    def parsed(values: Values) -> datalogic_py.DataHandle:
        return datalogic_py.DataHandle(_lists(values))

    yield Engine("datalogic-py, one rule, records parsed before", parsed, row_of)
    yield Engine(
        "datalogic-py, one rule, records as dict", _lists, lambda each: session.evaluate(rule, each)
    )


def _rule(name: str, cell: Cell) -> dict[str, Any]:
    variable = {"var": name}
    match cell:
        case OneOfCell(values=values):
            return {"in": [variable, list(values)]}
        case BoolCell(value=value):
            return {"===": [variable, value]}
        case NumberCell(ranges=ranges):
            return {"or": [_rule_range(variable, limits) for limits in ranges]}
        case SetCell(tests=tests):
            return {"and": [_rule_test(variable, test, members) for test, members in tests]}


def _rule_range(variable: dict[str, str], limits: Range) -> dict[str, Any]:
    if limits.low is None:
        return {"<=": [variable, limits.high]}
    if limits.high is None:
        return {">=": [variable, limits.low]}
    return {"<=": [limits.low, variable, limits.high]}


def _rule_test(variable: dict[str, str], test: Test, members: tuple[str, ...]) -> dict[str, Any]:
    inside = {"in": [{"var": ""}, list(members)]}
    match test:
        case Test.ANY:
            return {"some": [variable, inside]}
        case Test.NONE:
            return {"none": [variable, inside]}
        case Test.ONLY:  # `all` of an empty list is false in JSONLogic
            return {"or": [{"!": [variable]}, {"all": [variable, inside]}]}
    return {"and": [{"in": [member, variable]} for member in members]}


# ---------------------------------------------------------------- common-expression-language


def _cel(pack: Pack) -> Iterator[Engine]:
    conditions = [
        (" && ".join(_condition(name, cell) for name, cell in row.cells.items()), row.id)
        for row in pack.table.rows
    ]
    programs = [(cel.compile(text), row) for text, row in conditions]
    chain = cel.compile("".join(f"({t}) ? '{row}' : " for t, row in conditions) + f"'{NO_ROW}'")

    def context(values: Values) -> cel.Context:
        return cel.Context(variables=_lists(values))

    def first_hit(given: cel.Context) -> str:
        return next((row for program, row in programs if program.execute(given)), NO_ROW)

    yield Engine("common-expression-language, 40 programs, first hit", context, first_hit)
    yield Engine("common-expression-language, one program of ?:", context, chain.execute)


def _condition(name: str, cell: Cell) -> str:
    match cell:
        case OneOfCell(values=values):
            return f"{name} in {json.dumps(values)}"
        case BoolCell(value=value):
            return f"{name} == {json.dumps(value)}"
        case NumberCell(ranges=ranges):
            return f"({' || '.join(_bounds(name, limits) for limits in ranges)})"
        case SetCell(tests=tests):
            return " && ".join(_has(name, test, members) for test, members in tests)


def _bounds(name: str, limits: Range) -> str:
    low = "" if limits.low is None else f"{name} >= {limits.low}"
    high = "" if limits.high is None else f"{name} <= {limits.high}"
    return f"({' && '.join(filter(None, (low, high)))})"


def _has(name: str, test: Test, members: tuple[str, ...]) -> str:
    if test is Test.ONLY:
        return f"{name}.all(member, member in {json.dumps(members)})"
    joint = " && " if test is Test.ALL else " || "
    listed = f"({joint.join(f'{json.dumps(member)} in {name}' for member in members)})"
    return f"!{listed}" if test is Test.NONE else listed
