"""A V4L2 camera of the kernel shows printed codes to the service in a QEMU guest.

HIL names the folder of the guest tool (`hil.py`), HIL_CACHE what its build made, v4l2loopback.ko
among it. An article's code must be journalled once, as the camera's; a command's label, rightly
signed, must be refused as from a wrong source; when the pictures stop the light must go.
"""

import base64
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import zxingcpp

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = Path(sys.executable)
PROGRAM: Final = PYTHON.with_name("receiving-edge")
STEP_S: Final = 600.0
DATA: Final = "/run/edge/data"
EAN: Final = "4607112010017"
LOOP: Final = "devices=1 video_nr=10 exclusive_caps=1 card_label=Dock-1"
ROLES: Final = (
    "item label parcel defect serial front back screen card mark box set inside tape seal date"
    " sole side tag"
)
CAMERA: Final = """
[camera.top]
driver = "camera.worker"
source = "/dev/video10"
fps = 5.0
frozen_s = 0.0
roles = [%s]
may = ["items", "parcels"]
"""


def main() -> int:
    """Return 0 when the camera's codes are what they may be."""
    tool = os.environ.get("HIL", "")
    if not Path(tool, "hil.py").exists():
        print("HIL names no folder of the guest tool: nothing is tried", file=sys.stderr)
        return 1
    sys.path.insert(0, tool)
    hil = importlib.import_module("hil")
    with tempfile.TemporaryDirectory(prefix="hil-camera-") as made:
        folder = Path(made)
        key = _configure(folder / "config")
        _show(folder, "")
        with hil.Guest(mem=1536, out=made) as guest:
            return Trial(guest, folder, key).run()


def _configure(config: Path) -> bytes:
    given = {"namespace": "https://returns.example.com", "site": "msk1", "station": "ST-01"}
    given |= {"scanner_port": "/dev/null", "run_dir": "/run/edge"}
    filled = [word for pair in given.items() for word in ("--set", "=".join(pair))]
    init = [str(PROGRAM), "init", str(config), "--profile", "minimal", *filled]
    tree = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env=tree)
    roles = ", ".join(f'"{role}"' for role in ROLES.split())
    (config / "devices.toml").write_text(CAMERA % roles, encoding="utf-8")
    return (config / "site.key").read_bytes()


def _show(folder: Path, text: str) -> None:
    """Lay a printed code, or none, under the camera."""
    picture = np.full((720, 1280, 3), 215, np.uint8)
    if text:
        kind = zxingcpp.BarcodeFormat.EAN13 if text == EAN else zxingcpp.BarcodeFormat.Code128
        drawn = np.asarray(zxingcpp.create_barcode(text, kind).to_image(scale=3))
        code = cv2.cvtColor(drawn, cv2.COLOR_GRAY2BGR)
        height, width = code.shape[:2]
        picture[250 : 250 + height, 200 : 200 + width] = code
    cv2.imwrite(str(folder / "new.png"), picture)
    (folder / "new.png").replace(folder / "shown.png")


class Trial:
    """The guest, its service and what lies under the camera."""

    def __init__(self, guest: Any, folder: Path, key: bytes) -> None:
        self._guest = guest
        self._folder = folder
        self._key = key
        self._started_s = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line of the transcript."""
        print(f"[{time.monotonic() - self._started_s:6.1f}] {text}", flush=True)

    def run(self) -> int:
        """Show both codes, stop the pictures, judge the journal."""
        guest = self._guest
        guest.run("mkdir -p /mnt/out; mount -t 9p -o trans=virtio,version=9p2000.L out /mnt/out")
        guest.run(f"modprobe videodev; insmod {guest.cache}/v4l2loopback.ko {LOOP}")
        tool = f"{PYTHON} {os.environ['HIL']}/guest/feed.py"
        feed = guest.start(f"{tool} /dev/video10 /mnt/out/shown.png 1280 720 5")
        feed.wait_for("PICTURE", STEP_S)
        serve = f"{PROGRAM} serve --config {self._folder}/config --data {DATA} 2>&1"
        service = guest.start(f"mkdir -p {DATA}; PYTHONPATH={ROOT} {serve}")
        service.wait_for("ready", STEP_S)
        service.wait_for("top: ok", STEP_S)
        self.say("serve is ready, the camera is ok: " + guest.run("ls -l /dev/video10"))
        command = self._command()
        for text in (EAN, command):
            _show(self._folder, text)
            self._until_read(text)
            _show(self._folder, "")
            time.sleep(5.0)
        stopped_s = time.monotonic()
        feed.kill()
        service.wait_for("top: lost", STEP_S)
        self.say(f"no pictures any more: the light went after {time.monotonic() - stopped_s:.1f} s")
        return self._judged(command)

    def _command(self) -> str:
        """Sign a command's label in the guest's own way."""
        code = f"from edge.barcodes.signed import signed; print(signed('RX-UNDO', {self._key!r}))"
        tree = {**os.environ, "PYTHONPATH": str(ROOT)}
        made = subprocess.run(
            [str(PYTHON), "-c", code], stdout=subprocess.PIPE, env=tree, check=True
        )
        return made.stdout.decode().strip()

    def _until_read(self, text: str) -> None:
        end = time.monotonic() + STEP_S
        while not any(_text(scan) == text for scan in self._scans()):
            if time.monotonic() > end:
                raise RuntimeError(f"{text} is not read: {self._scans()}")
        self.say(f"shown {text}: read")

    def _scans(self) -> list[dict[str, Any]]:
        show = f"PYTHONPATH={ROOT} {PROGRAM} journal show --json --limit 100000 --data {DATA}"
        lines = self._guest.run(show, timeout=STEP_S).splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in events if event["kind"] == "scan.read"]

    def _judged(self, command: str) -> int:
        scans = self._scans()
        for scan in scans:
            said = {key: scan.get(key) for key in ("via", "symbology", "votes", "reject", "match")}
            self.say(f"journal: {_text(scan)} {said}")
        article = [scan for scan in scans if _text(scan) == EAN]
        label = [scan for scan in scans if _text(scan) == command]
        is_good = len(article) == 1 and article[0]["via"] == "camera"
        is_good = is_good and all(scan["reject"] == "wrong_source" for scan in label)
        is_good = is_good and len(scans) == len(article) + len(label)
        self.say("verdict: " + ("read once, the command refused" if is_good else "FAILED"))
        return 0 if is_good else 1


def _text(scan: dict[str, Any]) -> str:
    return base64.b64decode(scan["raw_b64"]).decode()


if __name__ == "__main__":
    sys.exit(main())
