"""Scanner on a real pty, camera over HTTP: what a host and a viewer get."""

import asyncio
import io
import os
import tty
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
import zxingcpp

from sim import web
from sim.camera.picture import HEIGHT, WIDTH, Scene, jpeg
from sim.camera.stream import Camera
from sim.scanner import Tones, code_bytes, plugged_in
from sim_peers import eventually


async def test_a_host_reads_what_was_scanned_and_its_tones_are_heard(tmp_path: Path) -> None:
    with plugged_in(tmp_path / "scanner") as scanner:
        host = os.open(tmp_path / "scanner", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(host)
        before = os.get_blocking(host)
        at_ns = await scanner.send(code_bytes("0104600070000052\x1d10L1", "]d2"))
        assert os.read(host, 100) == b"]d20104600070000052\x1d10L1\r"
        os.write(host, b"BB\x1b[6q\x1b[4q\x1b[8q\x01")
        assert await eventually(lambda: (scanner.tones.good, scanner.tones.lights) == (3, 2))
        os.close(host)
        assert scanner.tones.bad == 1
    assert at_ns > 0
    assert before


async def test_the_scanner_outlives_its_host(tmp_path: Path) -> None:
    with plugged_in(tmp_path / "scanner") as scanner:
        for text in ("ONE", "TWO"):
            host = os.open(tmp_path / "scanner", os.O_RDWR | os.O_NOCTTY)
            await scanner.send(code_bytes(text, "]C0"))
            assert os.read(host, 100) == f"]C0{text}\r".encode()
            os.close(host)
    assert not (tmp_path / "scanner").is_symlink()


async def test_a_flood_larger_than_the_line_buffer_gets_through(tmp_path: Path) -> None:
    flood = bytes(range(256)) * 40
    with plugged_in(tmp_path / "scanner") as scanner:
        host = os.open(tmp_path / "scanner", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        got = io.BytesIO()

        def is_all_read() -> bool:
            try:
                got.write(os.read(host, 4096))
            except BlockingIOError:
                return len(got.getvalue()) == len(flood)
            return False

        sending = asyncio.create_task(scanner.send(flood), name="flood")
        assert await eventually(is_all_read)
        await sending
        os.close(host)
    assert got.getvalue() == flood


def test_an_escape_sequence_may_come_in_pieces() -> None:
    tones = Tones()
    for piece in (b"B\x1b", b"[", b"4q", b"\x07"):
        tones.hear(piece)
    assert (tones.good, tones.bad, tones.lights) == (2, 1, 0)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("4600070000052", b"4600070000052"),
        ("RB100001012RU", b"RB100001012RU"),
        (
            "010460007000041221356938032318215\x1d10L17",
            b"010460007000041221356938032318215\x1d10L17",
        ),
    ],
)
def test_a_shown_code_can_be_read_from_the_picture(code: str, read: bytes) -> None:
    pixels = cv2.imdecode(np.frombuffer(jpeg(Scene(code=code)), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert [one.bytes for one in zxingcpp.read_barcodes(pixels)] == [read]


def test_an_item_without_a_code_shows_none_and_fits_the_quality_gate() -> None:
    scene = Scene(title="T-shirt blue M", lines=("GTIN 4600070000052",), tint=5)
    pixels = cv2.imdecode(np.frombuffer(jpeg(scene), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert zxingcpp.read_barcodes(pixels) == []
    assert 50 <= float(pixels.mean()) <= 205
    assert float(((pixels == 0) | (pixels == 255)).mean()) < 0.05


async def test_the_stream_carries_whole_pictures() -> None:
    camera = Camera()
    async with web.serving("127.0.0.1", 0, camera.answer, name="camera") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /top.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert b"multipart/x-mixed-replace; boundary=frame" in head
        for _ in range(2):
            part = await reader.readuntil(b"\r\n\r\n")
            assert b"--frame\r\nContent-Type: image/jpeg" in part
            length = int(part.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            picture = await reader.readexactly(length)
            assert picture.startswith(b"\xff\xd8")
            assert picture.endswith(b"\xff\xd9")
        writer.close()
        await writer.wait_closed()


async def test_a_dark_camera_answers_503() -> None:
    camera = Camera()
    camera.faults.add("dark")
    async with (
        web.serving("127.0.0.1", 0, camera.answer, name="camera") as port,
        httpx.AsyncClient(timeout=5) as http,
    ):
        answer = await http.get(f"http://127.0.0.1:{port}/top.mjpg")
    assert answer.status_code == 503
