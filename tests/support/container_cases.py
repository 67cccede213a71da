"""Scripts of containers at a real station: filled, refused, closed, opened again, emptied."""

from collections.abc import Mapping
from typing import Final

from cases import (
    BY_ITSELF,
    DRESS,
    PHONE,
    SHIRT,
    Act,
    Case,
    answer,
    box,
    item,
    line,
    mark,
    piece,
    press,
    scan,
    well,
)
from hold_cases import supervise
from real_bench import RealBench, Seen

SETTINGS: Final = """
[lpn]
zones = { repair = "preprinted" }
"""
KINDS: Final = """
[[container]]
series = "K"
kg = 20.0

[[container]]
series = "T"
units = 1

[[container]]
series = "S"
class = "sharp"

[[container]]
series = "Z"
class = "hazmat"
"""
PUT: Final = ("put.confirmed", "container.unit_added")
OPENED: Final = ("container.opened", *PUT)
CARRIED: Final = ("move.planned", "move.by_hand")
CLOSED: Final = ("container.closed", *CARRIED)


def prepare(bench: RealBench) -> None:
    """Write the kinds of containers down."""
    with (bench.config / "floor.toml").open("a", encoding="utf-8") as floor:
        floor.write(KINDS)


def container(zone: str, number: str) -> Act:
    """Scan a container's label."""
    return lambda bench: bench.container(zone, number)


def place(zone: str) -> Act:
    """Scan the label of a place in a zone."""
    return lambda bench: bench.place(zone)


def refused(act: Act, code: str) -> Act:
    """Do what is refused with this code; nothing is recorded but the reading."""

    def done(bench: RealBench) -> Seen:
        seen = act(bench)
        assert seen.no == code, f"{seen.no}, not {code}: {bench.view}"
        done_by_it = [kind for kind in seen.kinds if not kind.startswith(BY_ITSELF)]
        assert done_by_it in ([], ["put.wrong"]), seen.kinds
        return seen

    return done


def asks_to_close(act: Act) -> Act:
    """Put what fills the container: the screen shows it, and that a key closes it."""

    def done(bench: RealBench) -> Seen:
        seen = act(bench)
        shown = bench.view["work"]
        assert bench.state == "CONTAINER", bench.view
        assert shown["n"] == shown["most"], shown
        assert ["1", "key.close"] in bench.view["keys"], bench.view["keys"]
        return seen

    return done


def handed_over(number: str) -> Act:
    """Both badges see on one list that this container fills; the first person comes back."""

    def done(bench: RealBench) -> Seen:
        bench.badge()
        doubts = bench.view["work"]["doubts"]
        fills = {one["p"]["ref"]: one["p"]["fill"] for one in doubts if "fill" in one["p"]}
        assert fills[number] == "1", doubts
        seen = bench.badge("0502")
        signed = bench.events("operator.handover")[-1]
        assert (signed["operator"], signed["to"]) == ("0417", "0502")
        assert f"container/{number}" in signed["doubts"]
        bench.badge()
        return seen

    return done


def danger_of(number: str) -> Act:
    """See a danger at a container on its way: F6, its digit, F11; nothing else stands still."""

    def done(bench: RealBench) -> Seen:
        moves = bench.view["side"]["moves"]
        digit = next(str(one["n"]) for one in moves if one["tray"] == number)
        seen = bench.press("f6", digit, "f11")
        assert not bench.view["head"]["alarm"], bench.view
        return seen

    return done


def shirts(rma: str, n: int, count: int) -> tuple[dict[str, object], ...]:
    """Announce a parcel with so many equal shirts, each a line of its own."""
    return tuple(
        dict(line(rma, str(at), SHIRT if at == 1 else DRESS, box(n))) for at in range(1, count + 1)
    )


CONTAINER_CASES: Final[Mapping[str, Case]] = {
    "container-filled": Case(
        returns=shirts("CO-1", 901, 2),
        acts=(scan(box(901)), item(SHIRT), container("resale", "K00001"),
              item(DRESS), container("resale", "K00001")),
        cut=2,
        leaves=(*OPENED, *PUT, "parcel.closed"),
        says={"container.opened": {"container": "K00001", "tenant": "shop-a", "zone": "resale",
                                   "disposition": "RESTOCK"}},
    ),
    "container-other-tenant": Case(
        returns=(line("CO-2", "1", SHIRT, box(902)),
                 line("CO-3", "1", SHIRT, box(903), tenant="shop-b")),
        acts=(scan(box(902)), item(SHIRT), container("resale", "K00002"), scan(box(903)),
              item(SHIRT), refused(container("resale", "K00002"), "E63"),
              container("resale", "K00003")),
        leaves=(*OPENED, "parcel.closed", *OPENED, "parcel.closed"),
        says={"container.opened": {"container": "K00003", "tenant": "shop-b"}},
    ),
    "container-other-zone": Case(
        returns=shirts("CO-4", 904, 2),
        acts=(scan(box(904)), item(SHIRT), container("resale", "K00004"), item(DRESS),
              mark("fabric"), scan("0500-0901"), refused(container("resale", "K00004"), "E31"),
              container("repair", "K00005")),
        leaves=(*OPENED, "unit.lpn", "put.wrong", *OPENED, "parcel.closed"),
        says={"container.opened": {"zone": "repair", "disposition": "REFURB"}},
    ),
    "container-full": Case(
        returns=shirts("CO-5", 905, 2),
        acts=(scan(box(905)), item(SHIRT), asks_to_close(container("resale", "T00001")),
              item(DRESS), refused(container("resale", "T00001"), "E64"),
              asks_to_close(container("resale", "T00002")), press("1"), press("enter"),
              container("resale", "T00001"), press("1"), press("enter"), place("resale"),
              place("resale")),
        cut=2,
        leaves=(*OPENED, *OPENED, "parcel.closed", *CLOSED, *CLOSED, "move.resolved"),
        says={"container.closed": {"container": "T00001", "count": 1}},
    ),
    "container-handed-over": Case(
        returns=shirts("CO-18", 918, 1),
        acts=(scan(box(918)), item(SHIRT), container("resale", "K00019"),
              handed_over("K00019")),
        leaves=(*OPENED, "parcel.closed", "operator.handover"),
    ),
    "container-class": Case(
        returns=shirts("CO-6", 906, 1),
        acts=(scan(box(906)), item(SHIRT), refused(container("resale", "Z00001"), "E65"),
              press("f11"), press("3"), refused(container("hazmat", "K00006"), "E65"),
              container("hazmat", "Z00001")),
        leaves=("danger.raised", *OPENED, "parcel.closed"),
        says={"container.opened": {"zone": "hazmat", "goods_class": "hazmat"},
              "container.unit_added": {"move": "manual"}},
    ),
    "container-sharp": Case(
        returns=(line("CO-17", "1", PHONE, box(917), serials=["356938035643874"]),),
        acts=(scan(box(917)), piece(PHONE, "356938035643874"), answer("danger", "5"), well,
              refused(container("disposal", "K00018"), "E65"), container("disposal", "S00001")),
        leaves=(*OPENED, "parcel.closed"),
        says={"container.opened": {"zone": "disposal", "goods_class": "sharp"}},
    ),
    "container-closed": Case(
        returns=(*shirts("CO-7", 907, 1), line("CO-8", "1", SHIRT, box(908))),
        acts=(scan(box(907)), item(SHIRT), container("resale", "K00007"),
              container("resale", "K00007"), press("1"),
              press(*"20001", "enter"), press(*"4200", "enter"),
              scan(box(908)), item(SHIRT), refused(container("resale", "K00007"), "E66"),
              container("resale", "K00008"), place("resale")),
        cut=6,
        leaves=(*OPENED, *CLOSED, *OPENED, "move.resolved"),
        says={"container.closed": {"container": "K00007", "count": 1, "weight_g": 4200}},
    ),
    "container-danger": Case(
        returns=(*shirts("CO-19", 919, 1), line("CO-20", "1", SHIRT, box(920))),
        acts=(scan(box(919)), item(SHIRT), container("resale", "K00020"),
              container("resale", "K00020"), press("1"), press("enter"), danger_of("K00020"),
              refused(place("resale"), "E00"), place("hazmat"),
              scan(box(920)), item(SHIRT), container("resale", "K00021")),
        cut=6,
        leaves=(*OPENED, *CLOSED, "danger.raised", "move.resolved", *OPENED),
        says={"danger.raised": {"scope": "item", "container": "K00020"}},
    ),
    "container-number-used": Case(
        returns=(*shirts("CO-9", 909, 1), line("CO-10", "1", SHIRT, box(910))),
        acts=(scan(box(909)), item(SHIRT), container("resale", "K00009"),
              container("resale", "K00009"), press("1"), press("enter"), place("resale"),
              scan(box(910)), item(SHIRT), refused(container("resale", "K00009"), "E67"),
              container("resale", "K00010")),
        cut=6,
        leaves=(*OPENED, *CLOSED, "move.resolved", *OPENED),
    ),
    "container-reopened": Case(
        returns=(*shirts("CO-11", 911, 1), line("CO-12", "1", SHIRT, box(912))),
        acts=(scan(box(911)), item(SHIRT), container("resale", "K00011"),
              container("resale", "K00011"), press("1"), press("enter"),
              container("resale", "K00011"), press("f12"), *supervise(), press("esc"),
              scan(box(912)), item(SHIRT), container("resale", "K00011")),
        cut=8,
        leaves=(*OPENED, *CLOSED, "move.cancelled", "container.reopened", *PUT),
        says={"container.reopened": {"container": "K00011", "supervisor": "0001"}},
    ),
    "container-undone": Case(
        returns=shirts("CO-13", 913, 1),
        acts=(scan(box(913)), item(SHIRT), container("resale", "K00012"), press("f9"),
              container("resale", "K00013")),
        cut=3,
        leaves=(*OPENED, "correction.made", "container.unit_removed", *OPENED),
        says={"container.unit_removed": {"container": "K00012", "reason": "undo"}},
    ),
    "container-closed-not-undone": Case(
        returns=shirts("CO-14", 914, 1),
        acts=(scan(box(914)), item(SHIRT), container("resale", "K00014"),
              container("resale", "K00014"), press("1"), press("enter"),
              refused(press("f9"), "E41"), place("resale")),
        leaves=(*OPENED, *CLOSED, "move.resolved"),
    ),
    "container-emptied": Case(
        returns=shirts("CO-15", 915, 1),
        acts=(scan(box(915)), item(SHIRT), mark("fabric"), scan("0500-0902"),
              container("repair", "K00015"), scan("0500-0902"), container("resale", "K00016")),
        cut=5,
        leaves=(*OPENED, "unit.opened", "container.unit_removed", *OPENED),
        says={"container.unit_removed": {"container": "K00015", "reason": "again"}},
    ),
    "container-hold-released": Case(
        returns=shirts("CO-16", 916, 1),
        acts=(scan(box(916)), item(SHIRT), press("enter"), press("4"), scan("0500-0903"),
              container("hold", "K00017"), scan("0500-0903"), press("1"), *supervise(),
              place("resale")),
        leaves=("container.opened", "put.confirmed", "container.unit_added", "hold.placed",
                "hold.released", "move.resolved", "container.unit_removed"),
        says={"container.unit_removed": {"container": "K00017", "reason": "carried"}},
    ),
}  # fmt: skip
