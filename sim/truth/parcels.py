"""Draws parcels: the same seed gives the same boxes, numbers and defects."""

from random import Random
from typing import Final

from sim.codes import element_string, gtin14, imei, s10, sscc
from sim.truth.articles import catalogue
from sim.truth.model import Article, Parcel, Scenario, Truth, Unit
from sim.truth.scenarios import SCENARIOS

_SIZES: Final = (1, 2, 3)
_SIZE_WEIGHTS: Final = (60, 28, 12)
_SSCC_SHARE: Final = 0.15
_PAIR_SHARE: Final = 0.1
_LOT_SHARE: Final = 0.3
_TACS: Final = ("35693803", "35209900", "86412305")


def draw(seed: int, parcels: int) -> Truth:
    """Return `parcels` boxes of one to three units; every box holds at least one unit."""
    rng = Random(seed)
    groups = catalogue()
    boxes = tuple(_parcel(rng, number, groups) for number in range(parcels))
    articles = tuple(article for group in groups.values() for article in group)
    return Truth(articles=articles, parcels=boxes)


def _parcel(rng: Random, number: int, groups: dict[str, tuple[Article, ...]]) -> Parcel:
    rma = str(88_000_000 + number * 7 + rng.randrange(7))
    tracking, code, aim, carrier = _number(rng, number)
    units = _units(rng, rma, rng.choices(_SIZES, _SIZE_WEIGHTS)[0], groups)
    return Parcel(tracking=tracking, code=code, aim=aim, carrier=carrier, rma=rma, units=units)


def _number(rng: Random, number: int) -> tuple[str, str, str, str]:
    """Return what the feeds know, what is printed, the symbol, the carrier."""
    if rng.random() < _SSCC_SHARE:
        text = sscc(f"0460700{1_000_000_000 + number:010d}")
        return text, f"00{text}", "]C1", "dpd"
    text = s10("RB", f"{10_000_000 + number * 131 + rng.randrange(131):08d}", "RU")
    return text, text, "]C0", "rupost"


def _units(
    rng: Random, rma: str, size: int, groups: dict[str, tuple[Article, ...]]
) -> tuple[Unit, ...]:
    """Draw pieces of different articles; strangers come first, before the parcel closes itself."""
    chosen = [_pick(rng, None)]
    while len(chosen) < size:
        chosen.append(_pick(rng, chosen))
    taken: set[str] = set()
    units: list[Unit] = []
    room = _SIZES[-1] - len(chosen)
    for scenario in chosen:
        article = _article(rng, groups[scenario.articles], taken)
        line = str(len(taken))
        units.append(_unit(rng, scenario, article, rma=rma, line=line))
        if scenario.name == "perfect" and room > 0 and rng.random() < _PAIR_SHARE:
            room -= 1
            units.append(_unit(rng, scenario, article, rma=rma, line=line))
    return tuple(sorted(units, key=lambda unit: (not unit.is_undeclared, unit.is_missing)))


def _pick(rng: Random, others: list[Scenario] | None) -> Scenario:
    """The first piece is really there and announced; one stranger and one gap are enough."""
    unwanted = {"undeclared", "missing"}
    if others is not None:
        unwanted &= {other.name for other in others}
    possible = [scenario for scenario in SCENARIOS if scenario.name not in unwanted]
    return rng.choices(possible, [scenario.weight for scenario in possible])[0]


def _article(rng: Random, group: tuple[Article, ...], taken: set[str]) -> Article:
    article = rng.choice([article for article in group if article.gtin not in taken])
    taken.add(article.gtin)
    return article


def _unit(rng: Random, scenario: Scenario, article: Article, *, rma: str, line: str) -> Unit:
    if "serialised" not in article.attrs:
        return Unit(
            article=article, scenario=scenario, rma=rma, line=line, scan=article.gtin, aim="]E0"
        )
    sold = _imei(rng)
    found = _imei(rng) if scenario.name == "serial_mismatch" else sold
    lot = f"L{rng.randrange(100):02d}" if rng.random() < _LOT_SHARE else ""
    return Unit(
        article=article,
        scenario=scenario,
        rma=rma,
        line=line,
        scan=element_string(gtin14(article.gtin), found, lot),
        aim="]d2",
        serial=sold,
    )


def _imei(rng: Random) -> str:
    return imei(rng.choice(_TACS) + f"{rng.randrange(1_000_000):06d}")
