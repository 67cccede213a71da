"""The articles of the simulated shops."""

from typing import Final

from sim.codes import gtin13
from sim.truth.model import Article

_PHONE: Final = frozenset({"serialised", "data_bearing", "battery"})
_COLOURS: Final = (
    ("синяя", "blue"),
    ("белая", "white"),
    ("чёрная", "black"),
    ("серая", "grey"),
    ("зелёная", "green"),
    ("красная", "red"),
)


def catalogue() -> dict[str, tuple[Article, ...]]:
    """Return the articles by group; the group `stranger` is known but never announced."""
    return {
        "tee": tuple(_tee(n) for n in range(12)),
        "dress": tuple(_clothes(100 + n, "Платье", "Dress", size) for n, size in _sizes()),
        "underwear": tuple(_underwear(n) for n in range(3)),
        "phone_low": tuple(_phone(n, 420_000 + 20_000 * n) for n in range(3)),
        "phone": tuple(_phone(10 + n, 620_000 + 90_000 * n) for n in range(4)),
        "phone_high": tuple(_phone(20 + n, 2_490_000 + 500_000 * n) for n in range(3)),
        "stranger": tuple(_clothes(300 + n, "Шарф", "Scarf", str(n + 1)) for n in range(3)),
    }


def _sizes() -> list[tuple[int, str]]:
    return list(enumerate(("S", "M", "L", "XL")))


def _tee(n: int) -> Article:
    ru, en = _COLOURS[n % len(_COLOURS)]
    size = "M" if n < len(_COLOURS) else "L"
    return Article(
        gtin=_gtin(n),
        category="apparel",
        ru=f"Футболка {ru} {size}",
        en=f"T-shirt {en} {size}",
        value_minor=149_000,
    )


def _clothes(n: int, ru: str, en: str, size: str) -> Article:
    return Article(
        gtin=_gtin(n),
        category="apparel",
        ru=f"{ru} {size}",
        en=f"{en} {size}",
        value_minor=389_000,
    )


def _underwear(n: int) -> Article:
    size = ("S", "M", "L")[n]
    return Article(
        gtin=_gtin(200 + n),
        category="apparel",
        ru=f"Трусы {size}",
        en=f"Briefs {size}",
        value_minor=69_000,
        attrs=frozenset({"hygiene_wear"}),
    )


def _phone(n: int, value_minor: int) -> Article:
    return Article(
        gtin=_gtin(400 + n),
        category="smartphones",
        ru=f"Смартфон X{n + 1}",
        en=f"Smartphone X{n + 1}",
        value_minor=value_minor,
        attrs=_PHONE,
    )


def _gtin(n: int) -> str:
    return gtin13(f"460{7_000_000 + n:09d}")
