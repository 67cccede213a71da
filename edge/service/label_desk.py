"""The unit's label from its order to the printer. That none comes out is told; nothing stops."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from drivers.protocols import Clock, Deadline
from edge.events import DeviceCommand, Draft, UnitId
from edge.floor import LpnRules
from edge.journal.reader import Reader
from edge.labels.printer import PrintOutcome, print_job, read_address
from edge.labels.shift_report import ShiftFacts, shift_report
from edge.labels.unit_label import UnitFacts, unit_label
from edge.station import bag
from edge.station.checks import category_of
from edge.station.inputs import PrintInput
from edge.station.numbers import PRINT, PRINTER, REPRINT, SERIES_NUMBERS, number_of
from edge.station.report import REPORT
from edge.station.state import State, UnitWork
from zoning.pack import Pack

ORDERS_MAX: Final = 16  # full: the label is told as not printed, and a number is written by hand
PRINT_S: Final = 5.0

log = logging.getLogger("labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A label of a unit, or the report of a shift, which is of none."""

    unit: UnitId | None
    lpn: str
    job: bytes


class LabelDesk:
    """Prints what was committed, one label after the other."""

    def __init__(
        self,
        rules: LpnRules,
        *,
        packs: Mapping[str, Pack],
        clock: Clock,
        submit: Callable[[PrintInput], Awaitable[object]],
        report: Callable[[], ShiftFacts],
    ) -> None:
        self._packs = packs
        self._report = report
        self._rules = rules
        self._clock = clock
        self._submit = submit
        self._orders: asyncio.Queue[_Order] = asyncio.Queue(maxsize=ORDERS_MAX)
        self._given_up: deque[_Order] = deque(maxlen=ORDERS_MAX)

    def take(self, draft: Draft, state: State) -> None:
        """Take the order of a committed event, if it is one; never blocks."""
        command, unit = draft.payload, state.units.get(draft.subject.unit or UnitId(""))
        if not isinstance(command, DeviceCommand) or command.device != PRINTER:
            return
        if command.command == REPORT:
            dpi, language = self._rules.dpi, self._rules.language
            job = shift_report(self._report(), language=language, dpi=dpi)
            self._put(_Order(unit=None, lpn=REPORT, job=job))
            return
        if unit is None or command.command not in (PRINT, REPRINT, bag.PRINT, bag.REPRINT):
            return
        is_again = command.command in (REPRINT, bag.REPRINT)
        pack = self._packs.get(unit.policy.sha256) if unit.policy is not None else None
        facts = facts_of(unit, is_again=is_again, wall_ms=self._clock.wall_ms())
        if pack is not None:
            partner = pack.terms.partner_of(facts.disposition, category_of(unit))
            named = {} if partner is None else partner.label
            facts = replace(facts, owner=pack.terms.label, partner=named)
        if command.command in bag.COMMANDS:
            facts = replace(facts, bag_of=unit.lpn or unit.lpn_due or unit.unit[-8:])
        rules = self._rules
        job = unit_label(command.reason, facts, language=rules.language, dpi=rules.dpi)
        self._put(_Order(unit=unit.unit, lpn=command.reason, job=job))

    def _put(self, order: _Order) -> None:
        if self._orders.full():
            log.warning("printer: %d labels wait already: one is given up", ORDERS_MAX)
            self._given_up.append(self._orders.get_nowait())
        self._orders.put_nowait(order)

    async def run(self) -> None:
        """Print for ever."""
        while True:
            order = await self._orders.get()
            await self._tell(order, await self._print(order))
            while self._given_up:
                await self._tell(self._given_up.popleft(), "too many at once")

    async def _tell(self, order: _Order, why: str) -> None:
        if why:
            log.warning("printer: a label did not come out: %s", why)
        given = PrintInput(unit=order.unit, lpn=order.lpn, is_sent=not why, why=why)
        await self._submit(given)

    async def _print(self, order: _Order) -> str:
        deadline = Deadline.after(PRINT_S, self._clock)
        address = read_address(self._rules.printer)
        printed = await print_job(address, order.job, deadline, self._clock)
        if printed.outcome is PrintOutcome.SENT:
            return ""
        return printed.why or str(printed.outcome)


def facts_of(unit: UnitWork, *, is_again: bool, wall_ms: int) -> UnitFacts:
    """Return what stands on a unit's label: never a name, an address or a price.

    One that waits for another person's look says nothing of the first one.
    """
    is_blind = unit.look is not None and unit.look.is_first
    verdict = None if is_blind else unit.verdict
    return UnitFacts(
        zone=verdict.zone if verdict else "hold",
        disposition=verdict.disposition if verdict else "",
        row=verdict.row if verdict else "",
        reason=dict(verdict.note) if verdict else {},
        policy=f"{verdict.policy.id} {verdict.policy.version}" if verdict else "",
        day=f"{datetime.fromtimestamp(wall_ms / 1000, UTC):%Y-%m-%d}",
        is_again=is_again,
    )


def numbers_given(reader: Reader, rules: LpnRules) -> Mapping[str, int]:
    """Return how many numbers of each own series the journal has given away."""
    given: dict[str, int] = {}
    for series in filter(None, (rules.series, rules.hand_series)):
        newest = reader.newest_code(number_of(series, 0), number_of(series, SERIES_NUMBERS - 1))
        if newest is not None:
            given[series] = int(newest.partition("-")[2]) + 1
    return given
