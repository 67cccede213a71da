"""A rehearsal's report as lines for people, in Russian and English; the largest flows first."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zoning.findings import item_words
from zoning.replay.past import EARLY, NO_ANSWERS, NO_PACK, STEP
from zoning.replay.report import Report

_ZONES: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "resale": "продажа",
        "repair": "ремонт",
        "disposal": "утиль",
        "hold": "ожидание",
        "hazmat": "опасное",
        "refund": "возврат денег",
        "move": "перемещение",
        "disposition": "судьба",
    },
    "en": {},
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "zone": "{row}: {units} ед. {before} -> {after}{money}",
        "other": "{row}: {units} ед. {of}: {before} -> {after}",
        "worth": ", на {money}",
        "none": "Ни у одной единицы итог не меняется",
        "total": "{records} ед., станций {stations}: другой итог у {changed}, "
        "сравнить нельзя {gaps}",
        "renamed": "{units} ед. решает другая строка, итог тот же",
        "gap": "не сравнить {units} ед.: {why}",
        "policies": "Решены по разным пакетам: {listed}",
        "zones": "Зоны: было -> стало, единиц, на сумму",
        "refund": "Возврат денег: было -> стало, единиц",
        "move": "Перемещение: было -> стало, единиц",
        "rows": "Строки: было -> стало, единиц",
        "category": "По категориям: единиц, меняется, разница",
        "tenant": "По клиентам: единиц, меняется, разница",
        "silent": "Ни разу не сработали: {listed}",
        "first": "Сработали впервые: {listed}",
        "units": "Единицы с другим итогом: показано {shown} из {total}",
        "blind": "Слепое пятно: {before} -> {after} ({rows}): в истории нет такой единицы: {item}",
        EARLY: "осмотр закончен раньше, чем было спрошено всё",
        NO_PACK: "нет пакета, по которому решали",
        NO_ANSWERS: "в журнале нет ответов",
        "step": "шаг {name} не задавался",
        "column": "факт {name} не спрашивался",
    },
    "en": {
        "zone": "{row}: {units} units {before} -> {after}{money}",
        "other": "{row}: {units} units {of} {before} -> {after}",
        "worth": ", worth {money}",
        "none": "No unit gets another outcome",
        "total": "{records} units of {stations} stations: {changed} get another outcome, "
        "{gaps} cannot be compared",
        "renamed": "{units} units are decided by another row, with the same outcome",
        "gap": "{units} units cannot be compared: {why}",
        "policies": "Decided under several packs: {listed}",
        "zones": "Zones: from -> to, units, value",
        "refund": "Refunds: from -> to, units",
        "move": "Moves: from -> to, units",
        "rows": "Rows: from -> to, units",
        "category": "Categories: units, changed, delta",
        "tenant": "Tenants: units, changed, delta",
        "silent": "Rows that never fire: {listed}",
        "first": "Rows that fire for the first time: {listed}",
        "units": "Units with another outcome: {shown} of {total} shown",
        "blind": "Blind spot: {before} -> {after} ({rows}): history holds no such unit: {item}",
        EARLY: "the inspection was finished before everything was asked",
        NO_PACK: "the pack they were decided under is not at hand",
        NO_ANSWERS: "their answers are not in the journal",
        "step": "step {name} was not asked",
        "column": "the fact {name} was not asked for",
    },
}


def lines(report: Report, language: str) -> Iterator[str]:
    """Yield the report in `ru` or `en`, plain text, the most important first."""
    page = _Page(report.content, language)
    yield from page.first()
    yield from page.flows()
    yield from page.rows()
    yield from page.units()


class _Page:
    """Writes one report in one language."""

    def __init__(self, content: Mapping[str, Any], language: str) -> None:
        self._content = content
        self._words = _WORDS[language]
        self._zones = _ZONES[language]

    def first(self) -> Iterator[str]:
        """Yield who goes elsewhere, and how much of the past can be compared at all."""
        content = self._content
        for headline in content["headlines"]:
            yield self._headline(headline)
        if not content["headlines"]:
            yield self._words["none"]
        gaps = content["not_comparable"]
        yield self._words["total"].format(
            records=number(content["records"]),
            stations=content["stations"],
            changed=number(content["changed"]["units"]),
            gaps=number(sum(gap["units"] for gap in gaps)),
        )
        for gap in gaps:
            yield self._words["gap"].format(units=number(gap["units"]), why=self._why(gap["why"]))
        if content["renamed"]["units"]:
            yield self._words["renamed"].format(units=number(content["renamed"]["units"]))
        packs = content["policies"]
        if len(packs) > 1:
            listed = (f"{one['policy_sha256'][:12]} {number(one['units'])}" for one in packs)
            yield self._words["policies"].format(listed=", ".join(listed))
        yield from map(self._blind, content["blind_spots"])

    def flows(self) -> Iterator[str]:
        """Yield the matrices of zones, refunds and moves, and who is touched."""
        content = self._content
        yield from self._table("zones", (self._flow(flow) for flow in content["zones"]))
        for word, key in (("refund", "refunds"), ("move", "moves")):
            yield from self._table(word, (self._pair(flow) for flow in content[key]))
        for word, key in (("category", "categories"), ("tenant", "tenants")):
            yield from self._table(word, (self._delta(line, word) for line in content[key]))

    def rows(self) -> Iterator[str]:
        """Yield the pairs of rows that differ, and the rows without a unit."""
        pairs = (row for row in self._content["rows"] if row["from"] != row["to"])
        yield from self._table("rows", (self._pair(row) for row in pairs))
        silent = self._content["silent_rows"]
        if silent:
            yield self._words["silent"].format(listed=", ".join(silent))
        first = self._content["first_rows"]
        if first:
            listed = (f"{one['row']} {number(one['units'])}" for one in first)
            yield self._words["first"].format(listed=", ".join(listed))

    def units(self) -> Iterator[str]:
        """Yield the listed units, each with its reason and photographs."""
        shown = self._content["units"]
        total = number(self._content["changed"]["units"])
        if shown:
            yield ""
            yield self._words["units"].format(shown=number(len(shown)), total=total)
        language = "ru" if self._words is _WORDS["ru"] else "en"
        for unit in shown:
            zones = f"{self._zone(unit['from'][0])} -> {self._zone(unit['to'][0])}"
            photos = "".join(f" {sha256[:12]}" for sha256 in unit["photos"])
            why = unit["why"][language]
            yield f"  {unit['station']} {unit['unit']}  {zones}  {why}{photos}"

    def _headline(self, headline: Mapping[str, Any]) -> str:
        word = "zone" if headline["of"] == "zone" else "other"
        return self._words[word].format(
            row=headline["row"],
            units=number(headline["units"]),
            of=self._zone(headline["of"]),
            before=self._zone(headline["from"]),
            after=self._zone(headline["to"]),
            money=self._money(headline),
        )

    def _money(self, headline: Mapping[str, Any]) -> str:
        if not headline["value"]:
            return ""
        amount = major(headline["value"])
        sign = {1: "+", -1: "-"}.get(headline["sign"], "")
        return f", {sign}{amount}" if sign else self._words["worth"].format(money=amount)

    def _why(self, gap: str) -> str:
        if gap in self._words:
            return self._words[gap]
        if gap.startswith(STEP):
            return self._words["step"].format(name=gap.removeprefix(STEP))
        return self._words["column"].format(name=gap)

    def _blind(self, spot: Mapping[str, Any]) -> str:
        return self._words["blind"].format(
            before=self._zone(spot["from"]),
            after=self._zone(spot["to"]),
            rows=f"{spot['row_from']} -> {spot['row_to']}",
            item=item_words(spot["item"]),
        )

    def _flow(self, flow: Mapping[str, Any]) -> str:
        return f"{self._pair(flow)}  {major(flow['value'])}"

    def _pair(self, flow: Mapping[str, Any]) -> str:
        before, after = self._zone(flow["from"]), self._zone(flow["to"])
        return f"  {before} -> {after}  {number(flow['units'])}"

    def _delta(self, line: Mapping[str, Any], key: str) -> str:
        counts = f"{number(line['units'])}  {number(line['changed'])}"
        return f"  {line[key] or '?'}  {counts}  {major(line['delta'], signed=True)}"

    def _table(self, word: str, rows: Iterable[str]) -> Iterator[str]:
        listed = list(rows)
        if listed:
            yield ""
            yield self._words[word]
            yield from listed

    def _zone(self, zone: str) -> str:
        return self._zones.get(zone, zone)


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def major(value: int, *, signed: bool = False) -> str:
    """Return minor units as whole units of the currency, rounded to the nearest."""
    whole = (abs(value) + 50) // 100
    sign = "-" if value < 0 and whole else "+" if signed and whole else ""
    return f"{sign}{whole:,}"
