"""Scanners on real kernel devices: the service in a QEMU guest, cables and keys in our hands.

HIL names the folder of the guest tool (`hil.py`), HIL_CACHE what its build made. Two USB keyboard
scanners and a USB serial scanner: whole codes, both keyboards at once, unplugged in the middle of a
code and plugged in again, a stalled reader, a keyboard that somebody else has grabbed. At the end
the journal must hold every code that was scanned whole, in order, once, and nothing else.
"""

import argparse
import base64
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = Path(sys.executable)
PROGRAM: Final = PYTHON.with_name("receiving-edge")
STEP_S: Final = 600.0
GAP_S: Final = 0.02  # between key events: the emulated keyboard holds 16, fetched 8 ms apart
DATA: Final = "/run/edge/data"
PORT: Final = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_FT0001-if00-port0"
EAN: Final = "4607112010017"
SIGNS: Final = "LPN-0aZ!Z_?%&/()=+'*,.;:<>@#$^~`"  # no mark: of those the record is shortened
DEVICES: Final = """
[scanner.hand-1]
driver = "scanner.hid_keyboard"
match = { serial = "SCN0001" }
profile = { idle_ms = 1000 }
may = ["items", "parcels"]

[scanner.hand-2]
driver = "scanner.hid_keyboard"
match = { vendor = 0x0627, serial = "SCN0002" }
profile = { idle_ms = 1000 }
may = ["items", "parcels"]

[scanner.hand-3]
driver = "scanner.serial_line"
port = "%s"
may = ["items", "parcels"]
"""
RULES: Final = (("ffff", "0001", "0627", "0001"), ("ffff", "0002", "0403", "6001"))
# What a keyboard that another program holds looks like from there.
HOLDER: Final = (
    "import evdev,sys,time;"
    "d=[e for e in map(evdev.InputDevice, evdev.list_devices()) if e.uniq==sys.argv[1]][0];"
    "d.grab();print('HELD',flush=True);time.sleep(600)"
)


def main() -> int:
    """Return 0 when nothing was lost silently, cut, joined or invented."""
    parser = argparse.ArgumentParser(prog="scripts/campaign hil-scanners", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each trial (3)")
    args = parser.parse_args()
    tool = os.environ.get("HIL", "")
    if not Path(tool, "hil.py").exists():
        print("HIL names no folder of the guest tool: nothing is tried", file=sys.stderr)
        return 1
    sys.path.insert(0, tool)
    hil = importlib.import_module("hil")
    with tempfile.TemporaryDirectory(prefix="hil-scanners-") as folder:
        config = Path(folder) / "config"
        _configure(config)
        with hil.Guest(mem=1536) as guest:
            bench = Bench(guest, config)
            bench.say(f"guest is up after {guest.boot_s:.0f} s")
            return bench.run(args.rounds)


def _configure(config: Path) -> None:
    given = {"namespace": "https://returns.example.com", "site": "msk1", "station": "ST-01"}
    given |= {"scanner_port": PORT, "run_dir": "/run/edge"}
    filled = [word for pair in given.items() for word in ("--set", "=".join(pair))]
    init = [str(PROGRAM), "init", str(config), "--profile", "minimal", *filled]
    tree = {**os.environ, "PYTHONPATH": str(ROOT)}  # this script's own, here and in the guest
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, env=tree)
    (config / "devices.toml").write_text(DEVICES % PORT, encoding="utf-8")
    rules = (ROOT / "config/udev/70-receiving-edge.rules").read_text("utf-8")
    for vendor, product, real_vendor, real_product in RULES:
        rules = rules.replace(
            f'{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"',
            f'{{idVendor}}=="{real_vendor}", ATTRS{{idProduct}}=="{real_product}"',
        )
    (config / "70-receiving-edge.rules").write_text(rules, encoding="utf-8")


class Bench:
    """The guest, its service, the ends of its cables, and what was scanned."""

    def __init__(self, guest: Any, config: Path) -> None:
        self._guest = guest
        self._config = config
        self._started_s = time.monotonic()
        self._sent: dict[str, list[str]] = defaultdict(list)
        self._torn: dict[str, int] = defaultdict(int)
        self._line: Any = None
        self._service: Any = None
        self._journal: list[dict[str, Any]] = []

    def say(self, text: str) -> None:
        """Print a line of the transcript."""
        print(f"[{time.monotonic() - self._started_s:6.1f}] {text}", flush=True)

    def run(self, rounds: int) -> int:
        """Go through all trials, then hold the journal against what was scanned."""
        self._plug_all()
        self._grabbed_at_start()
        self._serve()
        for number in range(rounds):
            self.say(f"round {number + 1}")
            self._whole(number)
            self._both_at_once(number)
            self._unplugged_keyboard(number)
            self._unplugged_serial(number)
            self._stalled(number)
        return self._judged()

    # ------------------------------------------------------------ the trials

    def _plug_all(self) -> None:
        guest = self._guest
        rules = f"cp {self._config}/70-receiving-edge.rules /run/udev/rules.d/"
        guest.run(f"groupadd -r receiving-edge; mkdir -p /run/udev/rules.d; {rules}")
        self.say("group: " + guest.run("getent group receiving-edge", check=False))
        guest.run("udevadm control --reload; modprobe usbhid; modprobe ftdi_sio")
        guest.plug_keyboard("scanner0", serial="SCN0001", head="head0")
        guest.plug_keyboard("scanner1", serial="SCN0002", head="head1")
        self._line = guest.plug_serial(serial="FT0001")
        guest.run("sleep 1; udevadm settle")
        self.say(guest.run("ls -l /dev/input/by-id/*-event-kbd; ls -l /dev/serial/by-id"))
        found = guest.run(
            "for e in /dev/input/event*; do stat -c '%n %G %a' $e;"
            " udevadm info $e | grep -E 'LIBINPUT_IGNORE|ID_SERIAL_SHORT'; done;"
            f" udevadm info {PORT} | grep -E 'ID_MM'; stat -L -c '%n %G %a' {PORT}",
            check=False,
        )
        self.say(f"the rules file's work:\n{found}")

    def _grabbed_at_start(self) -> None:
        holder = self._guest.start(f'{PYTHON} -c "{HOLDER}" SCN0001')
        holder.wait_for("HELD", STEP_S)
        refused = self._guest.start(self._command())
        code = refused.wait(STEP_S)
        last = [line for line in refused.lines if "hand-1" in line]
        self.say(f"grabbed by another program: serve ends with {code}: {last[-1:]}")
        holder.kill()
        holder.wait(STEP_S)
        if code != 1 or not last:
            raise RuntimeError(f"a grabbed keyboard is not told: {refused.lines[-5:]}")

    def _serve(self) -> None:
        self._service = self._guest.start(self._command())
        self._service.wait_for("ready", STEP_S)
        for name in ("hand-1", "hand-2", "hand-3"):
            self._until_light(name, "ok", 1)
        self.say("serve is ready, three scanners are ok")

    def _whole(self, number: int) -> None:
        for device, head in (("hand-1", "head0"), ("hand-2", "head1")):
            for code in (EAN, SIGNS, f'LPN|{number};zone?"B" {{~}}'):
                self._guest.scan(code, gap=GAP_S, head=head)
                self._scanned(device, code)
        for code in (EAN, f"PART\x1dOTHER-{number}"):
            self._send(code, "\r\n")
        self.say("whole codes, three scanners")

    def _both_at_once(self, number: int) -> None:
        """Key for key between each other: each thread types its own codes on its own keyboard."""
        hands = [("hand-1", "head0", "1"), ("hand-2", "head1", "2")]
        work = [
            threading.Thread(target=self._type, args=(device, head, f"{digit * 20}-{number}"))
            for device, head, digit in hands
        ]
        for hand in work:
            hand.start()
        for hand in work:
            hand.join()
        self.say("two keyboards at once")

    def _type(self, device: str, head: str, code: str) -> None:
        for turn in range(3):
            self._guest.scan(f"{code}-{turn}", gap=GAP_S, head=head)
            self._scanned(device, f"{code}-{turn}")

    def _unplugged_keyboard(self, number: int) -> None:
        lost, back = self._lights("hand-1", "lost"), self._lights("hand-1", "ok")
        self._guest.scan(f"TORN-{number}", end="", gap=GAP_S)
        self._guest.unplug("scanner0")
        self._torn["hand-1"] += 1
        self._until_light("hand-1", "lost", lost + 1)
        self._guest.plug_keyboard("scanner0", serial="SCN0001", head="head0")
        plugged_s = time.monotonic()
        self._until_light("hand-1", "ok", back + 1)
        self.say(f"keyboard unplugged in mid code, seen again {_since(plugged_s)} after the plug")
        self._guest.scan(f"AFTER-{number}", gap=GAP_S)
        self._scanned("hand-1", f"AFTER-{number}")

    def _unplugged_serial(self, number: int) -> None:
        lost, back = self._lights("hand-3", "lost"), self._lights("hand-3", "ok")
        self._line.sendall(f"TORN-{number}".encode())
        time.sleep(0.3)
        self._guest.unplug("serial0")
        self._torn["hand-3"] += 1
        self._until_light("hand-3", "lost", lost + 1)
        self._line.close()
        self._line = self._guest.plug_serial(serial="FT0001")
        plugged_s = time.monotonic()
        self._until_light("hand-3", "ok", back + 1)
        self.say(f"serial unplugged in mid code, seen again {_since(plugged_s)} after the plug")
        self._send(f"AFTER-{number}", "\r")

    def _stalled(self, number: int) -> None:
        """First so shortly that the kernel's ring overflows, then so long that it is replaced."""
        pid = self._reader("hand-1")
        self._guest.run(f"kill -STOP {pid}")
        self._guest.scan("OVERFLOWS-THE-RING", gap=GAP_S)
        self._guest.run(f"kill -CONT {pid}", check=False)  # a busy host is slow: it may be replaced
        self._torn["hand-1"] += 1
        time.sleep(3.0)
        self._until(lambda: self._lights("hand-1", "ok") > self._lights("hand-1", "lost"))
        self._guest.scan(f"HEALED-{number}", gap=GAP_S)
        self._scanned("hand-1", f"HEALED-{number}")
        self.say("reader stalled while a code was typed")
        lost, back = self._lights("hand-1", "lost"), self._lights("hand-1", "ok")
        self._guest.run(f"kill -STOP {self._reader('hand-1')}")
        self._torn["hand-1"] += 1
        self._until_light("hand-1", "lost", lost + 1)
        self._until_light("hand-1", "ok", back + 1)
        self._guest.scan(f"REPLACED-{number}", gap=GAP_S)
        self._scanned("hand-1", f"REPLACED-{number}")
        self.say("reader stalled for good and replaced")

    # ------------------------------------------------------------ the end

    def _judged(self) -> int:
        time.sleep(3.0)
        self._journal = self._events()
        is_good = True
        for device, scanned in sorted(self._sent.items()):
            read, faults = self._read(device), self._faults(device)
            # `journal show` prints nothing behind a separator: there a mark has its secret part.
            sent = [code.partition("\x1d")[0] for code in scanned]
            is_whole = read == sent and len(faults) >= self._torn[device]
            is_good = is_good and is_whole
            self.say(
                f"{device}: {len(sent)} codes scanned whole, {len(read)} journalled, in order and"
                f" equal: {read == sent}; {self._torn[device]} times torn or stalled,"
                f" faults: {faults}"
            )
            for pair in zip(sent, read, strict=False):
                if pair[0] != pair[1]:
                    self.say(f"first difference: {pair}")
                    break
        self.say("verdict: " + ("nothing lost silently, cut or joined" if is_good else "FAILED"))
        return 0 if is_good else 1

    # ------------------------------------------------------------ what is done and seen

    def _command(self) -> str:
        serve = f"{PROGRAM} serve --config {self._config} --data {DATA}"
        return f"mkdir -p /run/edge {DATA}; PYTHONPATH={ROOT} {serve} 2>&1"

    def _scanned(self, device: str, code: str) -> None:
        self._sent[device].append(code)
        time.sleep(1.1)  # the same code within a second would be one scan

    def _send(self, code: str, end: str) -> None:
        self._line.sendall((code + end).encode())
        self._scanned("hand-3", code)

    def _reader(self, device: str) -> int:
        """Return the id of the reader process that has this scanner's node open."""
        node = {"hand-1": "SCN0001", "hand-2": "SCN0002"}[device]
        sh = (
            f"n=$(readlink -f /dev/input/by-id/*{node}*-event-kbd);"
            " for p in $(pgrep -f hid_reader); do"
            " ls -l /proc/$p/fd 2>/dev/null | grep -q $n'$' && echo $p; done"
        )
        return int(self._guest.run(sh, check=False).split()[-1])

    def _events(self) -> list[dict[str, Any]]:
        show = f"{PROGRAM} journal show --json --limit 100000 --data {DATA}"
        out = self._guest.run(f"PYTHONPATH={ROOT} {show}", timeout=STEP_S)
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def _scans(self, device: str) -> list[dict[str, Any]]:
        return [e for e in self._journal if e["kind"] == "scan.read" and e["device"] == device]

    def _read(self, device: str) -> list[str]:
        whole = [scan for scan in self._scans(device) if not scan.get("fault")]
        return [base64.b64decode(scan["raw_b64"]).decode() for scan in whole]

    def _faults(self, device: str) -> list[str]:
        return [scan["fault"] for scan in self._scans(device) if scan.get("fault")]

    def _lights(self, device: str, state: str) -> int:
        """Return how often the service has logged this light."""
        return sum(f'"{device}: {state} ' in line for line in list(self._service.lines))

    def _until_light(self, device: str, state: str, count: int) -> None:
        self._until(lambda: self._lights(device, state) >= count)

    def _until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + STEP_S
        while not is_so():
            if self._service.rc is not None or time.monotonic() > end:
                raise RuntimeError(f"does not come: {self._service.lines[-8:]}")
            time.sleep(0.02)


def _since(started_s: float) -> str:
    return f"{time.monotonic() - started_s:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
