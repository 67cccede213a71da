"""Values of the policy: ranges, domains, partly known sets, the stored record, the digest."""

import hashlib
import json

import pytest

from zoning.model import (
    ANY_NUMBER,
    Domain,
    Facts,
    Kind,
    Members,
    Missing,
    Raised,
    Range,
    digest,
)


def members(present: str, unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        (Range(low=5, high=7), (5, 6, 7), (4, 8)),
        (Range(low=5), (5, 10**12), (4,)),
        (Range(high=7), (7, -(10**12)), (8,)),
        (ANY_NUMBER, (0, -1, 10**12), ()),
        (Range(low=0, high=0), (0,), (-1, 1)),
    ],
)
def test_a_range_is_closed_on_both_sides(
    limits: Range, inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    assert [value for value in (*inside, *outside) if value in limits] == list(inside)


WEIGHT = Range(low=0, high=9)
DOMAINS = {
    "enum": Domain(kind=Kind.ENUM, values=("a", "b")),
    "bool": Domain(kind=Kind.BOOL),
    "int": Domain(kind=Kind.INT, range=WEIGHT),
    "decimal": Domain(kind=Kind.DECIMAL, range=WEIGHT, precision=1),
    "set": Domain(kind=Kind.SET, values=("a", "b")),
}
CANDIDATES: tuple[object, ...] = (
    "a",
    "c",
    True,
    False,
    0,
    9,
    10,
    -1,
    1.0,
    None,
    members("a"),
    members("a", "b"),
)
CANDIDATES += (members("c"), members("", "c"), members("a", "a"), members(""))
HELD: dict[str, tuple[object, ...]] = {
    "enum": ("a",),
    "bool": (True, False),
    "int": (0, 9),
    "decimal": (0, 9),
    "set": (members("a"), members("a", "b"), members("")),
}


@pytest.mark.parametrize("kind", DOMAINS)
def test_a_domain_holds_its_own_values_and_no_others(kind: str) -> None:
    held = [value for value in CANDIDATES if DOMAINS[kind].holds(value)]
    assert [repr(value) for value in held] == [repr(value) for value in HELD[kind]]


def test_only_scaled_integers_are_numbers() -> None:
    assert [kind for kind, domain in DOMAINS.items() if domain.is_number] == ["int", "decimal"]


RECORD = Facts(
    policy_sha256="ab" * 32,
    values={
        "value": 5,
        "grade": "B",
        "in_window": False,
        "flags": members("wipe fix", "sharp bent"),
        "attrs": members("battery"),
    },
    missing=(Missing(column="mass", why="open"), Missing(column="tenant", why="absent")),
    source={"value": "static", "grade": "checklist"},
    grade_exact=False,
    raised=(Raised(step="screen", answer="crack"),),
)
STORED = {
    "schema": "facts/1",
    "policy_sha256": "ab" * 32,
    "known": {
        "attrs": ["battery"],
        "flags": ["fix", "wipe"],
        "grade": "B",
        "in_window": False,
        "value": 5,
    },
    "unknown": {"flags": ["bent", "sharp"]},
    "missing": [{"column": "mass", "why": "open"}, {"column": "tenant", "why": "absent"}],
    "source": {"grade": "checklist", "value": "static"},
    "grade_exact": False,
}


def test_a_record_is_stored_as_plain_sorted_values() -> None:
    assert RECORD.to_json() == STORED
    assert json.dumps(RECORD.to_json()) == json.dumps(STORED), "the order is part of the form"


def test_a_stored_record_is_read_back_but_for_what_only_explains() -> None:
    again = Facts.from_json(json.loads(json.dumps(STORED)))
    assert again.values == RECORD.values
    assert (again.missing, again.source, again.grade_exact) == (
        RECORD.missing,
        RECORD.source,
        False,
    )
    assert (again.policy_sha256, again.raised) == (RECORD.policy_sha256, ())


@pytest.mark.parametrize(
    "key", ["policy_sha256", "known", "unknown", "missing", "source", "grade_exact"]
)
def test_a_record_without_one_of_its_parts_is_another_shape(key: str) -> None:
    with pytest.raises(KeyError, match=key):
        Facts.from_json({name: value for name, value in STORED.items() if name != key})


def test_the_digest_is_that_of_the_canonical_json() -> None:
    text = '{"a":[1,true,"я"],"b":{"c":"","d":null}}'
    value = {"b": {"d": None, "c": ""}, "a": [1, True, "я"]}
    assert digest(value) == hashlib.sha256(text.encode()).hexdigest()
    assert digest({"a": Kind.SET}) == digest({"a": "set"})
