"""Key figures for people: a table in Russian or English."""

from collections.abc import Iterable, Mapping
from typing import Final

from edge.kpi.figure import Figure

Words = Mapping[str, str]

NOT_MEASURED: Final[Words] = {"ru": "не измерено", "en": "not measured"}
_SO_FAR: Final[Words] = {"ru": "пока", "en": "so far"}
_FROM_THE_FIRST: Final[Words] = {"ru": "с начала журнала", "en": "from the first event"}
_HEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "ru": ("показатель", "группа", "значение", "n", "граница 95 %"),
    "en": ("figure", "group", "value", "n", "bound, 95 %"),
}
_STATISTICS: Final[Mapping[str, Words]] = {
    "median": {"ru": "медиана", "en": "median"},
    "max": {"ru": "наибольшее", "en": "max"},
    "mean": {"ru": "среднее", "en": "mean"},
    "kappa": {"ru": "κ", "en": "κ"},
    "po": {"ru": "совпало", "en": "equal"},
    "share": {"ru": "", "en": ""},
}
_GROUPS: Final[Mapping[str, Words]] = {
    "category": {"ru": "категория", "en": "category"},
    "path": {"ru": "путь", "en": "path"},
    "row": {"ru": "строка", "en": "row"},
    "kind": {"ru": "вид", "en": "kind"},
    "tenant": {"ru": "владелец", "en": "tenant"},
    "carrier": {"ru": "перевозчик", "en": "carrier"},
    "zone": {"ru": "зона", "en": "zone"},
    "band/zone": {"ru": "цена/зона", "en": "band/zone"},
    "way": {"ru": "способ", "en": "way"},
}
NAMES: Final[Mapping[str, Words]] = {
    "touch_unit": {"ru": "время на товар, всё", "en": "touch time of a unit, whole"},
    "touch_active": {"ru": "  работа", "en": "  active"},
    "touch_waiting": {"ru": "  ожидание станции", "en": "  waiting for the station"},
    "touch_interrupted": {"ru": "  перерывы", "en": "  interrupted"},
    "touch_return": {"ru": "время на возврат", "en": "touch time of a return"},
    "system_wait": {"ru": "доля ожидания станции", "en": "system wait share"},
    "dock_to_disposition": {"ru": "прибытие → решение", "en": "dock → disposition"},
    "dock_to_placed": {"ru": "прибытие → на месте", "en": "dock → placed"},
    "arrival_to_refund": {"ru": "прибытие → деньги", "en": "arrival → refund milestone"},
    "refund_late": {"ru": "после срока", "en": "refund milestone after its deadline"},
    "first_touch": {"ru": "решено сразу", "en": "first-touch resolution"},
    "first_pass": {"ru": "без исправлений", "en": "first-pass yield"},
    "evidence": {"ru": "полнота снимков", "en": "evidence completeness"},
    "override": {"ru": "решено иначе", "en": "override rate"},
    "missing_fact": {"ru": "не хватило фактов", "en": "missing-fact rate"},
    "unknown_reason": {"ru": "причина неизвестна", "en": "unknown-reason rate"},
    "acts": {"ru": "действий на товар", "en": "acts of a unit"},
    "typed": {"ru": "знаков набрано на товар", "en": "typed characters of a unit"},
    "mis_sort": {"ru": "не на ту линию", "en": "mis-sort"},
    "lane_unseen": {"ru": "линия не подтверждена", "en": "lane not confirmed"},
    "discrepancy": {"ru": "расхождения", "en": "discrepancies"},
    "no_fault_found": {"ru": "неисправность не найдена", "en": "no fault found"},
    "carrier_damage": {"ru": "повреждено перевозчиком", "en": "carrier damage"},
    "unknown_parcel_age": {"ru": "посылка без хозяина", "en": "unknown parcel, age"},
    "recovery": {"ru": "куда ушли товары", "en": "recovery mix"},
    "wrong_units": {"ru": "ошибочно, случайная проверка", "en": "wrong units, random re-check"},
    "found_wrong": {"ru": "найдено ошибок", "en": "found wrong"},
    "grade_agreement": {"ru": "согласие в оценке", "en": "grading agreement"},
    "zone_agreement": {"ru": "согласие в зоне", "en": "zone agreement"},
}
_SCALES: Final = ((86_400_000, "d", "д"), (3_600_000, "h", "ч"), (60_000, "min", "мин"))


def table(
    found: Iterable[Figure], language: str, *, since: str, until: str, is_so_far: bool
) -> list[str]:
    """Return the lines of a table; times as ISO 8601 texts, an empty `since` = all."""
    head = f"{since or _FROM_THE_FIRST[language]} … {until}"
    head += f" ({_SO_FAR[language]})" if is_so_far else ""
    rows = [_HEAD[language], *(_row(figure, language) for figure in found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [head, *("  ".join(_cells(row, widths)).rstrip() for row in rows)]


def _cells(row: tuple[str, ...], widths: list[int]) -> list[str]:
    is_text = (True, True, False, False, True)
    return [
        cell.ljust(width) if left else cell.rjust(width)
        for cell, width, left in zip(row, widths, is_text, strict=True)
    ]


def _row(figure: Figure, language: str) -> tuple[str, ...]:
    statistic = _STATISTICS.get(figure.statistic, {}).get(language, figure.statistic)
    name = f"{NAMES[figure.name][language]} {statistic}".rstrip()
    group = f"{_GROUPS[figure.by][language]} {figure.of}" if figure.by else ""
    counted = f"{figure.k} / {figure.n}" if figure.k is not None else str(figure.n)
    return name, group, _value(figure, language), counted, _bound(figure, language)


def _value(figure: Figure, language: str) -> str:
    value = figure.value
    if value is None:
        return NOT_MEASURED[language]
    match figure.unit:
        case "share":
            return _percent(value, language)
        case "ms":
            return _duration(value, language)
        case _:
            return _number(value, language)


def _bound(figure: Figure, language: str) -> str:
    if figure.upper is not None:
        return f"≤ {_percent(figure.upper, language)}"
    return f"≥ {_percent(figure.lower, language)}" if figure.lower is not None else ""


def _percent(value: float, language: str) -> str:
    return f"{_number(value * 100, language)} %"


def _number(value: float, language: str) -> str:
    text = f"{value:.2f}"
    return text.replace(".", ",") if language == "ru" else text


def _duration(value: float, language: str) -> str:
    for unit_ms, en, ru in _SCALES:
        if value >= 2 * unit_ms:
            return f"{_number(value / unit_ms, language)} {ru if language == 'ru' else en}"
    return f"{_number(value / 1000, language)} {'с' if language == 'ru' else 's'}"
