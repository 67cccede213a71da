"""What every scene of the terminal has: the head, goods, moves, a small picture."""

from edge.views import (
    THUMBNAIL_WIDTH,
    Feedback,
    Head,
    Light,
    MoveLine,
    Net,
    Operator,
    Severity,
    Side,
)

HEAD = Head(
    station="ST-01",
    net=Net(s="up", unsent=0, lag_s=0),
    at="2026-11-23T14:02:33+03:00",
    op=Operator(name={"ru": "Иванова", "en": "Ivanova"}, no="0417"),
    done=47,
    per_h=31,
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
        MoveLine(n=1, id="m1", tray="L07", to="resale", by="R2", s="carrying", since_s=12),
        MoveLine(n=2, id="m2", tray="L09", to="repair", by="R3", s="sent", since_s=2),
        MoveLine(
            n=3,
            id="m3",
            tray="L03",
            to="disposal",
            by="R1",
            s="in_doubt",
            since_s=31,
            ref="0194-aaaa-bbbb/1",
        ),
        MoveLine(n=4, id="m4", tray="L05", to="repair", by="hand", s="by_hand", since_s=70),
        MoveLine(n=5, id="m5", tray="", to="hold", by="C1", s="wrong_lane", since_s=9),
    ),
    today={"resale": 31, "repair": 12, "disposal": 4, "hold": 2},
    last=(
        Feedback(n=6, sev=Severity.OK, t="fb.put", p={"zone": "resale", "tray": "L07"}, at="14:02"),
        Feedback(n=5, sev=Severity.OK, t="fb.unit_ok", p={"name": SHIRT}, at="14:01"),
    ),
)
PICTURE = bytes(  # a bright thing on a dark mat, as the camera's small copy has it
    shade
    for y in range(12)
    for x in range(THUMBNAIL_WIDTH)
    for shade in ((200, 180, 60) if 8 <= x < 24 and 3 <= y < 10 else (40, 44, 48))
)
