"""Tables into dataclasses: what does not fit is a problem with its place, never an exception."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from edge.settings.problems import Findings, Place
from edge.settings.shape import read, read_rows


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    length_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    from_: str = ""
    count: int | None = None
    wait_s: float = 1.0
    share_percent: int = 5
    is_on: bool = False
    colour: Colour = Colour.RED
    words: tuple[str, ...] = ()
    names: Mapping[str, str] | None = None
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    file: Path | None = None

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("name: 'bad' is taken: any other name")


def problems_of(table: Mapping[str, Any]) -> list[str]:
    found = Findings(folder=Path("/folder"))
    read(Outer, table, Place(file="f.toml"), found)
    return [str(problem) for problem in found.problems]


def test_every_kind_of_value_is_read() -> None:
    found = Findings(folder=Path("/folder"))
    table = {
        "name": "n",
        "from": "here",
        "count": 3,
        "wait_s": 2,
        "is_on": True,
        "colour": "blue",
        "words": ["a", "b"],
        "names": {"en": "x"},
        "inner": {"length_m": 1.5},
        "inners": [{"length_m": 2}],
        "file": "key",
    }
    assert read(Outer, table, Place(file="f.toml"), found) == Outer(
        name="n",
        from_="here",
        count=3,
        wait_s=2.0,
        is_on=True,
        colour=Colour.BLUE,
        words=("a", "b"),
        names={"en": "x"},
        inner=Inner(length_m=1.5),
        inners=(Inner(length_m=2.0),),
        file=Path("/folder/key"),
    )
    assert not found.problems


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "f.toml: name: missing: a text"),
        ({"name": 1}, "f.toml: name: 1 does not fit: a text"),
        ({"name": "n", "cuont": 1}, "f.toml: cuont: unknown key: did you mean count?"),
        ({"name": "n", "count": True}, "f.toml: count: True does not fit: a whole number"),
        ({"name": "n", "count": 1.0}, "f.toml: count: 1.0 does not fit: a whole number"),
        ({"name": "n", "wait_s": "1s"}, "f.toml: wait_s: '1s' does not fit: a number of seconds"),
        ({"name": "n", "wait_s": -1}, "f.toml: wait_s: -1 is out of range: a number of seconds"),
        (
            {"name": "n", "share_percent": 101},
            "f.toml: share_percent: 101 is out of range: a whole number of percent, 0 to 100",
        ),
        ({"name": "n", "is_on": 1}, "f.toml: is_on: 1 does not fit: true or false"),
        (
            {"name": "n", "colour": "green"},
            "f.toml: colour: 'green' does not fit: one of red, blue",
        ),
        ({"name": "n", "words": "a"}, "f.toml: words: 'a' is no list: a list"),
        ({"name": "n", "words": ["a", 2]}, "f.toml: words[2]: 2 does not fit: a text"),
        ({"name": "n", "names": {"en": 1}}, "f.toml: names.en: 1 does not fit: a text"),
        ({"name": "n", "inner": {}}, "f.toml: inner.length_m: missing: a number of metres"),
        ({"name": "n", "inner": 1}, "f.toml: inner: 1 is no table: a table of keys"),
        (
            {"name": "n", "inners": [{"length_m": 1}, {}]},
            "f.toml: inners[2].length_m: missing: a number of metres",
        ),
        ({"name": "n", "file": ""}, "f.toml: file: '' does not fit: a path"),
        ({"name": "bad"}, "f.toml: name: 'bad' is taken: any other name"),
    ],
)
def test_what_does_not_fit_is_named_with_what_is_allowed(
    table: Mapping[str, Any], problem: str
) -> None:
    assert problems_of(table) == [problem]


def test_numbers_that_are_no_numbers_are_out_of_range() -> None:
    assert len(problems_of({"name": "n", "wait_s": math.nan})) == 1
    assert len(problems_of({"name": "n", "wait_s": math.inf})) == 1


def test_an_unknown_key_near_nothing_lists_what_is_known() -> None:
    (problem,) = problems_of({"name": "n", "zzz": 1})
    assert problem.startswith("f.toml: zzz: unknown key: allowed are colour, count, file, from,")


def test_all_problems_of_a_table_come_together() -> None:
    assert len(problems_of({"count": "x", "wait_s": "y", "zzz": 1})) == 4


def test_a_table_in_place_of_a_list_is_a_problem() -> None:
    found = Findings(folder=Path("/folder"))
    assert read_rows(Inner, {"length_m": 1}, Place(file="f.toml", key="inner"), found) == ()
    assert str(found.problems[0]).startswith("f.toml: inner: is no list of tables")
