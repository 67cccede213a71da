"""A station without devices or disk: real policy, real labels, real flow; the journal is a list."""

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from drivers.protocols import DeviceName, Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules, classify
from edge.barcodes.numbers import compile_rules, read_rows
from edge.barcodes.signed import signed
from edge.catalogue import CatalogueItem, Person, ReturnLine
from edge.events import Draft, Event, EventId, ParcelId, UnitId, kind_of
from edge.floor import ContainerKind, FloorSettings, LegKind, RouteLeg, Tray
from edge.pins import hashed
from edge.station.apply import apply
from edge.station.decide import decide
from edge.station.decision import Context, Decision, Fresh, Screen
from edge.station.history import former
from edge.station.inputs import Candidate, ClosedBox, Input, KeyInput, Lookups, ScanInput
from edge.station.meanings import codes_of, item_of
from edge.station.present import key_meaning
from edge.station.state import State, UnitWork
from zoning.pack import Pack, load_pack

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))
SHIRT = "04601234567893"
PHONE = "04609999000013"
MUG = "04600000000015"
IMEI = "356938035643809"
TRACKING = "RB123456785RU"
PIN = "4711"
_NUMBER = re.compile(r"[0-9]{4}-[0-9]{4}")
START_MS = 1_764_000_000_000

TRAYS = (
    Tray(id="A1", zone="resale", disposition="RESTOCK"),
    Tray(id="B1", zone="resale", disposition="BSTOCK"),
    Tray(id="R1", zone="repair"),
    Tray(id="D1", zone="disposal"),
    Tray(id="H1", zone="hold", fixed=True),
    Tray(id="Z1", zone="hazmat", fixed=True),
)
ROBOT = RouteLeg(kind=LegKind.ROBOT, carrier="any", start="HO1", end="Z-RES")
BELT = RouteLeg(kind=LegKind.CONVEYOR, carrier="c1", lane=1, end="HO1")
HAND = RouteLeg(kind=LegKind.HAND)
FLOOR = FloorSettings(
    trays={tray.id: tray for tray in TRAYS},
    containers=(ContainerKind(series="K", units=3), ContainerKind(series="Z", class_="hazmat")),
    routes={
        "resale": (BELT, ROBOT),
        "repair": (replace(ROBOT, start="DOCK", end="Z-REP"),),
        "disposal": (replace(BELT, lane=3, end="lane-3"),),
        "hold": (HAND,),
        "hazmat": (HAND,),
    },
)
PEOPLE = {
    "0417": Person(no="0417", name={"ru": "Иванова", "en": "Ivanova"}),
    "0502": Person(no="0502", name={"ru": "Петров", "en": "Petrov"}),
    "0001": Person(
        no="0001", name={"ru": "Седов", "en": "Sedov"}, role="supervisor", pin=hashed(PIN, KEY)
    ),
}
ITEMS = {
    SHIRT: CatalogueItem(
        gtin=SHIRT,
        sku="TS-M",
        tenant="shop-a",
        category="apparel",
        title={"ru": "Футболка", "en": "T-shirt"},
        value_minor=150_000,
        currency="RUB",
    ),
    PHONE: CatalogueItem(
        gtin=PHONE,
        sku="X12",
        tenant="shop-a",
        category="smartphones",
        title={"ru": "Смартфон X12", "en": "Smartphone X12"},
        attrs=frozenset({"serialised", "data_bearing", "battery"}),
        value_minor=300_000,
        currency="RUB",
    ),
    MUG: CatalogueItem(
        gtin=MUG,
        sku="MUG",
        tenant="shop-a",
        category="apparel",
        title={"ru": "Кружка", "en": "Mug"},
        value_minor=50_000,
        currency="RUB",
    ),
}
LINES = (
    ReturnLine(
        rma="88123", line="1", tenant="shop-a", gtin=SHIRT, qty=1, tracking=TRACKING,
        title={"ru": "Футболка", "en": "T-shirt"},
    ),
    ReturnLine(
        rma="88123", line="2", tenant="shop-a", gtin=PHONE, qty=1, tracking=TRACKING,
        serials=(IMEI,), title={"ru": "Смартфон X12", "en": "Smartphone X12"},
    ),
)  # fmt: skip


@cache
def pack() -> Pack:
    """Return the shipped policy."""
    folder = ROOT / "config" / "packs" / "default"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".toml", ".csv")
    }
    return load_pack(files)


@cache
def rules() -> Rules:
    """Return the shipped number rules with the test site's key."""
    text = (ROOT / "config" / "barcodes.toml").read_text(encoding="utf-8")
    return Rules(site_keys=(KEY,), numbers=compile_rules(read_rows(text)))


def label(body: str) -> str:
    """Return a genuine station label."""
    return signed(body, KEY)


def context(**changes: object) -> Context:
    """Return the surroundings of a decision, without a camera unless told."""
    base: dict[str, object] = {
        "wall_ms": START_MS,
        "mono_ns": 0,
        "fresh": Fresh(parcel=ParcelId("p"), unit=UnitId("u"), move="m", number=1),
        "station": "ST-01",
        "packs": {pack().sha256: pack()},
        "active": pack().sha256,
        "floor": FLOOR,
        "people": PEOPLE,
        "camera_roles": frozenset(),
        "dup_ns": 1_000_000_000,
    }
    return Context(**(base | changes))  # type: ignore[arg-type]


@dataclass
class Bench:
    """A person's side of the flow: scan, press, look."""

    state: State = field(default_factory=State)
    screen: Screen = field(default_factory=Screen)
    given: Context = field(default_factory=context)
    lines: tuple[ReturnLine, ...] = LINES
    events: list[Event] = field(default_factory=list)
    now_ms: int = START_MS
    count: int = 0
    boxes: tuple[ClosedBox, ...] = ()
    last: Decision | None = None
    numbered: dict[str, list[str]] = field(default_factory=dict)
    place: str = ""
    """Where the scanner is fixed; empty = in the person's hand."""

    def take(self, given: Input) -> list[str]:
        """Decide, record, apply; returns the kinds recorded."""
        self.count += 1
        self.now_ms += 2_000
        fresh = Fresh(
            parcel=ParcelId(f"p{self.count}"),
            unit=UnitId(f"u{self.count}"),
            move=f"00000000-0000-7000-8000-{self.count:012d}",
            number=self.count,
        )
        surroundings = replace(
            self.given, wall_ms=self.now_ms, mono_ns=self.now_ms * 1_000_000, fresh=fresh
        )
        before = key_meaning(self.state, self.screen)
        decision = decide(self.state, self.screen, given, surroundings)
        cause: EventId | None = None
        for draft in decision.drafts:
            first = self._record(draft, cause)
            cause = cause or first
        for code, subject in decision.codes:
            if _NUMBER.fullmatch(code):
                self.numbered.setdefault(code, []).append(subject)
        self.screen = decision.screen
        if key_meaning(self.state, self.screen) != before:
            self.screen = replace(self.screen, epoch=self.screen.epoch + 1)
        self.last = decision
        return [kind_of(draft.payload) for draft in decision.drafts]

    def scan(self, text: str, **changes: object) -> list[str]:
        """Read a code with the hand scanner."""
        at_ns = (self.now_ms + 2_000) * 1_000_000
        base: dict[str, object] = {
            "scan_no": self.count,
            "payload": text.encode(),
            "device": DeviceName("hand-1"),
            "source": ScanSource.SERIAL,
            "first_ns": at_ns,
            "at_ns": at_ns,
            "symbology": Symbology.UNKNOWN,
        }
        code = Scan(**(base | changes))  # type: ignore[arg-type]
        meanings = classify(code, rules())
        codes = {one for meaning in meanings for one in codes_of(meaning)}
        gtins = self._gtins(codes) | {r.gtin or "" for r in map(item_of, meanings) if r}
        return self.take(
            ScanInput(
                input=f"b/hand-1/{self.count}",
                scan=code,
                meanings=meanings,
                place=self.place,
                lookups=Lookups(
                    candidates=self._candidates(codes),
                    former=self._former(codes),
                    items={gtin: ITEMS[gtin] for gtin in gtins if gtin in ITEMS},
                    box=self.boxes[0] if self.boxes else None,
                    seen=(
                        *self._seen(codes),
                        *(f"parcel/{box.parcel}" for box in self.boxes),
                    ),
                ),
            )
        )

    def press(self, *keys: str) -> list[str]:
        """Press keys one after the other; returns what the last one recorded."""
        kinds: list[str] = []
        for key in keys:
            lookups = Lookups(items=ITEMS) if key == "f10" else Lookups()
            given = KeyInput(
                input=f"t/{self.count}", key=key, epoch=self.screen.epoch, lookups=lookups
            )
            kinds = self.take(given)
        return kinds

    def badge(self, no: str = "0417") -> list[str]:
        """Scan a badge."""
        return self.scan(label(f"RB-{no}"))

    def supervise(self, reason: str = "1", no: str = "0001") -> list[str]:
        """A supervisor's badge, PIN and reason; returns what they recorded together."""
        kinds = self.badge(no)
        return kinds + self.press(*PIN, "enter") + self.press(reason)

    def command(self, command: str) -> list[str]:
        """Scan a command label."""
        return self.scan(label(f"RX-{command}"))

    def tray(self, tray: str) -> list[str]:
        """Scan a tray's label."""
        digits = {"resale": 1, "repair": 2, "disposal": 3, "hold": 4, "hazmat": 5}
        return self.scan(label(f"RT-{digits[FLOOR.trays[tray].zone]}-{tray}"))

    def shirt(self) -> list[str]:
        """Scan the T-shirt."""
        return self.scan(SHIRT[1:], symbology=Symbology.EAN13, aim_id="]E0")

    def phone(self, imei: str = IMEI) -> list[str]:
        """Scan the phone's DataMatrix: article and serial."""
        return self.scan(f"01{PHONE}21{imei}", symbology=Symbology.GS1_DATAMATRIX, aim_id="]d2")

    def parcel(self) -> list[str]:
        """Log in and scan the parcel."""
        self.badge()
        return self.scan(TRACKING)

    @property
    def no(self) -> str | None:
        """Return the refusal code of the newest act."""
        return self.last.no if self.last else None

    def _candidates(self, codes: set[str]) -> tuple[Candidate, ...]:
        found = tuple(
            line
            for line in self.lines
            if codes & {line.rma, line.tracking or "", *line.serials, *line.marks}
        )
        if not found:
            return ()
        box = tuple(line for line in self.lines if line.tracking == found[0].tracking)
        return (
            Candidate(
                matched_by="tracking",
                key=box[0].tracking or "",
                lines=box,
                whole_rmas=tuple(dict.fromkeys(line.rma for line in box)),
            ),
        )

    def _seen(self, codes: set[str]) -> tuple[str, ...]:
        """Units known by a number of their own, the newest first."""
        return tuple(one for code in codes for one in reversed(self.numbered.get(code, [])))

    def _former(self, codes: set[str]) -> tuple[UnitWork, ...]:
        newest = next(iter(self._seen(codes)), "").removeprefix("unit/")
        unit = former(UnitId(newest), (e for e in self.events if e.unit == newest))
        return () if unit is None else (unit,)

    def _gtins(self, codes: set[str]) -> set[str]:
        return {line.gtin for c in self._candidates(codes) for line in c.lines}

    def _record(self, draft: Draft, cause: EventId | None) -> EventId:
        event = Event(
            seq=len(self.events) + 1,
            id=EventId(f"e{len(self.events) + 1}"),
            kind=kind_of(draft.payload),
            parcel=draft.subject.parcel,
            unit=draft.subject.unit,
            time_ms=self.now_ms,
            recorded_ms=self.now_ms,
            data={
                "operator": self.state.shift.operator if self.state.shift else None,
                "audit": draft.audit,
            },
            payload=draft.payload,
            cause=cause,
        )
        self.events.append(event)
        self.state = apply(self.state, event)
        return event.id
