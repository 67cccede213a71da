"""The power cord of a whole machine: a QEMU guest writes on a disk with a volatile cache.

HIL names the folder of the guest tool (`hil.py`, `powerdisk.py`), HIL_CACHE what its build made.
First the service works in the guest, its scanner's cable and its power cord in our hands; it is
booted again after each pull. Then the journal's trial runs in one boot and prints what is
acknowledged; at random moments the disk is taken as a cut would leave it. Each time the file
system is mounted here and the journal proven. Needs root.
"""

import argparse
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from guest_station import Station

DISK_MB: Final = 96
READY_S: Final = 240.0
PROGRAM: Final = Path(sys.executable).with_name("receiving-edge")


def main() -> int:
    """Return 0 when every disk holds what was acknowledged, and the control's do not."""
    parser = argparse.ArgumentParser(prog="scripts/campaign hil", description=__doc__)
    parser.add_argument("--pulls", type=int, default=20, help="of a working service's cord (20)")
    parser.add_argument("--control-pulls", type=int, default=5, help="with NORMAL (5)")
    parser.add_argument("--cuts", type=int, default=20, help="disks taken out of one boot (20)")
    parser.add_argument("--control-cuts", type=int, default=20, help="with NORMAL (20)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    tool = os.environ.get("HIL", "")
    if not Path(tool, "hil.py").exists():
        print("HIL names no folder of the guest tool: nothing is cut", file=sys.stderr)
        return 1
    sys.path.insert(0, tool)
    lost = _pulls(args.pulls, "full", args.seed) + _cuts(args.cuts, "full", args.seed)
    pulled = _pulls(args.control_pulls, "normal", args.seed)
    control = _cuts(args.control_cuts, "normal", args.seed)
    is_control_lost = (pulled or not args.control_pulls) and (control or not args.control_cuts)
    return 0 if not lost and is_control_lost else 1


def _pulls(pulls: int, synchronous: str, seed: int) -> int:
    """Pull the cord of a working station so often; return after how many something was lost."""
    if not pulls:
        return 0
    rng = random.Random(seed)  # noqa: S311 - a seed that can be repeated is wanted
    lost = 0
    with tempfile.TemporaryDirectory() as made:
        station = Station(Path(made), synchronous)
        for number in range(pulls):
            cut = station.pull(rng)
            lost += not cut.is_whole
            print(
                f"pull {number + 1}, {synchronous}: {cut.scans} scans, {cut.at_stake} writes at"
                f" stake, shown {cut.acked}, found {cut.found}:"
                f" {'whole' if cut.is_whole else 'LOST'}; booted in {cut.boot_s:.0f} s, ready"
                f" {cut.ready_s:.0f} s later",
                flush=True,
            )
        newest = station.start_once_more()
    print(
        f"service, synchronous={synchronous}, seed {seed}: {pulls} pulls, {lost} with a loss;"
        f" started once more, it stands at {newest}",
        flush=True,
    )
    return lost


def _cuts(cuts: int, synchronous: str, seed: int) -> int:
    """Run one guest and examine so many disks; return how many had lost something."""
    if not cuts:
        return 0
    rng = random.Random(seed)  # noqa: S311 - a seed that can be repeated is wanted
    lost = 0
    with tempfile.TemporaryDirectory() as made, _guest(Path(made), synchronous) as (disk, work):
        for number in range(cuts):
            _until(work, len(work.lines) + rng.randrange(5, 60))
            time.sleep(rng.random() / 20)
            acked = _newest(work.lines)
            medium, at_stake = disk.crash_state(rng, rng.choice(("none", "some", "some")))
            told = _examined(Path(made), bytes(medium))
            is_whole = told["ok"] and told["last_seq"] >= acked
            lost += not is_whole
            print(
                f"cut {number + 1}, {synchronous}: {at_stake} writes at stake, acknowledged"
                f" {acked}, found {told['last_seq']}: {'whole' if is_whole else 'LOST'}",
                flush=True,
            )
    print(f"synchronous={synchronous}, seed {seed}: {cuts} cuts, {lost} with a loss", flush=True)
    return lost


@contextmanager
def _guest(folder: Path, synchronous: str) -> Iterator[tuple[Any, Any]]:
    hil, powerdisk = importlib.import_module("hil"), importlib.import_module("powerdisk")
    image = folder / "disk.img"
    image.write_bytes(b"")
    os.truncate(image, DISK_MB * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    disk = powerdisk.PowerDisk(str(folder / "nbd"), str(image))
    guest = hil.Guest(nbd=str(folder / "nbd"))
    try:
        guest.wait_up()
        guest.run("modprobe virtio_blk; modprobe ext4; mkdir /mnt/d; mount /dev/vda /mnt/d")
        trial = f"{PROGRAM} journal soak --events 1000000 --print-acks --photos"
        work = guest.start(f"{trial} --synchronous {synchronous} --data /mnt/d/data")
        _until(work, 1)
        yield disk, work
        guest.power_cut()
    finally:
        guest.close()


def _until(work: Any, lines: int) -> None:
    """Wait for so many lines of output."""
    until = time.monotonic() + READY_S
    while len(work.lines) < lines:
        if work.rc is not None or time.monotonic() > until:
            raise RuntimeError(f"the guest's trial ended: {work.lines[-5:]}")
        time.sleep(0.005)


def _newest(lines: list[str]) -> int:
    numbers = (line.split()[0] for line in list(lines) if line.split())
    return max((int(one) for one in numbers if one.isdigit()), default=0)


def _examined(folder: Path, medium: bytes) -> dict[str, Any]:
    """Mount a copy of the medium, which replays its file system's log, and prove the journal."""
    image, mount = folder / "cut.img", folder / "cut"
    image.write_bytes(medium)
    mount.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
    try:
        verify = [str(PROGRAM), "journal", "verify", "--json", "--data", str(mount / "data")]
        said = subprocess.run(verify, stdout=subprocess.PIPE, check=False).stdout
    finally:
        subprocess.run(["umount", str(mount)], check=True)
    told: dict[str, Any] = {"ok": False, "last_seq": 0}
    told.update(json.loads(said or b"{}"))
    return told


if __name__ == "__main__":
    sys.exit(main())
