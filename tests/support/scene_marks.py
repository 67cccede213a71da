"""What is wrong with the goods of the scenes, and what is proposed for them."""

from edge.views import Label, Mark, Proposal


def mark(
    k: str, ru: str, en: str, level: int = 0, levels: int = 2, *, said: Label | None = None
) -> Mark:
    cap = "C" if said is not None else ""
    word = {"ru": ru, "en": en}
    return Mark(k=k, step=en, t=word, level=level, levels=levels, said=said, cap=cap)


LEFT = {"t": "left.days", "p": {"n": 2}}
DEEP = {"ru": "глубокие царапины", "en": "deep scratches"}
MARKS = (
    mark("1", "пятно", "stain"),
    mark("2", "дырка / зацепка", "hole / snag"),
    mark("3", "бирки нет", "no tag", levels=1),
    mark("4", "запах", "smell"),
    mark("5", "носили", "worn"),
    mark("6", "не тот товар", "not the item", levels=1),
    mark("7", "упаковка", "packing"),
)
RESALE = Proposal(
    zone="resale",
    disposition="RESTOCK",
    row="R13",
    grade="A",
    refund="eligible",
    note={"ru": "Как новый", "en": "As new"},
    why=({"ru": "всё цело", "en": "all OK"},),
)
REPAIR = Proposal(
    zone="repair",
    disposition="REFURB",
    row="R10",
    grade="C",
    refund="review",
    note={"ru": "Можно восстановить", "en": "Can be restored"},
    why=({"ru": "экран: глубокие царапины", "en": "screen: deep scratches"},),
)
