"""What every scene of the terminal has: the head, goods, moves, a small picture."""

from edge.views import (
    THUMBNAIL_WIDTH,
    Feedback,
    Figures,
    Head,
    Light,
    MoveLine,
    Net,
    Operator,
    RobotSeen,
    Severity,
    Side,
    Undo,
    Waiting,
)

HEAD = Head(
    station="ST-01",
    net=Net(s="up", unsent=0, lag_s=0),
    at="2026-11-23T14:02:33+03:00",
    op=Operator(name={"ru": "Иванова", "en": "Ivanova"}, no="0417"),
    done=47,
    per_h=31,
    shift_min=361,
    mean_s=21,
    robots=(Light(id="R1", s="doubt"), Light(id="R2", s="ready"), Light(id="R3", s="busy")),
    conveyor="ok",
    camera="ok",
    scanner="ok",
)
SHIRT = {"ru": "Футболка хл. синяя M", "en": "T-shirt cotton blue M"}
PHONE = {"ru": "Смартфон X12 128 чёрный", "en": "Smartphone X12 128 black"}
YES = {"ru": "да", "en": "yes"}
SIDE = Side(
    moves=(
        MoveLine(
            n=1,
            id="m1",
            tray="L07",
            to="resale",
            by="R2",
            s="carrying",
            since_s=12,
            name=SHIRT,
            at="14:02:18",
            sent_at="14:02:10",
        ),
        MoveLine(
            n=2,
            id="m2",
            tray="L09",
            to="repair",
            by="R3",
            s="sent",
            since_s=2,
            name=PHONE,
            at="14:02:31",
            sent_at="14:02:31",
        ),
        MoveLine(
            n=3,
            id="m3",
            tray="L03",
            to="disposal",
            by="R1",
            s="in_doubt",
            since_s=31,
            ref="0194-aaaa-bbbb/1",
            name={"ru": "Чайник K2", "en": "Kettle K2"},
            at="14:02:02",
            sent_at="14:02:10",
            seen=RobotSeen(at="14:02:08", node="DOCK-3", loads=0),
        ),
        MoveLine(
            n=4,
            id="m4",
            tray="L05",
            to="repair",
            by="hand",
            s="by_hand",
            since_s=70,
            name={"ru": "Гарнитура H5", "en": "Headset H5"},
            at="14:01:20",
        ),
        MoveLine(
            n=5,
            id="m5",
            tray="",
            to="hold",
            by="C1",
            s="wrong_lane",
            since_s=9,
            at="14:02:21",
            sent_at="14:02:19",
        ),
    ),
    today={"resale": 31, "repair": 12, "disposal": 4, "hold": 2},
    last=(
        Feedback(
            n=6,
            sev=Severity.OK,
            t="fb.put",
            p={"name": SHIRT, "zone": "resale", "tray": "L07"},
            at="14:02:11",
        ),
        Feedback(n=5, sev=Severity.OK, t="fb.unit_ok", p={"name": SHIRT}, at="14:01:48"),
    ),
    puts=tuple(
        Feedback(
            n=n,
            sev=Severity.OK,
            t="fb.put",
            p={"name": name, "zone": zone, "tray": tray},
            at=at,
        )
        for n, name, zone, tray, at in (
            (6, SHIRT, "resale", "L07", "14:02:11"),
            (4, {"ru": "Чайник K2", "en": "Kettle K2"}, "disposal", "L03", "14:01:48"),
            (3, PHONE, "repair", "L09", "14:01:10"),
            (2, {"ru": "Гарнитура H5", "en": "Headset H5"}, "repair", "L05", "14:00:31"),
            (1, SHIRT, "resale", "L01", "13:59:59"),
        )
    ),
    free_trays=4,
)
PICTURE = bytes(  # a bright thing on a dark mat, as the camera's small copy has it
    shade
    for y in range(12)
    for x in range(THUMBNAIL_WIDTH)
    for shade in ((200, 180, 60) if 8 <= x < 24 and 3 <= y < 10 else (40, 44, 48))
)

FIGURES = Figures(
    since="08:01",
    zones={"resale": 108, "repair": 41, "disposal": 12, "hold": 3},
    units=164,
    parcels=131,
    measured=160,
    acts_tenths=32,
    mean_s=21,
    active_s=16,
    waiting_s=5,
    interrupted_s=2,
    best_s=11,
    recent_s=(18, 24, 17, 12, 19, 25, 44, 18, 13, 12, 18, 21),
    pause_min=42,
    corrections=3,
    supervised=1,
    photos_missing=1,
    defects=(
        ({"ru": "Пятно или запах", "en": "Stain or smell"}, 22),
        ({"ru": "Бирки", "en": "Tags"}, 11),
        ({"ru": "Следы носки или стирки", "en": "Signs of wear or washing"}, 9),
    ),
    wrong=1,
    checked=310,
    upper_ppm=15_212,
)
WAITING = Waiting(held=3, held_min=3100, overdue=1, parked=1, parked_min=95, bench=("L05", "L09"))
FRESH = Undo(left_s=8)
