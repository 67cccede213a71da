"""The truth as others see it: feed rows of the shops, and the plan of the simulated operator."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sim.codes import gtin14
from sim.truth.model import Article, Parcel, Truth, Unit
from sim.truth.scenarios import GOOD

_TENANT: Final = "shop-a"
_ATTRIBUTES: Final = (
    "serialised",
    "mark_required",
    "hazmat",
    "data_bearing",
    "battery",
    "liquid",
    "two_person",
    "hygiene_wear",
)


def item_rows(truth: Truth) -> list[dict[str, Any]]:
    """Return the feed `items`; every attribute is stated, so nothing is unknown."""
    return [_item_row(article) for article in truth.articles]


def return_rows(truth: Truth, now: datetime) -> list[dict[str, Any]]:
    """Return the feed `returns`, one row a line; `now` anchors the promised dates."""
    return [row for parcel in truth.parcels for row in _parcel_rows(parcel, now)]


def plan_parcels(truth: Truth) -> list[dict[str, Any]]:
    """Return what the simulated operator sees with his eyes."""
    return [
        {
            "code": parcel.code,
            "aim": parcel.aim,
            "tracking": parcel.tracking,
            "rma": parcel.rma,
            "units": [_plan_unit(parcel, n, unit) for n, unit in enumerate(parcel.units)],
        }
        for parcel in truth.parcels
    ]


def _item_row(article: Article) -> dict[str, Any]:
    row: dict[str, Any] = {
        "gtin": gtin14(article.gtin),
        "sku": _sku(article),
        "tenant": _TENANT,
        "category": article.category,
        "title_ru": article.ru,
        "title_en": article.en,
        "value_minor": article.value_minor,
        "currency": "RUB",
    }
    return row | {name: int(name in article.attrs) for name in _ATTRIBUTES}


def _parcel_rows(parcel: Parcel, now: datetime) -> list[dict[str, Any]]:
    announced = [unit for unit in parcel.units if not unit.is_undeclared]
    lines = groupby(sorted(announced, key=_line_of), key=_line_of)
    return [_return_row(parcel, tuple(units), now) for _, units in lines]


def _line_of(unit: Unit) -> str:
    return unit.line


def _return_row(parcel: Parcel, units: tuple[Unit, ...], now: datetime) -> dict[str, Any]:
    article = units[0].article
    row: dict[str, Any] = {
        "rma": parcel.rma,
        "line": units[0].line,
        "tenant": _TENANT,
        "channel": "web",
        "order": f"A-{parcel.rma}",
        "sku": _sku(article),
        "gtin": gtin14(article.gtin),
        "title_ru": article.ru,
        "title_en": article.en,
        "qty": len(units),
        "reason": "C02",
        "due_at": _utc(now + timedelta(days=3)),
        "window_until": _utc(now + timedelta(days=14)),
        "tracking": parcel.tracking,
        "carrier": parcel.carrier,
        "value_minor": article.value_minor,
        "currency": "RUB",
    }
    serials = [unit.serial for unit in units if unit.serial]
    return row | {"serials": serials} if serials else row


def _sku(article: Article) -> str:
    return f"S-{article.gtin[-6:]}"


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _plan_unit(parcel: Parcel, n: int, unit: Unit) -> dict[str, Any]:
    scenario = unit.scenario
    return {
        "id": f"{parcel.tracking}/{n}",
        "scenario": scenario.name,
        "title": {"ru": unit.article.ru, "en": unit.article.en},
        "gtin": gtin14(unit.article.gtin),
        "line": unit.line,
        "scan": unit.scan,
        "aim": unit.aim,
        "answers": {**GOOD, **scenario.answers},
        "marks": dict(scenario.marks),
        "seal_by_put": scenario.seal_by_put,
        "zone": scenario.zone,
        "disposition": scenario.disposition,
        "missing": unit.is_missing,
        "undeclared": unit.is_undeclared,
    }
