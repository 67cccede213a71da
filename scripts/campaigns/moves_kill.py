"""SIGKILL of stations while goods are carried: real processes, real broker, MQTT and Modbus.

Simulated robots and a PLC, which live on, count what they physically did. Ends with 1 when a load
was picked or diverted twice, or when the journal says that it was moved, or not moved, and it is
not so: what the journal does not know must be in doubt.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

import moves_far_ends
import moves_process
from brokers import NatsServer
from edge.events import DiverterChanged, DiverterState, MoveChanged, MoveState, kind_of
from edge.journal.reader import Reader
from ports import free_port

MOVES: Final = 12
ROUND_KILLS: Final = 8
LIVES_S: Final = 1.5
REST_S: Final = 25.0
READY_S: Final = 120.0


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign moves-kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="of the station (100)")
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    dice = Random(args.seed)  # noqa: S311 - moments of kills, no secret
    started_s = time.monotonic()
    kills, totals, is_good = 0, Counter[str](), True
    with NatsServer() as broker:
        while kills < args.kills:
            done, counts, faults = _round(
                dice, broker.mqtt_port, min(ROUND_KILLS, args.kills - kills)
            )
            kills += done
            totals += counts
            is_good &= not faults
            print(
                f"{kills} kills: {dict(counts)} {' '.join(faults) or 'accounted for'}", flush=True
            )
    print(f"moves-kill, seed {args.seed}: {kills} kills, {dict(totals)}")
    print(f"{'every load accounted for' if is_good else 'NOT accounted for'}")
    print(f"{time.monotonic() - started_s:.0f} s")
    return 0 if is_good else 1


def _round(dice: Random, broker: int, kills: int) -> tuple[int, Counter[str], list[str]]:
    """One journal of planned moves, killed over and over, then left to end what it can."""
    with tempfile.TemporaryDirectory(prefix="moves-kill-") as folder:
        path, plc = Path(folder) / "journal.db", free_port()
        moves_process.planned(path, MOVES)
        far = _started(moves_far_ends, str(broker), str(plc))
        done = 0
        for _ in range(kills):
            station = _started(moves_process, str(path), str(broker), str(plc))
            time.sleep(dice.uniform(0.0, LIVES_S))
            station.kill()
            station.wait()
            done += 1
        station = _started(moves_process, str(path), str(broker), str(plc))
        _await_rest(path)
        station.kill()
        station.wait()
        said, _ = far.communicate("", timeout=30)
        return done, *_judged(path, json.loads(said.strip().splitlines()[-1]))


def _started(module: Any, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-P", str(module.__file__), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise SystemExit(f"{module.__name__} ended with {process.wait()}")
    return process


def _await_rest(path: Path) -> None:
    """Wait until nothing is under way any more but what is in doubt."""
    end = time.monotonic() + REST_S
    while time.monotonic() < end:
        time.sleep(0.5)
        legs = [work.current for work in moves_process.replayed(path).moves.values()]
        if all(leg is not None and leg.state is MoveState.IN_DOUBT for leg in legs):
            return


def _judged(path: Path, floor: dict[str, dict[str, int]]) -> tuple[Counter[str], list[str]]:
    faults = [
        f"{what} {key} {n} times" for what in floor for key, n in floor[what].items() if n > 1
    ]
    counts: Counter[str] = Counter(picks=sum(floor["picks"].values()))
    counts["diverts"] = sum(floor["diverts"].values())
    with Reader(path) as reader:
        for event in reader.events(1):
            match event.payload:
                case MoveChanged(move=move, leg=leg, state=state, resolved_as=place, robot=str()):
                    counts[kind_of(event.payload)] += 1
                    drops = floor["drops"].get(f"{move}/{leg}", 0)
                    if state is MoveState.DONE and drops != 1:
                        faults.append(f"{move}/{leg} is said to be done")
                    picks = floor["picks"].get(f"{move}/{leg}", 0)
                    if place == "at_pickup" and picks:
                        faults.append(f"{move}/{leg} is said to be at its pick-up")
                case DiverterChanged(state=state, token=token):
                    counts[kind_of(event.payload)] += 1
                    was = floor["diverts"].get(str(token), 0)
                    if state is DiverterState.DONE and was != 1:
                        faults.append(f"token {token} is said to be diverted")
    for work in moves_process.replayed(path).moves.values():
        now = work.current
        word = str(now.state) if now is not None else ""
        counts[f"left {word}"] += 1
        load = f"{work.move}/{work.position}"
        if word == "planned" and floor["picks"].get(load, 0):
            faults.append(f"{load} is planned and was picked")
    return counts, faults


if __name__ == "__main__":
    sys.exit(main())
