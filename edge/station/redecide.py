"""The fact that was missing has come: the same answers, decided again under the same pack."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from edge.catalogue import CatalogueItem, ReturnLine
from edge.events import Draft, HoldReleased, VerdictMade
from edge.records import from_json, to_json
from edge.station import checks, holds, money
from edge.station.decision import Context, Decision, Screen, on_unit
from edge.station.inputs import DataInput
from edge.station.state import Given, Hold, State, UnitWork
from zoning.model import Static

WAITS_FOR_DATA: Final = frozenset(("verify", "missing_fact"))
_SERIAL: Final = "serial"
_NO_DATA: Final = "nodata"


def arrived(state: State, screen: Screen, given: DataInput, context: Context) -> Decision:
    """Decide a held unit again; nothing happens while the outcome stays what it was."""
    one = state.holds.get(given.unit)
    policy = one.unit.policy if one is not None else None
    if one is None or policy is None or policy.sha256 not in context.packs:
        return Decision(screen=screen)
    if one.reason not in WAITS_FOR_DATA or one.unit.verdict is None:
        return Decision(screen=screen)
    unit = _known_better(one.unit, given)
    if (unit.answers, unit.static) == (one.unit.answers, one.unit.static):
        return Decision(screen=screen)
    verdict = checks.made(unit, context)
    if _outcome(verdict) == _outcome(one.unit.verdict):
        return Decision(screen=screen)
    return Decision(screen=screen, drafts=_drafts(one, unit, verdict, context))


def _drafts(one: Hold, unit: UnitWork, verdict: VerdictMade, context: Context) -> tuple[Draft, ...]:
    """Still held for another reason it only changes its clock; else it leaves for its zone."""
    assert one.unit.verdict is not None, "arrived has looked"
    is_held = verdict.zone == "hold"
    drafts: tuple[Draft, ...] = (on_unit(unit, verdict, "held" if is_held else "graded"),)
    if is_held:
        again = holds.placed(unit, verdict, one.place or "", context)
        drafts += (on_unit(unit, again, "held"),)
    else:
        end = HoldReleased(by=holds.DATA, to_zone=verdict.zone, reason=one.reason)
        drafts += (on_unit(unit, end),)
    drafts += money.again(unit, one.unit.verdict, verdict)
    return drafts if is_held else drafts + holds.carried(one, verdict.zone, context)


def _outcome(verdict: VerdictMade) -> tuple[str, str, str]:
    return verdict.zone, verdict.disposition, verdict.refund


def _known_better(unit: UnitWork, given: DataInput) -> UnitWork:
    """Only what was not known is filled in; what a person answered stands."""
    static = from_json(Static, unit.static)
    if given.item is not None:
        static = _of_item(static, given.item)
    return replace(
        unit,
        static=_as_before(unit.static, static),
        answers=tuple(_compared(unit, one, given.line) for one in unit.answers),
    )


def _as_before(before: Mapping[str, Any], static: Static) -> Mapping[str, Any]:
    return before if from_json(Static, before) == static else to_json(static)


def _of_item(static: Static, item: CatalogueItem) -> Static:
    static = replace(static, category=static.category or item.category)
    if static.attrs is None or static.unknown_attrs:
        static = replace(static, attrs=item.attrs, unknown_attrs=item.unknown_attrs)
    if static.value_minor is None:
        static = replace(static, value_minor=item.value_minor, currency=item.currency)
    return static


def _compared(unit: UnitWork, one: Given, line: ReturnLine | None) -> Given:
    """The serial number that there was nothing to compare with."""
    is_open = one.step == _SERIAL and one.answer == _NO_DATA and unit.serial is not None
    if not is_open or line is None or not line.serials:
        return one
    return replace(one, answer="match" if unit.serial in line.serials else "mismatch")
