"""`doctor decode` as an integrator runs it, and its hold on a decoder that hangs or dies."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.commands.doctor.decode import Decoder
from mjpeg import drawn

KEYS = {"payload_b64", "text", "aim", "symbology", "accepted", "votes", "engines"}
# A decoder that answers as the real one does, but ends at "die" and hangs at "hang".
FAKE = """
import json, sys, time
for line in sys.stdin:
    path = line.strip()
    if path == "die":
        sys.exit(1)
    if path == "hang":
        time.sleep(600)
    print(json.dumps({"path": path, "codes": [], "cpu_ms": 1.0}), flush=True)
"""


def decoded(*paths: bytes) -> list[dict[str, Any]]:
    ran = subprocess.run(
        (sys.executable, "-P", "-c", "from edge.cli import main; main()", "doctor", "decode"),
        input=b"".join(path + b"\n" for path in paths),
        capture_output=True,
        check=True,
        timeout=25,
    )
    assert ran.stderr == b""
    return [json.loads(line) for line in ran.stdout.splitlines()]


def fake(answer_s: float = 10.0) -> Decoder:
    return Decoder((sys.executable, "-c", FAKE), answer_s)


def test_pictures_in_json_lines_out_in_the_documented_shape(tmp_path: Path) -> None:
    good, mark = tmp_path / "an ean é.png", tmp_path / "mark.jpg"
    cv2.imwrite(str(good), drawn(("EAN13", "4607112010017")))
    cv2.imwrite(str(mark), drawn(("DataMatrix", "hello"), ("Code128", "RMA-88123")))
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((40, 60), 200, np.uint8))
    ean, both, none = decoded(*map(os.fsencode, (good, mark, blank)))
    assert ean["path"] == str(good)
    assert set(ean) == {"path", "codes", "cpu_ms"}
    (code,) = ean["codes"]
    assert set(code) == KEYS
    assert code | {"votes": 3, "engines": ["zxing"]} == {
        "payload_b64": "NDYwNzExMjAxMDAxNw==",
        "text": "4607112010017",
        "aim": "]E0",
        "symbology": "ean13",
        "accepted": True,
        "votes": 3,
        "engines": ["zxing"],
    }
    assert code["votes"] >= 3
    assert set(code["engines"]) <= {"zxing", "zbar"}
    assert {c["text"] for c in both["codes"] if c["accepted"]} == {"hello", "RMA-88123"}
    assert none["codes"] == []


def test_what_is_no_picture_gets_an_error_and_the_rest_is_read(tmp_path: Path) -> None:
    note, pipe, torn, tiny = (tmp_path / name for name in ("a.txt", "b", "c.png", "d.png"))
    note.write_text("no picture", encoding="utf-8")
    os.mkfifo(pipe)
    _, png = cv2.imencode(".png", drawn(("EAN13", "4607112010017")))
    torn.write_bytes(png.tobytes()[:60])
    (tmp_path / "e.png").write_bytes(b"")
    cv2.imwrite(str(tiny), np.zeros((1, 1), np.uint8))
    absent = os.fsencode(tmp_path) + b"/\xff.png"
    bad = [
        *map(os.fsencode, (note, pipe, torn, tmp_path, tmp_path / "e.png")),
        absent,
        b"",
        b"/dev/zero",
    ]
    *errors, last = decoded(*bad, os.fsencode(tiny))
    assert [set(one) for one in errors] == [{"path", "error"}] * len(bad)
    assert [os.fsencode(one["path"]) for one in errors] == bad
    assert last["codes"] == []


@pytest.mark.parametrize(("harm", "said"), [("die", "ended"), ("hang", "too long")])
def test_a_decoder_that_dies_or_hangs_costs_one_picture(harm: str, said: str) -> None:
    with fake(answer_s=1.0 if harm == "hang" else 10.0) as decoder:
        answers = [decoder.answer(path) for path in (b"a", harm.encode(), b"b")]
    assert [answer["path"] for answer in answers] == ["a", harm, "b"]
    assert said in str(answers[1]["error"])
    assert answers[0] | {"path": "b"} == answers[2]


def test_a_decoder_that_does_not_start_is_said_so() -> None:
    with Decoder((sys.executable, "-c", "raise SystemExit(1)"), 10.0) as decoder:
        assert "error" in decoder.answer(b"a")
