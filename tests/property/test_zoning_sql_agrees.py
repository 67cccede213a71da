"""A pack as SQL says row by row what the evaluator says, over DuckDB."""

from random import Random

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_kit import default_pack
from random_policies import complete_records, random_pack, random_values
from zoning import sql
from zoning.evaluate import decide
from zoning.model import Facts, Members, Value
from zoning.pack import Pack
from zoning.table import cell_truth

RECORDS = 60


def by_sql(pack: Pack, records: list[dict[str, Value]]) -> list[tuple[tuple[str, ...], int]]:
    """Outcome and first open row of each record, by one query."""
    columns = sql.fact_columns(pack.policy.domains)
    declared = ", ".join(f"{column.sql} {column.type}" for column in columns)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE fact (n BIGINT, {declared})")
        marks = ", ".join("?" * (len(columns) + 1))
        flat = [sql.flat(values, pack.policy.domains) for values in records]
        rows = [[n, *(one[column.sql] for column in columns)] for n, one in enumerate(flat)]
        connection.executemany(f"INSERT INTO fact VALUES ({marks})", rows)
        found = connection.execute(
            f"SELECT n_row, n_open, n_refund, n_move FROM ({sql.decision(pack, 'fact')}) ORDER BY n"
        ).fetchall()
    answers = [sql.Answer(*row) for row in found]
    return [(sql.decided(pack, answer), answer.open) for answer in answers]


def by_python(pack: Pack, values: dict[str, Value]) -> tuple[tuple[str, ...], int]:
    """The same by the evaluator; the first open row is looked up cell by cell."""
    verdict = decide(pack, Facts(policy_sha256=pack.sha256, values=values))
    truths = (
        [cell_truth(cell, values.get(name)) for name, cell in row.cells.items()]
        for row in pack.table.rows
    )
    first = next((at for at, cells in enumerate(truths, 1) if False not in cells), 0)
    said = (verdict.zone, verdict.disposition, verdict.row, verdict.refund, verdict.move)
    return tuple(str(word) for word in said), first


def broken(rng: Random, pack: Pack, values: dict[str, Value]) -> dict[str, Value]:
    """A record with one value that its column cannot have."""
    name = rng.choice(sorted(values.keys() - {"in_window"}) or ["grade"])
    domain = pack.policy.domains[name]
    if domain.is_number:
        return {**values, name: 99}
    if isinstance(values.get(name), Members):
        every = frozenset(domain.values[:1])
        return {**values, name: Members(present=every, unknown=every)}
    return {**values, name: "nonsense"}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sql_and_evaluator_agree_on_every_record_of_a_random_pack(seed: int) -> None:
    rng = Random(seed)
    pack = random_pack(rng)
    records = [random_values(rng, pack) for _ in range(RECORDS)]
    records += [broken(rng, pack, values) for values in records[:10]]
    assert by_sql(pack, records) == [by_python(pack, values) for values in records]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sql_and_evaluator_agree_on_records_without_a_gap(seed: int) -> None:
    rng = Random(seed)
    pack = random_pack(rng)
    every = list(complete_records(pack))
    records = rng.sample(every, min(len(every), RECORDS))
    assert by_sql(pack, records) == [by_python(pack, values) for values in records]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_default_pack_as_sql_decides_like_the_evaluator(seed: int) -> None:
    pack = default_pack()
    rng = Random(seed)
    records = [sampled(rng, pack) for _ in range(RECORDS)]
    assert by_sql(pack, records) == [by_python(pack, values) for values in records]


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_flat_columns_keep_a_record_whole(seed: int) -> None:
    rng = Random(seed)
    pack = random_pack(rng)
    values = random_values(rng, pack)
    domains = pack.policy.domains
    assert sql.lifted(sql.flat(values, domains), domains) == values


def sampled(rng: Random, pack: Pack) -> dict[str, Value]:
    """A record of the default pack with gaps, few flags and values around its limits."""
    found: dict[str, Value] = {}
    for name, domain in pack.policy.domains.items():
        if rng.random() < 0.1:
            continue
        if name in ("flags", "attrs"):
            states = {m: rng.choices("PUA", (1, rng.choice((0, 1)), 20))[0] for m in domain.values}
            found[name] = Members(
                present=frozenset(m for m, state in states.items() if state == "P"),
                unknown=frozenset(m for m, state in states.items() if state == "U"),
            )
        elif domain.is_number:
            found[name] = rng.choice((0, 499_999, 500_000, 999_999, 1_000_000, 10**9))
        else:
            found[name] = rng.choice(domain.values) if domain.values else rng.random() < 0.5
    return found
