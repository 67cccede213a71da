"""Views of a station at work, one per screen: what the terminal is looked at with."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

from container_scenes import container_scenes
from edge.views import (
    ChecklistWork,
    ChoiceWork,
    EntryWork,
    Feedback,
    IdleWork,
    Item,
    Line,
    LockedWork,
    Message,
    Net,
    NumberEntry,
    OverrideWork,
    ParcelWork,
    Question,
    ResumeWork,
    Severity,
    Side,
    Stage,
    StationView,
    StopWork,
    SummaryWork,
    Tone,
    VerdictWork,
)
from scene_marks import DEEP, LEFT, MARKS, REPAIR, RESALE, mark
from scene_values import FIGURES, FRESH, HEAD, PHONE, PICTURE, SHIRT, SIDE, WAITING, YES


def fb(sev: Severity, msgid: str, **given: object) -> Feedback:
    return Feedback(n=7, sev=sev, t=msgid, p=given, at="14:02:30")


KEYS_ALWAYS = (("f1", "key.help"), ("f9", "key.undo"), ("f11", "key.danger"), ("f12", "key.super"))
BASE = StationView(
    state="IDLE",
    stage=Stage(t="stage.parcel"),
    head=HEAD,
    work=IdleWork(parked=("4600-7719",), day=FIGURES, waiting=WAITING),
    undo=FRESH,
    side=SIDE,
    rev=1,
    fb=fb(Severity.OK, "fb.put", name=SHIRT, zone="resale", tray="L07"),
    keys=(("f3", "key.lock"), ("f8", "key.shift"), ("f10", "key.nolabel"), *KEYS_ALWAYS),
)
FIRST = replace(BASE, work=IdleWork(), side=Side(), undo=None, fb=None)
LOCKED = replace(
    BASE,
    state="LOCKED",
    stage=Stage(t="stage.badge"),
    head=replace(HEAD, op=None),
    undo=None,
    work=LockedWork(parcel="4600-7712", who={"ru": "Иванова", "en": "Ivanova"}, at="13:58"),
    side=Side(),
    fb=fb(Severity.INFO, "fb.locked_idle", n=5),
    keys=(("f1", "key.help"), ("f12", "key.super")),
)
OFFLINE = replace(
    BASE,
    head=replace(HEAD, net=Net(s="offline", unsent=38, since="13:50", cache_at="13", disk_days=21)),
    fb=fb(Severity.WARN, "E60", t="13:50", n=38),
)
PARCEL = replace(
    BASE,
    state="PARCEL",
    stage=Stage(t="stage.item"),
    work=ParcelWork(
        no="4600-7712",
        rmas=("88123",),
        reason={"ru": "не подошёл размер", "en": "wrong size"},
        lines=(
            Line(n=1, name=SHIRT, gtin="04601234567893", received=1, expected=1, zone="resale"),
            Line(n=2, name=PHONE, gtin="04609876543210", received=0, expected=2, serial="…4417"),
            Line(n=3, name={"ru": "[XL] кепка"}, gtin="04600000000017", received=0, expected=1),
        ),
    ),
    fb=fb(Severity.OK, "fb.parcel_read", no="4600-7712", took=23),
    keys=(("f7", "key.missing"), ("f10", "key.nolabel"), ("esc", "key.park"), *KEYS_ALWAYS),
)
BLIND = replace(
    PARCEL,
    work=ParcelWork(no="U-ST-01-00017", blind=True),
    fb=fb(Severity.WARN, "fb.parcel_blind", no="U-ST-01-00017"),
)


DAMAGED = replace(
    PARCEL,
    work=ParcelWork(
        no="4600-7712",
        rmas=("88123",),
        lines=(Line(n=1, name=SHIRT, gtin="04601234567893", received=0, expected=1),),
        damage=(
            mark("1", "Мятая / рваная / мокрая", "Crushed / torn / wet", level=1, levels=1),
            mark(
                "2", "Вскрывали или переклеивали до нас", "Opened or re-taped before us", levels=1
            ),
        ),
        claim=Message(t="ui.claim", p={"left": LEFT}),
        due=Message(t="fact.due", p={"left": {"t": "left.late"}}),
    ),
    fb=fb(
        Severity.OK,
        "fb.parcel_damaged",
        what={"ru": "Мятая / рваная / мокрая", "en": "Crushed / torn / wet"},
    ),
)
UNIT = replace(
    BASE,
    state="UNIT",
    side=replace(
        SIDE,
        parcel="4600-7712",
        lines=(
            Line(n=1, name=SHIRT, gtin="04601234567893", received=1, expected=1, zone="resale"),
            Line(n=2, name=PHONE, gtin="04609876543210", received=0, expected=2),
        ),
    ),
    stage=Stage(t="stage.all_ok"),
    work=ChecklistWork(
        item=Item(name=SHIRT, ids=(("gtin", "04601234567893"),)),
        pos=(1, 2),
        marks=MARKS,
        proposed=RESALE,
        facts=(Message(t="fact.mark.match", p={"no": ""}), Message(t="fact.due", p={"left": LEFT})),
        photos=(("box", "ok"), ("top", "due")),
    ),
    fb=fb(Severity.OK, "fb.unit_ok", name=SHIRT),
    keys=(
        ("0", "key.ok"),
        ("1-8", "key.defect"),
        ("enter", "key.accept"),
        ("9", "key.photo"),
        ("backspace", "key.unmark"),
        ("esc", "key.back"),
        *KEYS_ALWAYS,
    ),
)
WAYS = (
    ("1", "f10", "key.entry"),
    ("2", "f5", "key.print"),
    ("3", "f6", "key.moves"),
    ("4", "f4", "key.link"),
    ("5", "f3", "key.lock"),
    ("6", "f2", "key.lang"),
    ("8", "", "key.feedback"),
)
MARKED = replace(
    UNIT,
    stage=Stage(t="stage.zone.repair", p={"q": "?"}, tone=Tone.REPAIR),
    work=ChecklistWork(
        item=Item(name=SHIRT, ids=(("gtin", "04601234567893"),)),
        pos=(1, 2),
        marks=(
            mark("1", "пятно", "stain", 2, said={"ru": "Стойкое", "en": "Permanent"}),
            *MARKS[1:],
        ),
        proposed=REPAIR,
        page=1,
        pages=2,
    ),
    fb=fb(Severity.OK, "fb.marked", answer={"ru": "Удалимое пятно", "en": "Removable stain"}),
)
MUST = replace(
    UNIT,
    stage=Stage(label={"ru": "ВКЛЮЧЕН?", "en": "POWER ON?"}),
    work=ChecklistWork(
        item=Item(name=PHONE, ids=(("gtin", "04609876543210"), ("serial", "…4417"))),
        pos=(2, 2),
        must=Question(
            step="power",
            n=3,
            of=4,
            t={"ru": "Включается?", "en": "Does it power on?"},
            opts=(
                ("1", YES),
                ("2", {"ru": "да, с неисправностью", "en": "yes, with a fault"}),
                ("3", {"ru": "нет", "en": "no"}),
                ("4", {"ru": "проверить нельзя", "en": "cannot test"}),
            ),
            hint={"ru": "Держите кнопку 5 с.", "en": "Hold the button for 5 s."},
        ),
        answered=(
            (
                {"ru": "крышка", "en": "back cover"},
                {"ru": "ровная", "en": "flat"},
            ),
            ({"ru": "упаковка", "en": "seal"}, {"ru": "вскрыта", "en": "opened"}),
        ),
        marks=MARKS,
        proposed=REPAIR,
        facts=(
            Message(t="fact.serial.match", p={"no": "…4417"}),
            Message(t="fact.due", p={"left": LEFT}),
        ),
    ),
    keys=(
        ("1-4", "key.answer"),
        ("9", "key.photo"),
        ("backspace", "key.unmark"),
        ("esc", "key.back"),
        *KEYS_ALWAYS,
    ),
)
NUMBER = replace(
    MUST,
    work=ChecklistWork(
        item=Item(name=PHONE, ids=()),
        pos=(1, 1),
        must=Question(
            step="health",
            n=1,
            of=1,
            t={"ru": "Ёмкость батареи", "en": "Battery health"},
            number=NumberEntry(unit="%", minimum=0, maximum=100, typed="9"),
        ),
    ),
    fb=fb(Severity.ERROR, "E26", min=0, max=100),
)
VERDICT_WORK = VerdictWork(
    item=Item(name=PHONE, ids=(("gtin", "04609876543210"),)),
    verdict=REPAIR,
    by="robot",
    trays=("B1", "B2", "B3"),
    owed=(Message(t="owed.photo", p={"slot": "screen"}),),
)
VERDICT = replace(
    BASE,
    state="VERDICT",
    stage=Stage(t="stage.zone.repair", tone=Tone.REPAIR),
    work=VERDICT_WORK,
    fb=fb(Severity.OK, "fb.verdict", zone="repair", row="R10"),
    keys=(("9", "key.photo"), ("esc", "key.back"), ("scan", "key.scan"), *KEYS_ALWAYS),
)
PHOTO = replace(
    VERDICT,
    state="PHOTO",
    stage=Stage(t="stage.photo"),
    work=replace(VERDICT_WORK, thumbnail=b64encode(PICTURE).decode(), flaw="blurred"),
    fb=fb(Severity.ERROR, "E34", slot="screen"),
    keys=(("9", "key.photo"), ("7", "key.super"), ("esc", "key.back"), ("f1", "key.help")),
)
KINDS = (
    {"ru": "АКБ вздута, греется, шипит, дымит", "en": "Swollen, hot, hissing, smoking battery"},
    {"ru": "Течь, химический запах, порошок", "en": "Leak, chemical smell, powder"},
    {"ru": "Кровь, плесень, насекомые, иглы", "en": "Blood, mould, insects, needles"},
)
HAZARD = replace(
    VERDICT,
    state="HAZARD",
    stage=Stage(t="stage.zone.hazmat", tone=Tone.HAZMAT),
    work=VerdictWork(
        item=Item(name=PHONE, ids=(("gtin", "04609876543210"), ("serial", "…4417"))),
        verdict=replace(REPAIR, zone="hazmat", disposition="HAZMAT_HOLD"),
        by="hand",
        trays=("H1",),
        owed=(
            *(
                Message(t="owed.kind", p={"k": str(n), "kind": kind})
                for n, kind in enumerate(KINDS, 1)
            ),
        ),
    ),
    fb=fb(Severity.ERROR, "fb.danger"),
    keys=(("1-8", "key.choose"), *KEYS_ALWAYS),
)
MUG = {"ru": "Кружка", "en": "Mug"}
CHOICE = replace(
    BASE,
    state="EXC",
    stage=Stage(t="stage.stop", tone=Tone.ERROR),
    work=ChoiceWork(
        code="E21",
        p={"p": "4600-7712"},
        lines=(
            Message(t="ui.read_name", p={"code": "4609999000012", "name": MUG}),
            Message(t="ui.awaited", p={"names": [SHIRT, PHONE]}),
        ),
        opts=(
            ("1", Message(t="opt.rescan")),
            ("2", Message(t="opt.surplus")),
            ("3", Message(t="opt.other_parcel")),
        ),
    ),
    fb=fb(Severity.ERROR, "E21", p="4600-7712"),
    keys=(("1-8", "key.choose"), ("esc", "key.back"), *KEYS_ALWAYS),
)
NEAR = replace(
    CHOICE,
    work=ChoiceWork(
        code="E10",
        p={"code": "X9123456785"},
        opts=(
            ("1", Message(t="opt.blind")),
            ("2", Message(t="opt.rescan")),
            ("3", Message(t="opt.unknown_desk")),
            ("4", Message(t="opt.candidate", p={"key": "RB123456785RU", "name": SHIRT})),
        ),
    ),
    fb=fb(Severity.ERROR, "E10", code="X9123456785"),
)
WHICH = replace(
    CHOICE,
    work=ChoiceWork(
        code="E14",
        opts=(
            ("1", Message(t="opt.line", p={"name": SHIRT, "no": "04601234567893"})),
            ("2", Message(t="opt.line", p={"name": PHONE, "no": "04609876543210"})),
            ("9", Message(t="opt.type_in")),
        ),
    ),
    fb=fb(Severity.ERROR, "E14"),
)
CORRECTED = replace(
    CHOICE,
    work=ChoiceWork(
        code="E18",
        opts=(
            ("1", Message(t="opt.unit", p={"name": SHIRT, "z": "resale"})),
            ("2", Message(t="opt.unit", p={"name": PHONE, "z": "hold"})),
        ),
    ),
    fb=fb(Severity.ERROR, "E18"),
)
WRONG_TRAY = replace(
    CHOICE,
    work=ChoiceWork(
        code="E31",
        p={"a": "resale/RESTOCK", "b": "repair/REFURB", "t": "B1"},
        lines=(
            Message(t="ui.read", p={"code": "B1"}),
            Message(t="ui.trays", p={"trays": ["R1", "R2"]}),
        ),
    ),
    fb=fb(Severity.ERROR, "E31", a="resale/RESTOCK", b="repair/REFURB"),
)
ENTRY = replace(
    BASE,
    state="ENTRY",
    stage=Stage(t="stage.entry"),
    work=EntryWork(typed="46012345"),
    fb=None,
    keys=(("enter", "key.enter"), ("backspace", "key.erase"), ("esc", "key.back")),
)
ASKED = OverrideWork(
    what=Message(t="override.zone", p={"a": "repair", "zone": "resale"}),
    step="badge",
    left_s=52,
    item=Item(name=SHIRT, ids=(("gtin", "04601234567893"),)),
)
OVERRIDE = replace(
    VERDICT,
    state="OVERRIDE",
    stage=Stage(t="stage.override"),
    work=ASKED,
    fb=fb(Severity.ERROR, "E80"),
    keys=(("esc", "key.cancel"), ("f1", "key.help")),
)
PIN = replace(OVERRIDE, secret=True, work=replace(ASKED, step="pin", typed=4))
REASON = replace(
    OVERRIDE,
    work=replace(
        ASKED,
        step="reason",
        opts=(
            ("1", {"ru": "Повторный осмотр показал иное", "en": "Second look says otherwise"}),
            ("2", {"ru": "Правило не подходит к товару", "en": "The rule is wrong for this item"}),
        ),
    ),
)
SUMMARY = replace(
    BASE,
    state="SUMMARY",
    stage=Stage(t="stage.summary"),
    work=SummaryWork(
        since="08:01",
        minutes=361,
        figures=FIGURES,
        in_doubt=1,
        sent_at="14:02:58",
        units=164,
        parcels=131,
        open_moves=1,
        unsent=0,
        doubts=(
            Message(t="doubt.unknown_parcel", p={"ref": "U-ST-01-77", "min": 95}),
            Message(t="doubt.container", p={"ref": "K00042", "fill": "17/60", "min": 95}),
            Message(t="doubt.in_doubt", p={"ref": "L03", "min": 1}),
        ),
    ),
    fb=fb(Severity.INFO, "fb.summary"),
    keys=(("esc", "key.work"), ("f5", "key.report"), ("f6", "key.moves")),
)
STOPPED = replace(
    BASE,
    state="STOP",
    stage=Stage(t="stage.stop", tone=Tone.ERROR),
    work=StopWork(code="E90"),
    fb=fb(Severity.ERROR, "E90"),
    keys=(),
)
TRAINING = replace(UNIT, mode="training")
DISPOSAL = replace(VERDICT, stage=Stage(t="stage.zone.disposal", tone=Tone.DISPOSAL))
HOLD = replace(VERDICT, stage=Stage(t="stage.zone.hold", tone=Tone.HOLD))
SALE = replace(VERDICT, stage=Stage(t="stage.zone.resale", tone=Tone.RESALE))

RESUME = replace(
    MARKED,
    state="RESUME",
    stage=Stage(t="stage.resume"),
    work=ResumeWork(
        then="UNIT",
        no="4600-7712",
        rmas=("88123",),
        item=Item(name=PHONE, ids=(("serial", "…4417"),)),
        must=Question(
            step="lock", n=4, of=4, t={"ru": "Блокировка снята?", "en": "Account lock off?"}
        ),
        marks=(mark("1", "экран", "screen", 2, said=DEEP),),
        in_doubt=1,
        line=2,
        at="13:58:41",
        events=412,
        read_ms=38,
    ),
    fb=fb(Severity.INFO, "fb.resumed"),
    keys=(("enter", "key.resume"), ("esc", "key.park"), ("f6", "key.moves"), ("f1", "key.help")),
)

WHY = replace(
    VERDICT,
    overlay="why",
    work=replace(
        VERDICT_WORK,
        explained=(
            {"ru": "R10 → ремонт, REFURB: можно восстановить", "en": "R10 → repair, REFURB"},
            {"ru": "нет зарядки: признак missing_part", "en": "charger missing: missing_part"},
            {"ru": "с зарядкой было бы R14 → продажа", "en": "with a charger: R14 → resale"},
        ),
    ),
)

SCENES: Mapping[str, StationView] = {
    **container_scenes(BASE, VERDICT),
    "s00_locked": LOCKED,
    "s01_idle": BASE,
    "s02_parcel": PARCEL,
    "s02b_blind": BLIND,
    "s02c_damaged": DAMAGED,
    "s03_unit": UNIT,
    "s03b_must": MUST,
    "s03c_marked": MARKED,
    "s03d_number": NUMBER,
    "s04_photo": PHOTO,
    "s05_verdict": VERDICT,
    "s05b_resale": SALE,
    "s05c_disposal": DISPOSAL,
    "s05d_hold": HOLD,
    "s05e_why": WHY,
    "s06_moves": replace(BASE, overlay="moves"),
    "s06b_halted": replace(BASE, overlay="moves", head=replace(HEAD, alarm="halted")),
    "s07_choice": CHOICE,
    "s07b_wrong_tray": WRONG_TRAY,
    "s07c_near": NEAR,
    "s07d_which": WHICH,
    "s07e_corrected": CORRECTED,
    "s01b_first": FIRST,
    "s08_summary": SUMMARY,
    "s09_offline": OFFLINE,
    "s10_override": OVERRIDE,
    "s10_pin": PIN,
    "s10c_reason": REASON,
    "s10b_entry": ENTRY,
    "s11_help": replace(UNIT, overlay="help", ways=WAYS),
    "s11c_now": replace(UNIT, overlay="help", ways=WAYS, selected=1, now=("0", "key.ok")),
    "s11d_scan": replace(PARCEL, overlay="help", ways=WAYS, selected=1, now=("scan", "want.item")),
    "s11b_link": replace(BASE, overlay="link"),
    "s12_training": TRAINING,
    "s13_hazard": HAZARD,
    "s13b_area": replace(PARCEL, head=replace(HEAD, alarm="danger")),
    "s14_move": replace(BASE, overlay="moves", selected=3),
    "s15_resume": RESUME,
    "s16_stop": STOPPED,
}
