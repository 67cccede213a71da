"""One shift of the simulated operator, from the badge to the account.

Every act is chosen from the newest view; a killed service is waited for and the work goes on.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from sim.door import SimRefusedError, World
from sim.operator.account import Account, TrayScan, misplaced, zone_counts
from sim.operator.acts import Act, Press, Scan, Wait
from sim.operator.choose import choose
from sim.operator.mind import TAKEN_S, Mind, read_plan
from sim.operator.reading import could_obey, is_quiet, step_of
from sim.operator.terminal import Terminal
from sim.site import read_site

STUCK_EXIT: Final = 3
STUCK_S: Final = 60.0
RESTART_S: Final = 180.0  # a service that starts on a busy machine, its policy proved anew
ACT_S: Final = 10.0
SCAN_RETRY_S: Final = 3.0
SETTLE_S: Final = 1.0
MOVES_S: Final = 60.0
PLATFORM_S: Final = 30.0
SCANNER_S: Final = 2.0
REFUSED_PAUSE_S: Final = 0.3
UNKNOWN_PAUSE_S: Final = 1.0


class StuckError(Exception):
    """Nothing has moved for too long; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What to do: folders, number of units, seed of small choices, language.

    `calm` = before each tray wait until every device could obey at once.
    """

    config: Path
    run: Path
    units: int
    seed: int
    lang: str
    calm: bool = False


async def work(shift: Shift, *, as_json: bool) -> int:
    """Work the shift and print its account; 3 when the station stopped making progress."""
    site = read_site(shift.config)
    world = World(shift.run)
    mind = Mind(read_plan(await world.ask({"do": "plan"}), Random(shift.seed)))
    terminal = Terminal(site.socket, shift.lang)
    link = asyncio.create_task(terminal.run(), name="terminal")
    say = _say if as_json else _whisper
    print("ready", flush=True)
    operator = Operator(shift, mind, terminal=terminal, world=world, say=say)
    try:
        account = await operator.work()
    except (StuckError, SimRefusedError, OSError) as error:
        print(f"operator: {type(error).__name__}: {error}", file=sys.stderr)
        return STUCK_EXIT
    finally:
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
    print(json.dumps(account) if as_json else json.dumps(account, indent=2), flush=True)
    return 0


class Operator:
    """Hands and eyes. One act at a time, each with its deadline."""

    def __init__(
        self,
        shift: Shift,
        mind: Mind,
        *,
        terminal: Terminal,
        world: World,
        say: Callable[[dict[str, Any]], None],
    ) -> None:
        self._shift = shift
        self._mind = mind
        self._terminal = terminal
        self._world = world
        self._say = say
        self._account = Account()
        self._keys = 0
        self._seen: set[tuple[Any, ...]] = set()
        self._progress_at = time.monotonic()
        self._losses = 0
        self._boot = ""

    async def work(self) -> dict[str, Any]:
        """Work until enough units lie in their trays, then wait for what still moves."""
        while len(self._mind.done) < self._shift.units:
            await self._step()
        await self._moves_end()
        return await self._report()

    async def _step(self) -> None:
        view = await self._newest()
        self._see(view)
        if len(self._mind.done) >= self._shift.units:
            return
        await self._act_on(view)

    async def _newest(self) -> dict[str, Any]:
        """Return the newest view of a connection that is up, whose scanner is there."""
        while True:
            self._check_progress()
            view = self._terminal.view
            if view is not None and self._is_scanner_there(view):
                return view
            await self._changed(0.5)

    def _is_scanner_there(self, view: dict[str, Any]) -> bool:
        """A service that has just started flushes its line: what is scanned before is lost."""
        waited = time.monotonic() - self._terminal.connected_at > SCANNER_S
        return waited or view["head"]["scanner"] == "ok"

    def _see(self, view: dict[str, Any]) -> None:
        if self._terminal.losses != self._losses:
            self._losses = self._terminal.losses
            self._account.pending.clear()  # a restart lies between scan and order
        self._account.match(view["side"]["moves"])
        if self._terminal.boot != self._boot:  # it is back: patience begins anew, once a start
            self._boot, self._progress_at = self._terminal.boot, time.monotonic()
        step = step_of(view)
        finished = self._mind.see(view, time.monotonic())
        if finished is not None:
            self._say({"progress": len(self._mind.done)})
        moves = tuple((move["id"], move["s"]) for move in view["side"]["moves"])
        if finished is not None:
            self._seen.clear()
        if (step, moves) not in self._seen:
            self._seen.add((step, moves))
            self._progress_at = time.monotonic()

    def _check_progress(self) -> None:
        view, waited = self._terminal.view, time.monotonic() - self._progress_at
        if waited < (RESTART_S if view is None else STUCK_S):
            return
        if view is None:
            terminal = self._terminal
            raise StuckError(f"no view for {waited:.0f} s at {terminal.path}: {terminal.trouble}")
        said = (view.get("fb") or {}).get("t")
        raise StuckError(
            f"no progress for {STUCK_S:.0f} s: state {view['state']}, last line {said},"
            f" unit {self._mind.unit and self._mind.unit['id']}, waits {self._account.waits[-3:]}"
        )

    # ------------------------------------------------------------ acts

    async def _do(self, act: Act, view: dict[str, Any]) -> None:
        try:
            match act:
                case Wait(why=why):
                    self._note_wait(why)
                    await self._changed(0.2)
                case Press(key=key):
                    await self._press(key, view)
                case Scan():
                    await self._scan(act, view)
        except ConnectionError:
            await self._changed(0.2)

    def _note_wait(self, why: str) -> None:
        if self._account.waits[-1:] != [why]:
            self._account.waits = [*self._account.waits[-9:], why]

    async def _press(self, key: str, view: dict[str, Any]) -> None:
        self._keys += 1
        number = f"o-{self._keys}"
        before, losses = self._terminal.view_ns, self._terminal.losses
        message = {"m": "key", "id": number, "k": key, "rev": view["rev"], "epoch": view["epoch"]}
        await self._terminal.send(message)
        acked = await self._until(lambda: number in self._terminal.acks, ACT_S, losses)
        if not acked:
            return
        ack = self._terminal.acks[number]
        if ack.get("no"):
            await asyncio.sleep(REFUSED_PAUSE_S)
        self._note_hand_move(key, view, ack)
        seq = ack.get("seq") or 0
        await self._until(
            lambda: (
                self._terminal.view_ns > before and (self._terminal.view or {}).get("seq", 0) >= seq
            ),
            SETTLE_S,
            losses,
        )
        if view["state"] == "EXC" and view["work"]["code"] in ("E10", "E12"):
            await self._unknown(view["work"]["code"])

    async def _unknown(self, code: str) -> None:
        """An unknown box: its announcement may still be on its way; a closed one is done."""
        if code == "E12" and self._mind.parcel is None:
            parcel = self._mind.next_parcel()
            if parcel is not None:
                self._mind.closed.add(parcel["tracking"])
        await asyncio.sleep(UNKNOWN_PAUSE_S)

    def _note_hand_move(self, key: str, view: dict[str, Any], ack: dict[str, Any]) -> None:
        if (
            view.get("overlay") == "moves"
            and view["selected"]
            and key in "14"
            and not ack.get("no")
        ):
            self._mind.hand_moves += 1

    async def _scan(self, act: Scan, view: dict[str, Any]) -> None:
        before, losses = view.get("scan"), self._terminal.losses
        known = frozenset(move["id"] for move in view["side"]["moves"])
        reply = await self._world.ask({"do": "scan", "text": act.text, "aim": act.aim})
        self._remember(act)
        seen = await self._until(
            lambda: self._terminal.view is not None and self._terminal.view.get("scan") != before,
            SCAN_RETRY_S,
            losses,
        )
        if not seen:
            return
        self._account.scan_view_ms.append((self._terminal.view_ns - reply["at_ns"]) / 1e6)
        if act.tray:
            self._note_tray(act, view, reply, known)

    def _remember(self, act: Scan) -> None:
        """What is in the hand now: set before the answer, which a dead service never gives."""
        mind = self._mind
        if act.tray:
            mind.tray_tried, mind.last_tray = True, act.tray
            mind.trays_used.append(act.tray)
        if act.unit and mind.parcel is not None:
            mind.unit = next(u for u in mind.parcel["units"] if u["id"] == act.unit)
            mind.tray_tried = False

    def _note_tray(
        self, act: Scan, view: dict[str, Any], reply: dict[str, Any], known: frozenset[str]
    ) -> None:
        answer = self._terminal.view or view
        if answer["state"] == "EXC":
            self._mind.taken_until[act.tray] = time.monotonic() + TAKEN_S
            self._mind.tray_tried = False
            return
        zone = next(tray["zone"] for tray in self._mind.plan.trays if tray["id"] == act.tray)
        kind = self._mind.plan.first_legs.get(zone, "hand")
        if kind == "hand" or answer["state"] == "PHOTO":
            return
        self._account.pending.append(
            TrayScan(
                tray=act.tray,
                kind=kind,
                at_ns=reply["at_ns"],
                idle=could_obey(kind, reply["idle"], view),
                known=known,
            )
        )
        self._account.match(answer["side"]["moves"])

    # ------------------------------------------------------------ waiting

    async def _until(self, is_so: Callable[[], bool], limit_s: float, losses: int) -> bool:
        """Wait for it; False when time is up or the connection was lost meanwhile."""
        deadline = time.monotonic() + limit_s
        while not is_so():
            left = deadline - time.monotonic()
            if left <= 0 or self._terminal.losses != losses:
                return False
            await self._changed(left)
        return True

    async def _changed(self, limit_s: float) -> None:
        self._terminal.changed.clear()
        try:
            async with asyncio.timeout(limit_s):
                await self._terminal.changed.wait()
        except TimeoutError:
            return

    async def _moves_end(self) -> None:
        deadline = time.monotonic() + MOVES_S
        while time.monotonic() < deadline:
            view = await self._newest()
            self._see(view)
            if not view["side"]["moves"]:
                return
            if self._mind.stuck_move(view, time.monotonic()) is not None or view.get("overlay"):
                await self._act_on(view)
            else:
                await self._changed(0.5)

    async def _act_on(self, view: dict[str, Any]) -> None:
        """Choose and do the next act; a stuck load is looked for with the eyes first."""
        now = time.monotonic()
        stuck = self._mind.stuck_move(view, now)
        if stuck is not None:
            reply = await self._world.ask({"do": "where", "move": stuck["id"]})
            self._mind.whereabouts[stuck["id"]] = reply["where"]
        act = choose(view, self._mind, now)
        if isinstance(act, Scan) and act.tray and await self._is_too_early(view):
            act = Wait(why="calm: devices are busy")
        await self._do(act, view)

    async def _is_too_early(self, view: dict[str, Any]) -> bool:
        if not self._shift.calm:
            return False
        return not is_quiet((await self._world.ask({"do": "idle"}))["idle"], view)

    async def _report(self) -> dict[str, Any]:
        """Wait until the platform heard of every put, then compare it with the truth."""
        deadline = time.monotonic() + PLATFORM_S
        while True:
            seen = (await self._world.ask({"do": "platform_units"}))["units"]
            if sum(row["puts"] for row in seen) >= len(self._mind.done):
                break
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.3)
        stats = await self._world.ask({"do": "stats"})
        return self._numbers(seen, stats)

    def _numbers(self, seen: list[dict[str, Any]], stats: dict[str, Any]) -> dict[str, Any]:
        account, done = self._account, self._mind.done
        short, extra = misplaced(self._mind.plan.parcels, done, seen)
        direct, waited = account.order_times(stats)
        steps = [(step_of(before), step_of(after)) for before, after in self._terminal.resumes]
        other = [pair for pair in steps if pair[0] != pair[1]]
        return {
            "units": len(done),
            "wrong_zone": max(len(short), len(extra)),
            "wrong": [f"wanted {one}" for one in short] + [f"found {one}" for one in extra],
            "zones": zone_counts(seen),
            "scan_view_ms": account.scan_view_ms,
            "scan_order_ms": direct,
            "waited_ms": waited,
            "resumed_same_step": len(steps) - len(other),
            "resumed_other_step": other,
            "hand_moves": self._mind.hand_moves,
        }


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _whisper(message: dict[str, Any]) -> None:
    print(f"\r{message['progress']} units", end="", file=sys.stderr, flush=True)
