"""What a shift has beside its cases: the station itself, and a centre that refuses something."""

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

import pytest

from cases import SHIRT, box, items, line, put
from mjpeg import MjpegServer, drawn
from real_bench import PROGRAM, RealBench

CAMERA: Final = """
[camera.top]
driver = "camera.worker"
source = "{url}"
roles = ["item", "label", "parcel", "defect", "serial", "front", "back", "screen", "card", "mark",
  "box", "set", "inside", "tape", "seal", "date", "sole", "side", "tag"]
may = []
"""
PATIENCE_S: Final = 20.0
ROWS: Final = tuple(line(f"SF-{n}", "1", SHIRT, box(980 + n)) for n in range(3))
TARGET: Final = """
[[target]]
name = "oms"
kind = "http-batch"
url = "{url}"
events = ["parcel.*", "unit.*"]
"""


class _Centre(BaseHTTPRequestHandler):
    """Stores every event but one kind."""

    refused = "parcel.opened"

    def do_POST(self) -> None:
        """Answer a batch, event by event."""
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        results = [
            {"id": one["id"], "status": "rejected" if self.refused in one["type"] else "stored"}
            for one in batch
        ]
        body = json.dumps({"results": results}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def centre() -> Iterator[str]:
    """Run the centre; yield its address."""
    with HTTPServer(("127.0.0.1", 0), _Centre) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/events"
        finally:
            server.shutdown()
            thread.join()


def _sync(bench: RealBench, *words: str) -> None:
    command: list[str | Path] = [PROGRAM, "sync", *words, "--target", "oms", "--wait", "20"]
    command += ["--data", bench.data]
    subprocess.run(command, check=True, timeout=60)


def _receive(bench: RealBench, n: int) -> None:
    bench.scan(box(980 + n))
    bench.item(SHIRT)
    put(bench)


@pytest.mark.timeout(120)
@pytest.mark.shift("station")
def test_a_station_tells_when_it_starts_when_a_device_goes_and_when_it_ends(tmp_path: Path) -> None:
    with RealBench(tmp_path, returns=ROWS, items=items()) as bench:
        bench.badge()
        assert bench.kinds()[:2] == ["station.journal", "station.started"]
        assert {"config.activated", "device.state", "scan.read", "operator.in"} <= set(
            bench.kinds()
        )
        assert "device.state" in bench.pull_scanner().kinds
        assert bench.events("device.state")[-1]["state"] == "lost"
        bench.stop()
        assert bench.kinds()[-1] == "station.stopped"


@pytest.mark.timeout(180)
@pytest.mark.shift("centre")
def test_what_a_centre_refuses_is_told_sent_again_given_up_and_the_target_ended(
    tmp_path: Path,
) -> None:
    with centre() as url:
        bench = RealBench(tmp_path, returns=ROWS, items=items())
        with (bench.config / "sync.toml").open("a", encoding="utf-8") as sync:
            sync.write(TARGET.format(url=url))
        with bench:
            bench.badge()
            bench.scan(box(980))
            if "sync.dead" not in bench.kinds():
                bench.wait_for("sync.dead")
            _sync(bench, "replay", "--dead", "--by", "0001")
            _sync(bench, "waive", "--dead", "--by", "0001", "--reason", "old")
            _sync(bench, "pause", "--by", "0001")
            _sync(bench, "retire", "--by", "0001", "--reason", "closed")
            told = [kind for kind in bench.kinds() if kind.startswith("sync.")]
    assert told.index("sync.dead") < told.index("sync.replayed") < told.index("sync.waived")
    assert {"sync.state", "sync.retired"} <= set(told)


@contextmanager
def camera(symbology: str = "EAN13", text: str = SHIRT[1:]) -> Iterator[str]:
    """Run a camera on the network that looks at this code, an article's; yield its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = MjpegServer(drawn((symbology, text)))
    try:
        asyncio.run_coroutine_threadsafe(server.open(), loop).result(PATIENCE_S)
        yield server.url
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.timeout(180)
@pytest.mark.shift("photographs")
def test_a_photograph_is_erased_on_demand_and_its_digest_stays(tmp_path: Path) -> None:
    with camera() as url:
        bench = RealBench(tmp_path, returns=ROWS, items=items())
        with (bench.config / "devices.toml").open("a", encoding="utf-8") as devices:
            devices.write(CAMERA.format(url=url))
        _photographed_and_erased(bench)


def _photographed_and_erased(bench: RealBench) -> None:
    with bench:
        bench.badge()
        while bench.view["head"]["camera"] != "ok":
            bench.next_view()
        name = _photographed(bench, 980)
        file = bench.data / "photos" / name[:2] / f"{name}.jpg"
        assert file.exists()
        assert _erased(bench, name, by="0417") == 1
        assert _erased(bench, "ab" * 32, by="0001") == 1
        assert file.exists()
        assert _erased(bench, name, by="0001") == 0
        told = bench.events("photo.erased")
        assert [(one["sha256"], one["by"]) for one in told] == [(name, "0001")]
        bench.kill()
        bench.start()
        assert not file.exists()
        assert "photo.lost" not in bench.kinds()
        _lost(bench)


def _photographed(bench: RealBench, n: int) -> str:
    """Receive a unit; return its photograph, asked for again where the camera was too slow."""
    bench.scan(box(n))
    before = len(bench.events("photo.taken"))
    refused = len(bench.events("photo.missing"))
    bench.item(SHIRT)
    deadline = time.monotonic() + PATIENCE_S * 3
    while len(bench.events("photo.taken")) == before:
        assert time.monotonic() < deadline, bench.kinds()
        if len(bench.events("photo.missing")) > refused and bench.view["head"]["camera"] == "ok":
            refused += 1
            bench.press("9")
        bench.next_view()
    return str(bench.events("photo.taken")[-1]["sha256"])


def _lost(bench: RealBench) -> None:
    """Somebody deletes a photograph while the power is off."""
    bench.press("enter")
    put(bench)
    name = _photographed(bench, 981)
    bench.kill()
    (bench.data / "photos" / name[:2] / f"{name}.jpg").unlink()
    bench.start()
    if "photo.lost" not in bench.kinds():
        bench.wait_for("photo.lost")
    lost = [(one["sha256"], one["reason"]) for one in bench.events("photo.lost")]
    assert lost == [(name, "absent")]


@pytest.mark.timeout(180)
def test_the_empty_packing_of_a_missing_item_is_photographed_before_it_is_declared(
    tmp_path: Path,
) -> None:
    """The camera looks at the box, and sees its number before the person reads it."""
    with camera("Code128", box(981)) as url:
        bench = RealBench(tmp_path, returns=ROWS, items=items())
        with (bench.config / "devices.toml").open("a", encoding="utf-8") as devices:
            devices.write(CAMERA.format(url=url))
        with bench:
            bench.badge()
            while bench.view["head"]["camera"] != "ok":
                bench.next_view()
            bench.scan(box(981))
            assert bench.state == "PARCEL"
            bench.press("f7", "1")
            if "unit.missing" not in bench.kinds():
                bench.wait_for("unit.missing")
            (taken,) = bench.events("photo.taken")
            assert (taken["slot"], taken["personal"]) == ("packing", True)
            kinds = bench.kinds()
            assert kinds.index("photo.taken") < kinds.index("unit.missing")
            (act,) = bench.events("document.data")
            assert taken["sha256"] in act["photos"]


def _erased(bench: RealBench, name: str, *, by: str) -> int:
    command: list[str | Path] = [PROGRAM, "journal", "erase", name, "--by", by, "--wait", "20"]
    command += ["--reason", "customer", "--data", bench.data]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode
