"""What decide is given beside the state, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from drivers.protocols import ScanOutcome, ScanSource
from edge.catalogue import Person
from edge.course import Course
from edge.events import Draft, ParcelId, Payload, Subject, UnitId
from edge.floor import FloorSettings, HoldRules, LpnRules
from edge.quality import QualityRules
from edge.station.inputs import Candidate, Lookups, ScanInput
from edge.station.state import State, UnitWork
from edge.views import Message, Severity
from zoning.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Ids minted by receiving for this one decision; unused ones are forgotten."""

    parcel: ParcelId
    unit: UnitId
    move: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The world around a decision. `packs` by content digest, `active` is the one in force,
    `shadow` a candidate that decides without effect, empty = none.

    `camera_roles` = what configured cameras look at. `is_filling` = the disk has room left for
    what is begun, not for a new parcel.
    """

    wall_ms: int
    mono_ns: int
    fresh: Fresh
    station: str
    packs: Mapping[str, Pack]
    active: str
    floor: FloorSettings
    people: Mapping[str, Person]
    camera_roles: frozenset[str]
    dup_ns: int
    serving: tuple[str, ...] = ()
    """Digests of the packs in force for some owners' goods."""
    shadow: str = ""
    is_filling: bool = False
    free_disposal_below_minor: int = 0
    """Below this value an operator alone may send a unit to disposal; minor units of currency."""
    lpn: LpnRules = field(default_factory=LpnRules)
    hold: HoldRules = field(default_factory=HoldRules)
    quality: QualityRules = field(default_factory=QualityRules)
    site_key: bytes = field(default=b"", repr=False)
    """What second looks are drawn by."""
    course: Course | None = None
    """What is trained here: this is the training room, nothing of it is work."""
    can_train: bool = False
    """A supervisor may let somebody into the training room from here."""
    start_ns: int = 0
    """Monotonic time of the service's start: acts are counted from it."""
    offset_s: int = 0
    """Seconds east of UTC: the clock on the wall here."""

    def during(self, state: State) -> "Context":
        """Return these surroundings with the packs that a state says are in force."""
        serving = tuple(state.serving.values())
        active = state.active or self.active
        return replace(self, active=active, shadow=state.shadow, serving=serving)

    def pack_for(self, tenant: str | None, channel: str | None = None) -> Pack:
        """Return the pack by which goods of this owner are decided, sold by that channel.

        Goods of an owner who has none, and of one whom nobody knows, are the station's own pack's.
        """
        own = [self.packs[sha256] for sha256 in self.serving]
        best = max(own, key=lambda pack: pack.terms.fits(tenant, channel), default=None)
        if best is None or not best.terms.fits(tenant, channel):
            return self.packs[self.active]
        return best

    @property
    def mono_ms(self) -> int:
        """Return the milliseconds since the service started."""
        return (self.mono_ns - self.start_ns) // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The feedback line: severity, message id, parameters."""

    sev: Severity
    t: str
    p: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An open exception: nothing was recorded; digits are the ways out.

    `held` is the scan that led here, `candidates` the parcels to choose from, `lookups` what was
    known when the question was asked.
    """

    code: str
    p: Mapping[str, Any] = field(default_factory=dict)
    opts: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, Message], ...] = ()
    """Ways out that have a name of their own; they stand before `opts`, `also` behind them."""
    also: tuple[tuple[str, Message], ...] = ()
    lookups: Lookups = field(default_factory=Lookups)
    held: ScanInput | None = None
    candidates: tuple[Candidate, ...] = ()
    badge: str = ""
    slot: str = ""
    about: str = ""
    """What a supervisor's badge would do here, where it is not the waiver of `slot`."""

    @property
    def ways(self) -> tuple[tuple[str, Message], ...]:
        """Return every way out, by digit."""
        plain = ((digit, Message(t=text)) for digit, text in self.opts)
        return (*self.named, *plain, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One action that waits for a supervisor: badge, then PIN, then reason.

    `what`: photo, danger, area, zone, login; `about` = its slot or zone. `typed` are digits of
    the PIN or of a number: they stand in no view, event or log.
    """

    what: str
    until_ns: int
    about: str = ""
    badge: str = ""
    is_proved: bool = False
    typed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Slot:
    """A named photograph and the camera role that takes it."""

    name: str
    role: str


IDENTITY_PHOTO = Slot(name="identity", role="identity")  # what a camera identified a unit by
ITEM_PHOTO = Slot(name="item", role="item")  # taken of every unit, demanded by none


@dataclass(frozen=True, slots=True, kw_only=True)
class LastScan:
    """The code read last. `key` = the same for every reading of one print.

    `repeats` = readings of it that became no event of their own. `is_taken` = it was no refusal.
    `torn` = what a marking code without its separators probably is, `tries` = how often in a row.
    """

    device: str
    source: ScanSource
    key: str
    at_ns: int
    is_taken: bool = False
    repeats: int = 0
    torn: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What is on the screen beside the state; lost at a restart without harm."""

    choice: Choice | None = None
    override: Override | None = None
    wrong_pins: int = 0
    pin_from_ns: int = 0
    """After three wrong PINs none is taken before this time."""
    entry: str | None = None
    """Characters of a code that is typed; None = nothing is."""
    is_resuming: bool = False
    """The service came back while work was open: first the person says that it is at hand."""
    read: tuple[int, int] = (0, 0)
    """How many events the service read at its start, and in how many milliseconds."""
    left_ms: int = 0
    """When somebody had acted last before that start."""
    overlay: str | None = None
    selected: int = 0
    typed: str = ""
    missing: bool = False
    packing: str = ""
    """What is declared missing as soon as its empty packing is photographed: the key pressed."""
    summary: bool = False
    reopened: bool = False
    page: int = 0
    tray: str | None = None
    tray_for_lpn: str | None = None
    """The tray that was scanned while the unit's number is owed: the number completes the put."""
    container: str | None = None
    """The container that is shown; `weighs` = it is being closed, `typed` is its weight."""
    weighs: bool = False
    tray_seen: str | None = None
    """The tray that was found where a device had put it: the next label says where that is."""
    found: tuple[UnitId, int] | None = None
    """How often the unit's found reason was turned on by its key."""
    photos_due: frozenset[Slot] = frozenset()
    """Photographs that were asked for and have not come yet."""
    flaw: tuple[str, str] | None = None
    """Slot of the newest photograph that could not be had, and what was wrong with its frames."""
    note: Note | None = None
    notes: int = 0
    last_scan: LastScan | None = None
    acts: tuple[tuple[int, str, str], ...] = ()
    epoch: int = 0

    @property
    def is_secret(self) -> bool:
        """Return whether the keys are digits of a PIN: nothing may show, log or count them."""
        asked = self.override
        return asked is not None and bool(asked.badge) and not asked.is_proved


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRequest:
    """A photograph to take now, of this unit or of this box, for this slot.

    `picture` = digest of a code's crop that this camera, `device`, took already.
    """

    slot: Slot
    unit: UnitId | None = None
    parcel: ParcelId | None = None
    device: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Events to commit, then the screen, the tone and the photographs that follow the commit.

    `codes` = (code, subject) by which this work is found later. `no` = refusal code of a key.
    `mode` = where the person goes on after it, where that changes: training, live.
    """

    screen: Screen
    drafts: tuple[Draft, ...] = ()
    outcome: ScanOutcome | None = None
    no: str | None = None
    photos: tuple[PhotoRequest, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    mode: str = ""

    def after(self, earlier: tuple[Draft, ...]) -> "Decision":
        """Return this decision with events of an earlier step of the same act put before."""
        return replace(self, drafts=earlier + self.drafts)


def noted(screen: Screen, sev: Severity, t: str, /, **p: Any) -> Screen:
    """Return the screen with a new feedback line."""
    return replace(screen, note=Note(sev=sev, t=t, p=p), notes=screen.notes + 1)


def clean(screen: Screen) -> Screen:
    """Return the screen without anything half done: the next step starts here."""
    return replace(
        screen,
        choice=None,
        override=None,
        entry=None,
        overlay=None,
        selected=0,
        typed="",
        missing=False,
        packing="",
        summary=False,
        reopened=False,
        page=0,
        tray_seen=None,
        tray=None,
        tray_for_lpn=None,
        container=None,
        weighs=False,
        photos_due=frozenset(),
        flaw=None,
    )


def accepted(screen: Screen, t: str, /, *drafts: Draft, **p: Any) -> Decision:
    """Return an accepted act: its events, a good tone and its line."""
    return Decision(
        screen=noted(screen, Severity.OK, t, **p), drafts=drafts, outcome=ScanOutcome.ACCEPTED
    )


def refused(screen: Screen, code: str, /, *drafts: Draft, **p: Any) -> Decision:
    """Return a refusal: harmless, never silent, says what is awaited."""
    severity = Severity.WARN if code == "E00" else Severity.ERROR
    outcome = ScanOutcome.REFUSED if code == "E00" else ScanOutcome.ERROR
    return Decision(
        screen=noted(screen, severity, code, **p), drafts=drafts, outcome=outcome, no=code
    )


def asked(screen: Screen, choice: Choice, *drafts: Draft) -> Decision:
    """Return an exception whose ways out are digits."""
    shown = noted(clean(screen), Severity.ERROR, choice.code, **choice.p)
    return Decision(
        screen=replace(shown, choice=choice),
        drafts=drafts,
        outcome=ScanOutcome.ERROR,
        no=choice.code,
    )


def on_station(payload: Payload) -> Draft:
    """Return a draft about the station itself."""
    return Draft(payload=payload)


def on_parcel(parcel: ParcelId, payload: Payload, status: str | None = None) -> Draft:
    """Return a draft about a parcel."""
    return Draft(payload=payload, subject=Subject(parcel=parcel), status=status)


def on_unit(unit: UnitWork, payload: Payload, status: str | None = None) -> Draft:
    """Return a draft about a unit."""
    subject = Subject(parcel=unit.parcel, unit=unit.unit)
    return Draft(payload=payload, subject=subject, status=status, audit=unit.audit)


def asks_take_over(screen: Screen) -> bool:
    """Return whether a badge asks for another one's work: the only question of a locked screen."""
    return screen.choice is not None and bool(screen.choice.badge)


def state_name(state: State, screen: Screen) -> str:
    """Return the name of the flow state that the person is in."""
    if screen.override is not None:
        return "OVERRIDE"
    if state.shift is None or state.locked:
        return "EXC" if asks_take_over(screen) else "LOCKED"
    if screen.entry is not None:
        return "ENTRY"
    if screen.is_resuming:
        return "RESUME"
    return _work_state(state, screen)


def _work_state(state: State, screen: Screen) -> str:
    if screen.summary:
        return "SUMMARY"
    if screen.choice is not None:
        return "EXC"
    if screen.container is not None:
        return "CONTAINER"
    if state.unit is not None:
        return _unit_state(state.unit, screen)
    if state.parcel is None:
        return "IDLE"
    return "PHOTO" if screen.packing else "PARCEL"


def _unit_state(unit: UnitWork, screen: Screen) -> str:
    if unit.danger:
        return "HAZARD"
    if screen.tray is not None:
        return "PHOTO"
    return "UNIT" if unit.verdict is None or screen.reopened else "VERDICT"


def wanted(state: State, screen: Screen) -> str:
    """Return what the station waits for now: the parameter of E00."""
    match state_name(state, screen):
        case "LOCKED":
            return "want.badge"
        case "IDLE":
            return "want.parcel"
        case "PARCEL":
            return "want.item"
        case "UNIT":
            return "want.answer"
        case "VERDICT":
            return "want.tray"
        case "HAZARD":
            return "want.container"
        case "PHOTO":
            return "want.photo"
        case "OVERRIDE":
            return "want.supervisor"
        case "ENTRY":
            return "want.code"
        case "RESUME":
            return "want.resume"
        case "CONTAINER":
            return "want.container_key"
        case _:
            return "want.digit"
