"""`doctor parse` answers line by line, in one shape, whatever comes in."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.commands.doctor.parse import LINE_CHARS_MAX, answer_lines

PROGRAM = "import sys; from edge.cli import main; sys.exit(main(['doctor', 'parse']))"
VECTORS = Path(__file__).parents[1] / "data" / "gs1" / "vectors.json"


def answers(*lines: str) -> list[dict[str, object]]:
    told = io.StringIO()
    answer_lines(io.StringIO("".join(f"{line}\n" for line in lines)), told)
    return [json.loads(line) for line in told.getvalue().splitlines()]


def asked(form: str, text: str) -> str:
    return json.dumps({"form": form, "text": text})


def test_the_program_answers_in_the_shape_that_integrators_are_told() -> None:
    lines = [
        asked("wire", "010460711201001721S7\x1d10A"),
        asked("bracketed", "(01)04607112010018"),
        asked("scan", "]C101046071120100171"),
    ]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "valid": True,
            "why": "",
            "elements": [["01", "04607112010017"], ["21", "S7"], ["10", "A"]],
        },
        {"valid": False, "why": "check_digit", "elements": []},
        {"valid": False, "why": "syntax", "elements": []},
    ]


def test_every_scan_vector_is_answered_as_the_reference_does() -> None:
    rows = [row for row in json.loads(VECTORS.read_text("utf-8"))["scan_data"] if row["required"]]
    told = answers(*(asked("scan", row["scan"]) for row in rows))
    assert [one["valid"] for one in told] == [row["valid"] for row in rows]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "7",
        '{"form": 1, "text": "a"}',
        '{"form": "wire"}',
        "[" * 5000,
        "x" * (LINE_CHARS_MAX + 10),
    ],
)
def test_a_line_that_is_no_question_is_answered_once(line: str) -> None:
    bad = {"valid": False, "why": "bad_line", "elements": []}
    good = asked("uri", "https://id.gs1.org/01/04607112010017")
    first, second = answers(line, good)
    assert first == bad
    assert second["valid"] is True


def test_the_tail_of_a_mark_is_in_no_answer() -> None:
    crypto = "dGhlIHRhaWwgdGhhdCBub2JvZHkgZXZlciBtYXkgc2U="
    mark = f"0104607112010017215AbcXyz12345Z\x1d91EE06\x1d92{crypto}"
    told = answers(
        asked("wire", mark), asked("scan", f"]d2{mark}"), asked("scan", mark.replace("\x1d", ""))
    )
    assert [one["valid"] for one in told] == [True, True, False]
    assert crypto[:6] not in json.dumps(told)


@given(
    st.sampled_from(["wire", "bracketed", "uri", "scan"]),
    st.one_of(
        st.text(max_size=200),
        st.from_regex(r"\A\]?[CdQeE]?[0-9]?(01[0-9]{14})?[ -~\x1d]{0,90}\Z"),
        st.from_regex(r"\A(\([0-9]{2,4}\)[!-~]{1,20}){1,5}\Z"),
    ),
)
def test_any_text_is_answered(form: str, text: str) -> None:
    (told,) = answers(asked(form, text))
    assert set(told) == {"valid", "why", "elements"}
    assert told["valid"] or told["why"]
