"""Scripts of what a receiving bench meets: acts of a person at a real station, and what they leave.

A case is a list of acts, so that the power may go between any two of them. After it the person
says that the work is at hand, and does again what had not been recorded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from real_bench import RealBench, Row, Seen

SHIRT: Final = "04601234567893"
DRESS: Final = "04600000000213"
KETTLE: Final = "04600000000107"
PHONE: Final = "04609999000013"
STRANGER: Final = "04600000000015"
BOOK: Final = "04600000000428"
SHOES: Final = "04600000000411"
COAT: Final = "04600000000305"  # its marking code is compared
GOODS: Final = {SHIRT: "apparel", DRESS: "apparel", KETTLE: "small_appliances",
                PHONE: "smartphones", STRANGER: "toys", COAT: "apparel",
                SHOES: "footwear", BOOK: "books"}  # fmt: skip
_HAS: Final = {PHONE: {"serialised", "data_bearing", "battery"}, COAT: {"mark_required"}}
_ATTRS: Final = ("serialised", "data_bearing", "battery", "liquid", "hazmat", "hygiene_wear",
                 "mark_required", "two_person")  # fmt: skip
GOOD: Final = {"seal": "2", "data": "2"}  # every other first option is the good one
HEALTHY: Final = "97"
TRAY_OF: Final = {"repair": "R1", "disposal": "D1", "hold": "H1", "hazmat": "Z1"}
_BESIDE: Final = ("scan.", "station.", "operator.", "device.", "config.", "sync.")
# A question that was only asked is asked again; what the station says of itself is nobody's act.
BY_ITSELF: Final = ("scan.", "station.", "config.", "sync.", "device.state")
_WAITS: Final = ("E37", "E69")  # the tray is told, but nothing is put yet: it is scanned again

Act = Callable[[RealBench], Seen]
Told = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: the lines that were announced, the acts, the kinds they leave in this order.

    `says` = what the newest event of a kind says, field by field; `cut` = the act after which the
    tests cut the power (the campaign cuts it after each).
    """

    acts: tuple[Act, ...]
    leaves: tuple[str, ...]
    returns: tuple[Row, ...] = ()
    says: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cut: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases that one station can play one after the other.

    `settings` are added to its station.toml; `prepare` changes its folders before it starts.
    """

    cases: Mapping[str, Case]
    settings: str = ""
    prepare: Callable[[RealBench], None] | None = None


def items() -> tuple[Row, ...]:
    """Return the item master of all cases."""
    return tuple(
        {"tenant": "shop-a", "gtin": gtin, "sku": f"S{n}", "category": category}
        | {"title_ru": f"товар {n}", "title_en": f"item {n}"}
        | {"value_minor": 90_000, "currency": "RUB"}
        | {name: name in _HAS.get(gtin, set()) for name in _ATTRS}
        for n, (gtin, category) in enumerate(GOODS.items(), start=1)
    )


def line(rma: str, number: str, gtin: str, tracking: str | None, **more: Any) -> Row:
    """Return an announced line."""
    row: dict[str, Any] = {"tenant": "shop-a", "rma": rma, "line": number, "gtin": gtin, "qty": 1}
    row |= {"title_ru": "товар", "title_en": "item"}
    return row | ({"tracking": tracking} if tracking else {}) | more


def box(n: int) -> str:
    """Return a tracking number with its check digit."""
    digits = f"{n:08d}"
    total = sum(int(a) * b for a, b in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
    return f"RB{digits}{check}RU"


# ---------------------------------------------------------------- acts


def scan(code: str) -> Act:
    """Scan a number as it is printed."""
    return lambda bench: bench.scan(code)


def item(gtin: str) -> Act:
    """Scan an article."""
    return lambda bench: bench.item(gtin)


def piece(gtin: str, serial: str) -> Act:
    """Scan article and serial in one code."""
    return lambda bench: bench.piece(gtin, serial)


def press(*keys: str) -> Act:
    """Press keys that belong together."""
    return lambda bench: bench.press(*keys)


def tray(name: str) -> Act:
    """Scan a container."""
    return lambda bench: bench.tray(name)


def mark(step: str, times: int = 1) -> Act:
    """Press the digit of an exception as it stands on the screen."""

    def act(bench: RealBench) -> Seen:
        shown = bench.view["work"]["marks"]
        digit = next(one["k"] for one in shown if one["step"] == step)
        return bench.press(*[digit] * times)

    return act


def answer(step: str, digit: str) -> Act:
    """Answer one question, which must be the open one, by its digit."""

    def act(bench: RealBench) -> Seen:
        assert bench.view["work"]["must"]["step"] == step, bench.view["work"]
        return bench.press(digit)

    return act


def well(bench: RealBench) -> Seen:
    """Answer what is asked until nothing is: all is well, and the seller's seal is open."""
    seen = Seen(no=None, kinds=())
    while (must := bench.view["work"].get("must")) is not None:
        number = must.get("number")
        seen = bench.press(*((*HEALTHY, "enter") if number else GOOD.get(must["step"], "1")))
    return seen


def put(bench: RealBench) -> Seen:
    """Scan the container of what is proposed, as a person's eyes pick it."""
    work = bench.view["work"]
    told = work.get("proposed") or work["verdict"]
    if told["zone"] == "resale":
        return bench.tray("B1" if told["disposition"] == "BSTOCK" else "A1")
    return bench.tray(TRAY_OF[told["zone"]])


def claim(rma: str) -> Act:
    """The centre's feed says whose the newest unknown parcel is."""

    def act(bench: RealBench) -> Seen:
        parcel = bench.events("parcel.arrived")[-1]["provisional"]
        row = {"release_id": f"claim-{rma}", "parcel": parcel, "decision": "claimed", "rma": rma}
        bench.feed("releases", [row | {"by": "desk-7", "at": "2026-11-28T10:00:00Z"}])
        return bench.wait_for("parcel.matched")

    return act


# ---------------------------------------------------------------- playing


def bench_of(folder: Path, group: Group) -> RealBench:
    """Return a station, not yet started, that knows what all cases of the group announce."""
    returns = [row for case in group.cases.values() for row in case.returns]
    bench = RealBench(folder, returns=returns, items=items(), more=group.settings)
    if group.prepare is not None:
        group.prepare(bench)
    return bench


def play(bench: RealBench, case: Case, *, kill_after: int | None = None) -> list[Told]:
    """Do the acts one after the other; the power goes after act `kill_after`, counted from 0.

    Returns kind and data of what was left. Raises AssertionError, KeyError or StopIteration where
    the screen is not the one that the next act needs.
    """
    first = bench.last_seq()
    redo = 0
    for n, act in enumerate(case.acts):
        seen = act(bench)
        is_kept = any(not kind.startswith(BY_ITSELF) for kind in seen.kinds)
        if is_kept and seen.no not in _WAITS:
            redo = n + 1
        if n == kill_after:
            bench.kill()
            bench.start()
            _back_to_work(bench)
            for again in case.acts[redo : n + 1]:
                again(bench)
    return bench.told(first)


def work(told: Iterable[Told]) -> list[str]:
    """Return the kinds without readings and what the station says of itself."""
    return [kind for kind, _ in told if not kind.startswith(_BESIDE)]


def complaint(case: Case, told: Sequence[Told]) -> str:
    """Say what is not as the case demands; empty when all is."""
    kinds = iter([kind for kind, _ in told])
    for kind in case.leaves:
        if kind not in kinds:
            return f"{kind} is not among what followed: {work(told)}"
    for kind, said in case.says.items():
        newest = [data for one, data in told if one == kind][-1]
        if (found := {key: newest.get(key) for key in said}) != said:
            return f"{kind} says {found}, not {said}"
    return ""


def _back_to_work(bench: RealBench) -> None:
    if bench.state == "LOCKED":
        bench.badge()
    if bench.state == "RESUME":
        bench.press("enter")
