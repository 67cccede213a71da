"""`policy decide`: fact records as JSON lines, good and bad, and a verdict for each."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.commands.policy.decide import decided
from edge.commands.policy.records import LINE_MAX, read_facts, read_line
from policy_kit import default_pack
from verb_kit import DEFAULT, Run, calls
from zoning.model import ENGINE, Facts, Members, Missing


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return calls(capfd)


def verdicts(*lines: bytes) -> list[dict[str, Any]]:
    return list(decided(default_pack(), enumerate(lines, start=1)))


SOME = b'{"known": {"grade": "A", "flags": [], "value": 5, "attrs": [], "in_window": true}}'


def test_a_record_gets_everything_that_follows_from_its_facts() -> None:
    line = (
        b'{"id": "a-1", "known": {"grade": "D", "flags": ["wipe", "sharp"], "value": 5, '
        b'"attrs": [], "in_window": true}}'
    )
    assert verdicts(line) == [
        {
            "line": 1,
            "id": "a-1",
            "zone": "repair",
            "disposition": "DATA_WIPE",
            "row": "R07",
            "grade": "D",
            "grade_exact": True,
            "refund": "review",
            "move": "manual",
            "note": {"ru": "Сначала стереть данные клиента", "en": "Wipe the customer data first"},
            "actions": ("WIPE_DATA",),
            "caps": ("C3", "C6"),
            "missing": [],
            "deciding": [],
            "also_matched": ("R09", "R17"),
            "hazard_scope": None,
            "policy": {"id": "default", "version": 1, "sha256": default_pack().sha256},
            "engine": ENGINE,
        }
    ]


def test_what_is_missing_is_named_with_its_reason() -> None:
    told = verdicts(
        b'{"known": {"grade": null, "flags": [], "value": 5}}',
        b'{"known": {"grade": "D", "flags": []}, "missing": ["value"]}',
        b'{"known": {"grade": "D", "flags": []}, "missing": [{"column": "value", "why": "stale"}]}',
        b'{"known": {"grade": "A", "value": 5}, "unknown": {"flags": ["hazard_bio"]}}',
    )
    assert [one["row"] for one in told] == ["#missing"] * 4
    assert [one["missing"][0] for one in told] == [
        {"column": "grade", "why": "absent"},
        {"column": "value", "why": "absent"},
        {"column": "value", "why": "stale"},
        {"column": "flags", "why": "open"},
    ]


def test_how_far_a_danger_reaches_is_told() -> None:
    told = verdicts(
        b'{"known": {"flags": ["hazard_bio"]}}',
        b'{"known": {"flags": ["hazard_chem"]}}',
    )
    assert [one["hazard_scope"] for one in told] == ["item", "area"]
    assert [one["zone"] for one in told] == ["hazmat", "hazmat"]


def test_values_that_the_policy_does_not_know_are_invalid_and_no_error() -> None:
    told = verdicts(
        b'{"known": {"grade": "Z"}}',
        b'{"known": {"colour": "red"}}',
        b'{"known": {"flags": ["nonsense"]}}',
        b'{"known": {"value": -1}}',
        b'{"known": {"in_window": 1}}',
    )
    assert [one["row"] for one in told] == ["#invalid"] * 5
    assert [one["missing"][0]["column"] for one in told] == [
        "grade", "colour", "flags", "value", "in_window",
    ]  # fmt: skip
    assert not any("error" in one for one in told)


BROKEN = {
    b"nonsense": "not_json",
    b"": "not_json",
    b"{": "not_json",
    b"[" * 60_000: "not_json",
    b'{"known": {"value": 1.5}}': "not_json",
    b'{"known": {"value": 1e3}}': "not_json",
    b'{"known": {"value": NaN}}': "not_json",
    b'{"known": {"value": ' + b"9" * 5000 + b"}}": "not_json",
    b'{"known": {"grade": "A", "grade": "D"}}': "not_json",
    b'{"known": {}} {"known": {}}': "not_json",
    b"[]": "not_object",
    b"5": "not_object",
    b"null": "not_object",
    b"\xff": "not_utf8",
    b'{"known": {}}\xd0': "not_utf8",
    b"{}": "no_known",
    b'{"knwon": {}}': "unknown_key",
    b'{"known": []}': "bad_type",
    b'{"known": {"flags": {"wipe": true}}}': "bad_type",
    b'{"known": {"flags": [1]}}': "bad_type",
    b'{"known": {"flags": [["wipe"]]}}': "bad_type",
    b'{"known": {"flags": [' + b'"a",' * 256 + b'"a"]}}': "bad_type",
    b'{"known": {}, "unknown": []}': "bad_type",
    b'{"known": {}, "unknown": {"flags": "wipe"}}': "bad_type",
    b'{"known": {"flags": []}, "unknown": {"flags": [1]}}': "bad_type",
    b'{"known": {}, "missing": {}}': "bad_type",
    b'{"known": {}, "missing": [5]}': "bad_type",
    b'{"known": {}, "missing": [{"column": "a"}]}': "bad_type",
    b'{"known": {}, "missing": [{"column": "a", "why": 1}]}': "bad_type",
    b'{"known": {}, "source": {"a": 1}}': "bad_type",
    b'{"known": {}, "grade_exact": "yes"}': "bad_type",
    b'{"known": {}, "policy_sha256": 5}': "bad_type",
    b'{"known": {}, "schema": "facts/2"}': "bad_schema",
    b'{"known": {}, "id": 1.5}': "not_json",
    b'{"known": {}, "id": true}': "bad_type",
    b'{"known": {}, "id": ["a"]}': "bad_type",
    b'{"known": {}, "id": "' + b"a" * 201 + b'"}': "bad_type",
    b'{"known": {"grade": "' + b"A" * LINE_MAX + b'"}}': "too_long",
}


@pytest.mark.parametrize(
    "line", BROKEN, ids=[f"{at}-{code}" for at, code in enumerate(BROKEN.values())]
)
def test_a_line_that_is_no_record_gets_an_error_and_is_held(line: bytes) -> None:
    broken, good = verdicts(line or b"\x00", SOME)
    assert broken["error"]["code"] == BROKEN[line]
    assert broken["error"]["ru"]
    assert broken["error"]["en"].isprintable()
    assert broken["line"] == 1
    assert (broken["zone"], broken["row"], broken["move"]) == ("hold", "#invalid", "manual")
    assert (broken["refund"], broken["missing"]) == ("review", [])
    assert (good["line"], good["row"]) == (2, "R13")


def test_blank_lines_are_passed_over_and_counted() -> None:
    told = verdicts(SOME, b"\n", b"  \r\n", SOME)
    assert [one["line"] for one in told] == [1, 4]


def test_a_name_of_any_kind_goes_back_with_the_verdict() -> None:
    told = verdicts(b'{"id": 7, "known": {}}', b'{"id": "x", "known": {}}', b'{"known": {}}')
    assert [one.get("id") for one in told] == [7, "x", None]
    assert "id" not in told[2]


def test_a_stored_record_is_read_back_whole() -> None:
    facts = Facts(
        policy_sha256="abc",
        values={
            "grade": "D",
            "flags": Members(present=frozenset({"fix"}), unknown=frozenset({"wipe"})),
            "value": 5,
            "in_window": False,
        },
        missing=(Missing(column="warranty", why="absent"),),
        source={"grade": "checklist"},
        grade_exact=False,
    )
    line = json.dumps(facts.to_json()).encode()
    assert read_facts(read_line(line), "other") == facts
    assert read_facts(read_line(b'{"known": {}}'), "other").policy_sha256 == "other"


columns = st.sampled_from(["grade", "flags", "value", "in_window", "attrs", "x"])
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from(["A", "D", "ungraded", ""]),
    st.lists(st.sampled_from(["wipe", "fix", "hazard_bio", "y"]), max_size=3),
)  # fmt: skip


@given(st.dictionaries(columns, values), st.binary(max_size=40))
def test_every_line_gets_one_verdict_and_no_traceback(
    known: dict[str, object], noise: bytes
) -> None:
    line = json.dumps({"known": known}).encode()
    told = verdicts(line, noise + b"x", line)
    assert told[0]["line"] == 1
    assert told[0]["zone"] in ("resale", "repair", "disposal", "hold", "hazmat")
    assert {**told[-1], "line": 1} == told[0]


def test_a_file_is_decided_into_a_file(run: Run, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(SOME + b"\n" + SOME)
    assert run("decide", DEFAULT, "--in", source, "--out", out) == (0, "", "")
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [one["row"] for one in told] == ["R13", "R13"]
    source.write_bytes(SOME + b"\nbroken\n")
    code, text, _ = run("decide", DEFAULT, "--in", source)
    assert code == 1
    assert [json.loads(line)["line"] for line in text.splitlines()] == [1, 2]


def test_of_a_line_that_never_ends_only_the_beginning_is_kept(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"x" * (5 * LINE_MAX) + b"\n" + SOME)
    code, text, _ = run("decide", DEFAULT, "--in", source)
    told = [json.loads(line) for line in text.splitlines()]
    assert code == 1
    assert [(one["line"], one["row"]) for one in told] == [(1, "#invalid"), (2, "R13")]
    assert told[0]["error"]["code"] == "too_long"


def test_what_cannot_be_opened_or_is_the_same_file_is_said(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    code, _, err = run("decide", DEFAULT, "--in", source)
    assert (code, "No such file" in err) == (2, True)
    source.write_bytes(SOME)
    assert run("decide", DEFAULT, "--in", source, "--out", source) == (
        2,
        "",
        "--in and --out are the same file\n",
    )
    assert source.read_bytes() == SOME
    assert run("decide", tmp_path, "--in", source)[0] == 2


def test_who_asks_line_by_line_is_answered_at_once() -> None:
    program = "import sys; from edge.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-P", "-c", program, "policy", "decide", str(DEFAULT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(SOME + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == number
        process.stdout.close()  # a reader that goes away ends the work
        process.stdin.write(SOME + b"\n")
        process.stdin.close()
        assert process.wait(timeout=20) == 1
