"""A state machine over station, robots, broker and PLC, each dying when it likes, in virtual time.

What nobody on the wire sees is counted by the machines themselves: physical picks and diverts.
"""

import asyncio
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from edge.events import DiverterChanged, DiverterState, MoveChanged, MoveState
from edge.journal.reader import Reader
from edge.station.inputs import KeyInput
from edge.station.resolve import may_resolve
from edge.station.state import MoveWork
from virtual_station import BELT_LEG, ROBOT_LEG, TO_ROBOT, VirtualStation, World
from virtual_time import VirtualLoop

ROUTES = (
    (ROBOT_LEG,),
    (TO_ROBOT, ROBOT_LEG),
    (BELT_LEG,),
    (ROBOT_LEG,),
    (ROBOT_LEG,),
    (BELT_LEG,),
    (TO_ROBOT, replace(ROBOT_LEG, preposition=True)),
)
HABITS = (
    "amnesia",
    "late-accept=8",
    "late-accept=3",
    "reject",
    "deaf",
    "reruns",
    "fails-pick",
    "jumps",
    "drives-after-cancel",
    "never-cancels",
    "cancels-nothing",
    "no-answer",
    "hides-instants",
    "no-loads",
    "lazy-state=10",
    "no-online",
    "mute",
    "garbage",
    "replays",
    "mode=MANUAL",
    "estop=MANUAL",
    "obstacle",
)
END_S = 240.0
ROUNDS = 12
which = st.sampled_from(("r1", "r2"))
moments = st.sampled_from((0.05, 0.3, 1.0, 2.5, 6.0, 13.0))


class MovesMachine(RuleBasedStateMachine):
    """Rules are misfortunes; the invariant is what the floor counted."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(self.loop, Path(self.folder.name), routes=ROUTES)
        self.habits: dict[str, str] = {}
        self.keys = 0
        self.station: VirtualStation = self.world.start()

    # ------------------------------------------------------------ what happens

    @initialize(one=st.none() | st.sampled_from(HABITS), two=st.none() | st.sampled_from(HABITS))
    def robots_have_habits(self, one: str | None, two: str | None) -> None:
        for robot, habit in (("r1", one), ("r2", two)):
            if habit is not None:
                self.a_robot_takes_a_habit(robot, habit)

    @rule(seconds=moments)
    def time_passes(self, seconds: float) -> None:
        self.loop.run_for(seconds)

    @rule(steps=st.integers(0, 400), gap=moments)
    def the_service_dies(self, steps: int, gap: float) -> None:
        life = self.station.life
        life.end_after(steps)
        self.loop.run_for(30, until=lambda: life.is_over)
        self.station.clear()
        self.loop.run_for(gap)
        self.station = self.world.start()

    @rule(robot=which, off=moments)
    def a_robot_loses_power(self, robot: str, off: float) -> None:
        self.world.robots[robot].power(on=False)  # type: ignore[index]
        self.loop.run_for(off)
        self.world.robots[robot].power(on=True)  # type: ignore[index]

    @rule(off=moments)
    def the_broker_dies(self, off: float) -> None:
        self.world.broker.down()
        self.loop.run_for(off)
        self.world.broker.up()

    @rule()
    def the_plc_starts_anew(self) -> None:
        self.world.sorter.reboot(self.loop.now_ns)

    @rule(replies=st.integers(0, 2), requests=st.integers(0, 2))
    def the_wire_to_the_plc_loses(self, replies: int, requests: int) -> None:
        self.world.sorter.lost_replies = replies
        self.world.sorter.lost_requests = requests

    @rule(robot=which, habit=st.sampled_from(HABITS))
    def a_robot_takes_a_habit(self, robot: str, habit: str) -> None:
        self.give_up_habit(robot)
        self.habits[robot] = habit
        self.world.robots[robot].fault(habit, on=True)  # type: ignore[index]

    @rule(robot=which)
    def give_up_habit(self, robot: str) -> None:
        habit = self.habits.pop(robot, None)
        if habit is not None:
            self.world.robots[robot].fault(habit, on=False)  # type: ignore[index]

    @rule()
    @precondition(lambda self: bool(self.station.state.moves))
    def a_person_answers(self) -> None:
        self.answer()

    @rule(n=st.integers(0, 9))
    def a_load_turns_out_dangerous(self, n: int) -> None:
        if n < len(self.station.state.moves):
            self.press("f6", str(n + 1))
            if self.station.receiving.screen.selected == n + 1:  # else the key means the area
                self.submit("f11")

    # ------------------------------------------------------------ what must hold

    @invariant()
    def nothing_is_moved_twice(self) -> None:
        assert self.station.life.failure() is None
        assert all(count <= 1 for count in self.world.hall.book.picks.values())
        assert all(count <= 1 for count in self.world.belt.diverts.values())

    def teardown(self) -> None:
        try:
            self._heal()
            for n in range(ROUNDS):
                if not self.station.state.moves:
                    break
                self.loop.run_for(END_S / ROUNDS)
                self.answer(takes_planned=n >= ROUNDS // 2)
            self.nothing_is_moved_twice()
            self.account()
        finally:
            self.station.clear()
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
            asyncio.set_event_loop(None)
            self.folder.cleanup()

    def _heal(self) -> None:
        for robot in ("r1", "r2"):
            self.give_up_habit(robot)
            self.world.robots[robot].power(on=True)  # type: ignore[index]
        self.world.broker.up()
        sorter = self.world.sorter
        sorter.is_on, sorter.lost_replies, sorter.lost_requests = True, 0, 0
        self.loop.run_for(20)
        self.press("f6", "enter")

    def account(self) -> None:
        """Every load has left, or a person carries it; every proof is true."""
        left = [work for work in self.station.state.moves.values() if work.current is not None]
        for work in left:
            current = work.current
            assert current is not None
            assert current.state is MoveState.BY_HAND, (work.move, current.state, current.reason)
        claims = self._proofs()
        for load, place in claims.items():
            picks, drops = self.world.hall.book.picks[load], self.world.hall.book.drops[load]
            assert (picks, drops) == {"at_target": (1, 1), "at_pickup": (0, 0)}[place], load

    def _proofs(self) -> dict[str, str]:
        """What robots proved in the end, by load; a person's word and doubt prove nothing."""
        found: dict[str, str] = {}
        done: dict[int, int] = defaultdict(int)
        with Reader(self.world.path) as reader:
            for event in reader.events(1):
                match event.payload:
                    case MoveChanged(move=move, leg=leg, state=MoveState.DONE, robot=str()):
                        found[f"{move}/{leg}"] = "at_target"
                    case MoveChanged(move=move, leg=leg, resolved_as="at_pickup", reason=why):
                        if why not in ("operator", "scan"):
                            found[f"{move}/{leg}"] = "at_pickup"
                    case (
                        MoveChanged(move=move, leg=leg, state=MoveState.CANCELLING)
                        | MoveChanged(move=move, leg=leg, state=MoveState.IN_DOUBT)
                    ):
                        found.pop(f"{move}/{leg}", None)
                    case DiverterChanged(state=DiverterState.DONE, token=token):
                        done[token] += 1
        assert all(self.world.belt.diverts[token] == 1 for token in done)
        return found

    # ------------------------------------------------------------ the person

    def answer(self, *, takes_planned: bool = False) -> None:
        """Look at the floor and say where each load is that the station does not know of."""
        for n in range(len(self.station.state.moves), 0, -1):
            works = tuple(self.station.state.moves.values())
            if n <= len(works):
                digit = self._seen(works[n - 1], takes_planned=takes_planned)
                if digit:
                    self.press("f6", str(n), digit)

    def _seen(self, work: MoveWork, *, takes_planned: bool) -> str:
        leg = work.current
        if leg is None or not may_resolve(leg):
            return ""
        if leg.state is MoveState.PLANNED:
            return "1" if takes_planned else ""
        if leg.state is MoveState.BY_HAND:
            return "3"
        load = f"{work.move}/{work.position}"
        picked, dropped = self.world.hall.book.picks[load], self.world.hall.book.drops[load]
        if leg.state is MoveState.IN_DOUBT and picked > dropped:
            return "2"
        is_last = work.position == len(work.legs) - 1
        return "3" if dropped and is_last else "1"

    def press(self, *keys: str) -> None:
        """Press keys; a station that dies meanwhile has not heard them."""
        self.submit("esc")
        self.submit("esc")
        for key in keys:
            self.submit(key)

    def submit(self, key: str) -> None:
        self.keys += 1
        task = self.station.submit(KeyInput(input=f"k/{self.keys}", key=key))
        self.loop.run_for(2, until=lambda: task.done() or self.station.life.is_over)
