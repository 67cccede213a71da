"""A person who does anything at all: random scans and keys, and what must hold after each.

The model of allowed event orders is written from the events' meanings alone: it shares nothing
with the flow that it watches.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

from bench import IMEI, MUG, PIN, SHIRT, TRACKING, TRAYS, Bench, label
from drivers.protocols import DeviceName, FaultKind, ScanFault, ScanSource, Symbology
from edge.events import (
    CorrectionMade,
    Event,
    InspectionFinished,
    ParcelId,
    PutConfirmed,
    UnitClosed,
    UnitId,
    UnitIdentified,
    UnitOpened,
    UnitParked,
    VerdictMade,
)
from edge.station.decision import Screen, state_name
from edge.station.history import former
from edge.station.inputs import (
    ClaimInput,
    ClosedBox,
    FaultInput,
    LockTimer,
    OverrideTimer,
    StartInput,
)
from edge.station.meanings import COMMAND_KEYS
from edge.station.present import Shown, present
from edge.views import Head, Net, to_line

KEYS = (*"0123456789", "enter", "esc", "backspace", *(f"f{n}" for n in range(1, 13)), "A", "-", "?")
STRANGER = "356938035643999"[:14] + "6"
WAY_OUT_ACTS = 12
HEAD = Head(station="ST-01", net=Net(s="up"), at="")

Do = Callable[[Bench], object]


def _key(name: str, bench: Bench) -> object:
    return bench.press(name)


def _scan(text: str, bench: Bench, **changes: object) -> object:
    return bench.scan(text, **changes)


def _item(gtin: str, bench: Bench) -> object:
    return bench.scan(gtin[1:], symbology=Symbology.EAN13, aim_id="]E0")


def _by(source: ScanSource, text: str, bench: Bench) -> object:
    return bench.scan(text, source=source, device=DeviceName(source.value))


def _torn(bench: Bench) -> object:
    fault = ScanFault(
        device=DeviceName("hand-1"), scan_no=bench.count, kind=FaultKind.DROPPED, at_ns=0, chars=3
    )
    return bench.take(FaultInput(input=f"f/{bench.count}", fault=fault))


def _killed(bench: Bench) -> object:
    bench.screen = Screen()
    return bench.take(StartInput(version="1", sqlite="3", replay_ms=1, new_journal=""))


def _minute(bench: Bench) -> object:
    bench.now_ms += 60_000
    return bench.take(OverrideTimer())


def _closed(bench: Bench) -> object:
    """Close a container, whatever the screen was; then its place label may follow."""
    bench.scan(label("RT-1-K00001"))
    return bench.press("1", "enter")


def _undone(bench: Bench) -> object:
    """Put into a container, and take it back."""
    bench.scan(label("RT-1-K00001"))
    return bench.press("f9")


def _correct(bench: Bench) -> object:
    """Scan a parcel that is closed, and go for its first unit."""
    ends = [event for event in bench.events if event.kind == "parcel.closed"]
    if not ends or ends[-1].parcel in bench.state.parcels or bench.state.parcel is not None:
        return bench.scan(TRACKING)
    told: dict[UnitId, list[Event]] = {}
    for event in bench.events:
        if event.unit is not None and event.parcel == ends[-1].parcel:
            told.setdefault(event.unit, []).append(event)
    units = tuple(one for unit, events in told.items() if (one := former(unit, events)))
    box = ClosedBox(
        parcel=ends[-1].parcel or ParcelId(""),
        closed_ms=ends[-1].time_ms,
        who="0417",
        units=units,
    )
    bench.boxes = (box,)
    bench.scan(TRACKING)
    bench.boxes = ()
    return bench.press("1", "1")


def _claim(bench: Bench) -> object:
    """The centre says whose the newest blind parcel is."""
    blind = [name for name, parcel in bench.state.parcels.items() if parcel.blind]
    parcel = blind[-1] if blind else ParcelId("p-gone")
    name = f"claim/{bench.count}"
    return bench.take(ClaimInput(input=name, parcel=parcel, rma="88123", release=name))


ACTS: Mapping[str, Do] = {
    **{f"key {name}": partial(_key, name) for name in KEYS},
    **{f"tray {tray.id}": partial(lambda tray, bench: bench.tray(tray), tray.id) for tray in TRAYS},
    **{
        f"badge {no}": partial(lambda no, bench: bench.badge(no), no)
        for no in ("0417", "0502", "0001", "9999")
    },
    **{f"label {name}": partial(_scan, label(f"RX-{name}")) for name in COMMAND_KEYS},
    **{f"place {n}": partial(_scan, label(f"RL-{n}-P{n}")) for n in range(1, 6)},
    "tray Q1": partial(_scan, label("RT-4-Q1")),
    "shirt": partial(_item, SHIRT),
    "mug": partial(_item, MUG),
    "phone": lambda bench: bench.phone(),
    "stranger": lambda bench: bench.phone(STRANGER),
    "imei": partial(_scan, IMEI),
    "parcel": partial(_scan, TRACKING),
    "unknown": partial(_scan, "NOBODY-KNOWS-7"),
    "number": partial(_scan, "0500-0001"),
    "number two": partial(_scan, "0500-0002"),
    "container": partial(_scan, label("RT-1-K00001")),
    "hold container": partial(_scan, label("RT-4-K00002")),
    "hazmat container": partial(_scan, label("RT-5-Z00001")),
    "container closed": _closed,
    "container undone": _undone,
    "forged": partial(_scan, "RX-UNDO-0000"),
    "training": partial(_scan, label("TR-A1")),
    "hostile": partial(_scan, "\x1b[2J\u202e" + "x" * 200),
    "typed badge": partial(_by, ScanSource.TYPED, label("RB-0001")),
    "camera command": partial(_by, ScanSource.CAMERA, label("RX-OK")),
    "camera parcel": partial(_by, ScanSource.CAMERA, TRACKING),
    "wedge tray": partial(_by, ScanSource.WEDGE, label("RT-1-A1")),
    "torn": _torn,
    "lock": lambda bench: bench.take(LockTimer()),
    "minute": _minute,
    "killed": _killed,
    "by hand": lambda bench: bench.press("f10", "1"),
    "correct": _correct,
    "claim": _claim,
    "pin": lambda bench: bench.press(*PIN, "enter"),
}
LIKELY = (
    *("badge 0417", "parcel", "shirt", "phone", "key 1", "key enter", "tray A1", "tray H1"),
    *("container", "container closed", "container undone"),
)


@dataclass
class Order:
    """What may follow what, for every unit; raises AssertionError for an order that may not be."""

    opened: set[str] = field(default_factory=set)
    identified: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    judged: set[str] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)
    """Units that wait for the look of another person, or had it."""
    events: dict[str, Event] = field(default_factory=dict)

    def see(self, event: Event) -> None:
        """Take the next event of the journal."""
        self.events[event.id] = event
        unit = str(event.unit)
        match event.payload:
            case CorrectionMade(of=of):
                self._undo(self.events[of])
            case UnitOpened():
                assert unit not in self.opened, "a unit is opened once"
                self.opened.add(unit)
            case UnitIdentified():
                assert unit in self.opened
                self.identified.add(unit)
            case InspectionFinished():
                assert unit in self.identified
                assert unit not in self.placed, "nothing is inspected after its put"
                self.finished.add(unit)
            case VerdictMade():
                assert unit in self.identified
                self.judged.add(unit)
            case PutConfirmed():
                assert unit in self.judged, "nothing is put without a verdict"
                assert unit not in self.placed, "nothing is put twice"
                assert unit not in self.aside, "what waits for another person is not put"
                self.placed.add(unit)
            case UnitParked(recheck=str()):
                assert unit in self.judged, "nothing is looked at twice before a verdict"
                self.aside.add(unit)
            case UnitClosed():
                assert unit in self.placed | self.aside, "a unit is closed by its put"
                assert unit not in self.closed
                self.closed.add(unit)

    def _undo(self, event: Event) -> None:
        unit = str(event.unit)
        match event.payload:
            case UnitOpened():
                self.opened.discard(unit)
            case UnitIdentified():
                self.identified.discard(unit)
            case VerdictMade():
                self.judged.discard(unit)
            case PutConfirmed():
                self.placed.discard(unit)
            case UnitParked():
                self.aside.discard(unit)
            case UnitClosed():
                self.closed.discard(unit)


@dataclass
class Walk:
    """One person at one bench."""

    bench: Bench = field(default_factory=Bench)
    order: Order = field(default_factory=Order)
    seen: int = 0
    acts: int = 0

    def do(self, name: str) -> None:
        """Do one act and look at everything that must hold."""
        bench = self.bench
        notes, screen = bench.screen.notes, bench.screen
        ACTS[name](bench)
        self.acts += 1
        last = bench.last
        assert last is not None
        is_said = bench.screen.notes != notes or bench.screen != screen or last.drafts
        assert is_said or name in ("lock", "minute"), f"{name} was silent"
        for event in bench.events[self.seen :]:
            self.order.see(event)
        self.seen = len(bench.events)
        self._look()

    def leave(self) -> None:
        """Find the way out by what is at hand: Esc, a roll, the dangerous goods' container."""
        bench = replace(self.bench, events=list(self.bench.events))
        for _ in range(WAY_OUT_ACTS):
            match state_name(bench.state, bench.screen):
                case _ if bench.screen.overlay is not None:
                    bench.press("esc")
                case "IDLE":
                    return
                case "LOCKED":
                    bench.badge("0417")
                case "EXC" if bench.screen.choice is not None and bench.screen.choice.badge:
                    bench.press("1")
                case "HAZARD" if bench.no == "E30":
                    bench.press("1")
                case "HAZARD" if bench.no == "E69":  # a customer's things are in it
                    bench.scan(f"0500-{bench.count % 10_000:04d}")
                case "HAZARD":
                    bench.tray("Z1")
                case _:
                    bench.press("esc")
        raise AssertionError(f"no way out of {state_name(self.bench.state, self.bench.screen)}")

    def _look(self) -> None:
        bench = self.bench
        inside = [unit for box in bench.state.containers.values() for unit in box.units]
        assert len(inside) == len(set(inside)), "a unit lies in one container"
        assert all(box.units for box in bench.state.containers.values()), "an empty one is nobody's"
        shown = Shown(head=HEAD, seq=1, rev=1, clock_text="", scan=None, stopped=None)
        view = present(bench.state, bench.screen, shown, bench.given)
        line = to_line(view)
        assert b"\\u001b" not in line
        assert view.stage.t or view.stage.label


def stroll(seed: int, acts: int) -> Walk:
    """Walk at random, with a liking for what leads on; now and then look for the way out."""
    rng = Random(seed)
    walk, names = Walk(), tuple(ACTS)
    for n in range(acts):
        walk.do(rng.choice(LIKELY if rng.random() < 0.4 else names))
        if n % 20 == 0:
            walk.leave()
    walk.leave()
    return walk
