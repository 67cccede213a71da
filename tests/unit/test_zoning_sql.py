"""A pack as SQL: what a plain CASE would get wrong, and what it refuses to say."""

import duckdb
import pytest

from policy_kit import default_pack
from zoning import sql
from zoning.grammar import Answered
from zoning.model import Members
from zoning.pack import Pack

FLAGS = default_pack().policy.domains["flags"]


def asked(pack: Pack, **columns: object) -> tuple[str, ...]:
    """What the SQL says of one record; columns that are not given are NULL."""
    given = {column.sql: None for column in sql.fact_columns(pack.policy.domains)} | columns
    types = {column.sql: column.type for column in sql.fact_columns(pack.policy.domains)}
    source = ", ".join(f"?::{types[name]} AS {name}" for name in given)
    query = (
        f"SELECT n_row, n_open, n_refund, n_move FROM ({sql.decision(pack, f'(SELECT {source})')})"
    )
    with duckdb.connect() as connection:
        row = connection.execute(query, list(given.values())).fetchone()
    assert row is not None
    return sql.decided(pack, sql.Answer(*row))


def bits(*members: str) -> int:
    return sql.mask(members, FLAGS)


def test_an_absent_grade_is_no_reason_to_take_a_later_row() -> None:
    found = asked(default_pack(), f_flags_0=0, f_flags_0_unknown=0, f_value=0)
    assert found == ("hold", "HOLD_MISSING_FACT", "#missing", "review", "manual")


def test_a_known_danger_wins_although_everything_else_is_absent() -> None:
    danger = {"f_flags_0": bits("hazard_chem"), "f_flags_0_unknown": bits("wipe")}
    assert asked(default_pack(), **danger)[:3] == ("hazmat", "HAZMAT_HOLD", "R01")


def test_an_unknown_member_leaves_its_row_open() -> None:
    given = {"f_grade": "A", "f_flags_0": 0, "f_flags_0_unknown": bits("recall"), "f_attrs_0": 0}
    found = asked(default_pack(), **given, f_attrs_0_unknown=0, f_value=1, f_in_window=True)
    assert found[2] == "#missing"


def test_a_condition_that_is_not_known_caps() -> None:
    good = {"f_grade": "A", "f_flags_0": 0, "f_flags_0_unknown": 0, "f_value": 1}
    free = {"f_attrs_0": 0, "f_attrs_0_unknown": 0}
    pack = default_pack()
    assert asked(pack, **good, **free, f_in_window=True)[2:] == ("R13", "eligible", "auto")
    assert asked(pack, **good, **free, f_in_window=False)[3:] == ("review", "auto")
    assert asked(pack, **good, **free)[3:] == ("review", "auto")
    assert asked(pack, **good, f_in_window=True)[3:] == ("eligible", "manual")


def test_a_record_outside_its_schema_or_against_an_axiom_is_invalid() -> None:
    wrong = {"f_flags_0": 1, "f_flags_0_unknown": 1}
    assert asked(default_pack(), **wrong)[2] == "#invalid"
    assert asked(default_pack(), f_value=-1)[2] == "#invalid"
    ungraded = {"f_grade": "ungraded", "f_flags_0": 0, "f_flags_0_unknown": 0}
    assert asked(default_pack(), **ungraded) == (
        "hold",
        "HOLD_INVALID_FACTS",
        "#invalid",
        "review",
        "manual",
    )


def test_the_bit_of_a_member_is_its_position_in_the_domain() -> None:
    assert bits("hazard_battery", "hazard_bio") == 0b101
    assert sql.members(0b101, FLAGS) == {"hazard_battery", "hazard_bio"}
    absent = sql.flat({}, {"flags": FLAGS})
    assert absent == {"f_flags_0": None, "f_flags_0_unknown": None}
    empty = sql.flat({"flags": Members()}, {"flags": FLAGS})
    assert empty == {"f_flags_0": 0, "f_flags_0_unknown": 0}


def test_whether_a_step_was_answered_is_no_fact() -> None:
    with pytest.raises(ValueError, match="seal"):
        sql.condition(Answered(name="seal"), default_pack())
