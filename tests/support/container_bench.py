"""A bench with containers: T-shirts are put into them, they are closed and opened again."""

from dataclasses import replace

from bench import FLOOR, LINES, TRACKING, context, label
from edge.catalogue import ReturnLine
from edge.floor import ContainerKind, FloorSettings, LpnMode, LpnRules
from known_bench import KnownBench

CAGE = ContainerKind(series="K", units=2, kg=30.0, load="cage")
SHARPS = ContainerKind(series="S", class_="sharp")
DANGER = ContainerKind(series="Z", class_="hazmat")
NUMBER = "RT-1-K00001"
ROLL = LpnRules(categories={"apparel": LpnMode.PREPRINTED})


def floor(**changes: object) -> FloorSettings:
    """Return the floor with these kinds of containers."""
    base: dict[str, object] = {"containers": (CAGE, SHARPS, DANGER)}
    return replace(FLOOR, **(base | changes))  # type: ignore[arg-type]


def shirts(count: int, tenant: str = "shop-a") -> tuple[ReturnLine, ...]:
    """Announce so many T-shirts, and a telephone."""
    line = replace(LINES[0], qty=count, tenant=tenant)
    return (line, LINES[1])


def bench(count: int = 3, lpn: LpnRules | None = None, **changes: object) -> KnownBench:
    """A person with an open parcel of T-shirts."""
    surroundings = context(floor=floor(**changes), lpn=lpn or LpnRules())
    made = KnownBench(given=surroundings, lines=shirts(count))
    made.badge()
    made.read(TRACKING)
    return made


def put(one: KnownBench, code: str = NUMBER) -> list[str]:
    """The next T-shirt is inspected and its container is scanned."""
    one.shirt()
    one.press("enter")
    return one.read(label(code))


def closed(one: KnownBench, *weight: str) -> list[str]:
    """Close the container; returns what that recorded."""
    one.read(label(NUMBER))
    return one.press("1", *weight, "enter")


def reopened(one: KnownBench) -> list[str]:
    """A supervisor opens it again; returns what that recorded."""
    one.read(label(NUMBER))
    one.press("f12")
    return one.supervise()
